//! `ActivityRegularization`: a penalty on values.

pub use mimo_graph::operation::ActivityRegularization;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::layers::apply_mask;
use crate::run::run;

fn forward<E: Float>(op: &ActivityRegularization, chunk: &mut Chunk<'_, E>) {
    if chunk.mode == Mode::Predict {
        return;
    }
    let mut penalty = 0.0;
    for row in 0..chunk.rows {
        for x in chunk.row(op.x.view, row) {
            let x = x.f64();
            penalty += op.l1 * x.abs() + op.l2 * x * x;
        }
    }
    if let Some(sum) = chunk.statistics.last_mut() {
        *sum += penalty;
    }
}

/// The penalty is a mean over the samples of the batch, and so is its gradient.
fn backward<E: Float>(op: &ActivityRegularization, chunk: &mut Chunk<'_, E>) {
    let Some(target) = op.x.gradient else { return };
    let share = 1.0 / chunk.batch.max(1) as f64;
    let (l1, l2) = (E::of(op.l1 * share), E::of(2.0 * op.l2 * share));
    // As for weights, the gradient of |x| at 0 is 0.
    let sign = |x: E| if x == E::zero() { E::zero() } else { x.signum() };
    for row in 0..chunk.rows {
        let [x, dx] = chunk.rows_mut([op.x.view, target.view], row);
        for (dx, x) in dx.iter_mut().zip(x.iter()) {
            let own = l1 * sign(*x) + l2 * *x;
            *dx = if target.accumulate { *dx + own } else { own };
        }
    }
    apply_mask(chunk, target);
}

run!(ActivityRegularization, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::Bench;
    use crate::program::{GradientTarget, Read};

    #[test]
    fn the_gradient_is_that_of_the_penalty() {
        for (gap, [l1, l2]) in [(0, [0.3, 0.7]), (2, [0.3, 0.7]), (0, [0.0, 0.5]), (1, [0.0, 0.0])] {
            let mut bench = Bench::new(3);
            let [x, dx] = std::array::from_fn(|_| bench.value(7, gap));
            let mut arena = bench.arena::<f64>();
            bench.fill(&mut arena, x, 1);
            // The gradient of the values may have other contributions.
            for target in [GradientTarget::write(dx), GradientTarget::add(dx)] {
                bench.write(&mut arena, dx, &[0.0; 21]);
                let op = ActivityRegularization { l1, l2, x: Read::kept(x, Some(target)) };
                is_gradient_of_penalty(&bench, &op, &mut arena);
            }
        }
    }

    fn is_gradient_of_penalty(bench: &Bench, op: &ActivityRegularization, arena: &mut [f64]) {
        let penalty = |arena: &mut [f64], mode: Mode| {
            let mut statistics = [9.0, 0.0];
            let mut chunk = Chunk { mode, ..bench.chunk(arena, &mut statistics) };
            forward(op, &mut chunk);
            assert_eq!(statistics[0], 9.0);
            // The penalty of the batch is the mean over its samples.
            statistics[1] / 3.0
        };
        assert_eq!(penalty(arena, Mode::Predict), 0.0);
        assert_eq!(penalty(arena, Mode::Evaluate), penalty(arena, Mode::Train));
        bench.backward(op, arena);
        let found = bench.read(arena, op.x.gradient.expect("a gradient").view);
        for (found, place) in found.into_iter().zip(bench.places(op.x.view)) {
            let mut moved = |by: f64| {
                arena[place] += by;
                let penalty = penalty(arena, Mode::Train);
                arena[place] -= by;
                penalty
            };
            let wanted = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((found - wanted).abs() < 1e-8, "{found} {wanted}");
        }
    }
}
