use super::*;
use crate::kernels;
use crate::layers::check::gradient_of;
use crate::program::{GradientTarget, Read, Starts, View, Written};
use crate::run::{Operation, Run};
use crate::stage::{Merging, Sum};
use crate::weighting::TargetWeights;

const CHANNELS: usize = 70;
const GAMMA: usize = 0;
const BETA: usize = 80;
const MEAN: usize = 160;
const VARIANCE: usize = 240;

/// The layer on samples `[outer, 70, inner]` that are separate in their slots. Only tests leak.
fn layer(outer: usize, inner: usize, batch: bool) -> &'static BatchNormalization {
    let len = outer * CHANNELS * inner;
    let view = |slot: usize| View { slot, column: slot, len, stride: len + 5 };
    Box::leak(Box::new(BatchNormalization {
        channels: CHANNELS,
        inner,
        epsilon: 1e-3,
        momentum: 0.9,
        gamma: Some(0),
        beta: Some(1),
        moving_mean: 2,
        moving_variance: 3,
        sums: batch.then_some(2),
        x: Read::kept(view(0), Some(GradientTarget::write(view(3)))),
        mask: None,
        y: Written::new(view(1), Some(view(2))),
    }))
}

fn numbers(key: u64, len: usize) -> Vec<f64> {
    (0..len).map(|i| 2.0 * kernels::uniform(key, i as u64) - 1.0).collect()
}

/// Results of a step.
struct Outcome {
    y: Vec<f64>,
    dx: Vec<f64>,
    sums: Vec<f64>,
}

/// A step over a batch `x` in chunks of this number of rows, merged as the engine does.
fn step<E>(op: &'static BatchNormalization, mode: Mode, chunks: &[usize], x: &[f64], dy: &[f64]) -> Outcome
where
    E: Float
        + Run<BatchNormalization>
        + Run<ForwardSums<BatchNormalization>>
        + Run<BackwardSums<BatchNormalization>>,
{
    let (len, batch) = (op.x.view.len, chunks.iter().sum::<usize>());
    let params: Vec<E> = numbers(9, 320).into_iter().map(|w| E::of(w + 1.5)).collect();
    let capacity = chunks.iter().copied().max().unwrap_or(0);
    let offsets: Vec<usize> = (0..4).map(|slot| slot * op.x.view.stride).collect();
    let mut arenas = vec![vec![E::of(77.0); 4 * op.x.view.stride * capacity + 8]; chunks.len()];
    let (mut sums, mut merged) =
        (vec![vec![0.0; 2 + 4 * CHANNELS]; chunks.len()], vec![0.0; 2 + 4 * CHANNELS]);
    let positions = len / CHANNELS;
    let mut pass = |run: &dyn Fn(&mut Chunk<'_, E>), sum: Option<Sum>| {
        let mut first_row = 0;
        for (index, &rows) in chunks.iter().enumerate() {
            run(&mut Chunk {
                arena: &mut arenas[index],
                offsets: &offsets,
                fixed: 0,
                capacity,
                rows,
                first_row,
                batch,
                params: &params,
                packs: &[],
                starts: Starts { blocks: &[GAMMA, BETA, MEAN, VARIANCE], ..Starts::NONE },
                mode,
                seed: 0,
                pass: 0,
                loss_weights: &[],
                weighted: false,
                target_weights: TargetWeights::default(),
                statistics: &mut [],
                sums: &mut sums[index],
                merged: &merged,
                watch: None,
                own: Default::default(),
            });
            first_row += rows;
        }
        let Some(sum) = sum else { return };
        sum.clear(&mut merged);
        let mut before = 0;
        for (index, &rows) in chunks.iter().enumerate() {
            sum.merge(&sums[index], &mut merged, before, rows);
            before += rows;
        }
        sum.finish(&mut merged, batch);
    };
    let gather = |chunk: &mut Chunk<'_, E>| {
        for (view, values) in [(op.x.view, x), (gradient_of(&op.y), dy)] {
            for row in 0..chunk.rows {
                let from = &values[(chunk.first_row + row) * len..][..len];
                chunk.row_mut(view, row).iter_mut().zip(from).for_each(|(to, value)| *to = E::of(*value));
            }
        }
    };
    pass(&gather, None);
    pass(
        &|chunk| ForwardSums(op).forward(chunk),
        Some(Sum::Moments { start: 2, channels: CHANNELS, positions }),
    );
    pass(&|chunk| op.forward(chunk), None);
    let sum = Sum::Add { start: 2 + 2 * CHANNELS, len: 2 * CHANNELS };
    pass(&|chunk| BackwardSums(op).forward(chunk), Some(sum));
    pass(&|chunk| op.backward(chunk), None);
    let outcome = std::cell::RefCell::new((vec![], vec![]));
    pass(
        &|chunk| {
            for row in 0..chunk.rows {
                let mut outcome = outcome.borrow_mut();
                outcome.0.extend(chunk.row(op.y.view, row).iter().map(|value| value.f64()));
                outcome.1.extend(
                    chunk
                        .row(op.x.gradient.map_or(op.y.view, |target| target.view), row)
                        .iter()
                        .map(|value| value.f64()),
                );
            }
        },
        None,
    );
    let (y, dx) = outcome.into_inner();
    Outcome { y, dx, sums: merged }
}

