//! Calls as Keras 2 and tf.keras write them: `[["dense", 0, 0, {"training": false}], …]`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::error::Error;
use crate::keras::config::{Call, Layer, Operand, Output, Tensor, tensor};

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

/// Numbers the calls of nested models from 0. Keras 2 counts the making of a model as its first call, so that the calls in the model around
/// it are numbered from 1.
pub fn count_from_zero(layers: &mut [Layer], outputs: &mut [Output]) {
    let mut nested: BTreeMap<String, usize> = layers
        .iter()
        .filter(|layer| layer.model.is_some() && layer.calls.iter().all(|call| !call.has_masks))
        .map(|layer| (layer.name.clone(), layer.calls.len()))
        .collect();
    if nested.is_empty() {
        return;
    }
    let read: Vec<&Call> = layers.iter().flat_map(|layer| &layer.calls).collect();
    let read = read.into_iter().flat_map(Call::tensors).chain(outputs.iter().map(|output| &output.tensor));
    // The numbers of the calls that are read. Keras writes a call because something reads it.
    let mut numbers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for tensor in read {
        numbers.entry(&tensor.layer).or_default().insert(tensor.call);
    }
    let from_one = |name: &str, calls: usize| {
        let numbers = numbers.get(name);
        numbers.is_some_and(|numbers| !numbers.contains(&0) && numbers.contains(&calls))
    };
    nested.retain(|name, calls| from_one(name, *calls));
    let mut change = |tensor: &mut Tensor| {
        if nested.contains_key(&tensor.layer) {
            tensor.call = tensor.call.saturating_sub(1);
        }
    };
    for call in layers.iter_mut().flat_map(|layer| &mut layer.calls) {
        let by_keyword = call.keywords.iter_mut().map(|(_, operand)| operand);
        call.args.iter_mut().chain(by_keyword).for_each(|operand| operand.for_each_tensor(&mut change));
    }
    outputs.iter_mut().for_each(|output| change(&mut output.tensor));
}
