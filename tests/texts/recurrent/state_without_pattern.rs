use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let y = LSTM(64, return_state = true)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
