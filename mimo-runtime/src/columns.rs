//! From typed inputs to columns, through the engine, and back to typed outputs.

use crate::data::{check, spec};
use crate::engine::Engine;
use crate::error::Error;
use crate::model::{Columns, Model, OutputColumns, Reader, Writer, resize};

/// The columns of a prediction, whose memory is reused.
#[derive(Debug)]
pub(crate) struct PredictionColumns<E> {
    inputs: Vec<Vec<E>>,
    outputs: Vec<Vec<E>>,
}

impl<E: crate::float::Float> PredictionColumns<E> {
    pub(crate) fn new<M: Model<Float = E>>() -> Self {
        let spec = spec::<M>();
        PredictionColumns {
            inputs: vec![Vec::new(); spec.inputs.len()],
            outputs: vec![Vec::new(); spec.outputs.len()],
        }
    }

    /// The outputs for `inputs`, in new tensors.
    pub(crate) fn predict<M: Model<Float = E>>(
        &mut self,
        engine: &mut Engine<E>,
        inputs: &M::Inputs,
    ) -> Result<M::Outputs, Error> {
        self.forward::<M, M::Outputs>(engine, inputs)
    }

    /// The same for a batch axis of any type.
    pub(crate) fn forward<M: Model<Float = E>, O: OutputColumns<E>>(
        &mut self,
        engine: &mut Engine<E>,
        inputs: &impl Columns<E>,
    ) -> Result<O, Error> {
        let rows = self.read::<M>(inputs)?;
        let mut outputs = O::zeros(rows)?;
        self.run(engine, rows, &mut outputs)?;
        Ok(outputs)
    }

    /// The outputs for `inputs`, in tensors that are there.
    pub(crate) fn predict_into<M: Model<Float = E>>(
        &mut self,
        engine: &mut Engine<E>,
        inputs: &M::Inputs,
        outputs: &mut M::Outputs,
    ) -> Result<(), Error> {
        let rows = self.read::<M>(inputs)?;
        self.run(engine, rows, outputs)
    }

    fn read<M: Model<Float = E>>(&mut self, inputs: &impl Columns<E>) -> Result<usize, Error> {
        let rows = Reader::new(&mut self.inputs).read(inputs)?.map_or(0, |(_, rows)| rows);
        // dfdx 0.13 panics when it reads a tensor without values, so no such tensor is returned.
        if rows == 0 {
            return Err(Error::NoData);
        }
        // Other inputs may hold anything: a NaN changes nothing but the outputs of its own sample.
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

    fn run(
        &mut self,
        engine: &mut Engine<E>,
        rows: usize,
        outputs: &mut impl OutputColumns<E>,
    ) -> Result<(), Error> {
        let columns = &mut self.outputs;
        slices(self.inputs.iter().map(Vec::as_slice), |inputs| {
            slices_mut(columns, |outputs| engine.predict(rows, inputs, outputs))
        })?;
        slices(self.outputs.iter().map(Vec::as_slice), |columns| Writer::new(columns).write(outputs))
    }
}

/// Models with more inputs or outputs than this are lent a list from the heap.
const FEW: usize = 16;

/// Lends columns as a list of slices, without allocating for the usual number of columns.
pub(crate) fn slices<'a, E: 'a, R>(
    columns: impl ExactSizeIterator<Item = &'a [E]>,
    then: impl FnOnce(&[&'a [E]]) -> R,
) -> R {
    let len = columns.len();
    if len > FEW {
        return then(&columns.collect::<Vec<_>>());
    }
    let mut list: [&[E]; FEW] = [&[]; FEW];
    for (slice, column) in list.iter_mut().zip(columns) {
        *slice = column;
    }
    then(&list[..len])
}

/// The same, to write.
pub(crate) fn slices_mut<E, R>(columns: &mut [Vec<E>], then: impl FnOnce(&mut [&mut [E]]) -> R) -> R {
    let len = columns.len();
    let mut columns = columns.iter_mut().map(Vec::as_mut_slice);
    if len > FEW {
        return then(&mut columns.collect::<Vec<_>>());
    }
    let mut list: [&mut [E]; FEW] = std::array::from_fn(|_| columns.next().unwrap_or_default());
    then(&mut list[..len])
}
