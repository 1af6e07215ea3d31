//! The finished model as static data: written by the macro into the user's crate, and read by the runtime (summary,
//! files, trainer). Everything here can be built in a `const`, with lengths that only const evaluation knows.

pub mod data;
pub mod graph;

use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optimizer::OptimizerSpec;
use crate::shape::Dtype;
use crate::target::{Target, TargetRange};

pub use graph::fixed::{
    Argument, GraphLayer, GraphPort, GraphSpec, GraphTensor, ItemSpec, LayerCall, NestedModel, Setting,
};

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
    /// The optimizers of `.compile(…)`: none, one without a key, or those of a map.
    pub optimizers: &'static [OptimizerSpec],
}

/// An input.
#[derive(Clone, Copy, Debug)]
pub struct InputSpec {
    /// Its name.
    pub name: &'static str,
    /// The shape of one sample.
    pub shape: &'static [usize],
    /// Its element type.
    pub dtype: Dtype,
    /// Upper bound (excluded) of its integers, if an `Embedding` looks them up; the largest bound if they
    /// differ.
    pub below: Option<usize>,
    /// By value of a sample, if different layers look up parts of it: the upper bound (excluded), 0 if nothing looks
    /// it up. Else empty.
    pub below_each: &'static [usize],
}

/// The smallest of some bounds; `None` if there are none.
pub const fn least(bounds: &[usize]) -> Option<usize> {
    let (mut least, mut i) = (None, 0);
    while i < bounds.len() {
        least = match least {
            Some(least) if least < bounds[i] => Some(least),
            _ => Some(bounds[i]),
        };
        i += 1;
    }
    least
}

/// The smaller of two bounds.
pub const fn lesser(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// The largest of some bounds; `None` if there are none.
pub const fn greatest(bounds: &[usize]) -> Option<usize> {
    let (mut greatest, mut i) = (None, 0);
    while i < bounds.len() {
        greatest = match greatest {
            Some(greatest) if greatest > bounds[i] => Some(greatest),
            _ => Some(bounds[i]),
        };
        i += 1;
    }
    greatest
}

/// An output and how it is trained.
#[derive(Clone, Copy, Debug)]
pub struct OutputSpec {
    /// Its name.
    pub name: &'static str,
    /// The shape of one sample.
    pub shape: &'static [usize],
    /// The call that computes it; its name need not be the layer's.
    pub source: Connection,
    /// Its loss; `None` for an output that is not trained.
    pub loss: Option<Loss>,
    /// The loss's weight in the total.
    pub weight: f64,
    /// Its metrics with their names in the logs: those of `metrics`, then those of `weighted_metrics`.
    pub metrics: &'static [(&'static str, Metric)],
    /// Number of those in `metrics`, which ignore sample weights.
    pub unweighted: usize,
    /// Range against which its targets are checked.
    pub range: TargetRange,
}

impl OutputSpec {
    /// The form of the output's targets; `None` for an output without targets.
    pub fn target(&self) -> Option<Target> {
        Target::of(self.loss, self.metrics.iter().map(|&(_, metric)| metric))
    }

    /// Positions of a sample: all axes but the last.
    pub fn positions(&self) -> usize {
        self.shape.iter().rev().skip(1).product()
    }
}

/// A layer, as the summary shows it.
#[derive(Clone, Copy, Debug)]
pub struct LayerSpec {
    /// Its name.
    pub name: &'static str,
    /// Keras's class name.
    pub class: &'static str,
    /// Output shape of each of its calls, without the batch axis.
    pub output_shape: &'static [usize],
    /// Number of values of its weights.
    pub parameters: usize,
    /// Whether training changes them.
    pub trainable: bool,
    /// Tensors that its calls read, call after call.
    pub connected_to: &'static [Connection],
}

/// One tensor that a layer reads, with Keras's notation: `source[call][tensor]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The layer that computes it.
    pub layer: &'static str,
    /// Index of the call of that layer.
    pub call: usize,
    /// Index of the tensor among the call's outputs.
    pub tensor: usize,
}

impl Connection {
    /// The first tensor of a layer's first call.
    pub const fn first(layer: &'static str) -> Self {
        Connection { layer, call: 0, tensor: 0 }
    }
}

/// A weight.
#[derive(Clone, Copy, Debug)]
pub struct WeightSpec {
    /// The layer's name and the weight's: `dense/kernel`.
    pub name: &'static str,
    /// Its shape, in Keras's layout.
    pub shape: &'static [usize],
    /// Initializer.
    pub initializer: Initializer,
    /// Regularization penalty.
    pub regularizer: Option<Regularizer>,
    /// Constraint applied after each optimizer step.
    pub constraint: Option<Constraint>,
    /// Whether training changes it.
    pub trainable: bool,
}

impl WeightSpec {
    /// A scalar that training changes, without regularizer and constraint.
    pub const PLAIN: Self = WeightSpec {
        name: "",
        shape: &[],
        initializer: Initializer::ZEROS,
        regularizer: None,
        constraint: None,
        trainable: true,
    };
}

/// Models for tests of the output for a [`ModelSpec`].
#[cfg(test)]
pub(crate) mod examples {
    use super::*;

