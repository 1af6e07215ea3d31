//! Keys of the logs: the logged values, and the check that their keys are distinct.

use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::graph::Graph;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::names::loss_field;

/// A logged value.
pub(super) struct Logged {
    key: String,
    /// Description in messages.
    what: String,
    loc: Loc,
    /// Help: a way to change its key.
    help: String,
}

/// The logged values with the runtime's names: `loss`, `output_loss` and `output_metric`, or `metric` for an only
/// output.
pub(super) fn logged(
    graph: &Graph,
    losses: &[Option<Option<Loss>>],
    metrics: &[Option<Vec<(String, Metric)>>],
    metrics_at: Loc,
) -> Vec<Logged> {
    let first_output = graph.outputs.first().map_or(metrics_at, |output| output.loc);
    let value = |key: &str, what: &str| Logged {
        key: key.into(),
        what: what.into(),
        loc: first_output,
        help: "rename the output".into(),
    };
    let mut logged = vec![value("loss", "the total loss")];
    // Outputs without a name were reported.
    let trained = || {
        let outputs = graph.outputs.iter().zip(losses);
        outputs.filter(|(output, loss)| matches!(loss, Some(Some(_))) && !output.name.is_empty())
    };
    let added: Vec<_> = graph.added_losses().into_iter().map(|layer| graph.layer(layer)).collect();
    if trained().count() + added.len() > 1 {
        logged.extend(trained().map(|(output, _)| Logged {
            key: format!("{}_loss", output.name),
            what: format!("the loss of `{}`", output.name),
            loc: output.loc,
            help: format!("rename the output `{}`", output.name),
        }));
    }
    let custom = trained().filter(|(_, loss)| matches!(loss, Some(Some(Loss::Custom { .. }))));
    if custom.count() > 1 {
        logged.push(value("custom_loss", "the loss of `Trainer::set_loss`"));
    }
    logged.extend(added.iter().map(|layer| Logged {
        key: format!("{}_loss", layer.name),
        what: format!("the added loss `{}`", layer.name),
        loc: layer.loc,
        help: renamed(&layer.name),
    }));
    // Outputs without a name were reported.
    let named = graph.outputs.iter().zip(metrics).filter(|(output, _)| !output.name.is_empty());
    for (output, metrics) in named {
        logged.extend(metrics.iter().flatten().map(|(metric, _)| Logged {
            key: match graph.outputs.len() {
                1 => metric.clone(),
                _ => format!("{}_{metric}", output.name),
            },
            what: format!("`{metric}` of `{}`", output.name),
            loc: metrics_at,
            help: "give the metric another name, as in `AUC(name = \"area\")`, or rename an output".into(),
        }));
    }
    logged
}

/// Checks that an added loss does not have the name of an output's field in the logs.
pub(super) fn check_fields(graph: &Graph, cx: &mut Cx<'_>) {
    let mut fields: Vec<(String, String)> = graph
        .outputs
        .iter()
        .map(|output| (output.name.clone(), format!("the output `{}`", output.name)))
        .collect();
    for layer in graph.added_losses().into_iter().map(|layer| graph.layer(layer)) {
        let field = loss_field(&layer.name);
        let own = format!("the added loss `{}`", layer.name);
        if let Some((_, other)) = fields.iter().find(|(taken, _)| *taken == field) {
            let message = format!("{other} and {own} would both be `{field}` in the logs");
            let help = renamed(&layer.name);
            cx.error(Diag::error(Code::LogNameTaken, layer.loc, message).help(help));
        }
        fields.push((field, own));
    }
}

/// Help that changes the key of an added loss.
fn renamed(name: &str) -> String {
    format!("give the loss another name: `add_loss(…, name = \"{name}_term\")`")
}

/// Checks that no two values have one key in the logs. Keys of validation have the prefix `val_`.
pub(super) fn check(logged: &[Logged], cx: &mut Cx<'_>) {
    for (index, value) in logged.iter().enumerate() {
        let validation = |a: &Logged, b: &Logged| a.key.strip_prefix("val_") == Some(&*b.key);
        let found = logged[..index].iter().find_map(|other| {
            let (first, key) = if other.key == value.key {
                (other.what.clone(), &value.key)
            } else if validation(value, other) {
                (format!("{} on validation data", other.what), &value.key)
            } else if validation(other, value) {
                (format!("{} on validation data", value.what), &other.key)
            } else {
                return None;
            };
            let second = if validation(other, value) { &other.what } else { &value.what };
            Some(format!("{first} and {second} would both be `{key}` in the logs"))
        });
        if let Some(message) = found {
            cx.error(Diag::error(Code::LogNameTaken, value.loc, message).help(value.help.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::activation::Activation::{Linear, Sigmoid};
    use crate::sketch::{Model, resolved};

    const NONE: [&str; 0] = [];

    #[test]
    fn keys_of_validation_are_others_than_those_of_training() {
        let errors = |names: [&str; 2], settings: &str| {
            resolved(&Model::heads(&names.map(|name| (name, 1, Linear))), settings).1
        };
        let mse = "loss = mse";
        let wanted = [
            (["policy", "val"], "the total loss on validation data and the loss of `val`", "val_loss"),
            (["val", "policy"], "the total loss on validation data and the loss of `val`", "val_loss"),
            (["a", "val_a"], "the loss of `a` on validation data and the loss of `val_a`", "val_a_loss"),
            (["val_a", "a"], "the loss of `a` on validation data and the loss of `val_a`", "val_a_loss"),
        ];
        for (names, values, key) in wanted {
            let found = errors(names, mse);
            let [error] = &found[..] else { panic!("{names:?}: {found:?}") };
            assert!(error.contains(&format!("error: {values} would both be `{key}` in the logs")), "{error}");
        }
        let metrics =
            errors(["a", "val_a"], "loss = { a: mse, val_a: none }, metrics = { a: [mae], val_a: [mae] }");
        assert!(metrics[0].contains("`mae` of `a` on validation data and `mae` of `val_a`"), "{metrics:?}");
        let joint = errors(["custom", "b"], "loss = custom");
        assert!(joint[0].contains("would both be `custom_loss`"), "{joint:?}");
        // One of them is not logged: the only loss is the total.
        assert_eq!(errors(["val", "b"], "loss = { val: mse, b: none }"), NONE);
        assert_eq!(errors(["value", "vale"], mse), NONE);
    }

    #[test]
    fn keys_of_logs_are_unique() {
        let model = Model::heads(&[("x", 1, Sigmoid), ("x_binary", 1, Sigmoid)]);
        let (_, errors) =
            resolved(&model, "loss = mse, metrics = { x: binary_accuracy, x_binary: accuracy }");
        assert_eq!(
            errors,
            ["at a list or map: error: `binary_accuracy` of `x` and `accuracy` of `x_binary` would both be \
              `x_binary_accuracy` in the logs\n  \
              = help: give the metric another name, as in `AUC(name = \"area\")`, or rename an output"]
        );
    }
}
