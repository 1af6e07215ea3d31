use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [7, 4]);
        let six = Input(shape = [6]);
        let all = Input(shape = [7, 4]);
        let a = LSTM(8)(x, mask = six);
        let b = GlobalAveragePooling1D()(x, mask = all);
        let c = Bidirectional(GRU(3))(x, mask = six);
        let d = TimeDistributed(LSTM(2))(Reshape([7, 4, 1])(x), mask = six);
        Model(inputs = [x, six, all], outputs = [a, b, c, d])
    }
}

fn main() {}
