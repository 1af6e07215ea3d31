//! Whole numbers that embeddings look up: one without a vector would be a wild read.

use mimo_graph::spec::ModelSpec;

use crate::batch::BatchRows;
use crate::error::Error;
use crate::float::Float;

/// Makes sure that an input holds numbers that its embeddings have vectors for. `row` gives the number of a sample.
pub(crate) fn check<E: Float>(
    spec: &'static ModelSpec,
    index: usize,
    column: &[E],
    row: impl Fn(usize) -> usize,
) -> Result<(), Error> {
    let Some(input) = spec.inputs.get(index) else { return Ok(()) };
    let Some(vocabulary) = input.below else { return Ok(()) };
    // NaN, and what lies between two numbers, is none.
    let known = |value: &E| {
        let value = value.f64();
        value >= 0.0 && value < vocabulary as f64 && value.fract() == 0.0
    };
    match column.iter().position(|value| !known(value)) {
        None => Ok(()),
        Some(place) => {
            let len = input.shape.iter().product::<usize>().max(1);
            let (row, number) = (row(place / len), column[place].f64());
            Err(Error::Vocabulary { input: input.name, row, number, vocabulary })
        }
    }
}

/// The same for all inputs of a batch that a data set has filled in with the samples `rows`.
pub(crate) fn check_batch<E: Float>(
    spec: &'static ModelSpec,
    rows: &[usize],
    batch: &mut BatchRows<'_, '_, E>,
) -> Result<(), Error> {
    for index in 0..spec.inputs.len() {
        check(spec, index, batch.input(index), |at| rows.get(at).copied().unwrap_or(at))?;
    }
    Ok(())
}
