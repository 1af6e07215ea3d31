use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let s = Reshape([2, 5, 3])(x);
        let y = TimeDistributed(Bidirectional(LSTM(4), merge_mode = none))(s);
        let z = TimeDistributed(LSTM(4, return_state = true))(s);
        let y = Dense(1)(concatenate([y, z]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
