//! Losses that users write with dfdx's tensor operations.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::Arc;

use dfdx::shapes::Rank0;
use dfdx::tensor::{AsArray, Cpu, OwnedTape, Tensor, TensorFromVec};
use dfdx::tensor_ops::Backward;
use mimo_graph::loss::Loss;
use mimo_graph::spec::OutputSpec;

use super::Trainer;
use crate::columns::slices;
use crate::data::spec;
use crate::engine::CustomBatch;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::Element;
use crate::logs::LogTable;
use crate::model::{Model, OutputColumns, PerOutput, Trainable, Writer};
use crate::traced::{GradientReader, Tracer};

/// A scalar with the operations that computed it, recorded by dfdx.
pub type LossTensor<E> = Tensor<Rank0, E, Cpu, OwnedTape<E, Cpu>>;

/// Loss of a model.
pub type LossTensorOf<M> = LossTensor<<M as Model>::Float>;

/// Weights of the samples of a batch for one output; 1 if the data has none.
#[derive(Debug)]
pub struct SampleWeights<E: Float> {
    weights: Tensor<(usize,), E, Cpu>,
    /// Weights of positions, if the data has any.
    positions: Option<Tensor<(usize, usize), E, Cpu>>,
    /// Whether a loss has read the weights of samples.
    read: Cell<bool>,
    /// Whether a loss has read the weights of positions.
    read_positions: Cell<bool>,
}

impl<E: Float> SampleWeights<E> {
    /// Returns the weights, `[rows]`. Samples without a target have weight 0, and the others are scaled up, so that
    /// the mean over all samples is the mean over those with a target.
    pub fn tensor(&self) -> Tensor<(usize,), E, Cpu> {
        self.read.set(true);
        self.weights.clone()
    }

    /// Returns the weights of all positions, `[rows, positions]`, if the data has weights of positions for the
    /// output: each is the product of the sample's and the position's weight. Missing targets are as in
    /// [`tensor`](Self::tensor), which is included: do not multiply by it again.
    pub fn positions(&self) -> Option<Tensor<(usize, usize), E, Cpu>> {
        self.read.set(true);
        self.read_positions.set(true);
        self.positions.clone()
    }

    fn new(weights: Vec<E>, positions: Vec<E>) -> Self {
        let rows = weights.len();
        let device = Cpu::default();
        let of_sample = positions.len() / rows.max(1);
        SampleWeights {
            weights: device.tensor_from_vec(weights, (rows,)),
            positions: (!positions.is_empty()).then(|| device.tensor_from_vec(positions, (rows, of_sample))),
            read: Cell::new(false),
            read_positions: Cell::new(false),
        }
    }

    /// Whether a loss has read all weights that exist.
    fn was_read(&self) -> bool {
        self.read.get() && (self.positions.is_none() || self.read_positions.get())
    }
}

type LossFn<'m, M> =
    dyn FnMut(<M as Model>::TracedOutputs, &CustomTargets<M>) -> Result<LossTensorOf<M>, Error> + 'm;

/// Targets of a batch for a custom loss: the fields of the model's targets, `targets.risk`, and the weights of the
/// samples, `targets.sample_weights().risk.tensor()`.
pub struct CustomTargets<M: Model> {
    targets: M::Targets,
    weights: M::PerOutput<SampleWeights<M::Float>>,
    /// Whether a weight may differ from 1.
    weighted: bool,
}

impl<M: Model> CustomTargets<M> {
    /// Returns the weights of the samples for each output.
    ///
    /// Keras's loss is the mean over the samples of weight times loss, `(loss_of_samples * weights).mean()`. If the
    /// data has weights for an output, every custom loss of that output and every one that reads the output has to
    /// read them; otherwise the step is an error ([`SampleWeightsIgnored`](Error::SampleWeightsIgnored)).
    pub fn sample_weights(&self) -> &M::PerOutput<SampleWeights<M::Float>> {
        &self.weights
    }
}

impl<M: Model> Deref for CustomTargets<M> {
    type Target = M::Targets;

    fn deref(&self) -> &M::Targets {
        &self.targets
    }
}

impl<M: Model> std::fmt::Debug for CustomTargets<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CustomTargets").field("model", &spec::<M>().name).finish_non_exhaustive()
    }
}

/// Custom losses of a trainer.
pub(super) struct CustomLosses<'m, M: Model> {
    losses: Vec<CustomLoss<'m, M>>,
    /// Tensors of a batch, with its number of samples. Batches of one size are written to the same tensors.
    batch: Option<(usize, M::Outputs, CustomTargets<M>)>,
}

