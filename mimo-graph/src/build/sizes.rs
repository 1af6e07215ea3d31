//! Sizes that are too large for any machine, reported at the number that causes them.
//!
//! Lengths are `usize`, and values computed from them (offsets in memory, products of a step) must not overflow,
//! neither in the macro nor in const evaluation. So the weights and values of each layer are counted with saturating
//! arithmetic as soon as its shapes are known.

use crate::code::Code;
use crate::context::{DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::{Dim, MOST};
use crate::graph::Graph;
use crate::layers::layer::Weight;
use crate::shape::Shape;
use crate::value::{Arg, Value, ValueKind};

/// Limit on the multiplications of a layer for one sample, so that those of all layers can be added up.
const MOST_PRODUCTS: usize = 1 << 56;

/// Longest expression of a length, in numbers and constants: its readers are recursive.
const LONGEST: usize = 128;

/// Location of the number that decides the size of a layer: its largest, else its first constant.
pub(super) fn decisive(args: &[Arg]) -> Option<Loc> {
    let mut found = Vec::new();
    for arg in args {
        if arg.name.as_ref().is_none_or(|(name, _)| name != "seed") {
            numbers(&arg.value, &mut found);
        }
    }
    found.into_iter().max_by_key(|&(n, loc)| (n, std::cmp::Reverse(loc))).map(|(_, loc)| loc)
}

/// Collects every number and every constant, the latter as 0.
fn numbers(value: &Value, found: &mut Vec<(i64, Loc)>) {
    match &value.kind {
        ValueKind::Int(n) => found.push((*n, value.loc)),
        ValueKind::Expr(_) => found.push((0, value.loc)),
        // `relu` is a word.
        ValueKind::Ident { text, .. } if text.starts_with(char::is_uppercase) => found.push((0, value.loc)),
        ValueKind::List(items) => items.iter().for_each(|item| numbers(item, found)),
        // A wrapped layer; other calls, such as initializers, have no sizes.
        ValueKind::Call { name, args, .. } if crate::layers::classes().any(|class| class == name) => {
            found.extend(decisive(args).map(|loc| (i64::MAX, loc)));
        }
        _ => {}
    }
}

/// Sizes of one call of a layer, or of an input.
pub(super) struct Sized<'a> {
    /// Name in messages: `` `Dense` ``.
    pub(super) what: &'a str,
    /// Input shapes.
    pub(super) read: &'a [&'a Shape],
    /// Output shapes.
    pub(super) given: &'a [&'a Shape],
    /// Its weights.
    pub(super) weights: &'a [Weight],
    /// Location of the number that decides.
    pub(super) loc: Loc,
}

/// Number of elements of a shape, counting only lengths that are numbers; saturating.
fn elements(shape: &Shape) -> Option<usize> {
    shape.0.iter().try_fold(1_usize, |product, dim| Some(product.saturating_mul(dim.most()?)))
}

