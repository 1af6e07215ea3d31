use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [5_000_000_000, 5_000_000_000]);
        let y = Dense(1)(Flatten()(x));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
