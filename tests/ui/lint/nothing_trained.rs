#![deny(deprecated)]

use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = sum(x, axis = -1, keepdims = true);
        Model(inputs = [x], outputs = [y]).compile(loss = mse)
    }
}

fn main() {}
