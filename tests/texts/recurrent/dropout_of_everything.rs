use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let y = LSTM(4, dropout = 1.0, recurrent_dropout = -0.1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
