//! What every layer says about itself, and what it is called with.

use crate::activation::Activation;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc, Subject};
use crate::ids::TensorId;
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::layers::change::Change;
use crate::shape::{Dtype, Shape};

/// What a layer is called with.
#[derive(Clone, Debug)]
pub struct Operand<'a> {
    /// Name in messages: the user's binding.
    pub name: &'a str,
    /// The shape of one sample.
    pub shape: &'a Shape,
    /// What it holds.
    pub dtype: Dtype,
    /// The tokens that name it in the call.
    pub loc: Loc,
    /// The tensor; `None` while a fix is tried.
    pub tensor: Option<TensorId>,
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
    /// How it starts and is held.
    pub options: WeightOptions,
}

/// How a weight starts and is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightOptions {
    /// What it starts as.
    pub initializer: Initializer,
    /// What it costs to be large.
    pub regularizer: Option<Regularizer>,
    /// What it is brought back to.
    pub constraint: Option<Constraint>,
}

/// What every layer says about itself.
pub trait Layer: Sized {
    /// Keras's name of its class.
    fn class_name(&self) -> &'static str;

    /// The shapes and element types of what the layer gives, or `None` after an error was reported.
    /// `call` are the tokens of the call; `inputs` are as many as [`Layer::arity`] allows.
    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>>;

    /// The weights that the layer holds for inputs of these shapes, in Keras's order. Called after `infer`
    /// found nothing wrong.
    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let _ = inputs;
        Vec::new()
    }

    /// How many tensors the layer reads: at least, and at most.
    fn arity(&self) -> (usize, usize) {
        (1, 1)
    }

    /// What the tensors that a call gives may be called, in order: how many there are, and what messages propose.
    fn outputs(&self) -> &'static [&'static str] {
        &["y"]
    }

    /// The states that `initial_state = …` may set at a call, by name. They stand behind the tensors among the
    /// inputs of [`Layer::infer`].
    fn states(&self) -> &'static [&'static str] {
        &[]
    }

    /// The activation that ends the layer, `Linear` if there is none.
    fn activation(&self) -> Activation {
        Activation::Linear
    }

    /// Variants of the layer that might output `wanted` for inputs of these shapes, each with the change that makes it,
    /// likeliest first. Without `wanted`: variants that might accept the inputs. Every variant is run through shape
    /// inference before it is offered, so it need not be exact here.
    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let _ = (inputs, wanted);
        Vec::new()
    }
}

/// Reports a tensor of whole numbers where only floats can be computed with. Returns whether it is fine.
pub(super) fn floats(class: &str, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
    if x.dtype == Dtype::Int {
        let message = format!("`{class}` computes with floats, but `{}` holds whole numbers", x.name);
        cx.error(
            Diag::error(Code::FloatsNeeded, x.loc, message)
                .about(x.named())
                .help("leave `dtype = \"int32\"` out at its `Input`"),
        );
    }
    x.dtype == Dtype::Float
}

/// The rule of layers that give floats of their input's shape.
pub(super) fn same_shape(
    class: &str,
    inputs: &[Operand<'_>],
    cx: &mut Cx<'_>,
) -> Option<Vec<(Shape, Dtype)>> {
    let [x] = inputs else { return None };
    floats(class, x, cx).then(|| vec![(x.shape.clone(), Dtype::Float)])
}
