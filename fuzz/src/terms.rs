//! Losses added by the model itself.

use crate::choices::Choices;

/// The statement `add_loss(…)` number `index`, of a tensor with this many axes.
pub fn added_loss(choices: &mut Choices<'_>, tensor: &str, rank: usize, index: usize) -> String {
    let axes: Vec<String> = (1..=rank).map(|axis| axis.to_string()).collect();
    let axes = axes.join(", ");
    let axes = if choices.one_in(2) { format!("({axes})") } else { format!("[{axes}]") };
    let form = choices.pick(&[
        "mean(square({t}), axis = {axes})",
        "mean(log1p(square({t})), axis = {axes})",
        "(0.5 * mean(tanh({t}), axis = {axes}))",
        "exp(-mean(square({t}), axis = {axes}))",
    ]);
    let loss = form.replace("{t}", tensor).replace("{axes}", &axes);
    let settings = choices.pick(&[
        "",
        ", 0.5",
        ", weight = -0.1",
        ", name = \"term{i}\"",
        ", weight = 2, name = \"term{i}\"",
    ]);
    format!("    add_loss({loss}{});\n", settings.replace("{i}", &index.to_string()))
}
