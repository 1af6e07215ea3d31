//! The trait of all layers, and the operands of their calls.

use crate::activation::Activation;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc, Subject};
use crate::dim::Dim;
use crate::ids::TensorId;
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::change::Change;
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// An operand of a layer's call.
#[derive(Clone, Debug)]
pub struct Operand<'a> {
    /// Name in messages: the user's binding.
    pub name: &'a str,
    /// The shape of one sample.
    pub shape: &'a Shape,
    /// Element type.
    pub dtype: Dtype,
    /// Location of its name in the call.
    pub loc: Loc,
    /// The tensor; `None` while a fix is tried.
    pub tensor: Option<TensorId>,
    /// The keyword in the call, such as `mask`; `""` for a positional tensor.
    pub role: &'static str,
}

impl Operand<'_> {
    /// The operand as a subject of a diagnostic that names it.
    pub fn named(&self) -> Option<Subject> {
        self.tensor.map(|tensor| Subject { tensor, shown: None })
    }

    /// The operand as a subject of a diagnostic that names it and shows its shape.
    pub fn shown(&self) -> Option<Subject> {
        self.tensor.map(|tensor| Subject { tensor, shown: Some(self.shape.clone()) })
    }
}

/// A weight of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Keras's name: `kernel`, `bias`.
    pub name: &'static str,
    /// Its shape, in Keras's layout.
    pub shape: Shape,
    /// Initializer, penalty and constraint.
    pub options: WeightOptions,
}

/// Initializer, regularizer and constraint of a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightOptions {
    /// Initializer.
    pub initializer: Initializer,
    /// Regularization penalty.
    pub regularizer: Option<Regularizer>,
    /// Constraint applied after each optimizer step.
    pub constraint: Option<Constraint>,
    /// Whether it is trained by its gradient; false for moving averages.
    pub trainable: bool,
}

/// The struct of `mimo-runtime` that holds the weights of a layer, with a field for each by its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// Its name.
    pub class: String,
    /// Its const parameters.
    pub sizes: Vec<Dim>,
}

/// The name of a struct of weights, which has a variant with a bias and one without.
pub(super) fn typed_class(class: &str, use_bias: bool) -> String {
    let without = if use_bias { "" } else { "WithoutBias" };
    format!("{class}{without}")
}

/// The axes of the weight at an index; empty if there is no such weight.
pub(super) fn sizes_of(weights: &[Weight], index: usize) -> impl Iterator<Item = &Dim> {
    weights.get(index).into_iter().flat_map(|weight| &weight.shape.0)
}

/// The tensors that a layer reads, as far as fixes and warnings need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Tensors of any number of axes, or of a number that says nothing about their meaning.
    Any,
    /// Sequences of vectors, `[steps, features]`, read in order.
    Sequence,
    /// Sequences or images with channels, read in windows or position by position.
    Channels,
    /// Sequences of anything that another layer reads, `[steps, …]`.
    Steps,
    /// Tensors that broadcast to one shape.
    Broadcast,
    /// Tensors with the axes that the settings of the layer name.
    NamedAxes,
}

/// The relation of a layer's outputs to its inputs, as far as fixes and warnings need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Outputs are computed with trained weights.
    Learned,
    /// Outputs are vectors looked up by integers.
    LookedUp,
    /// A function of each value, or of the last axis, without weights.
    Mapped,
    /// The same values, each scaled and shifted with weights of its channel.
    Normalized,
    /// The same values, changed at random while training.
    Noise,
    /// The same values in one axis.
    Flattened,
    /// The same values under other axes, or in another order of axes.
    Rearranged,
    /// Values are pooled, repeated, added at the edges or removed.
    Resampled,
    /// Several tensors become one.
    Joined,
    /// Random numbers, whatever the inputs hold.
    Drawn,
}

/// Propagation of the masks of the tensors that a call reads. Keras: `supports_masking` and `compute_mask`.
#[derive(Clone, Debug, PartialEq)]
pub enum Masks {
    /// All outputs have the mask of the first tensor.
    Keep,
    /// The first output has the mask of the first tensor, the others have none.
    KeepFirst,
    /// The union of the masks; no mask if one of the tensors has none.
    Join,
    /// The masks are concatenated along this axis (Keras's numbering), as the tensors are.
    Concatenate(i64),
    /// Positions whose numbers are not 0 count.
    NonZero,
    /// Steps at which any value differs from this one count.
    Differs(f64),
    /// The mask ends: the outputs are meant to have none.
    End,
    /// The mask is lost, which is worth a warning: the call reads masked steps.
    Lose,
}

/// Facts about a layer. Methods without a default decide fixes, warnings, fitting losses, memory and types: a default
/// would be silently wrong for a layer that does not override it.
pub trait Layer: Sized {
    /// Keras's name of its class.
    fn class_name(&self) -> &'static str;

