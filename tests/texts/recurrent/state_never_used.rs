// A warning, made an error so that its text is seen.
#![deny(warnings, missing_docs)]
//! A crate.

use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let (y, h, c) = LSTM(64, return_state = true)(x);
        let y = Dense(1)(concatenate([y, c]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
