//! `Reshape`: the same values under other axes.

use crate::args::{Bound, Signature, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::{Dim, Same};
use crate::graph::{ConstEntry, Dtype};
use crate::layers::{Layer, Operand, options};
use crate::shape::Shape;
use crate::value::ValueKind;

/// Keras's `Reshape`: the product of the axes stays what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new axes; `None` is the one `-1`, which takes what is left.
    pub target_shape: Vec<Option<Dim>>,
}

pub(super) const SIGNATURE: Signature =
    Signature { required: &["target_shape"], ..options::layer("Reshape", &["target_shape"]) };

impl Reshape {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let items = args.items("target_shape", cx)?;
        let mut fine = true;
        let mut target_shape = Vec::new();
        for item in items {
            if item.kind == ValueKind::Int(-1) {
                // Told at the second one, which is one too many.
                if target_shape.contains(&None) {
                    cx.error(
                        Diag::error(Code::OpenAxes, item.loc, "only one axis of `Reshape` can be -1")
                            .help("write the length of the other one"),
                    );
                    fine = false;
                }
                target_shape.push(None);
            } else {
                let dim = read::dim(item, "each axis in `target_shape` of `Reshape`", cx);
                fine &= dim.is_some();
                target_shape.push(dim);
            }
        }
        fine.then_some(Reshape { target_shape })
    }

    /// The axes as they are written: `[-1, 4]`.
    fn display(&self, consts: &[ConstEntry]) -> String {
        let axes = self.target_shape.iter().map(|dim| match dim {
            Some(dim) => dim.display(consts).to_string(),
            None => "-1".into(),
        });
        format!("[{}]", axes.collect::<Vec<_>>().join(", "))
    }

    /// What to write for `values` values: the last axis that can be left to `-1`.
    fn suggestion(&self, values: usize, consts: &[ConstEntry]) -> Option<String> {
        (0..self.target_shape.len()).rev().find_map(|place| {
            let mut target_shape = self.target_shape.clone();
            *target_shape.get_mut(place)? = None;
            let rest = target_shape.iter().flatten().cloned().fold(Dim::Known(1), |a, b| a * b).known()?;
            let fits = rest > 0 && values.is_multiple_of(rest);
            fits.then(|| Reshape { target_shape }.display(consts))
        })
    }
}

impl Layer for Reshape {
    fn class_name(&self) -> &'static str {
        SIGNATURE.callee
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let values = x.shape.elements();
        let given = self.target_shape.iter().flatten().cloned().fold(Dim::Known(1), |a, b| a * b);
        let open = self.target_shape.contains(&None);
        let target = self.display(cx.consts);
        let note = format!("`{}` is {}", x.name, x.shape.display(cx.consts));
        let check = || DimCheck {
            code: Code::ReshapedSize,
            loc: call,
            found: values.clone(),
            relation: if open { Relation::MultipleOf } else { Relation::Equal },
            wanted: given.clone(),
            what: format!("number of values of `{}`", x.name),
            help: None,
            note: Some(format!("{note}, reshaped to {target}")),
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
                    "`{}` has {values} values, which {target} cannot hold: {values} is no multiple of {given}",
                    x.name
                ),
                false => format!("`{}` has {values} values, but {target} holds {given}", x.name),
            };
            let diag = Diag::error(Code::ReshapedSize, call, message).note(note);
            cx.error(match self.suggestion(values, cx.consts).filter(|_| !open) {
                Some(suggestion) => {
                    diag.help(format!("`Reshape({suggestion})` takes all {values}; or change the tensor"))
                }
                None => diag.help(format!("write axes whose product is {values}")),
            });
            return None;
        }
        let dims = self.target_shape.iter().map(|dim| match dim {
            Some(dim) => dim.clone(),
            None => values.clone() / given.clone(),
        });
        Some(vec![(Shape(dims.collect()), x.dtype)])
    }
}
