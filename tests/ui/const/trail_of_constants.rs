use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [STEPS, 3]);
        let h = Conv1D(8, 3, padding = same)(x);
        let g = Dropout(0.1)(h);
        let z = Input(shape = [12, 8]);
        let y = LSTM(4)(add([g, z]));
        Model(inputs = [x, z], outputs = [y])
    }
}

const STEPS: usize = 10;

fn main() {}
