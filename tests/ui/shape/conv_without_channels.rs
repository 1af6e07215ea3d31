//! Images without an axis of channels.

use mimo::prelude::*;

model! {
    Example {
        let x = Input(shape = [28, 28]);
        let y = Conv2D(8, 3)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
