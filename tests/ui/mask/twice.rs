use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [7, 4]);
        let m = Input(shape = [7]);
        let y = LSTM(8)(x, mask = m, mask = m);
        Model(inputs = [x, m], outputs = [y])
    }
}

fn main() {}