struct CustomLoss<'m, M: Model> {
    /// Name passed to [`Trainer::add_loss`]; `None` for the loss of [`Trainer::set_loss`].
    name: Option<String>,
    /// Output with this loss; `None` for a joint loss.
    output: Option<usize>,
    loss: Box<LossFn<'m, M>>,
    /// Value on the last batch.
    value: f64,
}

/// Key in the logs of a joint loss without a name.
const JOINT: &str = "custom_loss";

/// Returns the outputs compiled with a custom loss.
fn custom_outputs<M: Model>() -> impl Iterator<Item = (usize, &'static OutputSpec)> {
    let outputs = spec::<M>().outputs.iter().enumerate();
    outputs.filter(|(_, output)| matches!(output.loss, Some(Loss::Custom { .. })))
}

impl<'m, M: Trainable> Trainer<'m, M> {
    /// Sets the loss of the outputs whose loss in `.compile(…)` is `custom`. It is added to the losses of the other outputs.
    ///
    /// The closure receives the outputs of a batch, recorded by dfdx, and its targets, and computes a scalar with
    /// dfdx's operations. It may read any output, also one whose loss is `none` or another. dfdx computes the
    /// gradients of the outputs, the compiled model those of the weights.
    ///
    /// With one `custom` output it is that output's loss: multiplied by its loss weight and logged as its loss. With
    /// several it is a joint loss, logged as `custom_loss`; their loss weights must then be equal, and multiply it.
    /// [`add_loss`](Self::add_loss) sets the loss of one output of several. If that leaves one `custom` output
    /// without its own loss, the loss set here becomes that output's. A `custom` output that no loss reads is an
    /// error of the training step ([`OutputIgnored`](Error::OutputIgnored)).
    ///
    /// ```ignore
    /// trainer.set_loss(|outputs, targets| {
    ///     let risk = (outputs.risk - targets.risk.clone()).square().mean();
    ///     let stage = outputs.stage.ln() * targets.stage.clone();
    ///     Ok(risk - stage.mean())
    /// });
    /// ```
    ///
    /// If no output has the loss `custom`, training and evaluation return [`UnusedCustomLoss`](Error::UnusedCustomLoss).
    pub fn set_loss<F>(&mut self, loss: F)
    where
        F: FnMut(M::TracedOutputs, &CustomTargets<M>) -> Result<LossTensorOf<M>, Error> + 'm,
    {
        self.custom.losses.retain(|loss| loss.name.is_some());
        self.custom.losses.push(CustomLoss { name: None, output: None, loss: Box::new(loss), value: 0.0 });
        self.losses_changed();
    }

    /// Adds a custom loss by name, or replaces the one of that name.
    ///
    /// The name of an output whose loss in `.compile(…)` is `custom` sets the loss of that output: it is multiplied
    /// by the output's loss weight and logged as its loss. Any other name defines a joint loss, logged under that
    /// name. See [`set_loss`](Self::set_loss) for the closure.
    ///
    /// ```ignore
    /// trainer.add_loss("risk", |outputs, targets| {
    ///     Ok((outputs.risk - targets.risk.clone()).abs().mean())
    /// })?;
    /// trainer.add_loss("kl", |outputs, _| Ok(outputs.mean.square().mean() * 1e-3))?;
    /// ```
    ///
    /// # Errors
    /// [`CustomLossName`](Error::CustomLossName) for an output with another loss, for a name that the logs already use, for `epoch`, and for a name with control characters;
    /// [`UnusedCustomLoss`](Error::UnusedCustomLoss) if no output has the loss `custom`.
    pub fn add_loss<F>(&mut self, name: &str, loss: F) -> Result<(), Error>
    where
        F: FnMut(M::TracedOutputs, &CustomTargets<M>) -> Result<LossTensorOf<M>, Error> + 'm,
    {
        if custom_outputs::<M>().next().is_none() {
            return Err(Error::UnusedCustomLoss { model: spec::<M>().name });
        }
        let output = custom_outputs::<M>().find(|(_, output)| output.name == name).map(|(index, _)| index);
        let is_output = spec::<M>().outputs.iter().any(|output| output.name == name);
        if output.is_none() && (is_output || !self.is_free(name)) {
            return Err(Error::CustomLossName { name: name.into(), is_output });
        }
        self.custom.losses.retain(|loss| loss.name.as_deref() != Some(name));
        let name = Some(name.to_owned());
        self.custom.losses.push(CustomLoss { name, output, loss: Box::new(loss), value: 0.0 });
        self.losses_changed();
        Ok(())
    }

