use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let (_, h, c) = LSTM(64, return_state = true)(x);
        let y = LSTM(64)(x, [h, c]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
