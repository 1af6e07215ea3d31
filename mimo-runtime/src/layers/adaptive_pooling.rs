//! `AdaptiveAveragePooling1D`, `AdaptiveMaxPooling1D` and their 2D forms: pooling with a fixed number of windows.

pub use mimo_graph::operation::AdaptivePooling;

use std::ops::Range;

use mimo_graph::layers::pooling::PoolKind;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{apply_mask, clear};
use crate::run::run;

/// The pixels of window `i` of `windows` along an axis.
fn window(i: usize, windows: usize, pixels: usize) -> Range<usize> {
    i * pixels / windows..((i + 1) * pixels).div_ceil(windows)
}

/// Visits the windows: the index of the result in `y`, and the rows and columns of its pixels.
fn each_window(op: &AdaptivePooling, mut visit: impl FnMut(usize, Range<usize>, Range<usize>)) {
    let ([height, width, channels], [rows, columns]) = (op.image, op.size);
    for row in 0..rows {
        for column in 0..columns {
            let at = (row * columns + column) * channels;
            visit(at, window(row, rows, height), window(column, columns, width));
        }
    }
}

/// Indices of the pixels of a window, in order.
fn pixels(
    op: &AdaptivePooling,
    rows: Range<usize>,
    columns: Range<usize>,
) -> impl Iterator<Item = usize> + use<> {
    let [_, width, channels] = op.image;
    rows.flat_map(move |row| columns.clone().map(move |column| (row * width + column) * channels))
}

/// Whether a value replaces the largest so far. As in other poolings, a NaN does.
fn is_larger<E: Float>(value: E, largest: E) -> bool {
    value > largest || (value.is_nan() && !largest.is_nan())
}

fn forward<E: Float>(op: &AdaptivePooling, chunk: &mut Chunk<'_, E>) {
    let channels = op.image[2];
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        each_window(op, |at, rows, columns| {
            let y = &mut y[at..at + channels];
            let average = op.kind == PoolKind::Average;
            let share = E::one() / E::of((rows.len() * columns.len()) as f64);
            y.fill(if average { E::zero() } else { E::neg_infinity() });
            for pixel in pixels(op, rows, columns) {
                for (y, x) in y.iter_mut().zip(&x[pixel..pixel + channels]) {
                    if average {
                        *y += *x;
                    } else if is_larger(*x, *y) {
                        *y = *x;
                    }
                }
            }
            if average {
                y.iter_mut().for_each(|y| *y *= share);
            }
        });
    }
}

/// The gradient of a largest value goes to its first position, as in Keras.
fn backward<E: Float>(op: &AdaptivePooling, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let channels = op.image[2];
    for row in 0..chunk.rows {
        clear(chunk, target, row);
        if op.kind == PoolKind::Average {
            let [dy, dx] = chunk.rows_mut([dy, target.view], row);
            each_window(op, |at, rows, columns| {
                let share = E::one() / E::of((rows.len() * columns.len()) as f64);
                for pixel in pixels(op, rows, columns) {
                    for (dx, dy) in dx[pixel..pixel + channels].iter_mut().zip(&dy[at..at + channels]) {
                        *dx += *dy * share;
                    }
                }
            });
            continue;
        }
        let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
        each_window(op, |at, rows, columns| {
            for channel in 0..channels {
                let mut places = pixels(op, rows.clone(), columns.clone()).map(|pixel| pixel + channel);
                let first = places.next().unwrap_or(channel);
                let largest =
                    places.fold(first, |best, place| if is_larger(x[place], x[best]) { place } else { best });
                dx[largest] += dy[at + channel];
            }
        });
    }
    apply_mask(chunk, target);
}

run!(AdaptivePooling, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        let cases = [([1, 7, 2], [1, 3]), ([5, 4, 3], [2, 4]), ([3, 2, 1], [5, 1]), ([4, 4, 2], [1, 1])];
        for (image, size) in cases {
            for kind in [PoolKind::Average, PoolKind::Max] {
                for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                    let mut bench = Bench::new(2);
                    let [x, dx] = std::array::from_fn(|_| bench.value(image.iter().product(), gap));
                    let [y, dy] = std::array::from_fn(|_| bench.value(size[0] * size[1] * image[2], gap));
                    let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                    let (x, y) = (Read::new(x, Some(target)), Written::new(y, Some(dy)));
                    let op = AdaptivePooling { kind, image, size, x, y };
                    check(&bench, &op, &[(op.x.view, Some(target))], op.y.view, dy);
                }
            }
        }
    }

    #[test]
    fn windows_cover_all_pixels() {
        let windows: Vec<_> = (0..3).map(|i| window(i, 3, 7)).collect();
        assert_eq!(windows, [0..3, 2..5, 4..7]);
        for (pixels, count) in [(1, 1), (5, 5), (8, 4), (10, 4), (3, 5)] {
            let all: Vec<_> = (0..count).map(|i| window(i, count, pixels)).collect();
            assert!(all.iter().all(|window| !window.is_empty()));
            assert!(
                all.windows(2).all(|pair| pair[1].start <= pair[0].end && pair[0].start <= pair[1].start)
            );
            assert_eq!((all[0].start, all[count - 1].end), (0, pixels));
        }
    }

    #[test]
    fn the_first_of_equal_values_is_the_largest_and_nan_stays() {
        let mut bench = Bench::new(1);
        let [x, dx] = std::array::from_fn(|_| bench.value(4, 0));
        let [y, dy] = std::array::from_fn(|_| bench.value(2, 0));
        let target = GradientTarget { view: dx, accumulate: false, mask: None };
        let (read, written) = (Read::new(x, Some(target)), Written::new(y, Some(dy)));
        let op = AdaptivePooling { kind: PoolKind::Max, image: [1, 4, 1], size: [1, 2], x: read, y: written };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[2.0, 2.0, f64::NAN, 1.0]);
        bench.write(&mut arena, dy, &[3.0, 5.0]);
        bench.forward(&op, &mut arena);
        bench.backward(&op, &mut arena);
        let found = bench.read(&arena, y);
        assert!(found[0] == 2.0 && found[1].is_nan(), "{found:?}");
        assert_eq!(bench.read(&arena, dx), [3.0, 0.0, 5.0, 0.0]);
    }
}
