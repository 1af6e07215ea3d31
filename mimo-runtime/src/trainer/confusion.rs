//! Confusion matrices of outputs that predict classes.

use mimo_graph::loss::{Loss, Predicts, Reads};
use mimo_graph::spec::OutputSpec;
use mimo_graph::target::Target;

use super::{Trainer, check_batches, numbers};
use crate::batch::BatchRows;
use crate::confusion::{ConfusionFault, ConfusionMatrix};
use crate::data::{IntoDataset, spec, trust, weighting};
use crate::engine::{Source, Totals};
use crate::error::Error;
use crate::float::Float;
use crate::kernels::Element;
use crate::loss::argmax;
use crate::model::{PerOutput, Trainable};

/// An output of a model, by the field that a closure selects: `|outputs| &outputs.digit`.
#[derive(Clone, Copy, Debug)]
pub struct Output(usize);

/// Options of [`Trainer::confusion_matrix_with`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ConfusionOptions {
    threshold: Option<f64>,
    label: Option<usize>,
    weighted: bool,
}

impl ConfusionOptions {
    /// Creates the default options: the second of two classes is predicted above 0.5, or above 0 if the output is
    /// logits; samples and positions count 1 each.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value above which the second of two classes is predicted.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = Some(threshold);
        self
    }

    /// Selects one of several independent labels, which is counted as two classes: absent and present.
    #[must_use]
    pub fn label(mut self, label: usize) -> Self {
        self.label = Some(label);
        self
    }

    /// Sets whether samples and positions count with the weights of the data set, as in `weighted_metrics`.
    #[must_use]
    pub fn weighted(mut self, weighted: bool) -> Self {
        self.weighted = weighted;
        self
    }
}

/// Conversion of predictions and targets to classes.
#[derive(Clone, Copy, Debug)]
enum Classes {
    /// Whether the value of this label is above the threshold.
    Threshold { label: usize, threshold: f64 },
    /// The indices of the largest value and of the largest target.
    Largest,
    /// The index of the largest value, and a class index as target.
    Index,
}

impl Classes {
    fn of(output: &OutputSpec, options: ConfusionOptions) -> Result<Self, ConfusionFault> {
        let Some(target) = output.target() else { return Err(ConfusionFault::NoTargets) };
        let facts = output.loss.map(Loss::facts);
        let predicts = facts.map_or(Predicts::Unknown, |facts| facts.predicts);
        let of_classes = output.metrics.iter().any(|(_, metric)| metric.compares_classes());
        if !of_classes
            && matches!(predicts, Predicts::Numbers | Predicts::Directions | Predicts::Unknown)
            && target == Target::Values
        {
            return Err(ConfusionFault::NoClasses);
        }
        let values = output.shape.last().copied().unwrap_or(1);
        if let Some(label) = options.label.filter(|label| *label >= values) {
            return Err(ConfusionFault::NoSuchLabel { label, labels: values });
        }
        if options.threshold.is_some_and(f64::is_nan) {
            return Err(ConfusionFault::Threshold);
        }
        // Options that would be ignored are errors.
        let of_largest = |classes: Classes| match options {
            ConfusionOptions { label: Some(_), .. } => Err(ConfusionFault::LabelOfClasses),
            ConfusionOptions { threshold: Some(_), .. } => Err(ConfusionFault::ThresholdOfClasses),
            _ => Ok(classes),
        };
        if target == Target::Classes {
            return of_largest(Classes::Index);
        }
        match (options.label, values, predicts) {
            (None, 2.., Predicts::Labels) => Err(ConfusionFault::Labels { labels: values }),
            (None, 2.., _) => of_largest(Classes::Largest),
            (label, ..) => {
                // Logits and the labels of hinge losses are below or above 0.
                let logits = facts.is_some_and(|facts| facts.reads == Reads::Logits);
                let hinge = matches!(output.loss, Some(Loss::Hinge | Loss::SquaredHinge));
                let threshold = options.threshold.unwrap_or(if logits || hinge { 0.0 } else { 0.5 });
                Ok(Classes::Threshold { label: label.unwrap_or(0), threshold })
            }
        }
    }

