use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [7, 4]);
        let ids = Input(shape = [7], dtype = "int32");
        let y = LSTM(8)(x, mask = ids);
        Model(inputs = [x, ids], outputs = [y])
    }
}

fn main() {}
