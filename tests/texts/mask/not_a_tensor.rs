use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [7, 4]);
        let a = LSTM(8)(x, mask = true);
        let c = LSTM(8, mask_zero = true)(x);
        Model(inputs = [x], outputs = [a, c])
    }
}

fn main() {}
