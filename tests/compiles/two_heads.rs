use mimo::prelude::*;

model! {
    /// A model.
    pub Net {
        /// Docs of a constant.
        const WIDTH: usize = 4;
        let x = Input(shape = [8]);
        let h: [WIDTH] = Dense(WIDTH, activation = relu)(x);
        let kind = Dense(3, activation = softmax)(h);
        let risk = Dense(1, activation = "sigmoid", )(h);
        Model(inputs = [x], outputs = [kind, risk],)
            .compile(
                optimizer = Adam(learning_rate = 1e-3),
                loss = { kind: categorical_crossentropy, risk: binary_crossentropy },
                loss_weights = { risk: 0.5 },
                metrics = { kind: [accuracy], risk: [accuracy, auc] },
            )
    }
}

#[test]
fn compiles() {
    Net::new(0);
}
