//! Three regressions, as published.

use mimo::prelude::*;

model! {
    pub ThreeRegressions {
        let input_layer = Input(shape = [10]);
        let dense1 = Dense(64, activation = relu)(input_layer);
        let dense2 = Dense(32, activation = relu)(dense1);
        let output1 = Dense(1)(dense2);
        let output2 = Dense(1)(dense2);
        let output3 = Dense(1)(dense2);
        Model(inputs = [input_layer], outputs = [output1, output2, output3])
            .compile(optimizer = Adam(), loss = [mse, mse, mse], metrics = [mae])
    }
}

fn main() {}
