//! `macro` is a keyword of Rust and a word of Keras.

use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let kind = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [kind]).compile(
            optimizer = adam,
            loss = categorical_crossentropy,
            metrics = [F1Score(average = macro), F1Score(average = "micro", name = "f1_micro")],
        )
    }
}

#[test]
fn compiles() {
    assert_eq!(Net::OUTPUTS[0].metrics.len(), 2);
}
