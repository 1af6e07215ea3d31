#![deny(deprecated)]
use mimo::prelude::*;

model! {
    #[allow(dead_code, mimo::unused_tensors)]
    pub Net {
        let x = Input(shape = [2]);
        #[allow(mimo::E0203)]
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
