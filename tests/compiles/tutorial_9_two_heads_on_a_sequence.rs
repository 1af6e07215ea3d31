//! Two heads on a sequence, as published.

use mimo::prelude::*;

model! {
    pub Sequences {
        let input_layer = Input(shape = [100, 50]);
        let lstm_layer = LSTM(128)(input_layer);
        let dense1 = Dense(64, activation = relu)(lstm_layer);
        let output1 = Dense(50, activation = linear)(dense1);
        let dense2 = Dense(64, activation = relu)(lstm_layer);
        let output2 = Dense(20, activation = softmax)(dense2);
        Model(inputs = [input_layer], outputs = [output1, output2])
            .compile(optimizer = Adam(), loss = [mse, categorical_crossentropy], metrics = [mae, accuracy])
    }
}

#[test]
fn compiles() {
    Sequences::new(0);
}