impl Sized<'_> {
    /// Error for sizes that are known to be too large.
    pub(super) fn check(&self) -> Option<Diag> {
        let what = self.what;
        let dims = || self.given.iter().flat_map(|shape| &shape.0);
        if dims().any(|dim| dim.is_longer_than(LONGEST)) {
            let message = format!(
                "a length that {what} gives is computed from more than {LONGEST} numbers and constants"
            );
            let help =
                "write the length as a constant of Rust, and bind the tensor with it: `let x: [LENGTH] = …;`";
            return Some(Diag::error(Code::TooManyValues, self.loc, message).help(help));
        }
        let mut weights = self.weights.iter().map(|weight| elements(&weight.shape));
        let weights = weights.try_fold(0_usize, |sum, n| Some(sum.saturating_add(n?)));
        let mut values = self.given.iter().map(|shape| elements(shape));
        let values = values.try_fold(0_usize, |sum, n| Some(sum.saturating_add(n?)));
        let over = |n: Option<usize>, most| n.filter(|&n| n > most);
        // Each weight of a layer is multiplied once per position, or per step.
        let positions = self.read.iter().chain(self.given).filter_map(|shape| shape.positions().most()).max();
        let products = weights.zip(positions).map(|(weights, positions)| weights.saturating_mul(positions));
        let message = if let Some(n) = over(weights, MOST) {
            format!("{what} has {} weights, but a model can hold at most {MOST} (2^40)", shown(n))
        } else if let Some(n) = over(values, MOST) {
            format!("{what} has {} values per sample, but at most {MOST} (2^40) are possible", shown(n))
        } else {
            let n = over(products, MOST_PRODUCTS)?;
            format!(
                "{what} multiplies {} times per sample, but at most {MOST_PRODUCTS} (2^56) products are possible",
                shown(n)
            )
        };
        Some(Diag::error(Code::TooManyValues, self.loc, message).help("write a smaller number"))
    }

    /// Checks for const evaluation of sizes that are not known to the macro: products of lengths, each checked
    /// separately.
    pub(super) fn checks(&self) -> Vec<DimCheck> {
        let open = |shape: &Shape| {
            shape.rank() > 1 && shape.0.iter().any(|dim| dim.known().is_none()) && elements(shape).is_none()
        };
        let weights = self.weights.iter().map(|weight| {
            (&weight.shape, format!("number of weights in `{}` of {}", weight.name, self.what))
        });
        let values = self
            .given
            .iter()
            .map(|shape| (*shape, format!("number of values per sample that {} gives", self.what)));
        let all = weights.chain(values).filter(|(shape, _)| open(shape));
        let check = |(shape, what): (&Shape, String)| DimCheck {
            code: Code::TooManyValues,
            loc: self.loc,
            found: shape.elements(),
            relation: Relation::AtMost,
            wanted: Dim::Known(MOST),
            what,
            help: Some("write smaller lengths".into()),
            notes: Vec::new(),
            subjects: Vec::new(),
        };
        all.map(check).collect()
    }
}

/// Formats a number that may be saturated.
fn shown(n: usize) -> String {
    if n == usize::MAX { "2^64 or more".into() } else { n.to_string() }
}

/// Error for a model whose layers are too large in total.
pub(crate) fn total(graph: &Graph) -> Option<Diag> {
    let counts = graph.layers.iter().map(|layer| {
        let own = layer.weights.iter().map(|weight| elements(&weight.shape).unwrap_or(0));
        (own.fold(0_usize, usize::saturating_add), layer.loc, layer.kind.class_name())
    });
    let values = graph.tensors.iter().map(|tensor| {
        let n = tensor.shape.as_ref().and_then(elements).unwrap_or(0);
        (n, tensor.loc, "this")
    });
    let largest = |counts: &mut dyn Iterator<Item = (usize, Loc, &'static str)>| {
        counts.fold((0_usize, None::<(usize, Loc, &'static str)>), |(sum, most), one| {
            let most = most.filter(|most| most.0 >= one.0).or(Some(one));
            (sum.saturating_add(one.0), most)
        })
    };
    let (weights, values) = (largest(&mut counts.into_iter()), largest(&mut values.into_iter()));
    let (message, (n, loc, class)) = match (weights, values) {
        ((sum, Some(most)), _) if sum > MOST => {
            (format!("the model has {} weights, but it can hold at most {MOST} (2^40)", shown(sum)), most)
        }
        (_, (sum, Some(most))) if sum > MOST => (
            format!(
                "the model computes {} values per sample, but at most {MOST} (2^40) are possible",
                shown(sum)
            ),
            most,
        ),
        _ => return None,
    };
    let largest = if class == "this" {
        format!("{n} of them are given by this")
    } else {
        format!("{n} of them are those of this `{class}`")
    };
    Some(Diag::error(Code::TooManyValues, loc, message).help("write smaller numbers").note(largest))
}
