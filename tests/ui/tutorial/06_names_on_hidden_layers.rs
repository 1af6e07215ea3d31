//! A shared layer, two heads, as published.

use mimo::prelude::*;

model! {
    pub SharedTrunk {
        let input_tensor = Input(shape = [100]);
        let shared_layer = Dense(64, activation = relu)(input_tensor);
        let output1 = Dense(32, activation = relu, name = "output_1")(shared_layer);
        let output1 = Dense(1, activation = linear)(output1);
        let output2 = Dense(32, activation = relu, name = "output_2")(shared_layer);
        let output2 = Dense(5, activation = softmax)(output2);
        Model(inputs = [input_tensor], outputs = [output1, output2])
            .compile(
                optimizer = Adam(),
                loss = { output_1: mse, output_2: categorical_crossentropy },
                metrics = { output_1: [mae], output_2: [accuracy] },
            )
    }
}

fn main() {}
