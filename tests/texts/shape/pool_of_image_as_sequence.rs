use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [28, 28, 3]);
        let h = GlobalMaxPooling1D()(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
