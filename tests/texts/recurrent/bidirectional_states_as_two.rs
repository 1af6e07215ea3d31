use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let (y, h) = Bidirectional(LSTM(4, return_state = true))(x);
        let y = Dense(1)(concatenate([y, h]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
