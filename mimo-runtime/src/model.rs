//! What the macro generates, as traits: a model, and its structs of named inputs, outputs and targets.

use dfdx::shapes::Shape;
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};
use dfdx::tensor_ops::ReshapeTo;
use mimo_graph::operation::ExecutionPlan;
use mimo_graph::spec::{GraphSpec, ModelSpec};

use crate::chunk::Chunk;
use crate::error::Error;
use crate::float::Float;
use crate::fold::Folded;
use crate::loss::Masked;
use crate::own::OwnMetric;
use crate::program::{LabelledBy, Program, SpectralKernel, StatePlace};
use crate::rules::MakeRule;
use crate::sample::{Prediction, Sample};
use crate::stage::Stage;
use crate::traced::{GradientReader, Tracer};

/// A model that `model!` generated.
pub trait Model: Sized {
    /// The element type of its weights and data.
    type Float: Float;
    /// Its inputs, for any number of samples.
    type Inputs: Columns<Self::Float>;
    /// Its outputs, for any number of samples.
    type Outputs: OutputColumns<Self::Float>;
    /// Its inputs for one sample, as references to plain arrays.
    type Sample<'a>: Sample<Self::Float>;
    /// Its outputs for one sample, as plain arrays.
    type Prediction: Prediction<Self::Float>;
    /// One value per output.
    type PerOutput<T>: PerOutput<T>;
    /// Its targets, for any number of samples: one field per output with targets, in order; `()` for a model that only
    /// predicts. They can be made from columns too, because a custom loss sees them batch by batch.
    type Targets;
    /// Outputs that record what is computed from them, for a custom loss; `()` for a model that only predicts.
    type TracedOutputs;

    /// Its description.
    const SPEC: ModelSpec;
    /// Its layout in memory.
    const PROGRAM: Program;
    /// Its graph as data, `<Net as Model>::GRAPH`: layers with all of their arguments, calls and tensors, before fusion. How the model is compiled is in
    /// [`SPEC`](Self::SPEC). Files of weights carry both. A program that neither reads it nor saves or loads weights does not
    /// contain it.
    const GRAPH: &'static GraphSpec;
    /// The compiled model as data, for backends other than mimo's engine: memory, weights, operations and losses, after
    /// fusion. The masks of its outputs are in [`MASKS`](Self::MASKS), each with the loss that reads it. A program that does not read the plan does not
    /// contain it.
    const PLAN: &'static ExecutionPlan;

    /// The pass of a predictor, if the model has batch normalizations that can be folded into the layers before them.
    const FOLDED: Option<Folded<Self::Float>> = None;

    /// The states of `stateful` layers, with which the next batch begins.
    const STATES: &'static [StatePlace] = &[];

    /// The masks of outputs with a loss or metrics that read them.
    const MASKS: &'static [&'static Masked] = &[];

    /// The kernels that every training step divides by their largest singular value.
    const SPECTRAL: &'static [SpectralKernel] = &[];

    /// From the inputs to the outputs.
    fn forward_pass(chunk: &mut Chunk<'_, Self::Float>);

    /// Copies every weight out, in the order of the fields.
    fn read_weights(&self, read: &mut dyn FnMut(usize, Vec<Self::Float>));

    /// Copies every weight in, in the order of the fields. `write` fills the slice of one weight.
    fn write_weights(&mut self, write: &mut dyn FnMut(usize, &mut [Self::Float]));

    /// The table of layers as a string, for a model at hand: the same as the associated function `summary` of the
    /// generated struct.
    #[must_use = "the summary is returned, not printed: `println!(\"{}\", model.summary())`"]
    fn summary(&self) -> String {
        mimo_graph::summary::summary(&Self::SPEC, size_of::<Self::Float>())
    }

    /// Keras's `fit`, which a [`Trainer`](crate::trainer::Trainer) has. A call does not compile, and says what to write.
    #[doc(hidden)]
    fn fit<Data, Options>(&mut self, _: Data, _: Options)
    where
        Self: keras::Fit,
    {
    }

    /// Keras's `evaluate`, which a [`Trainer`](crate::trainer::Trainer) has. A call does not compile, and says what to write.
    #[doc(hidden)]
    fn evaluate<Inputs, Targets>(&mut self, _: Inputs, _: Targets)
    where
        Self: keras::Evaluate,
    {
    }

    /// Keras's `save_weights`. A call does not compile, and says what to write.
    #[doc(hidden)]
    fn save_weights<Path>(&self, _: Path)
    where
        Self: keras::SaveWeights,
    {
    }

    /// Keras's `compile`, which is a part of `model!`. A call does not compile, and says what to write.
    #[doc(hidden)]
    fn compile<Optimizer>(&mut self, _: Optimizer)
    where
        Self: keras::Compile,
    {
    }
}

