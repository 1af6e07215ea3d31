//! `matmul`, `einsum` and `Dot`: matrix products, sample by sample and for each position of some axes.

pub use mimo_graph::operation::Contract;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Strided};
use crate::layers::apply_mask;
use crate::program::{Scratch, View};
use crate::run::run;

/// Indices of the three tensors.
const FIRST: usize = 0;
const SECOND: usize = 1;
const RESULT: usize = 2;

/// Visits every position of the axes outside of the matrices, with the offset of its matrix in each tensor.
fn each_position(
    loops: &[usize],
    steps: [&[usize]; 3],
    places: [usize; 3],
    visit: &mut impl FnMut([usize; 3]),
) {
    let Some((len, inner)) = loops.split_first() else { return visit(places) };
    let Some((step, inner_steps)) = first_of_each(steps) else { return };
    for position in 0..*len {
        let places = std::array::from_fn(|tensor| places[tensor] + position * step[tensor]);
        each_position(inner, inner_steps, places, visit);
    }
}

/// The first step of each tensor, and the others.
fn first_of_each(steps: [&[usize]; 3]) -> Option<([usize; 3], [&[usize]; 3])> {
    let [a, b, c] = steps.map(<[usize]>::split_first);
    let ((a, a_rest), (b, b_rest), (c, c_rest)) = (a?, b?, c?);
    Some(([*a, *b, *c], [a_rest, b_rest, c_rest]))
}

/// Lengths of rows and columns of a tensor's matrices.
fn lengths(op: &Contract, tensor: usize) -> [usize; 2] {
    let [rows, columns, summed] = op.lengths;
    match tensor {
        FIRST => [rows, summed],
        SECOND => [summed, columns],
        _ => [rows, columns],
    }
}

/// A matrix of a tensor.
fn matrix(op: &Contract, tensor: usize, offset: usize) -> Strided {
    let ([rows, cols], [row_stride, col_stride]) = (lengths(op, tensor), op.strides[tensor]);
    Strided { offset, rows, cols, row_stride, col_stride }
}

/// Whether the products write each of `len` values of a tensor once. Otherwise they are accumulated, as along an axis
/// that the tensor does not have, or skip values, as outside of a diagonal.
fn writes_once(op: &Contract, tensor: usize, len: usize) -> bool {
    let [rows, cols] = lengths(op, tensor);
    let mut positions = op.loops.iter().zip(op.steps[tensor].iter());
    let written: usize = positions.clone().map(|(len, _)| len).product();
    positions.all(|(len, step)| *step > 0 || *len == 1) && written * rows * cols == len
}

/// Computes the product that writes `target`, a value in place of one tensor, from those in place of the others.
fn product<E: Float>(
    op: &Contract,
    chunk: &mut Chunk<'_, E>,
    target: usize,
    views: [View; 3],
    accumulate: bool,
    memory: Option<Scratch>,
) {
    let once = writes_once(op, target, views[target].len);
    let memory = memory.map_or(0..0, |memory| {
        let memory = chunk.fixed(memory.view);
        memory.offset..memory.offset + memory.cols
    });
    let steps = [&*op.steps[0], &*op.steps[1], &*op.steps[2]];
    for row in 0..chunk.rows {
        let places = views.map(|view| chunk.mat(view).offset + row * view.stride);
        if !once && !accumulate {
            chunk.row_mut(views[target], row).fill(E::zero());
        }
        let adds = accumulate || !once;
        each_position(&op.loops, steps, places, &mut |places| {
            let [first, second, result] = std::array::from_fn(|tensor| matrix(op, tensor, places[tensor]));
            let (left, right, output) = match target {
                FIRST => (result, second.transposed(), first),
                SECOND => (first.transposed(), result, second),
                _ => (first, second, result),
            };
            kernels::matmul(chunk.arena, left, right, output, adds, memory.clone());
        });
    }
}

fn forward<E: Float>(op: &Contract, chunk: &mut Chunk<'_, E>) {
    let [a, b] = op.x.map(|x| x.view);
    product(op, chunk, RESULT, [a, b, op.y.view], false, op.memory);
}

fn backward<E: Float>(op: &Contract, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    for (tensor, target) in [(FIRST, op.x[0].gradient), (SECOND, op.x[1].gradient)] {
        let Some(target) = target else { continue };
        let mut views = [op.x[0].view, op.x[1].view, dy];
        views[tensor] = target.view;
        product(op, chunk, tensor, views, target.accumulate, op.gradient_memory);
        apply_mask(chunk, target);
    }
}

