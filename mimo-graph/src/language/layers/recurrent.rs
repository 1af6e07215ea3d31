//! Layers that read sequences step by step, and layers around layers.

layers! {
    /// A long short-term memory: reads a sequence step by step, and carries an output and a cell state from one to
    /// the next.
    ///
    /// `[steps, features] → [units]`, or `[steps, units]` with `return_sequences`. A call may give
    /// `initial_state = …`. Weights: `kernel`, `recurrent_kernel`, `bias`.
    ///
    /// Keras: [`LSTM`](https://keras.io/api/layers/recurrent_layers/lstm/)
    "`LSTM(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = none, recurrent_regularizer = none, bias_regularizer = none, kernel_constraint = none, recurrent_constraint = none, bias_constraint = none, dropout = 0, recurrent_dropout = 0, seed = none, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, name = none, trainable = true)`"
    LSTM {
        /// Outputs at each position: the length of the last axis.
        units: usize,
        /// What is applied to the state.
        activation: Activation = "tanh",
        /// What is applied to the gates.
        recurrent_activation: Activation = "sigmoid",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the kernel starts as.
        kernel_initializer: Initializer = "glorot_uniform",
        /// What the recurrent kernel starts as.
        recurrent_initializer: Initializer = "orthogonal",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// Whether the bias of the forget gate starts at 1.
        unit_forget_bias: bool = "true",
        /// What large values in the kernel cost.
        kernel_regularizer: Regularizer = "none",
        /// What large values in the recurrent kernel cost.
        recurrent_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the kernel is brought back to after each step.
        kernel_constraint: Constraint = "none",
        /// What the recurrent kernel is brought back to after each step.
        recurrent_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
        /// Share of the inputs that is dropped while training, at least 0 and below 1.
        dropout: f64 = "0",
        /// Share of the state that is dropped while training, at least 0 and below 1.
        recurrent_dropout: f64 = "0",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
        /// Whether the outputs of all steps are given, and not only that of the last.
        return_sequences: bool = "false",
        /// Whether the last state is given as well: `let (y, h) = …;`, and `let (y, h, c) = …;` for an `LSTM`.
        return_state: bool = "false",
        /// Whether the sequence is read from its end.
        go_backwards: bool = "false",
        /// Only `false`: the state that a sequence begins with is given as `initial_state`.
        stateful: bool = "false",
        /// Only `false`: it would change nothing.
        unroll: bool = "false",
    }
    => "let x = Input(shape = [20, 8]);\nlet y: [64] = LSTM(64)(x);"

    /// A gated recurrent unit: reads a sequence step by step, and carries a state from one to the next.
    ///
    /// `[steps, features] → [units]`, or `[steps, units]` with `return_sequences`. A call may give
    /// `initial_state = …`. Weights: `kernel`, `recurrent_kernel`, `bias`.
    ///
    /// Keras: [`GRU`](https://keras.io/api/layers/recurrent_layers/gru/)
    "`GRU(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = none, recurrent_regularizer = none, bias_regularizer = none, kernel_constraint = none, recurrent_constraint = none, bias_constraint = none, dropout = 0, recurrent_dropout = 0, seed = none, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, reset_after = true, name = none, trainable = true)`"
    GRU {
        /// Outputs at each position: the length of the last axis.
        units: usize,
        /// What is applied to the state.
        activation: Activation = "tanh",
        /// What is applied to the gates.
        recurrent_activation: Activation = "sigmoid",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the kernel starts as.
        kernel_initializer: Initializer = "glorot_uniform",
        /// What the recurrent kernel starts as.
        recurrent_initializer: Initializer = "orthogonal",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// What large values in the kernel cost.
        kernel_regularizer: Regularizer = "none",
        /// What large values in the recurrent kernel cost.
        recurrent_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the kernel is brought back to after each step.
        kernel_constraint: Constraint = "none",
        /// What the recurrent kernel is brought back to after each step.
        recurrent_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
        /// Share of the inputs that is dropped while training, at least 0 and below 1.
        dropout: f64 = "0",
        /// Share of the state that is dropped while training, at least 0 and below 1.
        recurrent_dropout: f64 = "0",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
        /// Whether the outputs of all steps are given, and not only that of the last.
        return_sequences: bool = "false",
        /// Whether the last state is given as well: `let (y, h) = …;`, and `let (y, h, c) = …;` for an `LSTM`.
        return_state: bool = "false",
        /// Whether the sequence is read from its end.
        go_backwards: bool = "false",
        /// Only `false`: the state that a sequence begins with is given as `initial_state`.
        stateful: bool = "false",
        /// Only `false`: it would change nothing.
        unroll: bool = "false",
        /// Whether the reset gate is applied after the product with the recurrent kernel, or before it.
        reset_after: bool = "true",
    }
    => "let x = Input(shape = [20, 8]);\nlet y: [64] = GRU(64)(x);"

    /// A recurrent layer without gates: the output of each step is part of the input of the next.
    ///
    /// `[steps, features] → [units]`, or `[steps, units]` with `return_sequences`. A call may give
    /// `initial_state = …`. Weights: `kernel`, `recurrent_kernel`, `bias`.
    ///
    /// Keras: [`SimpleRNN`](https://keras.io/api/layers/recurrent_layers/simple_rnn/)
    "`SimpleRNN(units, activation = tanh, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = none, recurrent_regularizer = none, bias_regularizer = none, kernel_constraint = none, recurrent_constraint = none, bias_constraint = none, dropout = 0, recurrent_dropout = 0, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, seed = none, name = none, trainable = true)`"
    SimpleRNN {
        /// Outputs at each position: the length of the last axis.
        units: usize,
        /// What is applied to the output.
        activation: Activation = "tanh",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the kernel starts as.
        kernel_initializer: Initializer = "glorot_uniform",
        /// What the recurrent kernel starts as.
        recurrent_initializer: Initializer = "orthogonal",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// What large values in the kernel cost.
        kernel_regularizer: Regularizer = "none",
        /// What large values in the recurrent kernel cost.
        recurrent_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the kernel is brought back to after each step.
        kernel_constraint: Constraint = "none",
        /// What the recurrent kernel is brought back to after each step.
        recurrent_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
        /// Share of the inputs that is dropped while training, at least 0 and below 1.
        dropout: f64 = "0",
        /// Share of the state that is dropped while training, at least 0 and below 1.
        recurrent_dropout: f64 = "0",
        /// Whether the outputs of all steps are given, and not only that of the last.
        return_sequences: bool = "false",
        /// Whether the last state is given as well: `let (y, h) = …;`, and `let (y, h, c) = …;` for an `LSTM`.
        return_state: bool = "false",
        /// Whether the sequence is read from its end.
        go_backwards: bool = "false",
        /// Only `false`: the state that a sequence begins with is given as `initial_state`.
        stateful: bool = "false",
        /// Only `false`: it would change nothing.
        unroll: bool = "false",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }
    => "let x = Input(shape = [20, 8]);\nlet y: [64] = SimpleRNN(64)(x);"

    /// A recurrent layer that reads a sequence from both ends.
    ///
    /// With `concat`, twice as long a last axis as the layer inside gives.
    ///
    /// Keras: [`Bidirectional`](https://keras.io/api/layers/recurrent_layers/bidirectional/)
    "`Bidirectional(layer, merge_mode = concat, backward_layer = none, name = none, trainable = true)`"
    Bidirectional {
        /// The recurrent layer that reads forwards, with its settings.
        layer: Layer,
        /// How the outputs of both directions become one; `none` gives both.
        merge_mode: MergeMode = "concat",
        /// What reads backwards, if it is not a layer like the other.
        backward_layer: Layer = "none",
    }
    => "let x = Input(shape = [20, 8]);\nlet y: [128] = Bidirectional(LSTM(64))(x);"

    /// A layer that is called on every step of a sequence by itself, with the same weights.
    ///
    /// `[steps, …] → [steps, …]`
    ///
    /// Keras: [`TimeDistributed`](https://keras.io/api/layers/recurrent_layers/time_distributed/)
    "`TimeDistributed(layer, name = none, trainable = true)`"
    TimeDistributed {
        /// The layer inside, with its settings.
        layer: Layer,
    }
    => "let x = Input(shape = [10, 32]);\nlet y: [10, 5] = TimeDistributed(Dense(5))(x);"
}