    /// Whether a joint loss may have this name, so that the keys of the logs, those of validation and the columns of
    /// a table are distinct whatever losses the outputs have.
    fn is_free(&self, name: &str) -> bool {
        let custom: Vec<usize> = custom_outputs::<M>().map(|(index, _)| index).collect();
        let others = self.custom.joint().filter(|joint| *joint != name);
        let joint: Vec<String> = others.map(str::to_owned).chain([JOINT.to_owned()]).collect();
        let table = LogTable::with_custom(spec::<M>(), M::ADDED_LOSSES, M::OWN_METRICS, &custom, &joint);
        let taken = table.resolve(name).is_some() || table.place(&format!("val_{name}")).is_some();
        !(taken || name.is_empty() || name == "epoch" || name.contains(char::is_control))
    }

    /// Removes all custom losses.
    pub fn clear_loss(&mut self) {
        self.custom.losses.clear();
        self.losses_changed();
    }

    /// Returns the value of a joint custom loss over the last call, batch or epoch: the mean over its samples. `None`
    /// if there is no joint loss of this name, or nothing was measured since the losses changed. The loss of
    /// [`set_loss`](Self::set_loss) is called `custom_loss`.
    pub fn joint_loss(&self, name: &str) -> Option<f64> {
        let place = self.custom.joint().position(|joint| joint == name)?;
        let sum = self.totals.joint.get(place)?;
        (self.totals.samples > 0).then(|| sum / self.totals.samples as f64)
    }

    /// Updates the output of the loss without a name, and the logged values.
    fn losses_changed(&mut self) {
        if let Some(place) = self.custom.losses.iter().position(|loss| loss.name.is_none()) {
            self.custom.losses[place].output = None;
            let mut shared = self.custom.shared();
            let only = shared.next().filter(|_| shared.next().is_none());
            drop(shared);
            self.custom.losses[place].output = only;
        }
        let joint: Vec<String> = self.custom.joint().map(str::to_owned).collect();
        let custom = self.custom.losses.iter().filter_map(|loss| loss.output).collect::<Vec<_>>();
        self.table =
            Arc::new(LogTable::with_custom(spec::<M>(), M::ADDED_LOSSES, M::OWN_METRICS, &custom, &joint));
        // Measured values belong to the previous losses.
        self.totals.joint = vec![0.0; joint.len()];
        self.totals.clear();
    }

    /// Checks that the outputs with custom losses have them, and no others. Called before anything is computed.
    pub(super) fn check_losses(&self) -> Result<(), Error> {
        if !self.custom.losses.is_empty() && custom_outputs::<M>().next().is_none() {
            return Err(Error::UnusedCustomLoss { model: spec::<M>().name });
        }
        match (self.custom.joint().next(), self.custom.shared().next()) {
            (None, Some(output)) => Err(Error::NoCustomLoss { output: spec::<M>().outputs[output].name }),
            _ => Ok(()),
        }
    }
}

impl<M: Model> Default for CustomLosses<'_, M> {
    fn default() -> Self {
        CustomLosses { losses: vec![], batch: None }
    }
}

