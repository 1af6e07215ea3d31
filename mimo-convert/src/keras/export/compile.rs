//! `compile_config`: optimizer, losses, their weights and metrics as Keras's objects.

use mimo_graph::item::{Item, Kind, Module};
use mimo_graph::language::items;
use serde_json::{Map, Value as Json, json};

use super::network::object;
use crate::description::Description;

/// Losses and metrics of the language that Keras does not have, and functions that are no metrics in its files.
pub(super) const NOT_IN_KERAS: &[&str] =
    &["Quantile", "custom", "ExactMatch", "binary_focal_crossentropy", "categorical_focal_crossentropy"];

/// Arguments of losses that Keras does not have.
const OWN_ARGUMENTS: &[&str] = &["pos_weight", "label_weights"];

/// The compile settings; `null` for a model that is not compiled. What Keras does not have goes to the list.
pub(super) fn config(description: &Description, missing: &mut Vec<String>) -> Json {
    let optimizer = optimizer(description, missing);
    let ports = description.graph.outputs.iter().zip(&description.outputs);
    let (mut losses, mut weights) = (vec![], vec![]);
    let (mut metrics, mut weighted_metrics) = (vec![], vec![]);
    for (port, json) in ports {
        let of_output = |what: String| format!("output `{}`: {what}", port.name);
        let found = json.get("loss").filter(|it| !it.is_null()).map(|it| called(Module::Losses, it, None));
        losses.push(match found {
            Some(Ok(found)) => found,
            Some(Err(reason)) => {
                missing.push(of_output(format!("{reason}, so the output has no loss")));
                Json::Null
            }
            None => Json::Null,
        });
        weights.push(json.get("weight").cloned().unwrap_or_else(|| json!(1.0)));
        let (mut of_port, mut weighted) = (vec![], vec![]);
        for metric in json.get("metrics").and_then(Json::as_array).into_iter().flatten() {
            let name = metric.get("name").and_then(Json::as_str);
            match called(Module::Metrics, metric.get("metric").unwrap_or(&Json::Null), name) {
                Ok(found) if metric.get("weighted") == Some(&Json::Bool(true)) => weighted.push(found),
                Ok(found) => of_port.push(found),
                Err(reason) => missing.push(of_output(format!("{reason}, so a metric is left out"))),
            }
        }
        metrics.push(Json::from(of_port));
        weighted_metrics.push(Json::from(weighted));
    }
    // Keras compiles no model without an optimizer.
    if optimizer.is_null() {
        return Json::Null;
    }
    let names = || description.graph.outputs.iter().map(|port| port.name.clone());
    let each = |values: Vec<Json>| -> Json { Json::Object(names().zip(values).collect()) };
    let is_one = losses.len() == 1;
    let plain = weights.iter().all(|weight| weight.as_f64() == Some(1.0));
    let one = |mut values: Vec<Json>| values.pop().unwrap_or_default();
    let lists = |lists: Vec<Json>| {
        let has_none = lists.iter().all(|list| list.as_array().is_none_or(Vec::is_empty));
        match (has_none, is_one) {
            (true, _) => Json::Null,
            (false, true) => one(lists),
            (false, false) => each(lists),
        }
    };
    json!({
        "optimizer": optimizer,
        "loss": if is_one { one(losses) } else { each(losses) },
        "loss_weights": match (plain, is_one) {
            (true, _) => Json::Null,
            (false, true) => weights.into(),
            (false, false) => each(weights),
        },
        "metrics": lists(metrics),
        "weighted_metrics": lists(weighted_metrics),
        "run_eagerly": false,
        "steps_per_execution": 1,
        "jit_compile": "auto",
    })
}

/// The optimizer. Keras has one for all weights.
fn optimizer(description: &Description, missing: &mut Vec<String>) -> Json {
    let chosen = match &description.optimizers[..] {
        [] => return Json::Null,
        [(_, one)] => one,
        [(_, first), ..] => {
            let keys: Vec<_> = description.optimizers.iter().map(|(key, _)| format!("`{key}`")).collect();
            missing.push(format!(
                "optimizer: Keras has one for all weights, and the model has those of {}; all weights get the first",
                keys.join(", ")
            ));
            first
        }
    };
    match called(Module::Optimizers, chosen, None) {
        Ok(optimizer) => optimizer,
        Err(reason) => {
            missing.push(format!("optimizer: {reason}, so the model has none"));
            Json::Null
        }
    }
}

/// A loss, a metric or an optimizer as an object of Keras.
pub(super) fn called(module: Module, json: &Json, name: Option<&str>) -> Result<Json, String> {
    let Some(class) = json.get("class").and_then(Json::as_str) else {
        return Err(
            "the file was written by a version of mimo whose files do not name classes of Keras".into()
        );
    };
    let item = items(module).into_iter().find(|item| item.class == class);
    let Some(item) = item.filter(|item| !NOT_IN_KERAS.contains(&item.class)) else {
        return Err(format!("Keras has no `{class}`"));
    };
    let empty = Map::new();
    let arguments = json.get("arguments").and_then(Json::as_object).unwrap_or(&empty);
    let mut config = Map::new();
    for argument in item.arguments().filter(|argument| argument.name != "name") {
        let Some(value) = arguments.get(argument.name) else { continue };
        if module == Module::Losses && OWN_ARGUMENTS.contains(&argument.name) {
            match value.is_null() {
                true => continue,
                false => return Err(format!("Keras has no `{}` for `{class}`", argument.name)),
            }
        }
        if ["average", "class_aggregation"].contains(&argument.name) && value.is_null() {
            return Err(format!("Keras has no `{class}` of one class or column"));
        }
        // What is `none` in a metric is left out in Keras.
        if module == Module::Metrics && value.is_null() {
            continue;
        }
        let value = match (argument.kind, value.get("class")) {
            (Kind::Rate, Some(_)) => called(Module::Schedules, value, None)?,
            // Keras takes no integers here.
            (Kind::Rate | Kind::Float, None) => value.as_f64().map_or_else(|| value.clone(), Json::from),
            _ => value.clone(),
        };
        config.insert(argument.name.into(), value);
    }
    if let Some(name) = name {
        config.insert("name".into(), name.into());
    }
    Ok(wrapped(module, item, config))
}

/// Metrics that are functions in Keras are wrapped.
fn wrapped(module: Module, item: &Item, mut config: Map<String, Json>) -> Json {
    let place = match module {
        Module::Schedules => "keras.optimizers.schedules".to_owned(),
        module => format!("keras.{module}"),
    };
    if item.class.starts_with(char::is_lowercase) {
        let function = object("keras.losses", "function", item.class.into(), item.class.into());
        config.insert("fn".into(), function);
        return object("keras.metrics", "MeanMetricWrapper", config.into(), Json::Null);
    }
    object(&place, item.class, config.into(), Json::Null)
}
