//! Names of optimizers: `adam`, `"adam"`, `Adam(learning_rate = 1e-3)`.

use crate::code::Code;
use crate::context::Cx;
use crate::named::read_named;
use crate::optimizer::Optimizer;
use crate::value::{Value, ValueKind};
use settings::{
    adadelta, adafactor, adagrad, adam, adamax, lamb, lion, muon, nadam, optimizer, rms_prop, sgd,
};

pub(super) mod excluded;
mod settings;
pub(super) mod several;

/// Declares optimizers. All of them take the arguments after `weight_decay`; `then` are those after these.
macro_rules! optimizers {
    ($(
        $(#[doc = $doc:literal])*
        $call:literal
        $name:ident | $word:ident => $make:expr;
        takes { $($arguments:tt)* }
        $(then { $($last:tt)* })?
    )*) => {
        vocabulary! {
            mod words;
            const OPTIMIZERS: Optimizer;

            $(
                $(#[doc = $doc])*
                $call
                $name | $word => $make;
                takes {
                    $($arguments)*
                    /// Largest norm of the gradient of each weight; larger ones are scaled down.
                    clipnorm: f64 = "none" in [> 0.0],
                    /// Largest absolute value of a gradient's elements; larger ones are clipped.
                    clipvalue: f64 = "none" in [> 0.0],
                    /// Largest norm of all gradients together; larger ones are scaled down.
                    global_clipnorm: f64 = "none" in [> 0.0],
                    /// Whether moving averages of the weights are maintained, which replace the weights at the end of
                    /// `fit`.
                    use_ema: bool = "false",
                    /// Decay rate of the moving averages.
                    ema_momentum: f64 = "0.99" in [0.0..=1.0],
                    /// Number of steps after which the averages replace the weights, repeatedly.
                    ema_overwrite_frequency: usize = "none" in [1..],
                    loss_scale_factor => "leave it out: gradients are computed in the model's float type, `f32` or `f64`, which needs no scaling",
                    /// Number of steps, at least 2, whose mean gradient is used for one update.
                    gradient_accumulation_steps: usize = "none" in [2..],
                    name => "leave it out",
                    $($($last)*)?
                }
            )*
        }
    };
}

optimizers! {
    /// Gradient descent, with momentum if it is not 0.
    ///
    /// Keras: [`SGD`](https://keras.io/api/optimizers/sgd/)
    "`SGD(learning_rate = 0.01, momentum = 0, nesterov = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    SGD | sgd => sgd;
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.01" in [0.0..],
        /// Momentum: decay rate of the velocity.
        momentum: f64 = "0" in [0.0..=1.0],
        /// Whether Nesterov momentum is used.
        nesterov: bool = "false",
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Steps by the mean of the gradients over the root of the mean of their squares.
    ///
    /// Keras: [`Adam`](https://keras.io/api/optimizers/adam/)
    "`Adam(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, amsgrad = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Adam | adam => |args, cx| optimizer(args, adam(args, cx), cx);
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Decay rate of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Whether the largest mean of squares so far is used.
        amsgrad: bool = "false",
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// `Adam` with a weight decay that bypasses the means.
    ///
    /// Keras: [`AdamW`](https://keras.io/api/optimizers/adamw/)
    "`AdamW(learning_rate = 0.001, weight_decay = 0.004, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, amsgrad = false, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    AdamW | adamw => |args, cx| optimizer(args, adam(args, cx), cx);
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "0.004" in [0.0..],
        /// Decay rate of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Whether the largest mean of squares so far is used.
        amsgrad: bool = "false",
    }

    /// Gradients over the root of the running mean of their squares. The default of `.compile(…)`.
    ///
    /// Keras: [`RMSprop`](https://keras.io/api/optimizers/rmsprop/)
    "`RMSprop(learning_rate = 0.001, rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    RMSprop | rmsprop => rms_prop;
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Decay rate of the mean of the squared gradients.
        rho: f64 = "0.9" in [0.0..1.0],
        /// Momentum: decay rate of the velocity.
        momentum: f64 = "0" in [0.0..=1.0],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Whether the mean of the gradients is subtracted.
        centered: bool = "false",
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Gradients over the root of the sum of all their squares.
    ///
    /// Keras: [`Adagrad`](https://keras.io/api/optimizers/adagrad/)
    "`Adagrad(learning_rate = 0.001, initial_accumulator_value = 0.1, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Adagrad | adagrad => adagrad;
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Initial value of the sums of squares.
        initial_accumulator_value: f64 = "0.1" in [0.0..],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Gradients divided by the root of the running mean of their squares, times the root of the running mean of the
    /// squared updates.
    ///
    /// Keras: [`Adadelta`](https://keras.io/api/optimizers/adadelta/)
    "`Adadelta(learning_rate = 0.001, rho = 0.95, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Adadelta | adadelta => adadelta;
    takes {
        /// Learning rate; the paper uses 1.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Decay of both means of squares.
        rho: f64 = "0.95" in [0.0..1.0],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// `Adam` with the largest gradient so far, which decays, instead of the mean of the squares.
    ///
    /// Keras: [`Adamax`](https://keras.io/api/optimizers/adamax/)
    "`Adamax(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Adamax | adamax => adamax;
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Decay of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay of the largest gradient.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Gradients over the root of their mean square, which for a matrix is stored as the means of its rows and
    /// columns only. Steps are scaled by the size of the weight.
    ///
    /// Keras: [`Adafactor`](https://keras.io/api/optimizers/adafactor/)
    "`Adafactor(learning_rate = 0.001, beta_2_decay = -0.8, epsilon_1 = 1e-30, epsilon_2 = 1e-3, clip_threshold = 1, relative_step = true, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Adafactor | adafactor => adafactor;
    takes {
        /// Learning rate, relative to the root mean square of the weight.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Exponent of the step's number in the decay of the means: their decay rate is `1 - t^beta_2_decay`.
        beta_2_decay: f64 = "-0.8" in [..0.0],
        /// Added to squares of gradients, against division by zero.
        epsilon_1: f64 = "1e-30" in [0.0..],
        /// Lower bound on the root mean square of a weight that its steps are scaled by.
        epsilon_2: f64 = "1e-3" in [0.0..],
        /// Updates with a larger root mean square are scaled down to it.
        clip_threshold: f64 = "1" in [> 0.0],
        /// Whether the learning rate is limited to one over the root of the step's number.
        relative_step: bool = "true",
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// `Adam` with the step of each weight scaled to the norm of the weight. For large batches.
    ///
    /// Keras: [`Lamb`](https://keras.io/api/optimizers/lamb/)
    "`Lamb(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Lamb | lamb => lamb;
    takes {
        /// Learning rate, relative to the norm of the weight.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Decay rate of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Orthogonalized momentum, for weights of two axes; `AdamW` for all others, for embeddings, and for the layers
    /// of `exclude_layers`, which should name the output layers.
    ///
    /// Keras: [`Muon`](https://keras.io/api/optimizers/muon/)
    "`Muon(learning_rate = 0.001, adam_beta_1 = 0.9, adam_beta_2 = 0.999, adam_weight_decay = 0.004, epsilon = 1e-7, weight_decay = 0.004, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none, exclude_layers = none, exclude_embeddings = true, muon_a = 3.4445, muon_b = -4.775, muon_c = 2.0315, adam_lr_ratio = 1, momentum = 0.95, ns_steps = 5, nesterov = true, rms_rate = 0.2)`"
    Muon | muon => muon;
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Decay rate of the mean of the gradients, where `AdamW` is used.
        adam_beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares, where `AdamW` is used.
        adam_beta_2: f64 = "0.999" in [0.0..1.0],
        /// `weight_decay` where `AdamW` is used.
        adam_weight_decay: f64 = "0.004" in [0.0..],
        /// Small constant that prevents division by zero, where `AdamW` is used.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "0.004" in [0.0..],
    }
    then {
        /// Names of layers or weights for which `AdamW` is used, or parts of such names: `["head"]`.
        exclude_layers: Names = "none",
        /// Whether `AdamW` is used for embeddings.
        exclude_embeddings: bool = "true",
        /// Coefficient of the matrix in the iteration that orthogonalizes it.
        muon_a: f64 = "3.4445",
        /// Coefficient of its third power.
        muon_b: f64 = "-4.775",
        /// Coefficient of its fifth power.
        muon_c: f64 = "2.0315",
        /// Learning rate of `AdamW`, as a multiple of `learning_rate`.
        adam_lr_ratio: f64 = "1" in [0.0..],
        /// Momentum: decay rate of the velocity.
        momentum: f64 = "0.95" in [0.0..=1.0],
        /// Number of iterations.
        ns_steps: usize = "5",
        /// Whether Nesterov momentum is used.
        nesterov: bool = "true",
        /// Factor of steps, times the root of the longer side of a matrix; with `none` steps are not scaled.
        rms_rate: f64 = "0.2" in [0.0..],
    }

    /// `Adam` with Nesterov momentum.
    ///
    /// Keras: [`Nadam`](https://keras.io/api/optimizers/nadam/)
    "`Nadam(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Nadam | nadam => nadam;
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Decay rate of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// Small constant that prevents division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Steps by the sign of an interpolated momentum.
    ///
    /// Keras: [`Lion`](https://keras.io/api/optimizers/lion/)
    "`Lion(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.99, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none, use_ema = false, ema_momentum = 0.99, ema_overwrite_frequency = none, gradient_accumulation_steps = none)`"
    Lion | lion => lion;
    takes {
        /// Learning rate.
        learning_rate: LearningRate = "0.001" in [0.0..],
        /// Weight of the gradient's mean against the gradient in a step.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the momentum.
        beta_2: f64 = "0.99" in [0.0..1.0],
        /// Weight decay: fraction of each weight that is subtracted at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }
}

/// Optimizers of Keras that mimo does not have, and why.
const MISSING: &[(&str, &str)] = &[
    (
        "Ftrl",
        "write `adagrad`, which adapts the steps in the same way, with `kernel_regularizer = L1(…)` for sparse weights",
    ),
    (
        "LossScaleOptimizer",
        "write the optimizer alone: gradients are computed in `f32` or `f64`, which needs no scaling",
    ),
    ("LazyAdam", "write `adam`, which updates all vectors of an `Embedding`"),
    ("MultiOptimizer", "write a map of optimizers: `optimizer = { encoder: SGD(0.001), rest: Adam() }`"),
    ("Optimizer", "write one of mimo's, as in `adam`: an optimizer of your own is not available"),
    ("OptimizerMap", "write a map of optimizers: `optimizer = { encoder: SGD(0.001), rest: Adam() }`"),
    (
        "RAdam",
        "write `adam` with a warmup: `Adam(CosineDecay(0.0, 9000, warmup_target = 0.001, warmup_steps = 1000))`",
    ),
    (
        "ScheduleFreeAdamW",
        "write `adamw`: an optimizer in mimo has one set of weights, for training and for predictions",
    ),
];

/// The optimizer that a value stands for; `None` after an error.
pub(crate) fn read(value: &Value, cx: &mut Cx<'_>) -> Option<Optimizer> {
    let mut value = value.clone();
    // Keras reads names in any case.
    if let ValueKind::Ident { text: name, .. } | ValueKind::Str(name) | ValueKind::Call { name, .. } =
        &mut value.kind
    {
        let listed = OPTIMIZERS.iter().flat_map(|optimizer| optimizer.item.names).copied();
        let mut names = listed.chain(MISSING.iter().map(|(name, _)| *name));
        if let Some(listed) = names.find(|listed| listed.eq_ignore_ascii_case(name)) {
            *name = listed.into();
        }
    }
    if let ValueKind::List(_) = value.kind {
        let help = "write one of them, or a map: `optimizer = { encoder: SGD(0.001), rest: Adam() }`";
        crate::args::read::wrong(&value, "`optimizer`", "an optimizer", Some(help.into()), cx);
        return None;
    }
    read_named(&value, "`optimizer`", "an optimizer", Code::UnknownOptimizer, OPTIMIZERS, MISSING, cx)
}

#[cfg(test)]
mod tests;
