//! `Dropout`: random zeros while training, nothing otherwise.

pub use mimo_graph::operation::Dropout;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::{self, Mat};
use crate::layers::{apply_mask, pass};
use crate::random;
use crate::run::run;

fn forward<E: Float>(op: &Dropout, chunk: &mut Chunk<'_, E>) {
    let (x, y) = (chunk.mat(op.x.view), chunk.mat(op.y.view));
    match chunk.mode {
        Mode::Train => drop_out(op, chunk, x, y, false),
        Mode::Evaluate | Mode::Predict => kernels::copy(chunk.arena, x, y, false),
    }
}

fn backward<E: Float>(op: &Dropout, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(gradient_target) = op.x.gradient else { return };
    match chunk.mode {
        Mode::Train => {
            // The mask is not stored: the same numbers are drawn again.
            let (dy, dx) = (chunk.mat(dy), chunk.mat(gradient_target.view));
            drop_out(op, chunk, dy, dx, gradient_target.accumulate);
            apply_mask(chunk, gradient_target);
        }
        Mode::Evaluate | Mode::Predict => pass(chunk, dy, gradient_target),
    }
}

/// A value's random number is fixed by the step, the layer and its index in the batch, so that results do not depend
/// on how the batch is split into chunks.
fn drop_out<E: Float>(op: &Dropout, chunk: &mut Chunk<'_, E>, from: Mat, to: Mat, accumulate: bool) {
    let key = random::key(chunk.seed, op.key);
    let len = op.x.view.len / op.positions;
    let first = (chunk.first_row * len) as u64;
    for position in 0..op.positions {
        let [from, to] = [from, to].map(|mat| mat.columns(position * len, len));
        kernels::dropout(chunk.arena, key, first, op.rate, from, to, accumulate);
    }
}

run!(Dropout, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check, gradient_of};
    use crate::program::{GradientTarget, Read, Written};

    fn dropout(bench: &mut Bench, rate: f64, len: usize, gap: usize) -> Dropout {
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(len, gap));
        let gradient_target = GradientTarget { view: dx, accumulate: false, mask: None };
        Dropout {
            rate,
            positions: 1,
            key: 3,
            x: Read::new(x, Some(gradient_target)),
            y: Written::new(y, Some(dy)),
        }
    }

    #[test]
    fn gradients() {
        for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
            for (rate, len, gap) in [(0.0, 5, 0), (0.5, 33, 0), (0.3, 7, 4), (1.0, 3, 1)] {
                for accumulate in [false, true] {
                    let mut bench = Bench::new(3);
                    bench.mode = mode;
                    let mut op = dropout(&mut bench, rate, len, gap);
                    op.positions = if len == 33 { 3 } else { 1 };
                    let view = op.x.gradient.map_or(op.x.view, |target| target.view);
                    op.x.gradient =
                        Some(GradientTarget { view, accumulate, mask: accumulate.then_some(op.x.view) });
                    check(&bench, &op, &[(op.x.view, op.x.gradient)], op.y.view, gradient_of(&op.y));
                }
            }
        }
    }

    #[test]
    fn a_share_is_dropped_and_the_rest_is_scaled() {
        let mut bench = Bench::new(100);
        let op = dropout(&mut bench, 0.25, 1000, 0);
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, op.x.view, &vec![1.0; 100_000]);
        bench.forward(&op, &mut arena);
        let y = bench.read(&arena, op.y.view);
        assert!(y.iter().all(|y| *y == 0.0 || (*y - 4.0 / 3.0).abs() < 1e-12));
        let dropped = y.iter().filter(|y| **y == 0.0).count() as f64 / y.len() as f64;
        // Six standard deviations.
        assert!((dropped - 0.25).abs() < 0.009, "{dropped}");
    }

    #[test]
    fn positions_have_one_mask_and_samples_have_their_own() {
        let mut bench = Bench::new(20);
        let op = Dropout { positions: 4, ..dropout(&mut bench, 0.5, 4 * 25, 3) };
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, op.x.view, &vec![1.0; 20 * 100]);
        bench.forward(&op, &mut arena);
        let y = bench.read(&arena, op.y.view);
        let masks: Vec<&[f64]> = y.chunks(25).collect();
        assert!(masks.chunks(4).all(|sample| sample.iter().all(|mask| *mask == sample[0])));
        assert!(masks.chunks(4).zip(masks.chunks(4).skip(1)).all(|(a, b)| a[0] != b[0]));
    }

    #[test]
    fn chunks_do_not_matter_but_steps_and_layers_do() {
        let mut whole = Bench::new(8);
        let op = dropout(&mut whole, 0.5, 37, 3);
        let drawn = |rows: usize, first_row: usize, seed: u64, key: u64| {
            let mut bench = Bench::new(rows);
            let op = Dropout { key, ..dropout(&mut bench, 0.5, 37, 3) };
            (bench.first_row, bench.seed) = (first_row, seed);
            let mut arena = bench.arena::<f32>();
            bench.write(&mut arena, op.x.view, &vec![1.0; rows * 37]);
            bench.forward(&op, &mut arena);
            bench.read(&arena, op.y.view)
        };
        let all = drawn(8, 0, 1, op.key);
        assert_eq!(all, [drawn(3, 0, 1, op.key), drawn(5, 3, 1, op.key)].concat());
        assert_ne!(all, drawn(8, 0, 2, op.key));
        assert_ne!(all, drawn(8, 0, 1, op.key + 1));
    }
}