#[test]
fn outputs_have_mean_beta_and_deviation_gamma() {
    for (outer, inner) in [(1, 1), (3, 1), (2, 3)] {
        let op = layer(outer, inner, true);
        let x: Vec<f64> = numbers(1, 12 * op.x.view.len).iter().map(|x| 1000.0 + x).collect();
        let y = step::<f64>(op, Mode::Train, &[5, 5, 2], &x, &numbers(2, 12 * op.x.view.len)).y;
        let params: Vec<f64> = numbers(9, 320).into_iter().map(|w| w + 1.5).collect();
        for c in 0..CHANNELS {
            let of_channel = |values: &[f64]| -> Vec<f64> {
                let values = values.iter().enumerate();
                values.filter(|(i, _)| i / inner % CHANNELS == c).map(|(_, value)| *value).collect()
            };
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let variance = |values: &[f64]| {
                let centre = mean(values);
                mean(&values.iter().map(|x| (x - centre) * (x - centre)).collect::<Vec<_>>())
            };
            let (x, y) = (of_channel(&x), of_channel(&y));
            assert!((mean(&y) - params[BETA + c]).abs() < 1e-9);
            let wanted = params[GAMMA + c].powi(2) * variance(&x) / (variance(&x) + 1e-3);
            assert!((variance(&y) - wanted).abs() < 1e-9, "{} {wanted}", variance(&y));
        }
    }
}

#[test]
fn gradients_also_go_through_the_statistics() {
    for mode in [Mode::Train, Mode::Evaluate] {
        for (outer, inner, batch) in [(1, 1, true), (2, 1, true), (1, 2, true), (2, 1, false)] {
            let op = layer(outer, inner, batch);
            let (x, dy) = (numbers(1, 5 * op.x.view.len), numbers(2, 5 * op.x.view.len));
            let found = step::<f64>(op, mode, &[2, 3], &x, &dy).dx;
            let total = |x: &[f64]| -> f64 {
                step::<f64>(op, mode, &[5], x, &dy).y.iter().zip(&dy).map(|(y, dy)| y * dy).sum()
            };
            for place in (0..x.len()).step_by(37) {
                let moved = |by: f64| {
                    let mut x = x.clone();
                    x[place] += by;
                    total(&x)
                };
                let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!(
                    (found[place] - wanted).abs() < 1e-6,
                    "{place}: {} instead of {wanted}",
                    found[place]
                );
            }
        }
    }
}

#[test]
fn single_precision_is_near_double_and_chunks_change_nothing() {
    for (outer, inner) in [(1, 1), (4, 1), (2, 3)] {
        let op = layer(outer, inner, true);
        let (x, dy) = (numbers(1, 12 * op.x.view.len), numbers(2, 12 * op.x.view.len));
        let whole = step::<f64>(op, Mode::Train, &[12], &x, &dy);
        for chunks in [&[12_usize][..], &[5, 5, 2], &[1; 12]] {
            let [single, double] = [
                step::<f32>(op, Mode::Train, chunks, &x, &dy),
                step::<f64>(op, Mode::Train, chunks, &x, &dy),
            ];
            let near = |a: &[f64], b: &[f64], tolerance: f64| {
                a.iter().zip(b).all(|(a, b)| (a - b).abs() < tolerance)
            };
            assert!(near(&double.y, &whole.y, 1e-12) && near(&double.dx, &whole.dx, 1e-12));
            assert!(near(&double.sums, &whole.sums, 1e-12));
            assert!(near(&single.y, &whole.y, 1e-5) && near(&single.dx, &whole.dx, 1e-5));
        }
    }
}

#[test]
fn a_mean_that_is_large_against_the_deviation_costs_no_digits() {
    let op = layer(1, 1, true);
    let x: Vec<f64> = numbers(1, 12 * op.x.view.len).iter().map(|x| f64::from((4096.0 + x) as f32)).collect();
    let dy = numbers(2, x.len());
    let [single, double] =
        [step::<f32>(op, Mode::Train, &[5, 7], &x, &dy).y, step::<f64>(op, Mode::Train, &[5, 7], &x, &dy).y];
    // The mean itself is rounded to f32: 2⁻¹³ of a deviation of about ½.
    assert!(single.iter().zip(&double).all(|(a, b)| (a - b).abs() < 2e-3));
}
