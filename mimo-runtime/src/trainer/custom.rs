//! Losses that the user writes in dfdx's tensor operations.

use dfdx::shapes::Rank0;
use dfdx::tensor::{AsArray, Cpu, OwnedTape, Tensor};
use dfdx::tensor_ops::Backward;
use mimo_graph::loss::Loss;

use super::Trainer;
use crate::columns::slices;
use crate::data::spec;
use crate::engine::CustomBatch;
use crate::error::Error;
use crate::kernels::Element;
use crate::model::{GradientReader, Model, OutputColumns, Trainable, Writer};

/// A scalar that knows how it was computed.
pub type LossTensor<E> = Tensor<Rank0, E, Cpu, OwnedTape<E, Cpu>>;
/// The loss of a model.
pub type LossTensorOf<M> = LossTensor<<M as Model>::Float>;

type LossFn<'m, M> =
    dyn FnMut(<M as Model>::TracedOutputs, &<M as Model>::Targets) -> Result<LossTensorOf<M>, Error> + 'm;

/// A loss on the outputs of a batch, and the batch's typed tensors.
pub(super) struct CustomLoss<'m, M: Model> {
    loss: Box<LossFn<'m, M>>,
    /// For so many samples, so that batches of one size are written into the same tensors.
    tensors: Option<(usize, M::Outputs, M::Targets)>,
}

impl<'m, M: Trainable> Trainer<'m, M> {
    /// Trains with a loss of one's own, on all outputs of a batch at once, instead of the model's weighted sum.
    ///
    /// The closure gets the outputs, recorded by dfdx, and the targets, and computes one number in dfdx's operations. The
    /// gradients of the outputs come from dfdx, those of the weights from the compiled model. The logs still show
    /// the outputs' own losses and metrics; `loss` is the closure's. Sample weights count for the former only.
    ///
    /// ```ignore
    /// trainer.set_loss(|outputs, targets| {
    ///     let risk = (outputs.risk - targets.risk.clone()).square().mean();
    ///     let stage = outputs.stage.ln() * targets.stage.clone();
    ///     Ok(risk - stage.mean())
    /// });
    /// ```
    pub fn set_loss<F>(&mut self, loss: F)
    where
        F: FnMut(M::TracedOutputs, &M::Targets) -> Result<LossTensorOf<M>, Error> + 'm,
    {
        self.custom = Some(CustomLoss { loss: Box::new(loss), tensors: None });
    }

    /// Goes back to the model's own losses.
    pub fn clear_loss(&mut self) {
        self.custom = None;
    }

    /// A model that was compiled with a custom loss has to have it.
    pub(super) fn check_losses(&self) -> Result<(), Error> {
        let missing = spec::<M>().outputs.iter().find(|output| output.loss == Some(Loss::Custom));
        match missing {
            Some(output) if self.custom.is_none() => Err(Error::NoCustomLoss { output: output.name }),
            _ => Ok(()),
        }
    }
}

impl<M: Trainable> CustomLoss<'_, M> {
    /// The loss of a batch.
    pub(super) fn value(&mut self, batch: &CustomBatch<'_, M::Float>) -> Result<f64, Error> {
        let (loss, _) = self.loss(batch)?;
        Ok(number::<M>(&loss))
    }

    /// The loss of a batch, and its gradients into the batch.
    pub(super) fn gradients(&mut self, batch: &mut CustomBatch<'_, M::Float>) -> Result<f64, Error> {
        let (loss, outputs) = self.loss(batch)?;
        let value = number::<M>(&loss);
        let mut gradients = loss.try_backward()?;
        M::output_gradients(outputs, &mut GradientReader::new(&mut gradients, batch.gradients))?;
        Ok(value)
    }

    /// Computes the loss; gives the outputs too, under whose ids dfdx keeps the gradients.
    fn loss(&mut self, batch: &CustomBatch<'_, M::Float>) -> Result<(LossTensorOf<M>, &M::Outputs), Error> {
        let tensors = match self.tensors.take() {
            Some(tensors) if tensors.0 == batch.rows => tensors,
            _ => (batch.rows, M::Outputs::zeros(batch.rows)?, M::Targets::zeros(batch.rows)?),
        };
        let (_, outputs, targets) = self.tensors.insert(tensors);
        slices(batch.outputs.iter().map(Vec::as_slice), |columns| outputs.write(&mut Writer::new(columns)))?;
        // Columns are per output, the fields of targets per trained output.
        let trained =
            || spec::<M>().outputs.iter().zip(batch.targets).filter(|(output, _)| output.loss.is_some());
        let columns: Vec<&[M::Float]> = trained().map(|(_, column)| column.as_slice()).collect();
        targets.write(&mut Writer::new(&columns))?;
        Ok(((self.loss)(M::trace(outputs), targets)?, outputs))
    }
}

fn number<M: Model>(loss: &LossTensorOf<M>) -> f64 {
    loss.array().f64()
}
