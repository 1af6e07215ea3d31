// A warning, made an error so that its text is seen.
#![deny(warnings, missing_docs)]
//! A crate.

use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(4)(x);
        let y = Dense(1)(h);
        let idle = Dense(2)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
