//! The variables of Keras's optimizers: which there are, and the order in which files have them.

use serde_json::Value as Json;

/// A variable of an optimizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    /// Number of steps.
    Iterations,
    /// The learning rate, if no schedule computes it.
    LearningRate,
    /// An array of a checkpoint for each weight that is trained: `slot0`, `average`, `gradients`; and the number of
    /// the weight.
    OfWeight(String, usize),
    /// The number that the rule passes from step to step.
    Carried,
}

/// The variables of the optimizer of a config, for so many weights that are trained; `None` for an optimizer whose
/// state has another form in mimo.
pub(super) fn variables(class: &str, config: &Json, weights: usize) -> Option<Vec<Variable>> {
    let number = |name: &str| config.get(name).and_then(Json::as_f64).unwrap_or_default();
    let is_on = |name: &str| config.get(name).and_then(Json::as_bool).unwrap_or_default();
    let is_number = |name: &str| config.get(name).is_some_and(Json::is_number);
    let of = |part: &str| {
        let part = part.to_owned();
        (0..weights).map(move |weight| Variable::OfWeight(part.clone(), weight))
    };
    // Each slot of all weights, then the next slot.
    let apart = |slots: usize| -> Vec<Variable> {
        (0..slots).flat_map(|slot| of(&format!("slot{slot}")).collect::<Vec<_>>()).collect()
    };
    // The slots of a weight, then those of the next.
    let together = |slots: usize| -> Vec<Variable> {
        let slots =
            move |weight| (0..slots).map(move |slot| Variable::OfWeight(format!("slot{slot}"), weight));
        (0..weights).flat_map(slots).collect()
    };
    let has_momentum = usize::from(number("momentum") != 0.0);
    let slots: Vec<Variable> = match class {
        "SGD" => apart(has_momentum),
        "Adam" | "AdamW" if is_on("amsgrad") => together(2).into_iter().chain(of("slot2")).collect(),
        "Adam" | "AdamW" | "Adadelta" | "Adamax" | "Lamb" => together(2),
        "Nadam" => together(2).into_iter().chain([Variable::Carried]).collect(),
        "RMSprop" => apart(1 + has_momentum + usize::from(is_on("centered"))),
        "Adagrad" | "Lion" => apart(1),
        _ => return None,
    };
    let mut all = vec![Variable::Iterations];
    if is_number("learning_rate") {
        all.push(Variable::LearningRate);
    }
    if is_on("use_ema") {
        all.extend(of("average"));
    }
    if is_number("gradient_accumulation_steps") {
        all.extend(of("gradients"));
    }
    all.extend(slots);
    Some(all)
}
