#![deny(warnings)]
use mimo::prelude::*;

model! {
    pub Net {
        fn head(x) { Dense(1)(x) }

        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
