//! Calls as Keras 2 and tf.keras write them: `[["dense", 0, 0, {"training": false}], …]`.

use serde_json::Value as Json;

use crate::error::Error;
use crate::keras::config::{Call, Operand, tensor};

/// A call. Its keywords stand at its first tensor.
pub fn call(json: &Json, class: &str) -> Result<Call, Error> {
    let Json::Array(items) = json else { return Err(Error::new("a call is a list of tensors")) };
    // One tensor without a list around it.
    let single = items.first().is_some_and(Json::is_string);
    let entries: Vec<&Json> = if single { vec![json] } else { items.iter().collect() };
    let (mut tensors, mut keywords) = (Vec::new(), Vec::new());
    for entry in entries {
        let constant = entry.get(0).and_then(Json::as_str) == Some("_CONSTANT_VALUE");
        tensors.push(match constant {
            true => Operand::Value(entry.get(2).cloned().unwrap_or(Json::Null)),
            false => Operand::Tensor(tensor(entry)?),
        });
        if let Some(Json::Object(given)) = entry.get(3) {
            for (key, json) in given {
                if !keywords.iter().any(|(known, _): &(String, Operand)| known == key) {
                    keywords.push((key.clone(), operand(json)?));
                }
            }
        }
    }
    Ok(with_states(class, tensors, keywords))
}

/// Recurrent layers have their initial states after their tensor, and other layers all tensors in one list.
fn with_states(class: &str, mut tensors: Vec<Operand>, mut keywords: Vec<(String, Operand)>) -> Call {
    let recurrent = ["LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "CuDNNLSTM", "CuDNNGRU"];
    if tensors.len() > 1 && recurrent.contains(&class) {
        let states = tensors.split_off(1);
        keywords.push(("initial_state".into(), Operand::List(states)));
    }
    let args = if tensors.len() > 1 { vec![Operand::List(tensors)] } else { tensors };
    Call { args, keywords, has_masks: false }
}

fn operand(json: &Json) -> Result<Operand, Error> {
    Ok(match json {
        Json::Array(items) if items.len() >= 3 && tensor(json).is_ok() => Operand::Tensor(tensor(json)?),
        Json::Array(items) => Operand::List(items.iter().map(operand).collect::<Result<_, _>>()?),
        other => Operand::Value(other.clone()),
    })
}
