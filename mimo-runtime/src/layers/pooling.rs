//! `MaxPooling1D`, `AveragePooling1D`, `GlobalMaxPooling1D`, `GlobalAveragePooling1D` and their 2D forms.

use mimo_graph::layers::pooling::PoolKind;
use mimo_graph::layers::spatial::Padding;
pub use mimo_graph::operation::Pooling;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Windows};
use crate::layers::{apply_mask, clear};
use crate::run::run;

/// Geometry of the windows.
fn windows(op: &Pooling) -> Windows {
    let [height, width, channels] = op.image;
    match op.padding {
        Padding::Valid => Windows::valid([height, width], channels, op.size, op.strides),
        Padding::Same => Windows::same([height, width], channels, op.size, op.strides),
    }
}

fn forward<E: Float>(op: &Pooling, chunk: &mut Chunk<'_, E>) {
    let windows = windows(op);
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        kernels::pooling(op.kind, &windows, x, y);
    }
}

fn backward<E: Float>(op: &Pooling, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let windows = windows(op);
    for row in 0..chunk.rows {
        clear(chunk, target, row);
        match op.kind {
            PoolKind::Max | PoolKind::SharedMax => {
                let [x, y, dy, dx] = chunk.rows_mut([op.x.view, op.y.view, dy, target.view], row);
                kernels::pooling_gradient(op.kind, &windows, [x, y, dy], dx);
            }
            // The other two buffers need not exist any more.
            PoolKind::Average => {
                let [dy, dx] = chunk.rows_mut([dy, target.view], row);
                kernels::pooling_gradient(op.kind, &windows, [&[], &[], dy], dx);
            }
        }
    }
    apply_mask(chunk, target);
}

run!(Pooling, forward, backward);

#[cfg(test)]
mod tests;