run!(Contract, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;
    use mimo_graph::operation::During;

    use super::*;
    use crate::layers::check::{Bench, check, gradient_of};
    use crate::program::{GradientTarget, Read, Written};

    /// A product of tensors with these axes: equal letters are one axis, and axes that the result does not have are
    /// summed over. `rows`, `columns` and `summed` are the axes of matrices.
    fn product(
        bench: &mut Bench,
        equation: [&str; 3],
        [rows, columns, summed]: [&str; 3],
        gap: usize,
        accumulate: bool,
    ) -> Contract {
        let len = |axis: char| 2 + (axis as usize - 'a' as usize) % 4;
        let size = |axes: &str| axes.chars().map(len).product::<usize>();
        let stride = |axes: &str, axis: char| -> usize {
            axes.char_indices().filter(|(_, other)| *other == axis).map(|(at, _)| size(&axes[at + 1..])).sum()
        };
        let mut loops: Vec<char> = equation.concat().chars().collect();
        loops.sort_unstable();
        loops.dedup();
        loops.retain(|axis| ![rows, columns, summed].concat().contains(*axis));
        let steps = equation.map(|axes| List::Owned(loops.iter().map(|axis| stride(axes, *axis)).collect()));
        let along = |tensor: usize, group: &str| {
            group.chars().last().map_or(1, |axis| stride(equation[tensor], axis))
        };
        let x = [0, 1].map(|tensor: usize| {
            let x = bench.value(size(equation[tensor]), gap);
            let view = bench.value(x.len, gap);
            Read::new(x, Some(GradientTarget { view, accumulate, mask: accumulate.then_some(x) }))
        });
        let [y, dy] = std::array::from_fn(|_| bench.value(size(equation[2]), gap));
        Contract {
            loops: List::Owned(loops.iter().map(|axis| len(*axis)).collect()),
            steps,
            lengths: [size(rows), size(columns), size(summed)],
            strides: [
                [along(0, rows), along(0, summed)],
                [along(1, summed), along(1, columns)],
                [along(2, rows), along(2, columns)],
            ],
            memory: None,
            gradient_memory: None,
            x,
            y: Written::new(y, Some(dy)),
        }
    }

    #[test]
    fn gradients() {
        for (equation, matrices) in [
            (["k", "k", ""], ["", "", "k"]),
            (["mk", "kn", "mn"], ["m", "n", "k"]),
            (["mk", "nk", "mn"], ["m", "n", "k"]),
            (["km", "kn", "nm"], ["m", "n", "k"]),
            (["km", "nk", "mn"], ["m", "n", "k"]),
            // Heads of attention.
            (["qhd", "khd", "hqk"], ["q", "k", "d"]),
            (["hqk", "khd", "qhd"], ["q", "d", "k"]),
            // Several axes as one; an axis that one tensor has alone; a diagonal; outer products; single values.
            (["abk", "kn", "abn"], ["ab", "n", "k"]),
            (["sk", "kn", "n"], ["", "n", "k"]),
            (["iik", "kn", "in"], ["i", "n", "k"]),
            (["m", "n", "mn"], ["m", "n", ""]),
            (["i", "i", "i"], ["", "", ""]),
            // No operand has a layout that a kernel reads.
            (["mkb", "knb", "mnb"], ["m", "n", "k"]),
        ] {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(2);
                let op = product(&mut bench, equation, matrices, gap, accumulate);
                check(&bench, &op, &op.x.map(|x| (x.view, x.gradient)), op.y.view, gradient_of(&op.y));
            }
        }
    }

    #[test]
    fn memory_changes_nothing_but_the_time() {
        for equation in [["mhk", "nhk", "hmn"], ["mkb", "knb", "mnb"], ["km", "nk", "mn"]] {
            let mut bench = Bench::new(2);
            let mut op = product(&mut bench, equation, ["m", "n", "k"], 1, false);
            let run = |op: &Contract| {
                let mut arena = bench.arena::<f64>();
                arena.resize(arena.len() + 4096, 0.0);
                bench.fill(&mut arena, op.x[0].view, 1);
                bench.fill(&mut arena, op.x[1].view, 2);
                bench.fill(&mut arena, gradient_of(&op.y), 3);
                bench.forward(op, &mut arena);
                bench.backward(op, &mut arena);
                let views =
                    [Some(op.y.view), op.x[0].gradient.map(|it| it.view), op.x[1].gradient.map(|it| it.view)];
                views.into_iter().flatten().map(|view| bench.read(&arena, view)).collect::<Vec<_>>()
            };
            let slow = run(&op);
            // A slot at the start of the area of fixed ones.
            let fixed = View { slot: 0, column: 0, len: 4096, stride: 4096 };
            (op.memory, op.gradient_memory) =
                (Some(Scratch::fixed(fixed, During::Forward)), Some(Scratch::fixed(fixed, During::Backward)));
            for (slow, fast) in slow.iter().flatten().zip(run(&op).iter().flatten()) {
                assert!((slow - fast).abs() < 1e-12, "{equation:?}: {slow} {fast}");
            }
        }
    }

    #[test]
    fn a_tensor_may_be_multiplied_with_itself() {
        let mut bench = Bench::new(1);
        let mut op = product(&mut bench, ["k", "k", ""], ["", "", "k"], 1, false);
        (op.x[1].view, op.lengths[2]) = (op.x[0].view, op.x[0].view.len);
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, op.x[0].view, &[1.0, 2.0, 3.0, 4.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, op.y.view), [30.0]);
    }
}