    const fn from(layer: &'static str, call: usize) -> Connection {
        Connection { layer, call, tensor: 0 }
    }

    const fn weight(name: &'static str, shape: &'static [usize], trainable: bool) -> WeightSpec {
        let initializer = Initializer::ZEROS;
        WeightSpec { name, shape, initializer, regularizer: None, constraint: None, trainable }
    }

    const ECG: InputSpec =
        InputSpec { name: "ecg", shape: &[1200], dtype: Dtype::Float, below: None, below_each: &[] };
    const AGE: InputSpec =
        InputSpec { name: "age", shape: &[], dtype: Dtype::Int, below: None, below_each: &[] };

    const fn layer(
        name: &'static str,
        class: &'static str,
        output_shape: &'static [usize],
        parameters: usize,
        connected_to: &'static [Connection],
    ) -> LayerSpec {
        LayerSpec { name, class, output_shape, parameters, trainable: true, connected_to }
    }

    /// Two inputs, a frozen layer, two trained outputs and one that is not trained.
    pub(crate) const DIAGNOSIS: ModelSpec = ModelSpec {
        name: "Diagnosis",
        inputs: &[ECG, AGE],
        outputs: &[
            OutputSpec {
                name: "diagnosis",
                shape: &[3],
                source: from("diagnosis", 0),
                loss: Some(Loss::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.1 }),
                weight: 1.0,
                metrics: &[("accuracy", Metric::CategoricalAccuracy)],
                unweighted: 1,
                range: TargetRange::Any,
            },
            OutputSpec {
                name: "risk",
                shape: &[1],
                source: from("head", 0),
                loss: Some(Loss::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 }),
                weight: 0.5,
                metrics: &[
                    ("accuracy", Metric::BinaryAccuracy { threshold: 0.5 }),
                    (
                        "auc",
                        Metric::Auc {
                            num_thresholds: 200,
                            curve: crate::metric::Curve::Roc,
                            summation_method: crate::metric::Summation::Interpolation,
                            thresholds: &[],
                            multi_label: false,
                            label_weights: &[],
                            from_logits: false,
                        },
                    ),
                ],
                unweighted: 2,
                range: TargetRange::Any,
            },
            OutputSpec {
                name: "features",
                shape: &[9],
                source: from("features", 0),
                loss: None,
                weight: 1.0,
                metrics: &[],
                unweighted: 0,
                range: TargetRange::Any,
            },
        ],
        layers: &[
            layer("ecg", "InputLayer", &[1200], 0, &[]),
            layer("age", "InputLayer", &[], 0, &[]),
            LayerSpec { trainable: false, ..layer("dense", "Dense", &[8], 9608, &[from("ecg", 0)]) },
            layer("flatten", "Flatten", &[1], 0, &[from("age", 0)]),
            layer("features", "Concatenate", &[9], 0, &[from("dense", 0), from("flatten", 0)]),
            layer("diagnosis", "Dense", &[3], 30, &[from("features", 0)]),
            layer("head", "Dense", &[1], 10, &[from("features", 0)]),
        ],
        weights: &[
            weight("dense/kernel", &[1200, 8], false),
            weight("dense/bias", &[8], false),
            weight("diagnosis/kernel", &[9, 3], true),
            weight("diagnosis/bias", &[3], true),
            weight("head/kernel", &[9, 1], true),
            weight("head/bias", &[1], true),
        ],
        optimizers: &[OptimizerSpec {
            key: None,
            optimizer: crate::optimizer::Optimizer {
                rule: crate::optimizer::Rule::Sgd { momentum: 0.9, nesterov: false },
                learning_rate: 0.01,
                schedule: None,
                weight_decay: None,
                clip: crate::optimizer::Clip::Norm(1.0),
                average: None,
                accumulation: None,
            },
            layers: &[],
        }],
    };

    /// One layer called on two inputs, both calls outputs; names that need escaping.
    pub(crate) const SIAMESE: ModelSpec = ModelSpec {
        name: "Sia\"mese",
        inputs: &[
            InputSpec { name: "left", shape: &[4], dtype: Dtype::Float, below: None, below_each: &[] },
            InputSpec { name: "right", shape: &[4], dtype: Dtype::Float, below: None, below_each: &[] },
        ],
        outputs: &[
            OutputSpec {
                name: "a",
                shape: &[2],
                source: from("enc", 0),
                loss: None,
                weight: 1.0,
                metrics: &[],
                unweighted: 0,
                range: TargetRange::Any,
            },
            OutputSpec {
                name: "b",
                shape: &[2],
                source: from("enc", 1),
                loss: None,
                weight: 1.0,
                metrics: &[],
                unweighted: 0,
                range: TargetRange::Any,
            },
        ],
        layers: &[
            layer("left", "InputLayer", &[4], 0, &[]),
            layer("right", "InputLayer", &[4], 0, &[]),
            layer("enc", "Dense<\"2\">", &[2], 10, &[from("left", 0), from("right", 0)]),
            layer("sum", "Add", &[2], 0, &[from("enc", 0), from("enc", 1)]),
        ],
        weights: &[weight("enc/kernel", &[4, 2], true), weight("enc/bias", &[2], true)],
        optimizers: &[],
    };
}
