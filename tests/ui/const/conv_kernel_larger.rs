use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [STEPS, 3]);
        let y = Conv1D(8, 5)(x);
        Model(inputs = [x], outputs = [y])
    }
}

const STEPS: usize = 4;

fn main() {}
