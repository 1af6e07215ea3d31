//! `add_loss`: a loss computed from tensors of the model.

pub use mimo_graph::operation::AddedLoss;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::layers::apply_mask;
use crate::run::run;

fn forward<E: Float>(op: &AddedLoss, chunk: &mut Chunk<'_, E>) {
    if chunk.mode == Mode::Predict {
        return;
    }
    let samples = (0..chunk.rows).flat_map(|row| chunk.row(op.x.view, row));
    let loss: f64 = samples.map(|x| x.f64()).sum();
    if let Some(sum) = chunk.statistics.get_mut(op.place) {
        *sum += loss;
    }
    // The last value is added to the total unchanged.
    if let Some(sum) = chunk.statistics.last_mut() {
        *sum += op.weight * loss;
    }
}

/// The loss is a mean over the samples of the batch.
fn backward<E: Float>(op: &AddedLoss, chunk: &mut Chunk<'_, E>) {
    let Some(target) = op.x.gradient else { return };
    let share = E::of(op.weight / chunk.batch.max(1) as f64);
    for row in 0..chunk.rows {
        for dx in chunk.row_mut(target.view, row) {
            *dx = if target.accumulate { *dx + share } else { share };
        }
    }
    apply_mask(chunk, target);
}

run!(AddedLoss, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::Bench;
    use crate::program::{GradientTarget, Read};

    #[test]
    fn a_loss_is_summed_up_weighted_and_plain_and_its_gradient_is_a_share_of_its_weight() {
        for gap in [0, 2] {
            let mut bench = Bench::new(4);
            let [x, dx] = std::array::from_fn(|_| bench.value(1, gap));
            let mut arena = bench.arena::<f64>();
            bench.write(&mut arena, x, &[1.0, -2.0, 3.5, 0.5]);
            for (target, before) in [(GradientTarget::write(dx), 0.0), (GradientTarget::add(dx), 7.0)] {
                bench.write(&mut arena, dx, &[before; 4]);
                let op = AddedLoss { weight: -0.5, place: 1, x: Read::new(x, Some(target)) };
                for (mode, factor) in [(Mode::Train, 1.0), (Mode::Evaluate, 1.0), (Mode::Predict, 0.0)] {
                    let mut statistics = [9.0, 1.0, 2.0];
                    forward(&op, &mut Chunk { mode, ..bench.chunk(&mut arena, &mut statistics) });
                    assert_eq!(statistics, [9.0, 1.0 + factor * 3.0, 2.0 - factor * 1.5]);
                }
                bench.backward(&op, &mut arena);
                assert_eq!(bench.read(&arena, dx), [before - 0.125; 4]);
            }
        }
    }
}