/// Bounds of the methods that Keras's models have and ours do not. No type implements them: their messages lead from what
/// Keras users type first to what to write instead.
mod keras {
    /// Bound of `model.fit(…)`, which no model meets.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is trained by a `Trainer`",
        label = "a model has no `fit` of its own",
        note = "write `Trainer::new(&mut model)?.fit((&inputs, &targets), FitOptions::new().epochs(3))?`",
        note = "a trainer holds the optimizer's state: keep it in a variable to go on with a training"
    )]
    pub trait Fit {}

    /// Bound of `model.evaluate(…)`, which no model meets.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is evaluated by a `Trainer`",
        label = "a model has no `evaluate` of its own",
        note = "write `Trainer::new(&mut model)?.evaluate((&inputs, &targets), 32)?`, where 32 is the batch size"
    )]
    pub trait Evaluate {}

    /// Bound of `model.save_weights(…)`, which no model meets.
    #[diagnostic::on_unimplemented(
        message = "the weights of `{Self}` are saved by `save`",
        label = "a file has the weights of a model; its description is in `model!`",
        note = "write `model.save(\"weights.safetensors\")?`, and `model.load_weights(…)?` to read them"
    )]
    pub trait SaveWeights {}

    /// Bound of `model.compile(…)`, which no model meets.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is compiled in `model!`",
        label = "the optimizer, the losses and the metrics are part of the description",
        note = "write `Model(inputs = […], outputs = […]).compile(optimizer = Adam(), loss = …)` in `model!`",
        note = "the learning rate and the loss weights can be changed later, by methods of `Trainer`"
    )]
    pub trait Compile {}
}

/// A model with a `.compile(…)`: it can be trained.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no losses to be trained with",
    label = "this model only predicts",
    note = "add `.compile(optimizer = …, loss = …)` after `Model(…)` in `model!`"
)]
pub trait Trainable: Model<Targets: OutputColumns<<Self as Model>::Float>> {
    /// Losses and metrics by name: `logs.diagnosis.accuracy`.
    type Logs: Logs;

    /// The names of the losses that `add_loss` adds, in order.
    const ADDED_LOSSES: &'static [&'static str] = &[];

    /// The metrics of one's own, by their places.
    #[doc(hidden)]
    const OWN_METRICS: &'static [OwnMetric] = &[];

    /// Which outputs train which weights. Weights of which the outputs have no target in a batch are left alone by its step.
    const LABELLED_BY: &'static [LabelledBy] = &[];

    /// What a training step does with a chunk, stage by stage.
    const STAGES: &'static [Stage<Self::Float>];

    /// The update rules of the optimizers of [`SPEC`](Model::SPEC), in their order: `<f32 as Float>::rule::<rules::Adam>`. They are
    /// all of the rules that a program is linked with, so an optimizer cannot be replaced at run time.
    const RULES: &'static [MakeRule<Self::Float>];

    /// Lets dfdx record what is computed from every output, in order: `tracer.tensor(&outputs.risk)`.
    fn trace(outputs: &Self::Outputs, tracer: &mut Tracer) -> Self::TracedOutputs;
    /// Reads the gradient of every output, in order, out of dfdx: `reader.tensor(&outputs.risk)`.
    fn output_gradients(
        outputs: &Self::Outputs,
        reader: &mut GradientReader<'_, Self::Float>,
    ) -> Result<(), Error>;
}

/// A struct of named tensors with a common batch axis.
pub trait Columns<E: Float> {
    /// Reads every field, in order: `reader.tensor("image", &self.image)`.
    fn read(&self, reader: &mut Reader<'_, E>) -> Result<(), Error>;
}

/// Outputs: a struct of named tensors that can be made for a number of samples and filled.
pub trait OutputColumns<E: Float>: Columns<E> {
    /// Zeros for `rows` samples.
    fn zeros(rows: usize) -> Result<Self, Error>
    where
        Self: Sized;

