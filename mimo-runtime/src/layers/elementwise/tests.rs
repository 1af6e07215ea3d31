use mimo_graph::describe::List;
use mimo_graph::operation::{ElementwiseStep, Function, MergeInput};

use super::*;
use crate::layers::check::{Bench, broadcast_strides, check, gradient_of};
use crate::program::{GradientTarget, Read, Written};

/// An expression of inputs of these shapes, whose values and gradients may be strided.
fn expression(
    bench: &mut Bench,
    shape: &[usize],
    inputs: &[&[usize]],
    (gap, accumulate): (usize, bool),
    numbers: &[f64],
    steps: &[(Function, &[Source])],
) -> Elementwise {
    let inputs = inputs.iter().map(|input| {
        let [x, dx] = std::array::from_fn(|_| bench.value(input.iter().product(), gap));
        let mask = accumulate.then_some(x);
        let x = Read::new(x, Some(GradientTarget { view: dx, accumulate, mask }));
        MergeInput { x, strides: broadcast_strides(input, shape) }
    });
    let inputs = inputs.collect();
    let [y, dy] = std::array::from_fn(|_| bench.value(shape.iter().product(), 0));
    let steps = steps.iter().map(|(function, operands)| ElementwiseStep {
        function: *function,
        operands: List::Owned(operands.to_vec()),
    });
    Elementwise {
        shape: List::Owned(shape.to_vec()),
        training: None,
        numbers: List::Owned(numbers.to_vec()),
        steps: List::Owned(steps.collect()),
        inputs: List::Owned(inputs),
        y: Written::new(y, Some(dy)),
    }
}

fn check_gradients(bench: &Bench, op: &Elementwise) {
    let inputs: Vec<_> = op.inputs.iter().map(|input| (input.x.view, input.x.gradient)).collect();
    check(bench, op, &inputs, op.y.view, gradient_of(&op.y));
}

/// `mean + exp(0.5 * log_variance) * noise`, and inputs of every kind of shape.
#[test]
fn gradients_of_a_chain() {
    use Source::{Input, Number, Step};
    let steps: &[(Function, &[Source])] = &[
        (Function::Multiply, &[Number(0), Input(1)]),
        (Function::Exp, &[Step(0)]),
        (Function::Multiply, &[Step(1), Input(2)]),
        (Function::Add, &[Input(0), Step(2)]),
    ];
    let shapes: &[(&[usize], [&[usize]; 3])] = &[
        (&[7], [&[7], &[7], &[7]]),
        (&[3, 5], [&[3, 5], &[5], &[3, 1]]),
        (&[2, 3, 4], [&[1, 3, 1], &[2, 3, 4], &[]]),
        // Longer than a tile.
        (&[11, 13], [&[11, 13], &[13], &[11, 1]]),
        (&[], [&[], &[], &[]]),
    ];
    for (shape, inputs) in shapes {
        for lie in [(0, false), (3, false), (2, true)] {
            let mut bench = Bench::new(3);
            let op = expression(&mut bench, shape, inputs, lie, &[0.5], steps);
            check_gradients(&bench, &op);
        }
    }
}

/// A value that several steps read, and a step that several steps read.
#[test]
fn gradients_of_shared_values() {
    use Source::{Input, Number, Step};
    let steps: &[(Function, &[Source])] = &[
        (Function::Tanh, &[Input(0)]),
        (Function::Multiply, &[Step(0), Input(0)]),
        (Function::Greater, &[Input(0), Number(0)]),
        (Function::Where, &[Step(2), Step(1), Step(0)]),
        (Function::Multiply, &[Step(3), Step(3)]),
    ];
    let mut bench = Bench::new(4);
    let op = expression(&mut bench, &[50], &[&[50]], (0, false), &[0.1], steps);
    check_gradients(&bench, &op);
}

#[test]
fn a_gradient_is_scaled() {
    use Source::{Input, Number};
    let mut bench = Bench::new(2);
    let steps: &[(Function, &[Source])] = &[(Function::ScaleGradient, &[Input(0), Number(0)])];
    let op = expression(&mut bench, &[3], &[&[3]], (0, false), &[-2.0], steps);
    let mut arena = bench.arena::<f64>();
    bench.fill(&mut arena, op.inputs[0].x.view, 1);
    bench.fill(&mut arena, gradient_of(&op.y), 2);
    bench.forward(&op, &mut arena);
    bench.backward(&op, &mut arena);
    assert_eq!(bench.read(&arena, op.y.view), bench.read(&arena, op.inputs[0].x.view));
    let wanted: Vec<f64> = bench.read(&arena, gradient_of(&op.y)).iter().map(|dy| -2.0 * dy).collect();
    assert_eq!(bench.read(&arena, op.inputs[0].x.gradient.unwrap().view), wanted);
}
