//! Converts weights of classes to weights of samples.

use mimo_graph::loss::{Loss, Predicts};
use mimo_graph::spec::{ModelSpec, OutputSpec};

use super::Arrays;
use super::array::with_targets;
use crate::error::Error;
use crate::float::Float;

/// Multiplies the sample weights by the weights of the samples' classes, output by output.
pub(super) fn apply<E: Float>(
    arrays: &mut Arrays<E>,
    spec: &'static ModelSpec,
    weights: &[&Option<Vec<f64>>],
) -> Result<(), Error> {
    let given = |index: usize| weights.get(index).copied().and_then(Option::as_ref);
    for (_, output) in spec.outputs.iter().enumerate().filter(|(index, _)| given(*index).is_some()) {
        if output.loss.is_none() {
            return Err(Error::WeightsWithoutLoss { output: output.name });
        }
        if output.target().is_none() {
            return Err(Error::NoClasses { output: output.name, reason: "it has no targets" });
        }
    }
    for (column, (index, output)) in with_targets(spec).enumerate() {
        let Some(weights) = given(index) else { continue };
        let targets = &arrays.targets[column];
        let len = targets.len() / arrays.rows.max(1);
        let classes = classes(output, len)?;
        if weights.len() != classes {
            return Err(Error::Weights {
                output: output.name,
                len: weights.len(),
                wanted: classes,
                per: "class",
            });
        }
        if let Some(class) = weights.iter().position(|weight| !E::of(*weight).is_finite()) {
            return Err(Error::ClassWeight { output: output.name, class, weight: weights[class] });
        }
        let of_samples: Vec<E> = targets
            .chunks_exact(len)
            // A class that is allowed by `ignore_class` has no weight, and no loss.
            .map(|target| E::of(weights.get(class(target)).copied().unwrap_or(1.0)))
            .collect();
        arrays.weigh(index, spec, |row| of_samples.get(row).copied().unwrap_or(E::of(1.0)))?;
    }
    Ok(())
}

/// Number of classes of an output's samples; `len` is the length of a target.
pub(super) fn classes(output: &OutputSpec, len: usize) -> Result<usize, Error> {
    let last = output.shape.last().copied().unwrap_or(1);
    let several_positions = output.shape.iter().product::<usize>() != last;
    let none = |reason| Err(Error::NoClasses { output: output.name, reason });
    if several_positions || len == 0 {
        return none("it has several positions per sample");
    }
    match output.loss.map_or(Predicts::Numbers, |loss| loss.facts().predicts) {
        Predicts::Classes if output.loss.is_some_and(Loss::sparse) => Ok(last),
        // One value is the label of two classes; several are independent labels.
        Predicts::Labels => match last {
            1 => Ok(2),
            _ => none("it has several labels per sample"),
        },
        // The targets of a custom loss are unknown.
        Predicts::Classes | Predicts::Unknown => Ok(last.max(2)),
        Predicts::Regions => none("its loss compares regions"),
        Predicts::Numbers | Predicts::Directions => none("its loss is a regression"),
    }
}

/// The class of a sample as in Keras: the index itself or a rounded value, else the first of the largest.
pub(super) fn class<E: Float>(target: &[E]) -> usize {
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
