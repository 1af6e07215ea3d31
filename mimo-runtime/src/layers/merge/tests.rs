use super::*;
use crate::layers::check::{Bench, check};

const ALL: [MergeOp; 6] = [
    MergeOp::Add,
    MergeOp::Subtract,
    MergeOp::Multiply,
    MergeOp::Average,
    MergeOp::Maximum,
    MergeOp::Minimum,
];

#[test]
fn strides() {
    assert_eq!(broadcast_strides(&[2, 3], &[2, 3]), [3, 1]);
    assert_eq!(broadcast_strides(&[1, 3], &[2, 3]), [0, 1]);
    assert_eq!(broadcast_strides(&[2, 1], &[2, 3]), [1, 0]);
    assert_eq!(broadcast_strides(&[3], &[2, 3]), [0, 1]);
    assert_eq!(broadcast_strides(&[1], &[2, 3]), [0, 0]);
    assert_eq!(broadcast_strides(&[], &[2, 3]), [0, 0]);
    assert_eq!(broadcast_strides(&[4, 1, 5], &[4, 3, 5]), [5, 0, 1]);
    const IN_A_CONSTANT: [usize; 3] = broadcast_strides(&[7], &[2, 3, 7]);
    assert_eq!(IN_A_CONSTANT, [0, 0, 1]);
}

/// A layer on inputs of these shapes. Only the tests leak.
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
            let strides = Box::leak(Box::new(broadcast_strides(input, &shape)));
            MergeInput { x, strides, dx: Some(Sink { view: dx, accumulate, mask }) }
        })
        .collect();
    let [y, dy] = std::array::from_fn(|_| bench.value(shape.iter().product(), gap));
    Merge { op, shape: Box::leak(Box::new(shape)), inputs: inputs.leak(), y, dy }
}

fn check_all<const RANK: usize>(shape: [usize; RANK], inputs: &[&[usize]]) {
    for op in ALL {
        if op == MergeOp::Subtract && inputs.len() != 2 {
            continue;
        }
        for (gap, accumulate) in [(0, false), (3, false), (0, true), (3, true)] {
            let mut bench = Bench::new(3);
            let op = merge(&mut bench, op, shape, inputs, gap, accumulate);
            let inputs: Vec<_> = op.inputs.iter().map(|input| (input.x, input.dx)).collect();
            check(&bench, &op, &inputs, op.y, op.dy);
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
        bench.write(&mut arena, input.x, values);
    }
    bench.write(&mut arena, op.dy, &vec![1.0; len]);
    bench.forward(&op, &mut arena);
    bench.backward(&op, &mut arena);
    let sinks = op.inputs.iter().filter_map(|input| input.dx);
    (bench.read(&arena, op.y), sinks.map(|sink| bench.read(&arena, sink.view)).collect())
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
    // `Multiply()([x, x])`: both gradients go to the same place, the second on top of the first.
    let mut bench = Bench::new(2);
    let [x, dx, y, dy] = std::array::from_fn(|_| bench.value(5, 2));
    let input =
        |accumulate| MergeInput { x, strides: &[1], dx: Some(Sink { view: dx, accumulate, mask: None }) };
    let inputs = [input(false), input(true)];
    let op = Merge { op: MergeOp::Multiply, shape: &[5], inputs: Box::leak(Box::new(inputs)), y, dy };
    check(&bench, &op, &[(x, inputs[0].dx)], y, dy);
}