    /// Fills every field, in order: `writer.tensor("risk", &mut self.risk)`.
    fn write(&mut self, writer: &mut Writer<'_, E>) -> Result<(), Error>;
}

/// One value per output, by name.
pub trait PerOutput<T>: Sized {
    /// The number of outputs.
    const LEN: usize;
    /// Makes one value per output, in order.
    fn from_fn(make: impl FnMut(usize) -> T) -> Self;
    /// The values, in order.
    fn values(&self) -> Vec<&T>;
}

/// Losses and metrics of an epoch by name, made from their values in declared order: the total loss, then for
/// every output its loss (if it has one) and its metrics, then the added losses.
pub trait Logs: Clone + std::fmt::Debug {
    /// Takes the values in declared order.
    fn from_values(values: &mut dyn Iterator<Item = f64>) -> Self;
}

/// Copies the fields of a [`Columns`] out, one column after another.
#[derive(Debug)]
pub struct Reader<'a, E> {
    /// Filled with the samples of each field, one after another.
    pub columns: &'a mut [Vec<E>],
    /// Samples of the first field, once it is read; all others must have as many.
    pub rows: Option<(&'static str, usize)>,
    /// The next field.
    pub next: usize,
}

/// Copies columns into the fields of an [`OutputColumns`].
#[derive(Debug)]
pub struct Writer<'a, E> {
    /// The samples of each field, one after another.
    pub columns: &'a [&'a [E]],
    /// The next field.
    pub next: usize,
}

impl<'a, E: Float> Reader<'a, E> {
    /// Reads into `columns`, whose memory is reused.
    pub fn new(columns: &'a mut [Vec<E>]) -> Self {
        Reader { columns, rows: None, next: 0 }
    }

    /// Reads all fields of a struct, of which there must be as many as columns; returns [`rows`](Self::rows).
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer), [`Memory`](Error::Memory), and [`Inconsistent`](Error::Inconsistent) for
    /// another number of fields.
    pub fn read(&mut self, fields: &impl Columns<E>) -> Result<Option<(&'static str, usize)>, Error> {
        fields.read(self)?;
        if self.next != self.columns.len() {
            return Err(FIELDS);
        }
        Ok(self.rows)
    }

    /// Reads a tensor of floats.
    pub fn tensor<S: Shape>(&mut self, name: &'static str, tensor: &Tensor<S, E, Cpu>) -> Result<(), Error> {
        let column = self.column(name, tensor)?;
        // dfdx's iterators read the first value of an empty tensor.
        if column.is_empty() {
            return Ok(());
        }
        // `copy_into` copies memory as it lies, and a permuted or broadcast tensor lies otherwise. What is
        // contiguous already is not copied by this.
        tensor.clone().try_contiguous()?.copy_into(column);
        Ok(())
    }

    /// Reads a tensor of whole numbers: class indices, word ids.
    pub fn indices<S: Shape>(
        &mut self,
        name: &'static str,
        tensor: &Tensor<S, usize, Cpu>,
    ) -> Result<(), Error> {
        use dfdx::shapes::HasShape;
        let column = self.column(name, tensor)?;
        // See `tensor`.
        if column.is_empty() {
            return Ok(());
        }
        // dfdx copies whole tensors out only into memory of their own type, which would have to be allocated.
        let lengths = tensor.shape().concrete();
        let mut place = S::Concrete::default();
        for to in column {
            *to = E::of(tensor[place] as f64);
            for axis in (0..S::NUM_DIMS).rev() {
                place[axis] += 1;
                if place[axis] < lengths[axis] {
                    break;
                }
                place[axis] = 0;
            }
        }
        Ok(())
    }

    /// Checks the batch axis of the next field against those of the other fields, and returns its column, as long as the
    /// tensor.
    fn column<S: Shape, T>(
        &mut self,
        name: &'static str,
        tensor: &Tensor<S, T, Cpu>,
    ) -> Result<&mut Vec<E>, Error>
    where
        Cpu: dfdx::tensor::Storage<T>,
    {
        use dfdx::shapes::HasShape;
        let shape = tensor.shape().concrete();
        let lengths: &[usize] = shape.as_ref();
        let rows = lengths.first().copied().unwrap_or(0);
        match self.rows {
            None => self.rows = Some((name, rows)),
            Some((_, first)) if first == rows => {}
            Some((first, wanted)) => {
                return Err(Error::RowsDiffer { name, rows, first, wanted });
            }
        }
        let Some(column) = self.columns.get_mut(self.next) else { return Err(FIELDS) };
        self.next += 1;
        // A broadcast tensor can have any shape.
        let len = lengths.iter().try_fold(1, |len: usize, axis| len.checked_mul(*axis));
        resize(column, len.unwrap_or(usize::MAX))?;
        Ok(column)
    }
}

/// A struct has fewer or more fields than there are columns. To go on would leave old values in some.
pub(crate) const FIELDS: Error =
    Error::Inconsistent { what: "the number of fields of a struct of inputs, outputs or targets" };

