//! Property tests of the shape rules, on random shapes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::concatenate::Concatenate;
use super::flatten::Flatten;
use super::merge::{Merge, MergeOp};
use super::permute::Permute;
use super::repeat_vector::RepeatVector;
use super::reshape::Reshape;
use super::*;
use crate::context::Relation;
use crate::dim::{ConstId, Dim, Expr};
use crate::testing::Bench;

/// Axes that are small enough for every product to be known.
pub(super) fn axes(rank: std::ops::Range<usize>) -> impl Strategy<Value = Vec<usize>> {
    vec(1_usize..9, rank)
}

/// Result of a rule: the shape, whether it reported an error, and whether its checks succeed when constant `i` is
/// `constants[i]`.
pub(super) struct Given {
    pub(super) shape: Option<Vec<usize>>,
    pub(super) reported: bool,
    pub(super) holds: bool,
}

pub(super) fn run(layer: &impl Layer, shapes: &[Shape], constants: &[usize]) -> Given {
    let mut bench = Bench::new();
    let inputs: Vec<_> = shapes
        .iter()
        .map(|shape| Operand { name: "x", shape, dtype: Dtype::Float, loc: Loc(1), tensor: None, role: "" })
        .collect();
    let given = bench.cx(|cx| layer.infer(&inputs, Loc(0), cx));
    let holds = bench.checks.iter().all(|check| {
        let (found, wanted) = (evaluate(&check.found, constants), evaluate(&check.wanted, constants));
        match check.relation {
            Relation::Equal => found == wanted,
            Relation::AtLeast => found >= wanted,
            Relation::AtMost => found <= wanted,
            Relation::MultipleOf => found.is_multiple_of(wanted),
        }
    });
    let shape =
        given.map(|mut given| given.remove(0).0.0.iter().map(|dim| evaluate(dim, constants)).collect());
    Given { shape, reported: bench.diags.has_errors(), holds }
}

/// Evaluates a length as const evaluation would.
fn evaluate(dim: &Dim, constants: &[usize]) -> usize {
    let expr = match dim {
        Dim::Known(n) => return *n,
        Dim::Deferred(expr) => expr,
    };
    let both = |a: &Dim, b: &Dim| (evaluate(a, constants), evaluate(b, constants));
    match &**expr {
        Expr::Const(id) => constants[id.0 as usize],
        Expr::Add(a, b) => both(a, b).0 + both(a, b).1,
        Expr::Sub(a, b) => both(a, b).0 - both(a, b).1,
        Expr::Mul(a, b) => both(a, b).0 * both(a, b).1,
        Expr::Div(a, b) => both(a, b).0 / both(a, b).1,
        Expr::Max(a, b) => both(a, b).0.max(both(a, b).1),
    }
}

/// Lengths with some of them as constants, and the values of the constants.
#[derive(Clone, Debug)]
pub(super) struct Mixed {
    pub(super) known: Vec<Vec<usize>>,
    pub(super) deferred: Vec<Shape>,
    pub(super) constants: Vec<usize>,
}

pub(super) fn mixed(shapes: Vec<Vec<usize>>) -> impl Strategy<Value = Mixed> {
    let count = shapes.iter().map(Vec::len).sum::<usize>();
    vec(any::<bool>(), count).prop_map(move |mask| {
        let mut mask = mask.into_iter();
        let mut constants = vec![];
        let deferred = shapes.iter().map(|shape| {
            let dims = shape.iter().map(|&n| match mask.next() {
                // A length of 1 decides how shapes broadcast, and so has to be a number.
                Some(true) if n > 1 => {
                    constants.push(n);
                    Dim::constant(ConstId(constants.len() as u32 - 1))
                }
                _ => Dim::Known(n),
            });
            Shape(dims.collect())
        });
        let deferred = deferred.collect();
        Mixed { known: shapes.clone(), deferred, constants }
    })
}

/// Checks that a rule decides the same for constants, once they are known, as for numbers.
pub(super) fn agree(layer: &impl Layer, mixed: &Mixed) -> Result<(), TestCaseError> {
    agree_of(layer, layer, mixed)
}

fn agree_of(known: &impl Layer, deferred: &impl Layer, mixed: &Mixed) -> Result<(), TestCaseError> {
    let shapes: Vec<_> = mixed.known.iter().map(|shape| Shape::known(shape)).collect();
    let now = run(known, &shapes, &[]);
    let later = run(deferred, &mixed.deferred, &mixed.constants);
    prop_assert_eq!(now.reported, now.shape.is_none());
    prop_assert_eq!(later.reported, later.shape.is_none());
    prop_assert!(now.holds);
    match now.shape {
        Some(shape) => {
            prop_assert!(later.holds);
            prop_assert_eq!(later.shape, Some(shape));
        }
        None => prop_assert!(later.reported || !later.holds),
    }
    Ok(())
}

/// The documented broadcasting, on numbers.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let padded = |shape: &[usize]| [vec![1; rank - shape.len()], shape.to_vec()].concat();
    let pairs = padded(a).into_iter().zip(padded(b));
    pairs.map(|(a, b)| (a == b || a == 1 || b == 1).then(|| a.max(b))).collect()
}

