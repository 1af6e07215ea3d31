//! `MaxPooling1D`, `AveragePooling1D`, `GlobalMaxPooling1D`, `GlobalAveragePooling1D` and their 2D forms.

use mimo_graph::layers::pooling::PoolKind;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Windows};
use crate::layers::{apply_mask, clear};
use crate::program::{Sink, View};
use crate::run::run;

/// One value per window and channel: `[height, width, channels] → [windows, windows, channels]`; global pooling has one
/// window, as large as the image.
///
/// Where the largest values were found is not kept: the backward compares the windows with `y` again. That reads
/// `x` once more, from a chunk that fits the cache, but both passes are loops over whole vectors without a scatter,
/// and neither the forward nor predicting writes positions that nobody may want. `x` costs no memory either: the
/// layer before, mostly a ReLU, keeps it for its own backward.
///
/// **Keras equivalent:** `keras.layers.MaxPooling2D` and its like.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    /// What becomes of a window.
    pub kind: PoolKind,
    /// The windows.
    pub windows: Windows,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

fn forward<E: Float>(op: &Pooling, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x, op.y], row);
        kernels::pooling(op.kind, &op.windows, x, y);
    }
}

fn backward<E: Float>(op: &Pooling, chunk: &mut Chunk<'_, E>) {
    let Some(sink) = op.dx else { return };
    for row in 0..chunk.rows {
        clear(chunk, sink, row);
        match op.kind {
            PoolKind::Max | PoolKind::SharedMax => {
                let [x, y, dy, dx] = chunk.rows_mut([op.x, op.y, op.dy, sink.view], row);
                kernels::pooling_gradient(op.kind, &op.windows, [x, y, dy], dx);
            }
            // The other two need not exist any more.
            PoolKind::Average => {
                let [dy, dx] = chunk.rows_mut([op.dy, sink.view], row);
                kernels::pooling_gradient(op.kind, &op.windows, [&[], &[], dy], dx);
            }
        }
    }
    apply_mask(chunk, sink);
}

run!(Pooling, forward, backward);

#[cfg(test)]
mod tests;
