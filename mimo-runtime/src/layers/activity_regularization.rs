//! `ActivityRegularization`: a penalty on values.

pub use mimo_graph::operation::ActivityRegularization;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels;
use crate::layers::apply_mask;
use crate::run::run;

fn forward<E: Float>(op: &ActivityRegularization, chunk: &mut Chunk<'_, E>) {
    if let Some(y) = op.y {
        let (x, y) = (chunk.mat(op.x.view), chunk.mat(y.view));
        kernels::copy(chunk.arena, x, y, false);
    }
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
    // As for weights, the gradient of |x| is 0 at 0.
    let sign = |x: E| if x == E::zero() { E::zero() } else { x.signum() };
    let of_penalty = |x: E| l1 * sign(x) + l2 * x;
    let add = |dx: &mut E, own: E| *dx = if target.accumulate { *dx + own } else { own };
    match op.y.map(|y| y.gradient) {
        None => {
            for row in 0..chunk.rows {
                let [x, dx] = chunk.rows_mut([op.x.view, target.view], row);
                dx.iter_mut().zip(x.iter()).for_each(|(dx, x)| add(dx, of_penalty(*x)));
            }
        }
        // Nothing that reads the copy is learned from.
        Some(None) => return,
        Some(Some(dy)) => {
            for row in 0..chunk.rows {
                let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
                for ((x, dy), dx) in x.iter().zip(dy.iter()).zip(dx) {
                    add(dx, *dy + l1 * sign(*x) + l2 * *x);
                }
            }
        }
    }
    apply_mask(chunk, target);
}

run!(ActivityRegularization, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, View, Written};

    fn operation(
        bench: &mut Bench,
        [l1, l2]: [f64; 2],
        gap: usize,
        accumulate: bool,
    ) -> ActivityRegularization {
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(7, gap));
        let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
        ActivityRegularization { l1, l2, x: Read::new(x, Some(target)), y: Some(Written::new(y, Some(dy))) }
    }

    fn gradient(op: &ActivityRegularization) -> View {
        op.y.and_then(|y| y.gradient).expect("a gradient")
    }

    #[test]
    fn without_factors_it_is_a_copy() {
        for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
            let mut bench = Bench::new(3);
            let op = operation(&mut bench, [0.0; 2], gap, accumulate);
            let dy = gradient(&op);
            check(&bench, &op, &[(op.x.view, op.x.gradient)], op.y.expect("a copy").view, dy);
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_penalty() {
        let mut bench = Bench::new(3);
        let op = operation(&mut bench, [0.3, 0.7], 2, false);
        let mut arena = bench.arena::<f64>();
        bench.fill(&mut arena, op.x.view, 1);
        bench.write(&mut arena, gradient(&op), &[0.0; 21]);
        is_gradient_of_penalty(&bench, &op, &mut arena);
        // What a layer outputs is penalized where it is, and its gradient may have other parts.
        let (target, y) = (op.x.gradient.expect("a gradient").view, None);
        for target in [GradientTarget::write(target), GradientTarget::add(target)] {
            bench.write(&mut arena, target.view, &[0.0; 21]);
            let op = ActivityRegularization { x: Read::kept(op.x.view, Some(target)), y, ..op };
            is_gradient_of_penalty(&bench, &op, &mut arena);
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
