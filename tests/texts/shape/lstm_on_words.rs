use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20], dtype = "int32");
        let h = LSTM(4)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