    /// Returns the true and the predicted class; `None` if the target is no class, for example ignored.
    fn pair<E: Float>(self, y: &[E], target: &[E]) -> Option<[usize; 2]> {
        match self {
            Classes::Threshold { label, threshold } => {
                // Labels are 0 and 1, or −1 and 1; soft labels are rounded.
                let truth = target.get(label)?.f64() > 0.5;
                Some([truth, y.get(label)?.f64() > threshold].map(usize::from))
            }
            Classes::Largest => Some([argmax(target), argmax(y)]),
            Classes::Index => {
                let truth = target.first()?.f64();
                let is_class = truth >= 0.0 && truth < y.len() as f64;
                is_class.then(|| [truth as usize, argmax(y)])
            }
        }
    }
}

impl<M: Trainable> Trainer<'_, M> {
    /// Counts the pairs of true and predicted class of an output on a data set, in batches of `batch_size` samples.
    ///
    /// ```ignore
    /// let matrix =
    ///     trainer.confusion_matrix((&inputs, &targets), 32, |outputs| &outputs.digit)?;
    /// println!("{matrix}\n{}", matrix.report());
    /// ```
    ///
    /// An output of one value per position has two classes, with the threshold 0.5, or 0 for logits; for any other
    /// the predicted class has the largest value. Every position of a sample counts (a step of a sequence, a pixel of
    /// an image), except those that are masked, have no target, or have a class that the loss ignores.
    ///
    /// # Errors
    /// [`Confusion`](Error::Confusion) for an output that does not predict classes; those of [`evaluate`](Self::evaluate), except those of custom losses, which are not computed.
    pub fn confusion_matrix<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        batch_size: usize,
        output: impl FnOnce(&M::PerOutput<Output>) -> &Output,
    ) -> Result<ConfusionMatrix, Error> {
        self.confusion_matrix_with(data, batch_size, output, ConfusionOptions::new())
    }

    /// Same as [`confusion_matrix`](Self::confusion_matrix), with a threshold, for one label of several, or with
    /// weights.
    ///
    /// # Errors
    /// Those of [`confusion_matrix`](Self::confusion_matrix).
    pub fn confusion_matrix_with<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        batch_size: usize,
        output: impl FnOnce(&M::PerOutput<Output>) -> &Output,
        options: ConfusionOptions,
    ) -> Result<ConfusionMatrix, Error> {
        let &Output(index) = output(&M::PerOutput::from_fn(Output));
        let Some(output) = spec::<M>().outputs.get(index) else {
            return Err(Error::Inconsistent { what: "the number of outputs" });
        };
        let fault = |fault| Error::Confusion { output: output.name, fault };
        let classes = Classes::of(output, options).map_err(fault)?;
        let values = output.shape.last().copied().unwrap_or(1);
        let count = if matches!(classes, Classes::Threshold { .. }) { 2 } else { values };
        let data = data.into_dataset()?;
        let data = &*data;
        let rows = numbers(0..data.rows())?;
        if rows.is_empty() {
            return Err(Error::NoData);
        }
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        check_batches(&self.engine, rows.len(), batch_size)?;
        let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| data.gather(rows, into);
        let source = Source {
            gather: &gather,
            weighting: weighting(data),
            trust: trust(data, &self.engine.warnings)?,
        };
        let mut matrix = ConfusionMatrix::new(output.name, count);
        // Losses and metrics are computed too, and discarded.
        let mut totals = Totals::default();
        totals.resize(&self.totals);
        for batch in rows.chunks(batch_size) {
            let mut see = |row: usize, y: &[M::Float], target: &[M::Float], weight: f64| {
                if y.iter().any(|value| value.f64().is_nan()) {
                    return Err(fault(ConfusionFault::NotANumber {
                        row: batch.get(row).copied().unwrap_or(row),
                    }));
                }
                if let Some([truth, predicted]) = classes.pair(y, target) {
                    matrix.add(truth, predicted, if options.weighted { weight } else { 1.0 });
                }
                Ok(())
            };
            self.engine.each_position(
                batch,
                source,
                &self.loss_weights,
                &mut totals,
                (index, values),
                &mut see,
            )?;
        }
        Ok(matrix)
    }
}
