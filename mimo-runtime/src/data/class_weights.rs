//! Weights of classes become weights of samples.

use mimo_graph::spec::{ModelSpec, OutputSpec};

use super::Arrays;
use super::array::trained;
use crate::error::Error;
use crate::float::Float;

/// Multiplies the sample weights by the weights of the samples' classes, output by output.
pub(super) fn apply<E: Float>(
    arrays: &mut Arrays<E>,
    spec: &'static ModelSpec,
    weights: &[&Option<Vec<f64>>],
) -> Result<(), Error> {
    for (column, (index, output)) in trained(spec).enumerate() {
        let Some(weights) = weights.get(index).copied().and_then(Option::as_ref) else { continue };
        let targets = &arrays.targets[column];
        let len = targets.len() / arrays.rows.max(1);
        let classes = classes(output, len)?;
        if weights.len() != classes {
            return Err(Error::Weights { output: output.name, len: weights.len(), wanted: classes });
        }
        let of_samples: Vec<E> = targets
            .chunks_exact(len)
            // A class that `ignore_class` lets through has no weight, and no loss to weigh.
            .map(|target| E::of(weights.get(class(target)).copied().unwrap_or(1.0)))
            .collect();
        arrays.weigh(index, spec.outputs.len(), |row| of_samples.get(row).copied().unwrap_or(E::of(1.0)));
    }
    Ok(())
}

/// How many classes the samples of an output fall into; `len` is the length of a target.
fn classes(output: &OutputSpec, len: usize) -> Result<usize, Error> {
    let last = output.shape.last().copied().unwrap_or(1);
    let several_positions = output.shape.iter().product::<usize>() != last;
    let sparse = output.loss.is_some_and(mimo_graph::loss::Loss::sparse);
    if several_positions || len == 0 {
        Err(Error::NoClasses { output: output.name })
    } else if last == 1 && !sparse {
        Ok(2)
    } else {
        Ok(last)
    }
}

/// The class of a sample as Keras finds it: the index itself or a value rounded, else the first of the largest.
fn class<E: Float>(target: &[E]) -> usize {
    match target {
        [value] => value.f64().round() as usize,
        values => {
            let mut largest = 0;
            for (class, value) in values.iter().enumerate() {
                if *value > values[largest] {
                    largest = class;
                }
            }
            largest
        }
    }
}
