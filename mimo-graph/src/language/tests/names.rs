//! Checks that every name exported by Keras 3 is a word of mimo, or an error that says what to write instead.

use super::*;
use crate::code::Code;
use crate::layers;

/// The strings of a list in `tests/golden/names.json`, which `make_names.py` writes: one list a line.
fn listed(key: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/names.json");
    let file = fs::read_to_string(path).unwrap();
    let line = file.lines().find_map(|line| line.trim().strip_prefix(&format!("\"{key}\": ")));
    let names: Vec<String> = line.unwrap().split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 5, "{key}: {names:?}");
    names
}

/// Codes of the errors for a name called without arguments.
fn codes(module: Module, name: &str) -> Vec<Code> {
    let model = crate::sketch::Model::heads(&[("y", 3, Activation::Softmax)]);
    let [Arg { value, .. }] = &args(&format!("{name}()"))[..] else { panic!("{name}") };
    let ((), diags, _) = reported(&model.graph, |cx| match module {
        Module::Activations => drop(Activation::read(value, "it", cx)),
        Module::Constraints => drop(Constraint::read(value, "it", cx)),
        Module::Initializers => drop(Initializer::read(value, "it", cx)),
        Module::Regularizers => drop(Regularizer::read(value, "it", cx)),
        Module::Losses => drop(crate::compile::losses::read(value, None, cx)),
        Module::Metrics => drop(crate::compile::metrics::read_all(value, None, cx)),
        Module::Optimizers => drop(crate::compile::optimizers::read(value, cx)),
        Module::Schedules => drop(crate::compile::schedules::read(value, "it", cx)),
        Module::Layers if name == "Input" || layers::function(name).is_some() => {}
        Module::Layers => drop(layers::construct(name, value.loc, &[], value.loc, cx)),
        Module::Model | Module::Operations => {}
    });
    diags.iter().map(|diag| diag.code).collect()
}

#[test]
fn every_name_of_keras_is_known() {
    let mut unknown = Vec::new();
    // Functions of tensors are looked up, and not read with arguments.
    for module in modules().filter(|&module| module != Module::Operations) {
        for name in listed(module.name()) {
            // Missing required arguments are fine.
            let wrong = codes(module, &name).into_iter().find(|code| {
                ![Code::MissingArgument, Code::UnavailableLayer, Code::UnavailableSetting].contains(code)
            });
            if let Some(code) = wrong {
                unknown.push(format!("{module}: {name}: {code}"));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// Each function of `keras.ops` is an operation, an activation or a function of a layer; else its error has a
/// replacement.
#[test]
fn every_function_of_keras_is_known() {
    let is_activation = |name: &str| find(Module::Activations, name).is_some();
    let is_known = |name: &str| {
        layers::operation(name).is_some()
            || layers::function(name).is_some()
            || is_activation(name)
            || layers::unavailable(name, crate::diag::Loc(0)).is_some()
    };
    let unknown: Vec<_> = listed("ops").into_iter().filter(|name| !is_known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// An argument that mimo does not have may be set to Keras's default.
#[test]
fn keras_s_defaults_of_absent_arguments_are_accepted() {
    let defaults = listed("defaults");
    let mut wrong = Vec::new();
    let mut tried = 0;
    for module in Module::ALL {
        for item in items(module) {
            // Logs do not have the name of a loss in Keras.
            let absent = |argument: &&Argument| argument.instead.is_some() && argument.name != "name";
            for argument in item.all().filter(absent) {
                let is_it =
                    |triple: &&[String]| item.names.contains(&&*triple[0]) && triple[1] == argument.name;
                let Some([_, _, value]) = defaults.chunks(3).find(is_it) else { continue };
                let value =
                    match value.parse::<f64>().is_ok() || ["none", "true", "false"].contains(&&**value) {
                        true => value.clone(),
                        false => format!("\"{value}\""),
                    };
                let model = crate::sketch::Model::heads(&[("y", 3, Activation::Softmax)]);
                let args = args(&format!("{} = {value}", argument.name));
                let (_, diags, _) = reported(&model.graph, |cx| {
                    drop(crate::args::bind_given(item, &args, crate::diag::Loc(0), cx));
                });
                tried += 1;
                if !diags.is_empty() {
                    wrong.push(format!("{}({} = {value})", item.class, argument.name));
                }
            }
        }
    }
    assert!(wrong.is_empty() && tried > 50, "{tried} {wrong:#?}");
}

/// Logs have Keras's keys of metrics.
#[test]
fn every_class_of_metrics_has_keras_s_key() {
    let keys = listed("metric_keys");
    let mut wrong = Vec::new();
    for pair in keys.chunks(2) {
        let [class, key] = pair else { panic!("{pair:?}") };
        let Some(item) = find(Module::Metrics, class) else { continue };
        let found = crate::compile::metrics::log_name(class);
        if found != *key || !item.names.contains(&class.as_str()) {
            wrong.push(format!("{class}: {found} is {key}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
