//! Property tests of the shape rules for sequences and images, against counting.

use proptest::prelude::*;

use super::dot::Dot;
use super::frame::Frame;
use super::pooling::{PoolKind, Pooling};
use super::properties::{agree, axes, mixed, run};
use super::spatial::Padding;
use super::up_sampling::{Interpolation, UpSampling};
use super::*;
use crate::dim::Dim;

/// Counts windows by trying all positions.
fn counted(n: usize, size: usize, stride: usize, padding: Padding) -> usize {
    match padding {
        Padding::Valid => (0..n).step_by(stride).filter(|start| start + size <= n).count(),
        Padding::Same => (0..n).step_by(stride).count(),
    }
}

fn dims([height, width]: [usize; 2]) -> [Dim; 2] {
    [height.into(), width.into()]
}

fn pair() -> impl Strategy<Value = [usize; 2]> {
    [1_usize..6, 1_usize..6]
}

proptest! {
    #[test]
    fn windows_are_counted(
        case in axes(3..4).prop_flat_map(|shape| mixed(vec![shape])),
        (size, strides) in (pair(), pair()),
        same in any::<bool>(),
    ) {
        let padding = if same { Padding::Same } else { Padding::Valid };
        let (pool_size, step) = (dims(size), dims(strides));
        let layer = Pooling { kind: PoolKind::Max, axes: 2, pool_size, strides: step, padding };
        let [height, width, channels] = case.known[0][..] else { unreachable!("three axes") };
        let counts = [(height, 0), (width, 1)].map(|(n, axis)| counted(n, size[axis], strides[axis], padding));
        let wanted = (!counts.contains(&0)).then(|| [&counts[..], &[channels]].concat());
        prop_assert_eq!(run(&layer, &[Shape::known(&case.known[0])], &[]).shape, wanted.clone());
        if wanted.is_some() {
            agree(&layer, &case)?;
        }
    }

    #[test]
    fn what_is_too_small_for_a_window_is_found_late_too(
        (n, more, stride) in (2_usize..9, 1_usize..5, 1_usize..4),
    ) {
        let pool_size = [Dim::Known(1), Dim::Known(n + more)];
        let (kind, strides) = (PoolKind::Average, [Dim::Known(1), Dim::Known(stride)]);
        let layer = Pooling { kind, axes: 1, pool_size, strides, padding: Padding::Valid };
        let mut bench = crate::testing::Bench::new();
        let shape = Shape(vec![Dim::constant(crate::dim::ConstId(0)), Dim::Known(3)]);
        let x = Operand { name: "x", shape: &shape, dtype: Dtype::Float, loc: Loc(1), tensor: None, role: "" };
        prop_assert!(bench.cx(|cx| layer.infer(&[x], Loc(0), cx)).is_some());
        let [check] = &bench.checks[..] else { return Err(TestCaseError::fail("one check")) };
        prop_assert_eq!(check.wanted.known(), Some(n + more));
        prop_assert!(run(&layer, &[Shape::known(&[n, 3])], &[]).reported);
    }

    #[test]
    fn a_frame_is_taken_away_again(
        case in axes(3..4).prop_flat_map(|shape| mixed(vec![shape])),
        edges in [[0_usize..5, 0_usize..5], [0_usize..5, 0_usize..5]],
    ) {
        let frame = |pads| Frame { pads, axes: 2, edges: edges.map(dims) };
        agree(&frame(true), &case)?;
        let padded = run(&frame(true), &[Shape::known(&case.known[0])], &[]).shape.unwrap_or_default();
        for axis in 0..2 {
            prop_assert_eq!(padded[axis], case.known[0][axis] + edges[axis][0] + edges[axis][1]);
        }
        let again = run(&frame(false), &[Shape::known(&padded)], &[]).shape;
        prop_assert_eq!(again, Some(case.known[0].clone()));

        let left = (0..2).map(|axis| case.known[0][axis].saturating_sub(edges[axis][0] + edges[axis][1]));
        let cropped = run(&frame(false), &[Shape::known(&case.known[0])], &[]);
        prop_assert_eq!(cropped.reported, left.clone().any(|n| n == 0));
        if !cropped.reported {
            agree(&frame(false), &case)?;
        }
    }

    #[test]
    fn enlarging_multiplies(
        case in axes(2..3).prop_flat_map(|shape| mixed(vec![shape])),
        size in 1_usize..5,
    ) {
        let size_of = [Dim::Known(1), Dim::Known(size)];
        let layer = UpSampling { axes: 1, size: size_of, interpolation: Interpolation::Nearest };
        let given = run(&layer, &[Shape::known(&case.known[0])], &[]).shape;
        prop_assert_eq!(given, Some(vec![case.known[0][0] * size, case.known[0][1]]));
        agree(&layer, &case)?;
    }

    #[test]
    fn dot_loses_the_summed_axis_of_both(
        case in (axes(1..4), axes(1..4)).prop_flat_map(|(a, b)| mixed(vec![a, b])),
        (i, j) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        negative in any::<bool>(),
    ) {
        let ranks = [case.known[0].len(), case.known[1].len()];
        let places = [i.index(ranks[0]), j.index(ranks[1])];
        let mut axes = [0, 1].map(|t| places[t] as i64 + 1);
        if negative {
            axes = [0, 1].map(|t| places[t] as i64 - ranks[t] as i64);
        }
        let layer = Dot { axes, normalize: false };
        agree(&layer, &case)?;
        let mut rest: Vec<_> = (0..2).flat_map(|t| {
            let shape = case.known[t].iter().enumerate();
            shape.filter(|(axis, _)| *axis != places[t]).map(|(_, n)| *n).collect::<Vec<_>>()
        }).collect();
        if rest.is_empty() {
            rest.push(1);
        }
        let fits = case.known[0][places[0]] == case.known[1][places[1]];
        let shapes: Vec<_> = case.known.iter().map(|shape| Shape::known(shape)).collect();
        prop_assert_eq!(run(&layer, &shapes, &[]).shape, fits.then_some(rest));
    }
}
