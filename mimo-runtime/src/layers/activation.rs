//! `Activation`: an activation as a separate operation, if it cannot be applied in place.

pub use mimo_graph::operation::Activate;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::layers::apply_mask;
use crate::run::run;

fn forward<E: Float>(op: &Activate, chunk: &mut Chunk<'_, E>) {
    let (x, y) = (chunk.positions(op.x.view, op.positions), chunk.positions(op.y.view, op.positions));
    kernels::activation_forward(chunk.arena, op.activation, x, y);
}

fn backward<E: Float>(op: &Activate, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(gradient_target) = op.x.gradient else { return };
    let saved = if op.activation.from_output() { op.y.view } else { op.x.view };
    let [saved, dy, dx] = [saved, dy, gradient_target.view].map(|view| chunk.positions(view, op.positions));
    kernels::activation_backward(chunk.arena, op.activation, saved, dy, dx, gradient_target.accumulate);
    apply_mask(chunk, gradient_target);
}

run!(Activate, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::activation::Activation;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    const ALL: [Activation; 35] = [
        Activation::Linear,
        Activation::Relu,
        Activation::Relu6,
        Activation::Rectifier { negative_slope: 0.0, max_value: Some(0.4), threshold: 0.0 },
        Activation::Rectifier { negative_slope: 0.3, max_value: Some(0.4), threshold: 0.0 },
        Activation::Rectifier { negative_slope: 0.3, max_value: Some(0.8), threshold: 0.5 },
        Activation::Rectifier { negative_slope: 0.3, max_value: Some(0.2), threshold: 0.5 },
        Activation::Rectifier { negative_slope: 0.0, max_value: None, threshold: 0.5 },
        Activation::Rectifier { negative_slope: 0.3, max_value: None, threshold: 0.5 },
        Activation::LeakyRelu { negative_slope: 0.2 },
        Activation::Elu { alpha: 1.5 },
        Activation::Selu,
        Activation::Celu { alpha: 0.7 },
        Activation::Sigmoid,
        Activation::LogSigmoid,
        Activation::Softplus,
        Activation::Softsign,
        Activation::Softmax,
        Activation::LogSoftmax,
        Activation::Sparsemax,
        Activation::Tanh,
        Activation::TanhShrink,
        Activation::Exponential,
        Activation::HardSigmoid,
        Activation::HardSilu,
        Activation::HardTanh,
        Activation::Silu,
        Activation::Gelu { approximate: false },
        Activation::Gelu { approximate: true },
        Activation::Mish,
        Activation::Threshold { threshold: 0.3, default_value: -2.0 },
        Activation::HardShrink { threshold: 0.5 },
        Activation::SoftShrink { threshold: 0.25 },
        Activation::Squareplus { b: 2.5 },
        Activation::SparsePlus,
    ];

    #[test]
    fn gradients() {
        for activation in ALL.into_iter().chain([Activation::SparseSigmoid]) {
            for (positions, len, gap) in [(1, 7, 0), (1, 19, 5), (3, 21, 0), (5, 5, 0)] {
                for accumulate in [false, true] {
                    let mut bench = Bench::new(3);
                    let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(len, gap));
                    let gradient_target =
                        GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                    let op = Activate {
                        activation,
                        positions,
                        x: Read::new(x, Some(gradient_target)),
                        y: Written::new(y, Some(dy)),
                    };
                    check(&bench, &op, &[(x, Some(gradient_target))], y, dy);
                }
            }
        }
    }

    #[test]
    fn softmax_is_over_the_values_of_a_position() {
        let mut bench = Bench::new(2);
        let [x, y] = std::array::from_fn(|_| bench.value(12, 0));
        let op = Activate {
            activation: Activation::Softmax,
            positions: 4,
            x: Read::new(x, None),
            y: Written::new(y, None),
        };
        let mut arena = bench.arena::<f64>();
        bench.fill(&mut arena, x, 1);
        bench.forward(&op, &mut arena);
        for position in bench.read(&arena, y).chunks(3) {
            assert!((position.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // Without a gradient target there is nothing to do.
        let before = arena.clone();
        bench.backward(&op, &mut arena);
        assert_eq!(arena, before);
    }
}
