//! The state of Keras's optimizer as that of a checkpoint, with which a training continues.

use mimo_graph::plan::Plan;
use serde_json::Value as Json;

use crate::error::Error;
use crate::hdf5::Data;
use crate::keras::container::{KerasFile, Variable as Stored};
use crate::keras::convert::Conversion;
use crate::keras::optimizer::{Variable, variables};
use crate::keras::weights::{Wanted, layers_of, trained};
use crate::weights::{Array, State, Stored as Entry, Values, Weights};

/// The state of a checkpoint of the model whose weights have been [assigned](crate::keras::weights::assign): the
/// optimizer's is that of the file, and everything else is as at the start of a training. `None` for a
/// model that was not trained.
///
/// # Errors
/// The reason why the state cannot be that of the model's optimizer.
pub fn state(file: &KerasFile, conversion: &Conversion, weights: &Weights) -> Result<Option<State>, Error> {
    let Some(found) = file.optimizer.iter().map(|it| &it.variables).find(|it| !it.is_empty()) else {
        return Ok(None);
    };
    // The number of steps is the first variable of every optimizer.
    if found.first().map(number).transpose()?.is_none_or(|steps| steps <= 0.0) {
        return Ok(None);
    }
    let fail = |reason: String| Err(Error::new(reason).within("optimizer"));
    if file.keras_version.as_deref().is_some_and(|version| !version.starts_with('3')) {
        return fail("Keras 2 stores the state of optimizers in another form".into());
    }
    let Some(graph) = conversion.graph() else {
        return fail("parts of the model are missing".into());
    };
    let compile = graph.compile.as_ref();
    let Some([keyed]) = compile.map(|compile| &compile.optimizers[..]) else {
        return fail("the model is not compiled with one optimizer".into());
    };
    let config = file.compile_config.as_ref();
    let config = config.and_then(|it| it.get("optimizer").or_else(|| it.get("optimizer_config")));
    let class = config.and_then(|it| it.get("class_name")).and_then(Json::as_str).unwrap_or_default();
    let settings = config.and_then(|it| it.get("config")).unwrap_or(&Json::Null);
    let layers = layers_of(conversion);
    let trained: Vec<&Wanted> = trained(&layers);
    let Some(wanted) = variables(class, settings, trained.len()) else {
        return fail(format!("the state of `{class}` has another form in mimo"));
    };
    if wanted.len() != found.len() {
        return fail(format!(
            "the file has {} variables of `{class}`, and for the {} weights that are trained there are {}",
            found.len(),
            trained.len(),
            wanted.len()
        ));
    }
    let is_wide = weights.values().any(|array| matches!(array.values, Values::F64(_)));
    let mut state = start(graph, is_wide);
    let plan = Plan::new(graph);
    // Weights that no loss depends on have no state in mimo.
    let learning: Vec<String> = plan
        .params
        .iter()
        .filter(|param| plan.blocks.get(param.block).is_some_and(|block| block.gradient.is_some()))
        .map(|param| {
            let layer = graph.layer(param.layer_id());
            layer.weights.get(param.weight).map(|weight| layer.weight_path(weight)).unwrap_or_default()
        })
        .collect();
    let mut rate = keyed.optimizer.learning_rate;
    let mut carried = 1.0;
    for (variable, stored) in wanted.iter().zip(found) {
        match variable {
            Variable::Iterations => {
                let steps = number(stored)?;
                let steps = if steps >= 0.0 { steps as u64 } else { 0 };
                state.insert("@optimizer/iterations".into(), Entry::Whole(vec![steps]));
            }
            Variable::LearningRate => {
                // Keras rounds it to 32 bits; one that was not changed is that of the description.
                let found = number(stored)?;
                if found as f32 != rate as f32 {
                    rate = found;
                }
            }
            Variable::Carried => carried = number(stored)?,
            Variable::OfWeight(part, at) => {
                let Some(weight) = trained.get(*at) else { continue };
                if stored.shape != weight.shape {
                    return fail(format!(
                        "`{}` has the shape {:?}, and the state of the weight `{}` needs {:?}",
                        stored.name, stored.shape, weight.name, weight.shape
                    ));
                }
                if learning.contains(&weight.name) {
                    let array = stored.clone().into_array()?;
                    state.insert(format!("@optimizer/{part}/{}", weight.name), Entry::Numbers(array));
                }
            }
        }
    }
    let kind = keyed.optimizer.rule.kind();
    state.insert("@optimizer/rule".into(), Entry::Bytes(kind.as_bytes().to_vec()));
    state.insert("@optimizer/learning_rate".into(), numbers(vec![rate], true));
    state.insert("@optimizer/carried".into(), numbers(vec![carried], is_wide));
    if keyed.optimizer.accumulation.is_some() {
        state.insert("@labels/waiting".into(), Entry::Bytes(vec![1; plan.params.len()]));
    }
    let of_weights = plan.params.len();
    state.insert("@steering/frozen".into(), Entry::Bytes(vec![0; of_weights]));
    state.insert("@steering/learning_rate".into(), numbers(vec![1.0; of_weights], true));
    state.insert("@steering/weight_decay".into(), numbers(vec![f64::NAN; of_weights], true));
    Ok(Some(state))
}

/// What does not depend on the optimizer.
fn start(graph: &mimo_graph::graph::Graph, is_wide: bool) -> State {
    let mut state = State::new();
    for name in ["@random/seed", "@random/passes", "@random/shuffle"] {
        state.insert(name.into(), Entry::Whole(vec![0]));
    }
    let outputs = graph.compile.iter().flat_map(|compile| &compile.outputs);
    state.insert("@loss_weights".into(), numbers(outputs.map(|output| output.weight).collect(), true));
    let has_states = !Plan::new(graph).states.is_empty();
    if has_states {
        state.insert("@states".into(), numbers(vec![], is_wide));
    }
    state
}

/// Numbers in `f64`, or in `f32`.
fn numbers(values: Vec<f64>, is_wide: bool) -> Entry {
    let shape = vec![values.len()];
    let values = match is_wide {
        true => Values::F64(values),
        false => Values::F32(values.into_iter().map(|value| value as f32).collect()),
    };
    Entry::Numbers(Array { shape, values })
}

/// A variable that is one number.
fn number(variable: &Stored) -> Result<f64, Error> {
    let found = match &variable.data {
        Data::F64(values) => values.first().copied(),
        Data::F32(values) => values.first().map(|&value| f64::from(value)),
        Data::I64(values) => values.first().map(|&value| value as f64),
        Data::I32(values) => values.first().map(|&value| f64::from(value)),
        _ => None,
    };
    let is_one = variable.shape.iter().product::<usize>() == 1;
    found.filter(|_| is_one).ok_or_else(|| Error::new(format!("`{}` is not one number", variable.name)))
}
