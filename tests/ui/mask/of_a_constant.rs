use mimo::prelude::*;

const STEPS: usize = 7;

model! {
    Net {
        let x = Input(shape = [STEPS, 4]);
        let m = Input(shape = [6]);
        let y = LSTM(8)(x, mask = m);
        Model(inputs = [x, m], outputs = [y])
    }
}

fn main() {}
