use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let (_, h, c) = LSTM(4, return_state = true)(x);
        let y = Bidirectional(LSTM(4))(x, initial_state = [h, c]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
