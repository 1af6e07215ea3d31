use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let y = Bidirectional(LSTM(4), merge_mode = none)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
