//! The state of an optimizer, from a checkpoint: its variables in Keras's order.

use serde_json::Value as Json;

use super::variables::dataset;
use crate::error::Error;
use crate::hdf5::{Attribute, Data, Dataset, Group};
use crate::weights::{Array, State, Stored, Values};

/// Keras's order of the slots of an optimizer.
enum Order {
    /// So many slots of a weight, then those of the next.
    Together(usize),
    /// Each slot of all weights, then the next slot.
    Apart(usize),
}

/// Variables after the slots.
enum Rest {
    Nothing,
    /// The slot of this number, of all weights.
    Slot(usize),
    /// The number that the rule carries from step to step.
    Carried,
}

/// Writes the variables of the optimizer of `config`, whose weights are `trained`: those of a checkpoint, or the first ones. Returns
/// why a state is not written.
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
    let argument = |name: &str| config.pointer(&format!("/config/{name}"));
    let number = |name: &str| argument(name).and_then(Json::as_f64).unwrap_or_default();
    let is_on = |name: &str| argument(name).and_then(Json::as_bool).unwrap_or_default();
    let (order, rest) = match class {
        "SGD" => (Order::Apart(usize::from(number("momentum") != 0.0)), Rest::Nothing),
        "Adam" | "AdamW" if is_on("amsgrad") => (Order::Together(2), Rest::Slot(2)),
        "Adam" | "AdamW" | "Adadelta" | "Adamax" | "Lamb" => (Order::Together(2), Rest::Nothing),
        "Nadam" => (Order::Together(2), Rest::Carried),
        "RMSprop" => {
            let slots = 1 + usize::from(number("momentum") != 0.0) + usize::from(is_on("centered"));
            (Order::Apart(slots), Rest::Nothing)
        }
        "Adagrad" | "Lion" => (Order::Apart(1), Rest::Nothing),
        _ if iterations.is_none() => return Ok(None),
        other => {
            return Ok(Some(format!(
                "optimizer: the state of `{other}` has another form in Keras, so that training begins with a new one"
            )));
        }
    };
    let steps = i64::try_from(iterations.unwrap_or_default()).unwrap_or(i64::MAX);
    let mut all = vec![Dataset::new([], Data::I64(vec![steps]))];
    let scalar = |value: f64| match float {
        "float64" => Dataset::new([], Data::F64(vec![value])),
        _ => Dataset::new([], Data::F32(vec![value as f32])),
    };
    if argument("learning_rate").is_some_and(Json::is_number) {
        let rate = match state.get("@optimizer/learning_rate") {
            Some(Stored::Numbers(Array { values, .. })) => first(values),
            _ => None,
        };
        all.push(scalar(rate.unwrap_or_else(|| number("learning_rate"))));
    }
    let initial = number("initial_accumulator_value");
    let array = |part: &str, (name, shape): &(String, Vec<usize>)| -> Result<Dataset, Error> {
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
    let mut each = |part: &str| -> Result<(), Error> {
        trained.iter().try_for_each(|weight| array(part, weight).map(|dataset| all.push(dataset)))
    };
    if is_on("use_ema") {
        each("average")?;
    }
    if argument("gradient_accumulation_steps").is_some_and(Json::is_number) {
        each("gradients")?;
    }
    match order {
        Order::Apart(slots) => (0..slots).try_for_each(|slot| each(&format!("slot{slot}")))?,
        Order::Together(slots) => {
            for weight in trained {
                for slot in 0..slots {
                    all.push(array(&format!("slot{slot}"), weight)?);
                }
            }
        }
    }
    match rest {
        Rest::Nothing => {}
        Rest::Slot(slot) => {
            for weight in trained {
                all.push(array(&format!("slot{slot}"), weight)?);
            }
        }
        Rest::Carried => {
            let carried = match state.get("@optimizer/carried") {
                Some(Stored::Numbers(Array { values, .. })) => first(values),
                _ => None,
            };
            all.push(scalar(carried.unwrap_or(1.0)));
        }
    }
    for (dataset, at) in all.into_iter().zip(0..) {
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
