//! The end of the block: `Model(…)`, `.compile(…)`, and what calls of layers take.

items! {
    /// What the model is: the end of the block.
    ///
    /// Keras: [`Model`](https://keras.io/api/models/model/)
    "`Model(inputs, outputs)`"
    Model {
        /// The inputs: a list, or a map `{ name: tensor }`. Each becomes a field of `…Inputs`.
        inputs: Inputs,
        /// The outputs: a list, or a map `{ name: tensor }`. Each becomes a field of `…Outputs`, `…Targets` and
        /// `…PerOutput`.
        outputs: Tensors,
    }

    /// How the model is trained. Without it a model only predicts.
    ///
    /// Keras: [`compile`](https://keras.io/api/models/model_training_apis/)
    "`compile(optimizer = none, loss, loss_weights = none, metrics = none)`"
    compile {
        /// What makes steps of gradients; `none` is `RMSprop`.
        optimizer: Optimizer = "none",
        /// What is made small, for every output.
        loss: Loss,
        /// What the loss of each output counts; 1 without it.
        loss_weights: Weights = "none",
        /// What is measured, for every output.
        metrics: Metrics = "none",
    }

    /// What a call of a layer takes besides its tensors: `encoder(x, initial_state = [h, c])`.
    "`Call(initial_state = none)`"
    Call {
        /// The state that a recurrent layer begins with: one tensor, and two, `[h, c]`, for an `LSTM`.
        initial_state: Tensors = "none",
    }
}
