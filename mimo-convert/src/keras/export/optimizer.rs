//! The state of an optimizer, from a checkpoint: its variables in Keras's order.

use serde_json::Value as Json;

use super::variables::dataset;
use crate::error::Error;
use crate::hdf5::{Attribute, Data, Dataset, Group};
use crate::keras::optimizer::{Variable, variables};
use crate::weights::{Array, State, Stored, Values};

/// Writes the variables of the optimizer of `config`, whose weights are `trained`: those of a checkpoint, or the first
/// ones. Returns the reason if a state is not written.
///
/// # Errors
/// A checkpoint that lacks an array.
pub(super) fn write(
    config: &Json,
    trained: &[(String, Vec<usize>)],
    state: &State,
    float: &str,
    root: &mut Group,
) -> Result<Option<String>, Error> {
    let Some(class) = config.get("class_name").and_then(Json::as_str) else { return Ok(None) };
    let vars = root.make_group("optimizer/vars")?;
    vars.attributes.insert("name".into(), Attribute::text(class.to_lowercase()));
    let iterations = match state.get("@optimizer/iterations") {
        Some(Stored::Whole(values)) => values.first().copied(),
        // Not a checkpoint: a new training. Keras warns of a state that is missing.
        _ => None,
    };
    let settings = config.get("config").unwrap_or(&Json::Null);
    let Some(variables) = variables(class, settings, trained.len()) else {
        return Ok(iterations.map(|_| {
            format!(
                "optimizer: the state of `{class}` has another form in Keras, so that training begins with a new one"
            )
        }));
    };
    let number = |name: &str| settings.get(name).and_then(Json::as_f64).unwrap_or_default();
    let initial = number("initial_accumulator_value");
    let scalar = |value: f64| match float {
        "float64" => Dataset::new([], Data::F64(vec![value])),
        _ => Dataset::new([], Data::F32(vec![value as f32])),
    };
    let stored = |name: &str| match state.get(name) {
        Some(Stored::Numbers(Array { values, .. })) => first(values),
        _ => None,
    };
    let of_weight = |part: &str, (name, shape): &(String, Vec<usize>)| -> Result<Dataset, Error> {
        if iterations.is_none() {
            let count = shape.iter().product();
            let values = match float {
                "float64" => Values::F64(vec![initial; count]),
                _ => Values::F32(vec![initial as f32; count]),
            };
            return Ok(dataset(&Array { shape: shape.clone(), values }));
        }
        let path = format!("@optimizer/{part}/{name}");
        match state.get(&path) {
            Some(Stored::Numbers(array)) if array.shape == *shape => Ok(dataset(array)),
            Some(_) => Err(Error::new(format!("`{path}` has another shape than the weight"))),
            None => Err(Error::new(format!("the checkpoint has no `{path}`"))),
        }
    };
    for (variable, at) in variables.iter().zip(0..) {
        let dataset = match variable {
            Variable::Iterations => {
                let steps = i64::try_from(iterations.unwrap_or_default()).unwrap_or(i64::MAX);
                Dataset::new([], Data::I64(vec![steps]))
            }
            Variable::LearningRate => {
                scalar(stored("@optimizer/learning_rate").unwrap_or_else(|| number("learning_rate")))
            }
            Variable::OfWeight(part, weight) => match trained.get(*weight) {
                Some(weight) => of_weight(part, weight)?,
                None => continue,
            },
            Variable::Carried => scalar(stored("@optimizer/carried").unwrap_or(1.0)),
        };
        root.insert(&format!("optimizer/vars/{at}"), dataset)?;
    }
    Ok(None)
}

fn first(values: &Values) -> Option<f64> {
    match values {
        Values::F32(values) => values.first().map(|&value| f64::from(value)),
        Values::F64(values) => values.first().copied(),
    }
}
