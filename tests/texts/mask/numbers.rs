use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [3, 2]);
        let h = LSTM(4)(x, mask = [1, 1, 0]);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