    /// The tensors that the layer reads.
    fn reads(&self) -> Reads;

    /// The relation of the outputs to the inputs.
    fn effect(&self) -> Effect;

    /// The activation of the outputs, which decides the losses and metrics that fit them. `None` for layers whose outputs
    /// are values of their inputs.
    fn head(&self) -> Option<Activation>;

    /// Penalty on the outputs, which is added to the total loss.
    fn activity_regularizer(&self) -> Option<ActivityRegularization> {
        None
    }

    /// Whether the output is the input's values in their order, so that both are one buffer.
    fn aliases(&self) -> bool;

    /// The struct that holds these weights of the layer; `None` for layers without weights.
    fn typed(&self, weights: &[Weight]) -> Option<Typed>;

    /// The operation of a call. `None` for layers whose output is their input's buffer, and for those of which
    /// `plan/build.rs` makes several operations, or one together with other layers.
    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>>;

    /// Shapes and element types of the outputs; `None` after an error was reported. `call` is the location of the
    /// call; the number of `inputs` is within [`Layer::arity`].
    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>>;

    /// Weights of the layer for inputs of these shapes, in Keras's order. Called after `infer` succeeded.
    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let _ = inputs;
        Vec::new()
    }

    /// Smallest and largest number of tensors that the layer reads.
    fn arity(&self) -> (usize, usize) {
        (1, 1)
    }

    /// Suggested names of the outputs, in order, one for each.
    fn outputs(&self) -> &'static [&'static str] {
        &["y"]
    }

    /// The states that `initial_state = …` may set at a call, by name. They follow the tensors among the inputs of
    /// [`Layer::infer`].
    fn states(&self) -> &'static [&'static str] {
        &[]
    }

    /// Propagation of the masks of the tensors that a call reads.
    fn masks(&self) -> Masks;

    /// The number of first axes of each tensor that are the first axes of the output, each position computed from the same position.
    /// Layers that lose masks keep those of no more axes.
    fn kept_axes(&self, inputs: &[&Shape], output: &Shape) -> Vec<usize> {
        let _ = (inputs, output);
        vec![]
    }

    /// The masks that a call reads: the index of the masked tensor, and the keyword for another mask. They follow the
    /// states among the inputs of [`Layer::infer`].
    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        &[]
    }

    /// Whether the mask of a tensor of shape `x` is read, if a call passes no other.
    fn reads_mask(&self, x: &Shape, mask: &Shape) -> bool {
        let _ = (x, mask);
        true
    }

    /// Keyword of the mask that becomes the outputs' mask, if the call passes one.
    fn passed_mask(&self) -> &'static str {
        "mask"
    }

    /// Keywords for the positional tensors of a call: `query`, `value`, `key`.
    fn places(&self) -> &'static [&'static str] {
        &[]
    }

    /// Keywords of further tensors of a call, which follow the masks: `attention_mask`.
    fn further(&self) -> &'static [&'static str] {
        &[]
    }

    /// The layer with a setting of a call, `use_causal_mask = true`; `None` if calls do not have this setting.
    fn called_with(&self, setting: &str, on: bool) -> Option<Self> {
        let _ = (setting, on);
        None
    }

    /// Shape of each of [`Layer::states`]. Layers with states override it.
    fn state_shape(&self) -> Option<Shape> {
        None
    }

    /// Shapes of intermediate values between `inputs` and `given` that can be larger than both: padded images,
    /// windows.
    fn scratch(&self, inputs: &[&Shape], given: &[&Shape]) -> Vec<Shape> {
        let _ = (inputs, given);
        Vec::new()
    }

    /// The class whose settings decide the shape of the outputs: the wrapped one for a wrapper.
    fn setting_class(&self) -> &'static str {
        self.class_name()
    }

    /// Variants of the layer that might output `wanted` for inputs of these shapes, each with the change that makes it,
    /// likeliest first. Without `wanted`: variants that might accept the inputs. Every variant is run through shape
    /// inference before it is offered, so it need not be exact here.
    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let _ = (inputs, wanted);
        Vec::new()
    }
}

/// Facts of operations that have no weights and whose result is not a head: losses and metrics do not depend on it.
macro_rules! operation_facts {
    (aliases = $aliases:literal) => {
        fn head(&self) -> Option<$crate::activation::Activation> {
            None
        }

        fn aliases(&self) -> bool {
            $aliases
        }

        fn typed(&self, _: &[$crate::layers::layer::Weight]) -> Option<$crate::layers::layer::Typed> {
            None
        }
    };
}
pub(super) use operation_facts;

