use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [28, 28, 3]);
        let h = GRU(64)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
