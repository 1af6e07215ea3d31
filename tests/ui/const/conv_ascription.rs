use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [STEPS, 3]);
        let y: [5, 8] = Conv1D(8, 3, strides = 2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

const STEPS: usize = 16;

fn main() {}