proptest! {
    #[test]
    fn flatten_keeps_the_product(case in axes(0..5).prop_flat_map(|shape| mixed(vec![shape]))) {
        let product = case.known[0].iter().product::<usize>();
        let given = run(&Flatten, &case.deferred, &case.constants);
        prop_assert_eq!(given.shape, Some(vec![product]));
        agree(&Flatten, &case)?;
    }

    #[test]
    fn reshape_keeps_the_product(
        case in axes(0..5).prop_flat_map(|shape| mixed(vec![shape])),
        target in axes(0..4),
        open in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut target_shape: Vec<_> = target.iter().map(|&n| Some(Dim::Known(n))).collect();
        if let Some(place) = open {
            target_shape.insert(place.index(target.len() + 1), None);
        }
        let reshape = Reshape { target_shape };
        let (values, rest) = (case.known[0].iter().product::<usize>(), target.iter().product::<usize>());
        let shapes = [Shape::known(&case.known[0])];
        let given = run(&reshape, &shapes, &[]).shape;
        let fits = if open.is_some() { values.is_multiple_of(rest) } else { values == rest };
        prop_assert_eq!(given.is_some(), fits);
        if let Some(shape) = given {
            prop_assert_eq!(shape.iter().product::<usize>(), values);
        }
        agree(&reshape, &case)?;
    }

    #[test]
    fn reshape_to_the_own_axes_always_fits(
        case in axes(1..5).prop_shuffle().prop_flat_map(|shape| mixed(vec![shape])),
        place in any::<prop::sample::Index>(),
    ) {
        let mut known: Vec<_> = case.known[0].iter().rev().map(|&n| Some(Dim::Known(n))).collect();
        let mut deferred: Vec<_> = case.deferred[0].0.iter().rev().cloned().map(Some).collect();
        let place = place.index(known.len());
        (known[place], deferred[place]) = (None, None);
        let given = run(&Reshape { target_shape: known.clone() }, &[Shape::known(&case.known[0])], &[]);
        prop_assert_eq!(given.shape, Some(case.known[0].iter().rev().copied().collect()));
        agree_of(&Reshape { target_shape: known }, &Reshape { target_shape: deferred }, &case)?;
    }

    #[test]
    fn permute_is_a_permutation(
        case in axes(1..6).prop_flat_map(|shape| mixed(vec![shape])),
        order in Just((1..=5_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let rank = case.known[0].len();
        let dims: Vec<_> = order.into_iter().filter(|&axis| axis <= rank).collect();
        let mut inverse = vec![0; rank];
        for (to, &from) in dims.iter().enumerate() {
            inverse[from - 1] = to + 1;
        }
        let permute = Permute { dims };
        agree(&permute, &case)?;
        let there = run(&permute, &case.deferred, &case.constants).shape;
        let there = Shape::known(&there.unwrap_or_default());
        let back = run(&Permute { dims: inverse }, &[there], &[]).shape;
        prop_assert_eq!(back, Some(case.known[0].clone()));
    }

    #[test]
    fn repeat_vector_takes_vectors(
        case in axes(0..4).prop_flat_map(|shape| mixed(vec![shape])),
        n in 1_usize..9,
    ) {
        let given = run(&RepeatVector { n: n.into() }, &case.deferred, &case.constants);
        prop_assert_eq!(given.shape.is_some(), case.known[0].len() == 1);
        agree(&RepeatVector { n: n.into() }, &case)?;
    }

    #[test]
    fn concatenate_sums_one_axis_of_equal_others(
        shape in axes(1..5),
        lengths in vec(1_usize..9, 1..4),
        place in any::<prop::sample::Index>(),
        negative in any::<bool>(),
    ) {
        let place = place.index(shape.len());
        let with = |n: usize| {
            let mut shape = shape.clone();
            shape[place] = n;
            shape
        };
        let axis = if negative { place as i64 - shape.len() as i64 } else { place as i64 + 1 };
        let shapes: Vec<_> = lengths.iter().map(|&n| Shape::known(&with(n))).collect();
        let given = run(&Concatenate { axis }, &shapes, &[]);
        prop_assert_eq!(given.shape, Some(with(lengths.iter().sum())));
    }

    #[test]
    fn concatenate_agrees_on_constants(
        axis in -4_i64..5,
        case in (axes(1..4), axes(1..4), any::<bool>()).prop_flat_map(|(a, b, alike)| {
            // Two shapes that differ in at most one axis, or in any.
            let b = if alike { [vec![b[0]], a[1..].to_vec()].concat() } else { b };
            mixed(vec![a, b])
        }),
    ) {
        prop_assume!(axis != 0);
        agree(&Concatenate { axis }, &case)?;
    }

    #[test]
    fn merges_broadcast_like_the_reference(
        shapes in vec(vec(prop_oneof![Just(1_usize), Just(2), Just(3)], 0..4), 1..4),
    ) {
        let wanted = shapes.iter().try_fold(vec![], |all, shape| broadcast(&all, shape));
        let shapes: Vec<_> = shapes.iter().map(|shape| Shape::known(shape)).collect();
        let given = run(&Merge::from(MergeOp::Add), &shapes, &[]);
        prop_assert_eq!(given.reported, wanted.is_none());
        prop_assert_eq!(given.shape, wanted);
    }

    #[test]
    fn merges_agree_on_constants(
        case in (axes(0..4), axes(0..4), any::<bool>())
            .prop_flat_map(|(a, b, alike)| mixed(if alike { vec![a.clone(), a] } else { vec![a, b] })),
    ) {
        agree(&Merge::from(MergeOp::Maximum), &case)?;
    }
}
