//! Gradients of weights over the batch, and norm penalties of weights.

use mimo_graph::initializer::Regularizer;

use crate::engine::chunks::Chunks;
use crate::engine::tasks::Task;
use crate::float::Float;
use crate::kernels::{self, Blocks, Mat};
use crate::program::{Gradient, Param, Program, Use, View};

/// Computes the gradient of a task's parameters over the batch.
pub(super) fn gradient<E: Float>(program: &Program, chunks: &Chunks<E>, task: &Task, gradients: &mut [E]) {
    let arena = chunks.arena();
    match &program.blocks[task.block].block.gradient {
        Some(Gradient::Product(uses)) => {
            for (index, call) in uses.iter().enumerate() {
                let x = blocks(program, chunks, call, call.x);
                let dy = blocks(program, chunks, call, call.dy);
                kernels::dense_kernel_gradient(arena, x, dy, task.from..task.to, gradients, index > 0);
            }
        }
        Some(Gradient::Sum(uses)) => {
            for (index, call) in uses.iter().enumerate() {
                let dy = blocks(program, chunks, call, call.dy);
                kernels::column_sums(arena, dy, gradients, index > 0);
            }
        }
        Some(Gradient::Scatter(uses)) => {
            gradients.fill(E::of(0.0));
            for call in uses.iter() {
                let x = blocks(program, chunks, call, call.x);
                let dy = blocks(program, chunks, call, call.dy);
                kernels::scatter_add(arena, x, dy, task.from..task.to, gradients);
            }
        }
        Some(Gradient::ChunkSums(view)) => {
            let cols = program.blocks[task.block].cols;
            for (index, sums) in chunks.fixed(program.train, *view).enumerate() {
                let sums = &sums[task.from * cols..task.to * cols];
                match index {
                    0 => gradients.copy_from_slice(sums),
                    _ => gradients.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient += *sum),
                }
            }
        }
        Some(Gradient::BatchSums(starts)) => {
            let cols = program.blocks[task.block].cols;
            let places = task.from * cols..task.to * cols;
            for (index, start) in starts.iter().enumerate() {
                let sums = &chunks.merged[start + places.start..start + places.end];
                let pairs = gradients.iter_mut().zip(sums);
                pairs.for_each(|(to, sum)| *to = if index == 0 { E::of(*sum) } else { *to + E::of(*sum) });
            }
        }
        None => {}
    }
}

/// The rows of a value over all chunks of the batch.
fn blocks<E: Float>(program: &Program, chunks: &Chunks<E>, call: &Use, view: View) -> Blocks {
    let cols = view.len / call.positions.max(1);
    let stride = view.stride / call.positions.max(1);
    let offset = program.train.offsets[view.slot] * chunks.capacity + view.column;
    let rows = chunks.capacity * call.positions;
    Blocks {
        mat: Mat { offset, rows, cols, stride },
        chunk_stride: chunks.stride,
        rows: chunks.batch * call.positions,
    }
}

/// The weights of a block with their indices.
pub(super) fn params(program: &Program, block: usize) -> impl Iterator<Item = (usize, &Param)> {
    program.params.iter().enumerate().filter(move |(_, param)| param.block == block)
}

/// Adds the gradients of the penalties of weights that are not frozen, and returns the penalties.
pub(super) fn penalize<E: Float>(
    program: &Program,
    task: &Task,
    values: &[E],
    gradients: &mut [E],
    is_frozen: &dyn Fn(usize) -> bool,
) -> f64 {
    let cols = program.blocks[task.block].cols.max(1);
    let mut cost = 0.0;
    for (index, param) in params(program, task.block) {
        let Some(regularizer) = param.regularizer.filter(|_| !is_frozen(index)) else { continue };
        let Regularizer::Norms { l1, l2 } = regularizer else { continue };
        let columns = param.column..param.column + param.cols;
        let (l1, l2) = (E::of(l1), E::of(2.0 * l2));
        for (values, gradients) in values.chunks_exact(cols).zip(gradients.chunks_exact_mut(cols)) {
            for (w, g) in values[columns.clone()].iter().zip(&mut gradients[columns.clone()]) {
                // The gradient of |w| at 0 is 0, as in TensorFlow.
                let sign = if *w == E::of(0.0) { E::of(0.0) } else { w.signum() };
                *g += l1 * sign + l2 * *w;
            }
        }
        cost += penalty(regularizer, values.chunks_exact(cols).map(|row| &row[columns.clone()]));
    }
    cost
}

/// Norm penalty; [`orthogonal`] has the other kind.
pub(super) fn penalty<'a, E: Float>(regularizer: Regularizer, rows: impl Iterator<Item = &'a [E]>) -> f64 {
    let Regularizer::Norms { l1, l2 } = regularizer else { return 0.0 };
    let mut sums = (0.0, 0.0);
    for row in rows {
        for w in row {
            let w = w.f64();
            sums.0 += w.abs();
            sums.1 += w * w;
        }
    }
    l1 * sums.0 + l2 * sums.1
}
