use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [100]);
        let h = Embedding(1000, 64)(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
