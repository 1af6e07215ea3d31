//! Three forecast horizons, as published.

use mimo::prelude::*;

model! {
    pub Horizons {
        let input_layer = Input(shape = [100, 1]);
        let lstm_output = LSTM(64)(input_layer);
        let output_1 = Dense(1)(lstm_output);
        let output_2 = Dense(1)(lstm_output);
        let output_3 = Dense(1)(lstm_output);
        Model(inputs = [input_layer], outputs = [output_1, output_2, output_3])
            .compile(optimizer = Adam(), loss = mse, loss_weights = [1.0, 0.8, 0.5], metrics = [mae])
    }
}

fn main() {}
