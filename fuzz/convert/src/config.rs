//! Configurations of Keras and descriptions of mimo, as JSON that is damaged value by value: bytes that are changed are seldom JSON.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use mimo_convert::keras::{Options, convert, export};
use mimo_convert::{Array, Description, State, Values, Weights, onnx};
use serde_json::Value;

use crate::{assert_bounded, peak};

/// Configurations of fixtures of mimo-convert.
static CONFIGS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let texts = [
        include_str!("../../../mimo-convert/tests/keras/residual.config.json"),
        include_str!("../../../mimo-convert/tests/keras/unusual.config.json"),
    ];
    texts.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
});

/// A description, and the shapes of its weights by name.
type Described = (Value, BTreeMap<String, Vec<usize>>);

/// Descriptions of small models of every layer.
static DESCRIPTIONS: LazyLock<Vec<Described>> = LazyLock::new(|| {
    let text = include_str!("../../../mimo-convert/tests/onnx/descriptions.json");
    let all: BTreeMap<String, Value> = serde_json::from_str(text).expect("JSON");
    let small = all.into_values().filter(|it| it["graph"].as_str().is_some_and(|graph| graph.len() < 20_000));
    small
        .map(|it| {
            let graph = serde_json::from_str(it["graph"].as_str().expect("a graph")).expect("JSON");
            (graph, serde_json::from_value(it["weights"].clone()).expect("shapes"))
        })
        .collect()
});

/// A configuration of Keras becomes source, or the error says why not.
pub fn config(bytes: &[u8]) {
    let Some((config, len)) = changed(bytes, &CONFIGS) else { return };
    let (_, bytes) = peak(|| drop(convert(&config, config.get("compile_config"), &Options::default())));
    // A layer of a few bytes is a statement, which is evaluated several times.
    assert_bounded(bytes.saturating_sub(16 << 20), len, 1024);
}

/// A description becomes an ONNX file and a file of Keras, or the error says why not.
pub fn description(bytes: &[u8]) {
    let Some(&which) = bytes.first() else { return };
    let Some((graph, shapes)) = DESCRIPTIONS.get(usize::from(which) * 3 % DESCRIPTIONS.len().max(1)) else {
        return;
    };
    let Some((graph, len)) = changed(bytes, std::slice::from_ref(graph)) else { return };
    let metadata = BTreeMap::from([("graph".to_owned(), graph.to_string())]);
    let (read, bytes) = peak(|| Description::of_metadata(&metadata));
    assert_bounded(bytes, len, 128);
    let Ok(description) = read else { return };
    let weights: Weights = shapes
        .iter()
        .map(|(name, shape)| {
            let values = Values::F32(vec![0.5; shape.iter().product()]);
            (name.clone(), Array { shape: shape.clone(), values })
        })
        .collect();
    let all: usize = weights.values().map(|it| it.values.len() * 4).sum();
    let (_, bytes) = peak(|| drop(onnx::export(&description, &weights)));
    // What a setting may ask for: constants and nodes of a layer.
    assert_bounded(bytes.saturating_sub(256 << 20), len + all, 1024);
    let options = export::Options { batch_size: Some(2) };
    let (_, bytes) = peak(|| drop(export::export(&description, &weights, &State::new(), &options)));
    assert_bounded(bytes.saturating_sub(16 << 20), len + all, 1024);
}

/// A seed with changed values, and the length of its text. Each change is four bytes: where, how, and a value.
fn changed(bytes: &[u8], seeds: &[Value]) -> Option<(Value, usize)> {
    let (&which, changes) = bytes.split_first()?;
    let mut json = seeds.get(usize::from(which) % seeds.len().max(1))?.clone();
    for change in changes.as_chunks::<4>().0.iter().take(8) {
        let [low, high, how, value] = *change;
        let count = count(&json);
        let place = (usize::from(low) + usize::from(high) * 256) % count.max(1);
        let other = (usize::from(high) + usize::from(value) * 256) % count.max(1);
        let copied = at(&mut json, other).map(|it| it.clone()).unwrap_or_default();
        let Some(found) = at(&mut json, place) else { continue };
        apply(found, how, value, copied);
    }
    let len = json.to_string().len();
    // Copies of the whole in the whole.
    (len < 1 << 20).then_some((json, len))
}

fn apply(found: &mut Value, how: u8, value: u8, copied: Value) {
    let numbers = [
        Value::from(0),
        1.into(),
        2.into(),
        (-1).into(),
        7.into(),
        (1_u64 << 20).into(),
        (1_u64 << 40).into(),
        u64::MAX.into(),
        i64::MIN.into(),
        0.5.into(),
        (-0.0).into(),
        1e300.into(),
    ];
    match how % 12 {
        0..=3 => *found = numbers[usize::from(value) % numbers.len()].clone(),
        4 => *found = Value::Null,
        5 => *found = Value::Bool(value.is_multiple_of(2)),
        6 => {
            *found =
                Value::String(["", "a", "same", "../x", "é\u{0}", "__tuple__"][usize::from(value) % 6].into())
        }
        7 => *found = Value::Array(vec![std::mem::take(found)]),
        8 => *found = copied,
        9 => match found {
            Value::Array(items) if !items.is_empty() => drop(items.remove(usize::from(value) % items.len())),
            Value::Object(entries) => {
                let key = entries.keys().nth(usize::from(value) % entries.len().max(1)).cloned();
                key.and_then(|key| entries.remove(&key));
            }
            _ => *found = Value::Array(vec![]),
        },
        10 => match found {
            Value::Array(items) => {
                let again = items.get(usize::from(value) % items.len().max(1)).cloned();
                items.extend(again);
            }
            Value::Number(number) => {
                *found =
                    number.as_i64().map_or(Value::Null, |it| it.wrapping_add(i64::from(value) - 128).into());
            }
            _ => *found = copied,
        },
        _ => match found {
            Value::Array(items) => items.push(copied),
            _ => *found = copied,
        },
    }
}

/// The number of values in a value, itself included.
fn count(json: &Value) -> usize {
    1 + match json {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(entries) => entries.values().map(count).sum(),
        _ => 0,
    }
}

/// The value with a number, counted in the order of the text.
fn at(json: &mut Value, place: usize) -> Option<&mut Value> {
    fn search<'a>(json: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
        if *left == 0 {
            return Some(json);
        }
        *left -= 1;
        match json {
            Value::Array(items) => items.iter_mut().find_map(|item| search(item, left)),
            Value::Object(entries) => entries.values_mut().find_map(|item| search(item, left)),
            _ => None,
        }
    }
    let mut left = place;
    search(json, &mut left)
}
