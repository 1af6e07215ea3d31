//! One output of a model as the input of a loss: an arena with predictions, targets and the gradient.

use mimo_graph::describe::List;
use mimo_graph::loss::{Loss as Kind, Region};
use mimo_graph::metric::Metric;
use mimo_runtime::chunk::{Chunk, Mode};
use mimo_runtime::float::Float;
use mimo_runtime::loss::{
    BatchLoss, BatchLossSums, LossOp, MaskSums, Masked, MaskedBatch, MaskedBatchSums, MaskedMetrics,
    MaskedRegions, Metrics, Scan, kinds,
};
use mimo_runtime::program::{Starts, View};
use mimo_runtime::run::Operation;
use mimo_runtime::weighting::TargetWeights;

/// The model's last layer, which determines the input of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Head {
    /// The loss is computed from the predictions.
    Predictions,
    /// The loss is computed from the input of a sigmoid.
    Sigmoid,
    /// The loss is computed from the input of a softmax.
    Softmax,
}

/// Samples of one output.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) loss: Kind,
    pub(crate) head: Head,
    pub(crate) positions: usize,
    pub(crate) classes: usize,
    /// The input of the loss.
    pub(crate) x: Vec<f64>,
    pub(crate) target: Vec<f64>,
    pub(crate) weights: Option<Vec<f64>>,
    /// Weights of the positions; NaN for a missing target.
    pub(crate) position_weights: Option<Vec<f64>>,
    /// Number of metrics without weights, which come first; `None` for all.
    pub(crate) unweighted: Option<usize>,
    /// The mask, with equally many steps for every sample.
    pub(crate) mask: Option<Vec<f64>>,
    pub(crate) loss_weight: f64,
    pub(crate) metrics: Vec<(usize, Metric)>,
    pub(crate) mode: Mode,
}

/// Kind of a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// Counts over the targets.
    Scan,
    /// Sums of a loss over the whole batch.
    Sums,
    /// Sums over the unmasked steps.
    MaskSums,
    /// The loss.
    Loss,
}

/// Result of a pass.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// `Σ w·L`, then the states of the metrics.
    pub(crate) statistics: Vec<f64>,
    pub(crate) gradient: Vec<f64>,
}

/// A value that no pass writes.
const UNTOUCHED: f64 = 777.0;

