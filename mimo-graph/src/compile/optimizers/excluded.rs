//! Checks the names in `exclude_layers` of `Muon` against those of the model.

use crate::args::list;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, nearest};
use crate::graph::Graph;
use crate::value::{Value, ValueKind};

/// Longer lists of layers are not shown.
const FEW: usize = 5;

/// Reports entries of `exclude_layers` that match no weight's name. Entries of other forms are reported where they
/// are read.
pub(in crate::compile) fn check(optimizer: &Value, graph: &Graph, cx: &mut Cx<'_>) {
    let ValueKind::Call { args, .. } = &optimizer.kind else { return };
    let given = args.iter().find(|arg| arg.name.as_ref().is_some_and(|(name, _)| name == "exclude_layers"));
    let Some(ValueKind::List(entries)) = given.map(|arg| &arg.value.kind) else { return };
    let layers = || graph.layers.iter().filter(|layer| !layer.weights.is_empty());
    let paths = layers()
        .flat_map(|layer| layer.weights.iter().map(move |weight| format!("{}/{}", layer.name, weight.name)));
    for entry in entries {
        let Some(part) = entry.word() else { continue };
        if part.is_empty() || paths.clone().any(|path| path.contains(part)) {
            continue;
        }
        let message = format!("no weight of the model has `{part}` in its name");
        let diag = Diag::error(Code::UnknownOptimizerKey, entry.loc, message);
        let mut names: Vec<&str> = layers().map(|layer| layer.name.as_str()).collect();
        names.dedup();
        let diag = match nearest(part, names.iter().copied()) {
            Some(near) => diag.help(near),
            None => {
                let more = if names.len() > FEW { ", …" } else { "" };
                let shown = list(names.iter().copied().take(FEW));
                diag.help(format!("the layers with weights are {shown}{more}"))
            }
        };
        cx.error(diag.note("`exclude_layers` has parts of names of weights, such as `dense/kernel`"));
    }
}
