use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let y = Bidirectional(
            LSTM(4, return_sequences = true),
            backward_layer = LSTM(4, go_backwards = true),
        )(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
