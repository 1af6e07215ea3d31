use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let (s, h, c) = LSTM(64, return_state = true)(Flatten()(x));
        let y = LSTM(32)(s, initial_state = [h, c]);
        let (a, b) = GRU(64, return_state = true, units = 3)(x);
        let y = Dense(1)(concatenate([y, a, b]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
