//! `EinsumDense`: a product with a kernel whose axes are in any order.

pub use mimo_graph::operation::Einsum;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{apply_mask, clear, strided};
use crate::program::View;
use crate::run::run;

/// Number of values of the kernel.
fn len(op: &Einsum) -> usize {
    op.batches * op.inputs * op.units
}

/// One sample of each of two values, and scratch memory of the chunk. The plan keeps them disjoint.
fn with_fixed<'c, E: Float>(
    chunk: &'c mut Chunk<'_, E>,
    [first, second]: [View; 2],
    row: usize,
    fixed: usize,
    len: usize,
) -> Option<[&'c mut [E]; 3]> {
    let range = |view: View| {
        let start = chunk.mat(view).offset + row * view.stride;
        start..start + view.len
    };
    let ranges = [range(first), range(second), fixed..fixed + len];
    chunk.arena.get_disjoint_mut(ranges).ok()
}

fn forward<E: Float>(op: &Einsum, chunk: &mut Chunk<'_, E>) {
    let (kernel, ordered) = (chunk.weight(op.kernel.block, len(op)), chunk.fixed(op.ordered.view).offset);
    strided::each_run(&op.shape, &op.strides, |to, from, len, step| {
        for (i, value) in chunk.arena[ordered + to..ordered + to + len].iter_mut().enumerate() {
            *value = kernel[from + i * step];
        }
    });
    for row in 0..chunk.rows {
        let parts = with_fixed(chunk, [op.x.view, op.y.view], row, ordered, len(op));
        let Some([x, y, kernel]) = parts else { return };
        y.fill(E::zero());
        each_product(op, |position, output, matrix| {
            let y = &mut y[output..output + op.units];
            for i in 0..op.inputs {
                let (x, kernel) = (x[position + i], &kernel[matrix + i * op.units..][..op.units]);
                y.iter_mut().zip(kernel).for_each(|(y, k)| *y += x * *k);
            }
        });
    }
}

fn backward<E: Float>(op: &Einsum, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    if let Some(gradient) = chunk.accumulator(&op.kernel) {
        let sums = chunk.fixed(op.sums.view).offset;
        chunk.arena[sums..sums + len(op)].fill(E::zero());
        for row in 0..chunk.rows {
            let parts = with_fixed(chunk, [op.x.view, dy], row, sums, len(op));
            let Some([x, dy, sums]) = parts else { return };
            each_product(op, |position, output, matrix| {
                let dy = &dy[output..output + op.units];
                for i in 0..op.inputs {
                    let (x, sums) = (x[position + i], &mut sums[matrix + i * op.units..][..op.units]);
                    sums.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += x * *dy);
                }
            });
        }
        strided::each_run(&op.shape, &op.strides, |from, to, len, step| {
            for i in 0..len {
                let sum = chunk.arena[sums + from + i];
                chunk.arena[gradient.offset + to + i * step] += sum;
            }
        });
    }
    let Some(target) = op.x.gradient else { return };
    let ordered = chunk.fixed(op.ordered.view).offset;
    for row in 0..chunk.rows {
        clear(chunk, target, row);
        let parts = with_fixed(chunk, [dy, target.view], row, ordered, len(op));
        let Some([dy, dx, kernel]) = parts else { return };
        each_product(op, |position, output, matrix| {
            let dy = &dy[output..output + op.units];
            for i in 0..op.inputs {
                let kernel = &kernel[matrix + i * op.units..][..op.units];
                let products = kernel.iter().zip(dy).map(|(k, dy)| *k * *dy);
                dx[position + i] += products.fold(E::zero(), |sum, product| sum + product);
            }
        });
    }
    apply_mask(chunk, target);
}

/// Visits every product, with the offsets of its inputs, outputs and matrix.
fn each_product(op: &Einsum, mut visit: impl FnMut(usize, usize, usize)) {
    for batch in 0..op.batches {
        for position in batch * op.positions..(batch + 1) * op.positions {
            visit(position * op.inputs, position * op.units, batch * op.inputs * op.units);
        }
    }
}

run!(Einsum, forward, backward);