/// Sets the length of a column, whose memory is reused.
///
/// # Errors
/// [`Memory`](Error::Memory).
pub(crate) fn resize<E: Float>(column: &mut Vec<E>, len: usize) -> Result<(), Error> {
    column.try_reserve_exact(len.saturating_sub(column.len())).map_err(|_| Error::Memory { values: len })?;
    column.resize(len, E::default());
    Ok(())
}

impl<'a, E: Float> Writer<'a, E> {
    /// Writes from `columns`.
    pub fn new(columns: &'a [&'a [E]]) -> Self {
        Writer { columns, next: 0 }
    }

    /// Writes all fields of a struct, of which there must be as many as columns.
    ///
    /// # Errors
    /// [`OutputLength`](Error::OutputLength), and [`Inconsistent`](Error::Inconsistent) for another number of fields.
    pub fn write(&mut self, fields: &mut impl OutputColumns<E>) -> Result<(), Error> {
        fields.write(self)?;
        if self.next != self.columns.len() {
            return Err(FIELDS);
        }
        Ok(())
    }

    /// Fills a tensor; its length must be the column's.
    pub fn tensor<S: Shape>(
        &mut self,
        name: &'static str,
        tensor: &mut Tensor<S, E, Cpu>,
    ) -> Result<(), Error> {
        use dfdx::shapes::HasShape;
        let Some(column) = self.columns.get(self.next) else { return Err(FIELDS) };
        let len = tensor.shape().num_elements();
        if len != column.len() {
            return Err(Error::OutputLength { name, len, wanted: column.len() });
        }
        self.next += 1;
        if len == 0 {
            return Ok(());
        }
        // See `Reader::tensor`. The old value is dropped before the copy, or dfdx would copy the shared memory.
        let whole = tensor.clone().try_contiguous()?;
        *tensor = whole;
        tensor.copy_from(column);
        Ok(())
    }

    /// Fills a tensor of whole numbers.
    pub fn indices<S: Shape>(
        &mut self,
        name: &'static str,
        tensor: &mut Tensor<S, usize, Cpu>,
    ) -> Result<(), Error> {
        use dfdx::shapes::HasShape;
        let Some(column) = self.columns.get(self.next) else { return Err(FIELDS) };
        let shape = *tensor.shape();
        let len = shape.num_elements();
        if len != column.len() {
            return Err(Error::OutputLength { name, len, wanted: column.len() });
        }
        // Negative and NaN become 0. Only the target of a sample that weighs 0 may be such.
        let indices = column.iter().map(|value| value.f64() as usize).collect();
        *tensor = Cpu::default().try_tensor_from_vec(indices, shape)?;
        self.next += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{LinesInputs, LinesOutputs, rows};

    #[test]
    fn structs_with_other_numbers_of_fields_than_there_are_columns_are_errors() {
        let outputs = LinesOutputs { slope: rows(&[[1.0]]), pair: rows(&[[2.0, 3.0]]) };
        for count in [0, 1, 3] {
            let mut columns = vec![vec![7.0_f32]; count];
            let result = Reader::new(&mut columns).read(&outputs);
            assert!(matches!(result, Err(Error::Inconsistent { .. })), "{count} columns");
        }
        let mut columns = vec![Vec::new(); 2];
        assert_eq!(Reader::new(&mut columns).read(&outputs).expect("two fields"), Some(("slope", 1)));
        assert_eq!(columns, [vec![1.0], vec![2.0, 3.0]]);

        let columns: [&[f32]; 3] = [&[4.0], &[5.0, 6.0], &[7.0]];
        for count in [0, 1, 3] {
            let result = Writer::new(&columns[..count]).write(&mut outputs.clone());
            assert!(matches!(result, Err(Error::Inconsistent { .. })), "{count} columns");
        }
        let mut written = outputs;
        Writer::new(&columns[..2]).write(&mut written).expect("two fields");
        assert_eq!((written.slope.as_vec(), written.pair.as_vec()), (vec![4.0], vec![5.0, 6.0]));
    }

    #[test]
    fn tensors_of_more_values_than_there_is_memory_for_are_errors() {
        use dfdx::shapes::{Axis, Const};
        use dfdx::tensor_ops::BroadcastTo;
        // One value in memory, and a shape as large as one likes.
        let one = Cpu::default().tensor_from_vec(vec![1.0_f32; 2], (Const::<2>,));
        for rows in [1 << 50, usize::MAX / 3] {
            let x = one.clone().broadcast_like::<(usize, Const<2>), Axis<0>>(&(rows, Const));
            let result = Reader::new(&mut [Vec::new()]).read(&LinesInputs { x });
            assert!(matches!(result, Err(Error::Memory { .. })), "{rows} rows");
        }
    }
}
