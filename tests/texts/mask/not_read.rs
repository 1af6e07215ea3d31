use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [7, 4]);
        let m = Input(shape = [7]);
        let a = Dense(8)(x, mask = m);
        let b = Conv1D(8, 3)(x, mask = m);
        let c = Add()([x, x], mask = m);
        let d = TimeDistributed(Dense(8))(x, mask = m);
        let e = LSTM(8)(x, masks = m);
        let f = Masking()(x, mask = m);
        Model(inputs = [x, m], outputs = [a, b, c, d, e, f])
    }
}

fn main() {}
