use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [7, 4]);
        let a = LSTM(8)(x, mask = true);
        let b = LSTM(8)(x, mask = [1, 1, 1, 1, 0, 0, 0]);
        let c = LSTM(8, mask_zero = true)(x);
        Model(inputs = [x], outputs = [a, b, c])
    }
}

fn main() {}
