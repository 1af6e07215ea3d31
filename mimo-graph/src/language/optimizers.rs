//! Optimizers: what makes a step of gradients, as in `.compile(optimizer = Adam(learning_rate = 1e-3))`. A name without
//! arguments is enough, and is read in any case: `"adam"`.

items! {
    /// Gradient descent, with momentum if it is not 0.
    ///
    /// Keras: [`SGD`](https://keras.io/api/optimizers/sgd/)
    "`SGD(learning_rate = 0.01, momentum = 0, nesterov = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    SGD | sgd {
        /// The size of a step.
        learning_rate: f64 = "0.01",
        /// How much of the last step is kept.
        momentum: f64 = "0",
        /// Whether the momentum looks ahead.
        nesterov: bool = "false",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// Steps by the mean of the gradients over the root of the mean of their squares.
    ///
    /// Keras: [`Adam`](https://keras.io/api/optimizers/adam/)
    "`Adam(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, amsgrad = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adam | adam {
        /// The size of a step.
        learning_rate: f64 = "0.001",
        /// How slowly the mean of the gradients follows.
        beta_1: f64 = "0.9",
        /// How slowly the mean of their squares follows.
        beta_2: f64 = "0.999",
        /// A small number against division by zero.
        epsilon: f64 = "1e-7",
        /// Whether the largest mean of squares so far is used.
        amsgrad: bool = "false",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// `Adam` with a weight decay that does not pass through the means.
    ///
    /// Keras: [`AdamW`](https://keras.io/api/optimizers/adamw/)
    "`AdamW(learning_rate = 0.001, weight_decay = 0.004, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, amsgrad = false, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    AdamW | adamw {
        /// The size of a step.
        learning_rate: f64 = "0.001",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "0.004",
        /// How slowly the mean of the gradients follows.
        beta_1: f64 = "0.9",
        /// How slowly the mean of their squares follows.
        beta_2: f64 = "0.999",
        /// A small number against division by zero.
        epsilon: f64 = "1e-7",
        /// Whether the largest mean of squares so far is used.
        amsgrad: bool = "false",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// Gradients over the root of the running mean of their squares. What `.compile(…)` takes if it is given none.
    ///
    /// Keras: [`RMSprop`](https://keras.io/api/optimizers/rmsprop/)
    "`RMSprop(learning_rate = 0.001, rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    RMSprop | rmsprop {
        /// The size of a step.
        learning_rate: f64 = "0.001",
        /// How slowly the mean of the squared gradients follows.
        rho: f64 = "0.9",
        /// How much of the last step is kept.
        momentum: f64 = "0",
        /// A small number against division by zero.
        epsilon: f64 = "1e-7",
        /// Whether the mean of the gradients is subtracted.
        centered: bool = "false",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// Gradients over the root of the sum of all their squares.
    ///
    /// Keras: [`Adagrad`](https://keras.io/api/optimizers/adagrad/)
    "`Adagrad(learning_rate = 0.001, initial_accumulator_value = 0.1, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adagrad | adagrad {
        /// The size of a step.
        learning_rate: f64 = "0.001",
        /// What the sums of squares start as.
        initial_accumulator_value: f64 = "0.1",
        /// A small number against division by zero.
        epsilon: f64 = "1e-7",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// Gradients over the root of the running mean of their squares, times that of the squares of earlier updates.
    ///
    /// Keras: [`Adadelta`](https://keras.io/api/optimizers/adadelta/)
    "`Adadelta(learning_rate = 0.001, rho = 0.95, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adadelta | adadelta {
        /// The size of a step; the paper has 1.
        learning_rate: f64 = "0.001",
        /// Decay of both means of squares.
        rho: f64 = "0.95",
        /// A small number against division by zero.
        epsilon: f64 = "1e-7",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// `Adam` with the largest gradient so far, which decays, instead of the mean of the squares.
    ///
    /// Keras: [`Adamax`](https://keras.io/api/optimizers/adamax/)
    "`Adamax(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adamax | adamax {
        /// The size of a step.
        learning_rate: f64 = "0.001",
        /// Decay of the mean of the gradients.
        beta_1: f64 = "0.9",
        /// Decay of the largest gradient.
        beta_2: f64 = "0.999",
        /// A small number against division by zero.
        epsilon: f64 = "1e-7",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// `Adam` with Nesterov momentum.
    ///
    /// Keras: [`Nadam`](https://keras.io/api/optimizers/nadam/)
    "`Nadam(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Nadam | nadam {
        /// The size of a step.
        learning_rate: f64 = "0.001",
        /// How slowly the mean of the gradients follows.
        beta_1: f64 = "0.9",
        /// How slowly the mean of their squares follows.
        beta_2: f64 = "0.999",
        /// A small number against division by zero.
        epsilon: f64 = "1e-7",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }

    /// Steps by the sign of an interpolated momentum.
    ///
    /// Keras: [`Lion`](https://keras.io/api/optimizers/lion/)
    "`Lion(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.99, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Lion | lion {
        /// The size of a step.
        learning_rate: f64 = "0.001",
        /// How much of the momentum is in the step.
        beta_1: f64 = "0.9",
        /// How slowly the momentum follows.
        beta_2: f64 = "0.99",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none",
        /// The largest norm that the gradient of each weight may have.
        clipnorm: f64 = "none",
        /// The largest size that each value of a gradient may have.
        clipvalue: f64 = "none",
        /// The largest norm that all gradients together may have.
        global_clipnorm: f64 = "none",
    }
}
