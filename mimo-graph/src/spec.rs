//! The finished model as static data: what the macro writes into the user's crate and what the runtime
//! (summary, files, trainer) reads. Everything here can be built in a `const`, with lengths that only
//! const evaluation knows.

use crate::graph::Dtype;
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optimizer::Optimizer;

/// A model.
#[derive(Clone, Copy, Debug)]
pub struct ModelSpec {
    /// The struct's name.
    pub name: &'static str,
    /// Inputs, in the order of `Model(inputs = …)`.
    pub inputs: &'static [InputSpec],
    /// Outputs, in the order of `Model(outputs = …)`.
    pub outputs: &'static [OutputSpec],
    /// Layers, inputs included, in the order in which the summary lists them.
    pub layers: &'static [LayerSpec],
    /// Weights, in the order of the struct's fields.
    pub weights: &'static [WeightSpec],
    /// The optimizer of `.compile(…)`.
    pub optimizer: Option<Optimizer>,
}

/// An input.
#[derive(Clone, Copy, Debug)]
pub struct InputSpec {
    /// Its name.
    pub name: &'static str,
    /// The shape of one sample.
    pub shape: &'static [usize],
    /// What it holds.
    pub dtype: Dtype,
}

/// An output and how it is trained.
#[derive(Clone, Copy, Debug)]
pub struct OutputSpec {
    /// Its name.
    pub name: &'static str,
    /// The shape of one sample.
    pub shape: &'static [usize],
    /// Its loss; `None` for an output that is not trained.
    pub loss: Option<Loss>,
    /// The loss's weight in the total.
    pub weight: f64,
    /// Its metrics, by the names that logs use.
    pub metrics: &'static [(&'static str, Metric)],
}

/// A layer, as the summary shows it.
#[derive(Clone, Copy, Debug)]
pub struct LayerSpec {
    /// Its name.
    pub name: &'static str,
    /// Keras's class name.
    pub class: &'static str,
    /// The shape of what each of its calls gives, without the batch axis.
    pub output_shape: &'static [usize],
    /// How many values its weights hold.
    pub parameters: usize,
    /// Whether training changes them.
    pub trainable: bool,
    /// What its calls read, call after call.
    pub connected_to: &'static [Connection],
}

/// One tensor that a layer reads, named as Keras does: `source[call][tensor]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The layer that gives it.
    pub layer: &'static str,
    /// Which call of that layer, from 0.
    pub call: usize,
    /// Which of the call's tensors, from 0.
    pub tensor: usize,
}

/// A weight.
#[derive(Clone, Copy, Debug)]
pub struct WeightSpec {
    /// The layer's name and the weight's: `dense/kernel`.
    pub name: &'static str,
    /// Its shape, in Keras's layout.
    pub shape: &'static [usize],
    /// What it starts as.
    pub initializer: Initializer,
    /// What it costs to be large.
    pub regularizer: Option<Regularizer>,
    /// What it is brought back to after a step.
    pub constraint: Option<Constraint>,
    /// Whether training changes it.
    pub trainable: bool,
}
