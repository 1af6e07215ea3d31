//! `SpectralNormalization`: divides a layer's kernel by its largest singular value.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::{Initializer, InitializerKind};
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions};
use crate::layers::{LayerKind, wrapped};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `SpectralNormalization`: the shapes of the layer inside. The plan has that layer's operations; the kernel
/// is divided between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralNormalization {
    /// The layer whose kernel is normalized.
    pub layer: Box<LayerKind>,
    /// Name given to that layer, which is part of its weights' names.
    pub name: Option<String>,
    /// Power iterations per call in a training step.
    pub power_iterations: usize,
}

layer! {
    /// Divides the kernel of a layer by an estimate of its largest singular value, which bounds how fast the outputs of the layer change with its
    /// inputs: for discriminators, for example.
    ///
    /// The shapes are those of the layer inside, which has a `kernel` or `embeddings`: `Dense`, `EinsumDense`,
    /// `Embedding`, or a convolution that is not separable. Every training step begins with `power_iterations` power
    /// iterations from `vector_u`, a weight that is not trained, and replaces the kernel by its quotient, also with
    /// `trainable = false`. Each further call of the layer in a model does so once more. Evaluation and prediction do
    /// not change the kernel. The division is not differentiated.
    ///
    /// Keras: [`SpectralNormalization`](https://keras.io/api/layers/normalization_layers/spectral_normalization/)
    "`SpectralNormalization(layer, power_iterations = 1, name = none, trainable = true)`"
    SpectralNormalization, "let x = Input(shape = [32]);\nlet y: [8] = SpectralNormalization(Dense(8))(x);" => SpectralNormalization::from_args;
    takes {
        /// The layer inside, with its settings.
        layer: Layer,
        /// Power iterations per call in a training step.
        power_iterations: usize = "1" in [1.0..],
    }
}

/// Keras's name for the initial vector of the power iterations.
pub(crate) const VECTOR: &str = "vector_u";

impl SpectralNormalization {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let power_iterations = args.unsigned("power_iterations", cx);
        let made = wrapped::layer("layer", "Dense(32)", args, cx)?;
        let class = made.kind.class_name();
        let loc = args.loc("layer");
        if !made.trainable {
            let message =
                format!("whether this `{class}` is trained is said at the `SpectralNormalization` around it");
            let help = format!("write `SpectralNormalization({class}(…), trainable = false)`");
            cx.error(Diag::error(Code::SettingOfTheWrapper, loc, message).help(help));
        }
        let has_kernel = matches!(
            made.kind,
            LayerKind::Dense(_)
                | LayerKind::EinsumDense(_)
                | LayerKind::Conv(_)
                | LayerKind::Depthwise(_)
                | LayerKind::Embedding(_)
        );
        if !has_kernel {
            cx.error(Diag::error(Code::NoKernel, loc, no_kernel(&made.kind)).help(instead(&made.kind)));
            args.fail("layer");
            return None;
        }
        let name = made.name.map(|(name, _)| name);
        Some(SpectralNormalization { layer: Box::new(made.kind), name, power_iterations })
    }

    /// Name of the layer inside, between that of the wrapper and those of the weights.
    pub(crate) fn inner_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.layer.auto_name())
    }

    fn around(&self, layer: LayerKind) -> Self {
        SpectralNormalization { layer: Box::new(layer), ..self.clone() }
    }
}

fn no_kernel(kind: &LayerKind) -> String {
    let class = kind.class_name();
    match kind {
        LayerKind::SpectralNormalization(_) => {
            "the kernel in this `SpectralNormalization` is normalized already".into()
        }
        _ => format!(
            "`SpectralNormalization` divides a layer's `kernel` or `embeddings`, and `{class}` has neither of its own"
        ),
    }
}

fn instead(kind: &LayerKind) -> &'static str {
    match kind {
        LayerKind::SpectralNormalization(_) => {
            "write one `SpectralNormalization`, with more `power_iterations`"
        }
        LayerKind::Separable(_) => {
            "write it as `SpectralNormalization(DepthwiseConv2D(…))` and `SpectralNormalization(Conv2D(…, 1))`, or the same in 1D"
        }
        LayerKind::TimeDistributed(wrapper) => without_one_of_both(&wrapper.layer),
        _ => "wrap a `Dense`, an `EinsumDense`, an `Embedding`, or a convolution that is not separable",
    }
}

/// Replacement for a `SpectralNormalization` and a `TimeDistributed` around one layer.
pub(super) fn without_one_of_both(inside: &LayerKind) -> &'static str {
    match inside {
        LayerKind::Dense(_) | LayerKind::Embedding(_) => {
            "leave `TimeDistributed` out: this layer treats every step by itself"
        }
        _ => "leave `SpectralNormalization` out, or `TimeDistributed`",
    }
}

impl Layer for SpectralNormalization {
    fn class_name(&self) -> &'static str {
        "SpectralNormalization"
    }

    fn reads(&self) -> Reads {
        self.layer.reads()
    }

    /// Keras declares no support for masks, but the layer inside passes them on.
    fn masks(&self) -> Masks {
        self.layer.masks()
    }

    fn kept_axes(&self, inputs: &[&Shape], output: &Shape) -> Vec<usize> {
        self.layer.kept_axes(inputs, output)
    }

    fn effect(&self) -> Effect {
        self.layer.effect()
    }

    fn head(&self) -> Option<Activation> {
        self.layer.head()
    }

    fn activity_regularizer(&self) -> Option<ActivityRegularization> {
        self.layer.activity_regularizer()
    }

    fn aliases(&self) -> bool {
        false
    }

    /// The struct of the layer inside.
    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let own = weights.split_last().map_or(&[][..], |(_, own)| own);
        self.layer.typed(own)
    }

    /// The plan uses the layer inside.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        self.layer.infer(inputs, call, cx)
    }

    /// Weights of the layer inside, its kernel first, and the initial vector of the power iterations.
    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let mut weights = self.layer.weights(inputs);
        let last = weights.first().and_then(|kernel| kernel.shape.last().cloned());
        let options = WeightOptions {
            initializer: Initializer {
                kind: InitializerKind::TruncatedNormal { mean: 0.0, stddev: 0.02 },
                seed: None,
            },
            regularizer: None,
            constraint: None,
            trainable: false,
        };
        let shape = Shape(vec![Dim::Known(1), last.unwrap_or(Dim::Known(1))]);
        weights.push(Weight { name: VECTOR, shape, options });
        weights
    }

    fn scratch(&self, inputs: &[&Shape], given: &[&Shape]) -> Vec<Shape> {
        self.layer.scratch(inputs, given)
    }

    fn setting_class(&self) -> &'static str {
        self.layer.setting_class()
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        // Another class might have no kernel.
        let settings =
            self.layer.changes(inputs, wanted).into_iter().filter(|(_, change)| change.is_setting());
        settings.map(|(layer, change)| (self.around(layer), change)).collect()
    }
}
