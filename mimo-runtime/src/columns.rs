//! Conversion between typed inputs and outputs and the engine's columns.

use std::ops::Range;

use crate::data::{check, spec};
use crate::engine::Engine;
use crate::engine::inference::Inference;
use crate::error::Error;
use crate::float::Float;
use crate::model::{Columns, FIELDS, Model, OutputColumns, Reader, Writer, resize};
use crate::sample::{Field, FieldMut, Prediction as _, Sample as _};

/// Computes outputs from inputs: an engine for training, or one for predictions only.
pub(crate) trait Predict<E> {
    /// Computes outputs for `rows` samples: a column of samples per input and per output.
    fn predict(&mut self, rows: usize, inputs: &[&[E]], outputs: &mut [&mut [E]]) -> Result<(), Error>;
}

impl<E: Float> Predict<E> for Engine<E> {
    fn predict(&mut self, rows: usize, inputs: &[&[E]], outputs: &mut [&mut [E]]) -> Result<(), Error> {
        Engine::predict(self, rows, inputs, outputs)
    }
}

impl<E: Float> Predict<E> for Inference<E> {
    fn predict(&mut self, rows: usize, inputs: &[&[E]], outputs: &mut [&mut [E]]) -> Result<(), Error> {
        Inference::predict(self, rows, inputs, outputs)
    }
}

/// The columns of a prediction, whose memory is reused.
#[derive(Debug)]
pub(crate) struct PredictionColumns<E> {
    inputs: Vec<Vec<E>>,
    outputs: Vec<Vec<E>>,
}

impl<E: Float> PredictionColumns<E> {
    pub(crate) fn new<M: Model<Float = E>>() -> Self {
        let spec = spec::<M>();
        PredictionColumns {
            inputs: vec![Vec::new(); spec.inputs.len()],
            outputs: vec![Vec::new(); spec.outputs.len()],
        }
    }

    /// Computes the outputs for `inputs`, as new tensors.
    pub(crate) fn predict<M: Model<Float = E>>(
        &mut self,
        engine: &mut impl Predict<E>,
        inputs: &M::Inputs,
    ) -> Result<M::Outputs, Error> {
        self.forward::<M, M::Outputs>(engine, inputs)
    }

    /// Computes the outputs with a batch axis of any type.
    pub(crate) fn forward<M: Model<Float = E>, O: OutputColumns<E>>(
        &mut self,
        engine: &mut impl Predict<E>,
        inputs: &impl Columns<E>,
    ) -> Result<O, Error> {
        let rows = self.read::<M>(inputs)?;
        let mut outputs = O::zeros(rows)?;
        self.run(engine, rows, 0..rows)?;
        self.write(&mut outputs)?;
        Ok(outputs)
    }

    /// Computes the outputs for `inputs` into existing tensors.
    pub(crate) fn predict_into<M: Model<Float = E>>(
        &mut self,
        engine: &mut impl Predict<E>,
        inputs: &M::Inputs,
        outputs: &mut M::Outputs,
    ) -> Result<(), Error> {
        let rows = self.read::<M>(inputs)?;
        self.run(engine, rows, 0..rows)?;
        self.write(outputs)
    }

    /// The computed outputs for `rows` samples, as new tensors.
    pub(crate) fn outputs<M: Model<Float = E>>(&self, rows: usize) -> Result<M::Outputs, Error> {
        let mut outputs = M::Outputs::zeros(rows)?;
        self.write(&mut outputs)?;
        Ok(outputs)
    }

    /// Reads and checks the inputs; returns the number of samples.
    pub(crate) fn read<M: Model<Float = E>>(&mut self, inputs: &impl Columns<E>) -> Result<usize, Error> {
        let rows = Reader::new(&mut self.inputs).read(inputs)?.map_or(0, |(_, rows)| rows);
        // dfdx 0.13 panics when it reads a tensor without values, so no such tensor is returned.
        if rows == 0 {
            return Err(Error::NoData);
        }
        // Other inputs are not checked: a NaN only changes the outputs of its own sample.
        for (input, column) in spec::<M>().inputs.iter().zip(&self.inputs) {
            if input.below.is_some() {
                check::check_input(input, column, &|row| row)?;
            }
        }
        for (column, output) in self.outputs.iter_mut().zip(spec::<M>().outputs) {
            let lengths = std::iter::once(&rows).chain(output.shape);
            let len = lengths.copied().try_fold(1, usize::checked_mul);
            resize(column, len.unwrap_or(usize::MAX))?;
        }
        Ok(rows)
    }

    /// Computes the outputs for some of the `rows` samples that were read.
    pub(crate) fn run(
        &mut self,
        engine: &mut impl Predict<E>,
        rows: usize,
        some: Range<usize>,
    ) -> Result<(), Error> {
        let PredictionColumns { inputs, outputs } = self;
        let all = some == (0..rows);
        // A column has the same number of values for each sample.
        let part = |len: usize| {
            // A division for each column takes a tenth of the time of a small model for one sample.
            if all {
                return 0..len;
            }
            let sample = len / rows.max(1);
            some.start * sample..some.end * sample
        };
        slices(inputs.iter().map(|column| column.get(part(column.len())).unwrap_or_default()), |inputs| {
            let outputs = outputs.iter_mut().map(|column| {
                let part = part(column.len());
                column.get_mut(part).unwrap_or_default()
            });
            slices_mut(outputs, |outputs| engine.predict(some.len(), inputs, outputs))
        })
    }

