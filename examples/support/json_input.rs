//! Inputs of a model from JSON, with errors that name the field and the position in it.

// Compiled into examples that include it.
#![allow(unreachable_pub)]

use mimo::graph::spec::InputSpec;
use serde_json::{Map, Value};

/// Reads the inputs of one sample from an object with a field for each: nested lists of numbers, of the shape of the
/// input.
///
/// # Errors
/// A description of the error for the client.
pub fn read(inputs: &[InputSpec], body: &[u8]) -> Result<Vec<Vec<f32>>, String> {
    let fields: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| format!("not an object in JSON: {error}"))?;
    if let Some(name) = fields.keys().find(|name| inputs.iter().all(|input| input.name != **name)) {
        let names: Vec<_> = inputs.iter().map(|input| format!("`{}`", input.name)).collect();
        return Err(format!("there is no input `{name}`: the inputs are {}", names.join(", ")));
    }
    let read = |input: &InputSpec| {
        let value = fields.get(input.name).ok_or_else(|| format!("the input `{}` is missing", input.name))?;
        let mut numbers = vec![];
        flatten(input.name, value, input.shape, &mut numbers)?;
        Ok(numbers)
    };
    inputs.iter().map(read).collect()
}

/// Appends the numbers of a value, called `place` in errors.
fn flatten(place: &str, value: &Value, shape: &[usize], numbers: &mut Vec<f32>) -> Result<(), String> {
    let Some((&len, rest)) = shape.split_first() else {
        let number = value.as_f64().ok_or_else(|| format!("`{place}` is not a number"))?;
        // A number that is finite in JSON may be too large for the model.
        if !(number as f32).is_finite() {
            return Err(format!("`{place}` is {number:e}, which is too large"));
        }
        numbers.push(number as f32);
        return Ok(());
    };
    let list = value.as_array().ok_or_else(|| format!("`{place}` is not a list: its shape is {shape:?}"))?;
    if list.len() != len {
        return Err(format!("`{place}` has {} entries, but its shape is {shape:?}", list.len()));
    }
    list.iter()
        .enumerate()
        .try_for_each(|(at, value)| flatten(&format!("{place}[{at}]"), value, rest, numbers))
}
