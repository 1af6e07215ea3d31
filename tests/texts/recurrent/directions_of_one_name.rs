use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [5, 4]);
        let y = Bidirectional(LSTM(3, name = "own"), backward_layer = LSTM(3, go_backwards = true, name = "forward_own"))(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
