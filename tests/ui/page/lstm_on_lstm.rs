use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 3]);
        let a = LSTM(64)(x);
        let a = Dropout(0.2)(a);
        let h = LSTM(32)(a);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
