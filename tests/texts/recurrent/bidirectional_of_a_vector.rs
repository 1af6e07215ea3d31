use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let y = Bidirectional(LSTM(4))(Flatten()(x));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
