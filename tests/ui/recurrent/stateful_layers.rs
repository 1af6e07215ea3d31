use mimo::prelude::*;

model! {
    Encoder {
        let x = Input(shape = [5, 3]);
        let code = GRU(4, stateful = true)(x);
        Model(inputs = [x], outputs = [code])
    }
}

model! {
    Net {
        use Encoder;

        let x = Input(shape = [2, 5, 3]);
        let a = TimeDistributed(LSTM(4, stateful = true))(x);
        let b = TimeDistributed(Encoder())(x);
        let s = Reshape([10, 3])(x);
        let c = Bidirectional(LSTM(4, stateful = true), backward_layer = LSTM(4, go_backwards = true))(s);
        let d = LSTM(4, stateful = 1)(s);
        Model(inputs = [x], outputs = [a, b, c, d])
    }
}

fn main() {}