/// Reports a tensor of integers where floats are required. Returns whether it is valid.
pub(super) fn floats(class: &str, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
    if x.dtype == Dtype::Int {
        let message = format!("`{class}` computes with floats, but `{}` holds integers", x.name);
        cx.error(Diag::error(Code::FloatsNeeded, x.loc, message).about(x.named()).help(format!(
            "write `cast({}, float32)`, or leave `dtype = \"int32\"` out at its `Input`",
            x.name
        )));
    }
    x.dtype == Dtype::Float
}

/// Reports a mask of the wrong type or shape: one of the first `axes` axes of `x` is needed. Returns whether it is
/// valid.
pub(super) fn mask_fits(
    class: &str,
    mask: &Operand<'_>,
    x: &Operand<'_>,
    axes: usize,
    cx: &mut Cx<'_>,
) -> bool {
    let wanted = x.shape.0.iter().take(axes).cloned().collect();
    mask_of_shape(class, mask, x, Shape(wanted), cx)
}

/// Same as [`mask_fits`] for a mask of all axes of `x`, some of which may have length 1.
pub(super) fn mask_broadcasts(class: &str, mask: &Operand<'_>, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
    let ones = mask.shape.0.iter().map(|found| *found == Dim::Known(1)).chain(std::iter::repeat(false));
    let wanted = x.shape.0.iter().zip(ones).map(|(len, one)| if one { Dim::Known(1) } else { len.clone() });
    mask_of_shape(class, mask, x, Shape(wanted.collect()), cx)
}

fn mask_of_shape(class: &str, mask: &Operand<'_>, x: &Operand<'_>, wanted: Shape, cx: &mut Cx<'_>) -> bool {
    if mask.dtype == Dtype::Int {
        let message = format!("a mask holds 0.0 and 1.0, but `{}` holds integers", mask.name);
        cx.error(
            Diag::error(Code::FloatsNeeded, mask.loc, message)
                .about(mask.named())
                .help(format!("write `mask = {} != 0` if 0 is what does not count", mask.name)),
        );
        return false;
    }
    let shown = wanted.display(cx.consts).to_string();
    let found = mask.shape.display(cx.consts).to_string();
    let report = || {
        let message =
            format!("`{class}` reads a mask of {shown} with `{}`, but this mask is {found}", x.name);
        Diag::error(Code::MaskShape, mask.loc, message)
            .about(mask.shown())
            .about(x.shown())
            .help("a mask has one value per step of the tensor that it is for, 1 for a step that counts and 0 for one that does not")
    };
    if mask.shape.rank() != wanted.rank() {
        cx.error(report());
        return false;
    }
    for (axis, (found, wanted)) in mask.shape.0.iter().zip(&wanted.0).enumerate() {
        let check = DimCheck {
            code: Code::MaskShape,
            loc: mask.loc,
            found: found.clone(),
            relation: Relation::Equal,
            wanted: wanted.clone(),
            what: format!("axis {} of the mask of `{}`", axis + 1, x.name),
            help: None,
            notes: vec![],
            subjects: mask.named().into_iter().chain(x.named()).collect(),
        };
        if !cx.require_equal(check, |_| report()) {
            return false;
        }
    }
    true
}

/// Axis within a sample of `rank` axes for Keras's `axis`, with the batch as axis 0; negative from the end. `None`
/// for the batch and for an axis out of range.
pub(crate) fn sample_axis(axis: i64, rank: usize) -> Option<usize> {
    // A rank is the length of a list in the source: it fits.
    let axis = if axis < 0 { (rank as i64).checked_add(axis)? } else { axis - 1 };
    usize::try_from(axis).ok().filter(|&axis| axis < rank)
}

/// Reports an axis out of range.
pub(super) fn axis_out_of_range(axis: i64, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) {
    let axes = match x.shape.rank() {
        1 => "axis 1 only".into(),
        rank => format!("axes 1 to {rank}"),
    };
    let message = format!("axis {axis} does not exist: `{}` has {axes}", x.name);
    let help = "axis 1 is the first axis of a sample, axis -1 the last";
    cx.error(Diag::error(Code::AxisOutOfRange, call, message).help(help));
}

/// Whether a layer has an axis to normalize over; reports an error if not.
pub(super) fn has_axes(class: &str, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
    if x.shape.rank() == 0 {
        let message = format!("`{class}` needs an axis, but `{}` is [], one number", x.name);
        let help = "write `shape = [1]` at its `Input`, or `Reshape([1])` before the layer";
        cx.error(Diag::error(Code::WrongRank, x.loc, message).help(help));
    }
    x.shape.rank() > 0
}

/// Shape rule of layers whose output has the input's shape and holds floats.
pub(super) fn same_shape(
    class: &str,
    inputs: &[Operand<'_>],
    cx: &mut Cx<'_>,
) -> Option<Vec<(Shape, Dtype)>> {
    let [x] = inputs else { return None };
    floats(class, x, cx).then(|| vec![(x.shape.clone(), Dtype::Float)])
}
