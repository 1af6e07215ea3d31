use mimo_graph::describe::List;

use super::*;
use crate::layers::check::{Bench, broadcast_strides, check, gradient_of};
use crate::program::{Read, Written};

const ALL: [MergeOp; 6] = [
    MergeOp::Add,
    MergeOp::Subtract,
    MergeOp::Multiply,
    MergeOp::Average,
    MergeOp::Maximum,
    MergeOp::Minimum,
];

/// A layer with inputs of these shapes.
fn merge<const RANK: usize>(
    bench: &mut Bench,
    op: MergeOp,
    shape: [usize; RANK],
    inputs: &[&[usize]],
    gap: usize,
    accumulate: bool,
) -> Merge {
    let inputs: Vec<MergeInput> = inputs
        .iter()
        .map(|input| {
            let [x, dx] = std::array::from_fn(|_| bench.value(input.iter().product(), gap));
            let mask = accumulate.then_some(x);
            let x = Read::new(x, Some(GradientTarget { view: dx, accumulate, mask }));
            MergeInput { x, strides: broadcast_strides(input, &shape) }
        })
        .collect();
    let [y, dy] = std::array::from_fn(|_| bench.value(shape.iter().product(), gap));
    Merge {
        op,
        shape: List::Owned(shape.to_vec()),
        inputs: List::Owned(inputs),
        y: Written::new(y, Some(dy)),
    }
}

fn check_all<const RANK: usize>(shape: [usize; RANK], inputs: &[&[usize]]) {
    for op in ALL {
        if op == MergeOp::Subtract && inputs.len() != 2 {
            continue;
        }
        for (gap, accumulate) in [(0, false), (3, false), (0, true), (3, true)] {
            let mut bench = Bench::new(3);
            let op = merge(&mut bench, op, shape, inputs, gap, accumulate);
            let inputs: Vec<_> = op.inputs.iter().map(|input| (input.x.view, input.x.gradient)).collect();
            check(&bench, &op, &inputs, op.y.view, gradient_of(&op.y));
        }
    }
}

#[test]
fn gradients_of_equal_shapes() {
    check_all([1], &[&[1], &[1]]);
    check_all([19], &[&[19], &[19]]);
    check_all([3, 5], &[&[3, 5]]);
    check_all([3, 5], &[&[3, 5], &[3, 5], &[3, 5], &[3, 5]]);
    // More than a block.
    check_all([2, 67], &[&[2, 67], &[2, 67]]);
    check_all([], &[&[], &[]]);
}

#[test]
fn gradients_of_broadcast_shapes() {
    check_all([3, 5], &[&[3, 5], &[5]]);
    check_all([3, 5], &[&[5], &[3, 5]]);
    check_all([3, 5], &[&[3, 1], &[1, 5]]);
    check_all([3, 5], &[&[1], &[3, 1], &[3, 5]]);
    check_all([3, 5], &[&[3, 5], &[3, 5], &[1]]);
    check_all([2, 3, 4], &[&[2, 1, 4], &[3, 1], &[2, 3, 4]]);
    check_all([2, 3, 1, 2], &[&[2, 1, 1, 2], &[3, 1, 1], &[1, 1]]);
    check_all([67], &[&[1], &[67]]);
    check_all([3, 5], &[&[5]]);
}

fn results(op: MergeOp, values: &[&[f64]]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut bench = Bench::new(1);
    let len = values[0].len();
    let op = merge(&mut bench, op, [len], &vec![&[len][..]; values.len()], 1, false);
    let mut arena = bench.arena::<f32>();
    for (input, values) in op.inputs.iter().zip(values) {
        bench.write(&mut arena, input.x.view, values);
    }
    bench.write(&mut arena, gradient_of(&op.y), &vec![1.0; len]);
    bench.forward(&op, &mut arena);
    bench.backward(&op, &mut arena);
    let gradient_targets = op.inputs.iter().filter_map(|input| input.x.gradient);
    (
        bench.read(&arena, op.y.view),
        gradient_targets.map(|gradient_target| bench.read(&arena, gradient_target.view)).collect(),
    )
}

#[test]
fn ties_go_to_the_first() {
    let (y, dx) = results(MergeOp::Maximum, &[&[1.0, 2.0, 0.0], &[1.0, 3.0, 0.0], &[1.0, 3.0, 5.0]]);
    assert_eq!(y, [1.0, 3.0, 5.0]);
    assert_eq!(dx, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    let (y, dx) = results(MergeOp::Minimum, &[&[1.0, 2.0, 0.0], &[1.0, 1.0, 0.0], &[1.0, 1.0, -5.0]]);
    assert_eq!(y, [1.0, 1.0, -5.0]);
    assert_eq!(dx, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
}

#[test]
fn the_average_is_the_sum_divided() {
    let (y, dx) = results(MergeOp::Average, &[&[1.0], &[2.0], &[6.0]]);
    assert_eq!(y, [3.0]);
    assert_eq!(dx, [[f64::from(1.0_f32 / 3.0)]; 3]);
    assert_eq!(results(MergeOp::Average, &[&[4.0]]).0, [4.0]);
}

#[test]
fn a_value_can_be_read_twice() {
    // `Multiply()([x, x])`: both gradients have the same target; the second is added to the first.
    let mut bench = Bench::new(2);
    let [x, dx, y, dy] = std::array::from_fn(|_| bench.value(5, 2));
    let target = GradientTarget::write(dx);
    let inputs = [target, GradientTarget::add(dx)]
        .map(|target| MergeInput { x: Read::new(x, Some(target)), strides: List::Borrowed(&[1]) });
    let op = Merge {
        op: MergeOp::Multiply,
        shape: List::Borrowed(&[5]),
        inputs: List::Owned(inputs.to_vec()),
        y: Written::new(y, Some(dy)),
    };
    check(&bench, &op, &[(x, Some(target))], y, dy);
}