    /// Computes the outputs for one sample into existing arrays. Only integers are copied.
    pub(crate) fn predict_one<M: Model<Float = E>>(
        &mut self,
        engine: &mut impl Predict<E>,
        sample: &M::Sample<'_>,
        prediction: &mut M::Prediction,
    ) -> Result<(), Error> {
        sample.fields(|inputs| {
            self.read_one::<M>(inputs)?;
            prediction.fields(|outputs| {
                self.run_one(engine, inputs, outputs)?;
                self.write_one(outputs);
                Ok(())
            })
        })
    }

    /// Reads the integers of one sample, and checks its inputs as [`read`](Self::read) does.
    fn read_one<M: Model<Float = E>>(&mut self, fields: &[Field<'_, E>]) -> Result<(), Error> {
        if fields.len() != self.inputs.len() {
            return Err(FIELDS);
        }
        for ((field, column), input) in fields.iter().zip(&mut self.inputs).zip(spec::<M>().inputs) {
            let values = match field {
                Field::Floats(values) => values,
                Field::Indices(indices) => {
                    resize(column, indices.len())?;
                    for (to, from) in column.iter_mut().zip(*indices) {
                        *to = E::of(*from as f64);
                    }
                    &column[..]
                }
            };
            if input.below.is_some() {
                check::check_input(input, values, &|row| row)?;
            }
        }
        Ok(())
    }

    fn run_one(
        &mut self,
        engine: &mut impl Predict<E>,
        inputs: &[Field<'_, E>],
        outputs: &mut [FieldMut<'_, E>],
    ) -> Result<(), Error> {
        if outputs.len() != self.outputs.len() {
            return Err(FIELDS);
        }
        for (field, column) in outputs.iter().zip(&mut self.outputs) {
            if let FieldMut::Indices(indices) = field {
                resize(column, indices.len())?;
            }
        }
        let inputs = inputs.iter().zip(&self.inputs).map(|(field, column)| match *field {
            Field::Floats(values) => values,
            Field::Indices(_) => column,
        });
        slices(inputs, |inputs| {
            let outputs = outputs.iter_mut().zip(&mut self.outputs).map(|(field, column)| match field {
                FieldMut::Floats(values) => &mut **values,
                FieldMut::Indices(_) => &mut column[..],
            });
            slices_mut(outputs, |outputs| engine.predict(1, inputs, outputs))
        })
    }

    fn write_one(&self, outputs: &mut [FieldMut<'_, E>]) {
        for (field, column) in outputs.iter_mut().zip(&self.outputs) {
            if let FieldMut::Indices(indices) = field {
                // As `Writer::indices` does.
                indices.iter_mut().zip(column).for_each(|(to, from)| *to = from.f64() as usize);
            }
        }
    }

    #[inline]
    fn write(&self, outputs: &mut impl OutputColumns<E>) -> Result<(), Error> {
        slices(self.outputs.iter().map(Vec::as_slice), |columns| Writer::new(columns).write(outputs))
    }
}

/// Nearly all models have at most so many inputs and outputs: clearing a longer list takes a hundredth of the time of
/// a small model.
const FEW: usize = 4;

/// Models with more inputs or outputs use a list on the heap.
const MANY: usize = 16;

/// Passes columns as a list of slices, without allocating for the usual number of columns.
pub(crate) fn slices<'a, E: 'a, R>(
    columns: impl ExactSizeIterator<Item = &'a [E]>,
    then: impl FnOnce(&[&'a [E]]) -> R,
) -> R {
    match columns.len() {
        len if len <= FEW => lend::<FEW, _, R>(columns, |list| then(list)),
        len if len <= MANY => lend::<MANY, _, R>(columns, |list| then(list)),
        _ => then(&columns.collect::<Vec<_>>()),
    }
}

/// Same as [`slices`], mutable.
pub(crate) fn slices_mut<'a, E: 'a, R>(
    columns: impl ExactSizeIterator<Item = &'a mut [E]>,
    then: impl FnOnce(&mut [&'a mut [E]]) -> R,
) -> R {
    match columns.len() {
        len if len <= FEW => lend::<FEW, _, R>(columns, then),
        len if len <= MANY => lend::<MANY, _, R>(columns, then),
        _ => then(&mut columns.collect::<Vec<_>>()),
    }
}

/// A list of at most `N` slices on the stack.
#[inline]
fn lend<const N: usize, S: Default, R>(
    columns: impl ExactSizeIterator<Item = S>,
    then: impl FnOnce(&mut [S]) -> R,
) -> R {
    let len = columns.len();
    let mut list: [S; N] = std::array::from_fn(|_| S::default());
    for (slice, column) in list.iter_mut().zip(columns) {
        *slice = column;
    }
    then(&mut list[..len.min(N)])
}