impl<M: Trainable> CustomLosses<'_, M> {
    /// Whether there is no custom loss.
    pub(super) fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// Returns the names of the joint losses, in the order of the logs.
    fn joint(&self) -> impl Iterator<Item = &str> {
        let joint = self.losses.iter().filter(|loss| loss.output.is_none());
        joint.map(|loss| loss.name.as_deref().unwrap_or(JOINT))
    }

    /// Returns the `custom` outputs without their own loss, which joint losses cover.
    fn shared(&self) -> impl Iterator<Item = usize> {
        let outputs = custom_outputs::<M>().map(|(index, _)| index);
        outputs.filter(|index| self.losses.iter().all(|loss| loss.output != Some(*index)))
    }

    /// Computes the losses of a batch; adds their gradients to those of the batch if `gradients`. Returns the sum of
    /// the losses, weighted by those of the model's outputs.
    pub(super) fn compute(
        &mut self,
        batch: &mut CustomBatch<'_, M::Float>,
        loss_weights: &[f64],
        gradients: bool,
    ) -> Result<f64, Error> {
        // Moved out and not borrowed, so that a panic in a loss leaves nothing half-written.
        let mut tensors = match self.batch.take() {
            Some(tensors) if tensors.0 == batch.rows => tensors,
            _ => (batch.rows, M::Outputs::zeros(batch.rows)?, CustomTargets::of_rows(batch.rows)?),
        };
        let (_, outputs, targets) = &mut tensors;
        slices(batch.outputs.iter().map(Vec::as_slice), |columns| Writer::new(columns).write(outputs))?;
        targets.write(batch)?;
        let shared: Vec<usize> = self.shared().collect();
        let weight = |output: usize| loss_weights.get(output).copied().unwrap_or(1.0);
        let joint_weight = shared.first().map_or(1.0, |&first| weight(first));
        // Compared at every batch, because a callback may change them.
        if let Some(&other) = shared.iter().find(|&&output| weight(output) != joint_weight) {
            let outputs = [shared[0], other].map(|output| spec::<M>().outputs[output].name);
            return Err(Error::JointLossWeights { outputs, weights: [joint_weight, weight(other)] });
        }
        let mut total = 0.0;
        // For each output, whether a loss reads it.
        let mut read = vec![false; spec::<M>().outputs.len()];
        for loss in &mut self.losses {
            targets.weights.values().iter().for_each(|weights| {
                weights.read.set(false);
                weights.read_positions.set(false);
            });
            let mut tracer = Tracer::default();
            let result = (loss.loss)(M::trace(outputs, &mut tracer), targets)?;
            let mut reads = tracer.read();
            loss.value = result.array().f64();
            let factor = match loss.output {
                Some(output) => weight(output),
                None => joint_weight,
            };
            total += factor * loss.value;
            if gradients {
                let mut found = result.try_backward()?;
                let mut reader = GradientReader::new(&mut found, M::Float::of(factor), batch.gradients);
                M::output_gradients(outputs, &mut reader)?;
                // An output whose tape was replaced by an empty one is recognized only by its gradient.
                reads.iter_mut().zip(reader.nonzero()).for_each(|(reads, nonzero)| *reads |= nonzero);
            }
            let weights = targets.weights.values();
            for (output, (reads, weights)) in reads.iter().zip(weights).enumerate() {
                let concerned = *reads || loss.output == Some(output);
                if concerned && !weights.was_read() && batch.is_weighted(output) {
                    return Err(Error::SampleWeightsIgnored { output: spec::<M>().outputs[output].name });
                }
            }
            read.iter_mut().zip(reads).for_each(|(read, reads)| *read |= reads);
        }
        if let Some((_, output)) = custom_outputs::<M>().find(|(index, _)| gradients && !read[*index]) {
            return Err(Error::OutputIgnored { output: output.name });
        }
        self.batch = Some(tensors);
        Ok(total)
    }

    /// Adds the values measured on the last batch of `rows` samples to the totals. `present` is the number of samples
    /// with a target, by output; empty if none is missing.
    pub(super) fn total_up(&self, rows: usize, present: &[f64], totals: &mut crate::engine::Totals) {
        let mut joint = totals.joint.iter_mut();
        for loss in &self.losses {
            let all = rows as f64;
            let (sum, rows) = match loss.output {
                Some(output) => {
                    (totals.statistics.get_mut(output), present.get(output).copied().unwrap_or(all))
                }
                None => (joint.next(), all),
            };
            if let Some(sum) = sum {
                *sum += rows * loss.value;
            }
        }
    }
}

impl<E: Float> CustomBatch<'_, E> {
    /// Whether a sample has a weight other than 1 for an output.
    fn is_weighted(&self, output: usize) -> bool {
        let samples = self.sample_weights.and_then(|weights| weights.get(output));
        let columns = samples.into_iter().chain(self.position_weights.get(output));
        columns.flatten().any(|weight| *weight != E::of(1.0))
    }
}

impl<M: Trainable> CustomTargets<M> {
    /// Creates tensors for this many samples, of weight 1 each.
    fn of_rows(rows: usize) -> Result<Self, Error> {
        let weights = M::PerOutput::from_fn(|_| SampleWeights::new(ones(rows), vec![]));
        Ok(CustomTargets { targets: M::Targets::zeros(rows)?, weights, weighted: false })
    }

    fn write(&mut self, batch: &CustomBatch<'_, M::Float>) -> Result<(), Error> {
        // Columns are per output, the fields of targets per output with targets.
        let with_targets = spec::<M>().outputs.iter().zip(batch.targets);
        let columns: Vec<&[M::Float]> = with_targets
            .filter(|(output, _)| output.target().is_some())
            .map(|(_, column)| column.as_slice())
            .collect();
        Writer::new(&columns).write(&mut self.targets)?;
        let weighted = batch.sample_weights.is_some();
        if !weighted && !self.weighted {
            return Ok(());
        }
        self.weighted = weighted;
        let rows = batch.rows;
        self.weights = M::PerOutput::from_fn(|output| {
            let column = batch.sample_weights.and_then(|weights| weights.get(output));
            let column = column.filter(|column| column.len() == rows).cloned();
            let positions = batch.position_weights.get(output).cloned().unwrap_or_default();
            SampleWeights::new(column.unwrap_or_else(|| ones(rows)), positions)
        });
        Ok(())
    }
}

fn ones<E: Float>(rows: usize) -> Vec<E> {
    vec![E::of(1.0); rows]
}
