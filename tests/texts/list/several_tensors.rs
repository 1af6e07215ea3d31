use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let sequence = Reshape([8, 1])(x);
        let heads = for units in [4, 8] { LSTM(units, return_state = true)(sequence) };
        let y = concatenate(heads);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
