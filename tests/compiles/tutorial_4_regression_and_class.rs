//! Regression and classification, as published.

use mimo::prelude::*;

model! {
    pub RegressionAndClass {
        let input_tensor = Input(shape = [100]);
        let x = Dense(64, activation = relu)(input_tensor);
        let x = Dense(32, activation = relu)(x);
        let regression_output = Dense(1, activation = linear)(x);
        let classification_output = Dense(3, activation = softmax)(x);
        Model(inputs = [input_tensor], outputs = [regression_output, classification_output])
            .compile(
                optimizer = Adam(),
                loss = { regression_output: mse, classification_output: categorical_crossentropy },
                metrics = { regression_output: [mae], classification_output: [accuracy] },
            )
    }
}

#[test]
fn compiles() {
    RegressionAndClass::new(0);
}
