//! Diagnosis and risk, as published.

use mimo::prelude::*;

model! {
    pub Patient {
        let ecg_input = Input(shape = [256, 1]);
        let x = Conv1D(32, 3, activation = relu)(ecg_input);
        let x = MaxPooling1D(2)(x);
        let x = Flatten()(x);
        let bp_input = Input(shape = [1]);
        let merged = concatenate([x, bp_input]);
        let diagnosis_output = Dense(3, activation = softmax)(merged);
        let risk_output = Dense(1, activation = sigmoid)(merged);
        Model(inputs = [ecg_input, bp_input], outputs = [diagnosis_output, risk_output])
            .compile(
                optimizer = Adam(),
                loss = { diagnosis_output: categorical_crossentropy, risk_output: binary_crossentropy },
                loss_weights = [1.0, 0.5],
                metrics = [accuracy],
            )
    }
}

fn main() {}
