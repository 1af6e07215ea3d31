use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let (y, c) = LSTM(64, return_sequences = true, return_state = true)(x);
        let y = Dense(1)(concatenate([y, c]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
