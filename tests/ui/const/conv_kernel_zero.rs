use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 3]);
        let y = Conv1D(8, TAPS)(x);
        Model(inputs = [x], outputs = [y])
    }
}

const TAPS: usize = 0;

fn main() {}
