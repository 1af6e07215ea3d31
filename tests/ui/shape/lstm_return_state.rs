use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let h = LSTM(64, return_state = true, stateful = true)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
