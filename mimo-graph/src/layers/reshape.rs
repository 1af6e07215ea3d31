//! `Reshape`: the same values in another shape.

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::{ConstEntry, Dim, Same};
use crate::layers::change::{Change, Settings};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::{Value, ValueKind};

/// Keras's `Reshape`: the number of values is unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new axes; `None` for `-1`, whose length follows from the others.
    pub target_shape: Vec<Option<Dim>>,
}

layer! {
    /// Reshapes a sample; the number of values is unchanged.
    ///
    /// `[…] → target_shape`
    ///
    /// Keras: [`Reshape`](https://keras.io/api/layers/reshaping_layers/reshape/)
    "`Reshape(target_shape, name = none, trainable = true)`"
    Reshape, "let x = Input(shape = [12]);\nlet y: [3, 4] = Reshape([3, -1])(x);" => Reshape::from_args;
    takes {
        /// The new shape of a sample; one axis may be -1: its length follows from the others.
        target_shape: Lengths,
    }
}

impl Reshape {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let target_shape = Self::axes(args.items("target_shape", cx)?, "target_shape", args, cx)?;
        Some(Reshape { target_shape })
    }

    /// Reads the new shape of a sample for `class`.
    pub(super) fn axes(
        items: &[Value],
        name: &str,
        args: &Bound<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Vec<Option<Dim>>> {
        let class = args.callee();
        let mut fine = true;
        let mut target_shape = Vec::new();
        for item in items {
            if item.kind == ValueKind::Int(-1) {
                // Reported at the second one, which is one too many.
                if target_shape.contains(&None) {
                    cx.error(
                        Diag::error(
                            Code::OpenAxes,
                            item.loc,
                            format!("only one axis of `{class}` can be -1"),
                        )
                        .help("write the length of the other one"),
                    );
                    fine = false;
                }
                target_shape.push(None);
            } else {
                let dim = read::dim(item, &format!("each axis in `{name}` of `{class}`"), cx);
                fine &= dim.is_some();
                target_shape.push(dim);
            }
        }
        fine.then_some(target_shape)
    }

    /// Formats the axes as written: `[-1, 4]`.
    fn display(&self, consts: &[ConstEntry]) -> String {
        let axes = self.target_shape.iter().map(|dim| match dim {
            Some(dim) => dim.display(consts).to_string(),
            None => "-1".into(),
        });
        format!("[{}]", axes.collect::<Vec<_>>().join(", "))
    }
}

impl Layer for Reshape {
    fn class_name(&self) -> &'static str {
        "Reshape"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], output: &Shape) -> Vec<usize> {
        // Values keep their order: along equal first axes, each position keeps its values.
        let same = |x: &&Shape| x.0.iter().zip(&output.0).take_while(|(a, b)| a.same(b) == Same::Yes).count();
        inputs.iter().map(same).collect()
    }

    fn effect(&self) -> Effect {
        Effect::Rearranged
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        true
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let values = x.shape.elements();
        let given = self.target_shape.iter().flatten().cloned().fold(Dim::Known(1), |a, b| a * b);
        let open = self.target_shape.contains(&None);
        let target = self.display(cx.consts);
        let check = || DimCheck {
            code: Code::ReshapedSize,
            loc: call,
            found: values.clone(),
            relation: if open { Relation::MultipleOf } else { Relation::Equal },
            wanted: given.clone(),
            what: format!("number of values of `{}`", x.name),
            help: None,
            notes: vec![format!("`{}` is reshaped to {target}", x.name)],
            subjects: x.named().into_iter().collect(),
        };
        let known = values.known().zip(given.known());
        let holds = match known {
            Some((values, given)) if open => given > 0 && values.is_multiple_of(given),
            Some((values, given)) => values == given,
            None => {
                let trivial = values.same(&given) == Same::Yes || open && given == Dim::Known(1);
                if !trivial {
                    cx.checks.push(check());
                }
                true
            }
        };
        if let (false, Some((values, given))) = (holds, known) {
            let message = match open {
                true => format!(
                    "`{}` has {values} values, which {target} cannot hold: {values} is not a multiple of {given}",
                    x.name
                ),
                false => format!("`{}` has {values} values, but {target} holds {given}", x.name),
            };
            cx.error(
                Diag::error(Code::ReshapedSize, call, message)
                    .about(x.named())
                    .help(format!("write axes whose product is {values}")),
            );
            return None;
        }
        let dims = self.target_shape.iter().map(|dim| match dim {
            Some(dim) => dim.clone(),
            None => values.clone() / given.clone(),
        });
        Some(vec![(Shape(dims.collect()), x.dtype)])
    }

    /// With `wanted`, a reshape to it. Otherwise, one axis is changed, the last that can be.
    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let mended = |dims: Vec<Dim>| {
            // All axes are known: the change has no constants.
            let change = Change::Layer("Reshape", Settings::Shape(Shape(dims.clone())));
            (Reshape { target_shape: dims.into_iter().map(Some).collect() }, change)
        };
        if let Some(wanted) = wanted {
            return match wanted.0.iter().all(|dim| dim.known().is_some()) {
                true => vec![mended(wanted.0.clone())],
                false => vec![],
            };
        }
        let Some(values) = inputs.first().and_then(|shape| shape.elements().known()) else { return vec![] };
        let places = (0..self.target_shape.len()).rev();
        let several = places.filter_map(|place| {
            let lengths: Option<Vec<usize>> = self
                .target_shape
                .iter()
                .enumerate()
                .map(|(i, dim)| if i == place { Some(1) } else { dim.as_ref()?.known() })
                .collect();
            let mut lengths = lengths?;
            let rest = lengths.iter().try_fold(1_usize, |product, &n| product.checked_mul(n))?;
            *lengths.get_mut(place)? = values.checked_div(rest).filter(|n| n * rest == values)?;
            Some(mended(lengths.into_iter().map(Dim::Known).collect()))
        });
        several.collect()
    }
}
