use mimo::prelude::*;

model! {
    pub Net {
        let text_input = Input(shape = [100]);
        let h = LSTM(64)(text_input);
        let y = Dense(1)(h);
        Model(inputs = [text_input], outputs = [y])
    }
}

fn main() {}