impl Batch {
    pub(crate) fn new(
        loss: Kind,
        head: Head,
        positions: usize,
        classes: usize,
        x: Vec<f64>,
        target: Vec<f64>,
    ) -> Self {
        let (loss_weight, mode) = (1.0, Mode::Train);
        let (weights, mask, metrics) = (None, None, vec![]);
        let (position_weights, unweighted) = (None, None);
        Batch {
            loss,
            head,
            positions,
            classes,
            x,
            target,
            weights,
            position_weights,
            unweighted,
            mask,
            loss_weight,
            metrics,
            mode,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.x.len() / (self.positions * self.classes)
    }

    /// The total loss, whose gradient is computed.
    pub(crate) fn total<E: Float>(&self) -> f64 {
        self.loss_weight * self.run::<E>(&[self.rows()]).statistics[0] / self.rows() as f64
    }

    /// Runs the whole batch in chunks of these sizes, summed like in the engine.
    pub(crate) fn run<E: Float>(&self, chunks: &[usize]) -> Outcome {
        let len =
            1 + self.metrics.iter().map(|&(start, metric)| start + self.state_len(metric)).max().unwrap_or(0);
        let steps = [
            (Step::Scan, self.loss.scans() && self.mask.is_none()),
            (Step::Sums, self.loss.of_batch()),
            (Step::MaskSums, self.mask.is_some()),
        ];
        let mut scanned = vec![0.0; self.mask_start() + 3];
        for (step, _) in steps.into_iter().filter(|(_, runs)| *runs) {
            let mut first_row = 0;
            for &rows in chunks {
                let mut found = vec![0.0; scanned.len()];
                self.pass::<E>(first_row, rows, &[], &mut found, step);
                scanned.iter_mut().zip(found).for_each(|(sum, part)| *sum += part);
                first_row += rows;
            }
        }
        let mut outcome = Outcome { statistics: vec![0.0; len], gradient: vec![] };
        let mut first_row = 0;
        for &rows in chunks {
            let mut statistics = vec![0.0; len];
            outcome.gradient.extend(self.pass::<E>(first_row, rows, &scanned, &mut statistics, Step::Loss));
            outcome.statistics.iter_mut().zip(statistics).for_each(|(sum, part)| *sum += part);
            first_row += rows;
        }
        assert_eq!(first_row, self.rows());
        outcome
    }

    /// Whether a target is missing.
    pub(crate) fn is_missing(&self) -> bool {
        let weights = self.weights.iter().chain(&self.position_weights);
        weights.flatten().any(|weight| weight.is_nan())
    }

    /// Number of samples that have a target, or for a loss of one value per sample those with a target for some
    /// positions.
    fn present(&self) -> f64 {
        let of_samples = matches!(self.loss.region(), Some(Region::Sample | Region::SampleClass));
        let of_row = |row: usize| {
            if self.weights.as_ref().is_some_and(|weights| weights[row].is_nan()) {
                return 0.0;
            }
            let Some(weights) = &self.position_weights else { return 1.0 };
            let weights = &weights[row * self.positions..(row + 1) * self.positions];
            let share =
                weights.iter().filter(|weight| !weight.is_nan()).count() as f64 / weights.len() as f64;
            if of_samples && share > 0.0 { 1.0 } else { share }
        };
        (0..self.rows()).map(of_row).sum()
    }

    /// Offset of a mask's sums, after those of a scan and of a loss over the batch.
    fn mask_start(&self) -> usize {
        1 + 3 * self.classes + 1
    }

    fn state_len(&self, metric: Metric) -> usize {
        mimo_runtime::metric::state_len(metric, self.classes)
    }

    /// One chunk, in an arena in which the predictions, the logits and the gradient are columns of larger slots.
    fn pass<E: Float>(
        &self,
        first_row: usize,
        rows: usize,
        merged: &[f64],
        sums: &mut [f64],
        step: Step,
    ) -> Vec<f64> {
        let len = self.positions * self.classes;
        let targets = self.target.len() / self.rows();
        let capacity = rows + 2;
        let logits = View { slot: 0, column: 2, len, stride: len + 3 };
        let target = View::whole(1, targets);
        let gradient = View { slot: 2, column: 1, len, stride: len + 5 };
        let y = View { slot: 3, column: 3, len, stride: len + 3 };
        let sample_weight = View::whole(4, 1);
        let steps = self.mask.as_ref().map_or(0, |mask| mask.len() / self.rows());
        let mask = View { slot: 5, column: 1, len: steps, stride: steps + 2 };
        let mut offsets = vec![0];
        for view in [logits, target, gradient, y, sample_weight, mask] {
            offsets.push(offsets[offsets.len() - 1] + view.stride.next_multiple_of(16));
        }
        let mut arena = vec![E::of(UNTOUCHED); offsets[6] * capacity];
        let (states, metrics): (Vec<usize>, Vec<Metric>) = self.metrics.iter().copied().unzip();
        // Only tests leak.
        let op: &'static LossOp = Box::leak(Box::new(LossOp {
            output: 0,
            loss: Some(self.loss),
            kind: None,
            positions: self.positions,
            classes: self.classes,
            y,
            logits: (self.head != Head::Predictions).then_some(logits),
            target,
            sample_weight,
            gradient: Some(gradient),
            unweighted: self.unweighted.unwrap_or(metrics.len()),
            metrics: List::Owned(metrics),
            first_state: 0,
        }));
        let start = self.mask_start();
        let masked: &'static Masked = Box::leak(Box::new(Masked { loss: op, mask, start }));
        let (statistics, found): (&mut [f64], &mut [f64]) =
            if step == Step::Loss { (sums, &mut []) } else { (&mut [], sums) };
        let mut position_weights = vec![E::one(); capacity * self.positions];
        if let Some(weights) = &self.position_weights {
            let weights = &weights[first_row * self.positions..][..rows * self.positions];
            write_weights(&mut position_weights[..weights.len()], weights);
        }
        let starts = [0, self.positions];
        let present = [self.present()];
        let mut chunk = Chunk {
            arena: &mut arena,
            offsets: &offsets,
            fixed: 0,
            capacity,
            rows,
            first_row,
            batch: self.rows(),
            params: &[],
            packs: &[],
            starts: Starts { states: &states, ..Starts::NONE },
            mode: self.mode,
            seed: 0,
            pass: 0,
            loss_weights: &[self.loss_weight],
            weighted: self.weights.is_some() || self.position_weights.is_some(),
            target_weights: TargetWeights {
                positions: &mut position_weights,
                starts: if self.position_weights.is_some() { &starts } else { &[] },
                capacity,
                present: if self.is_missing() { &present } else { &[] },
            },
            statistics,
            sums: found,
            merged,
            watch: None,
            own: Default::default(),
        };
        for row in 0..rows {
            let sample = first_row + row;
            let x = &self.x[sample * len..][..len];
            write(chunk.row_mut(logits, row), x);
            write(chunk.row_mut(y, row), &self.predictions::<E>(x));
            write(chunk.row_mut(target, row), &self.target[sample * targets..][..targets]);
            if let Some(values) = &self.mask {
                write(chunk.row_mut(mask, row), &values[sample * steps..][..steps]);
            }
            if chunk.weighted {
                let weight = self.weights.as_ref().map_or(1.0, |weights| weights[sample]);
                write_weights(chunk.row_mut(sample_weight, row), &[weight]);
            }
        }
        let before = chunk.arena.to_vec();
        let of_samples = matches!(self.loss.region(), Some(Region::Sample | Region::SampleClass));
        match step {
            Step::MaskSums => MaskSums(masked).forward(&mut chunk),
            Step::Sums if self.mask.is_some() => MaskedBatchSums { masked, start: 1 }.forward(&mut chunk),
            Step::Loss if self.mask.is_some() && self.loss.of_batch() => {
                MaskedBatch { masked, start: 1 }.forward(&mut chunk);
            }
            Step::Loss if self.mask.is_some() && of_samples => MaskedRegions(masked).forward(&mut chunk),
            Step::Loss if self.mask.is_some() => kinds::forward(op, Some(masked), &mut chunk),
            Step::Scan => Scan(op).forward(&mut chunk),
            // The first sum is that of a scan.
            Step::Sums => BatchLossSums { loss: op, start: 1 }.forward(&mut chunk),
            Step::Loss if self.loss.of_batch() => BatchLoss { loss: op, start: 1 }.forward(&mut chunk),
            Step::Loss => kinds::forward(op, None, &mut chunk),
        }
        if step == Step::Loss {
            match self.mask {
                Some(_) => MaskedMetrics(masked).forward(&mut chunk),
                None => Metrics(op).forward(&mut chunk),
            }
        }
        let rows =
            (0..rows).flat_map(|row| chunk.row(gradient, row).iter().map(|g| g.f64()).collect::<Vec<_>>());
        let written = rows.collect();
        // Nothing else may change.
        for row in 0..chunk.rows {
            chunk.row_mut(gradient, row).fill(E::of(UNTOUCHED));
        }
        assert!(before.iter().zip(&*chunk.arena).all(|(a, b)| a == b || a.is_nan() && b.is_nan()));
        written
    }

    /// The output of the head for `x`, in the precision of the model.
    fn predictions<E: Float>(&self, x: &[f64]) -> Vec<f64> {
        let activate = |z: &[f64]| -> Vec<f64> {
            let z = z.iter().map(|&z| E::of(z));
            let top = z.clone().fold(E::neg_infinity(), E::max);
            match self.head {
                Head::Predictions => z.map(|z| z.f64()).collect(),
                Head::Sigmoid => z.map(|z| (E::one() / (E::one() + (-z).exp())).f64()).collect(),
                Head::Softmax => {
                    let sum: E = z.clone().map(|z| (z - top).exp()).sum();
                    z.map(|z| ((z - top).exp() / sum).f64()).collect()
                }
            }
        };
        x.chunks(self.classes).flat_map(activate).collect()
    }
}

fn write<E: Float>(to: &mut [E], from: &[f64]) {
    assert_eq!(to.len(), from.len());
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = E::of(from));
}

/// Writes weights, where NaN marks a missing target.
fn write_weights<E: Float>(to: &mut [E], from: &[f64]) {
    write(to, from);
    to.iter_mut().zip(from).filter(|(_, from)| from.is_nan()).for_each(|(to, _)| *to = E::MISSING);
}

/// Reproducible pseudorandom numbers between 0 and 1.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    pub(crate) fn many(&mut self, n: usize, low: f64, high: f64) -> Vec<f64> {
        (0..n).map(|_| self.between(low, high)).collect()
    }

    /// A class.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
}

/// Whether two numbers agree.
#[track_caller]
pub(crate) fn assert_close(what: &str, got: f64, wanted: f64, relative: f64, absolute: f64) {
    let error = (got - wanted).abs();
    assert!(error <= relative * wanted.abs() + absolute, "{what}: {got} instead of {wanted}");
}
