//! Custom losses and metrics that the user writes in Rust, by their paths: `crate::pinball`, `crate::Lift(name =
//! "lift_of_risk")`.
//!
//! rustc checks, at the user's tokens, that a path leads to a function or a type of the right form.

use crate::args::read;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::ConstId;
use crate::graph::Training;
use crate::intern::interned_names;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::named::Named;
use crate::names::field;
use crate::value::{Arg, Value, ValueKind};

/// A path with its arguments.
pub(super) struct Own<'v> {
    path: &'static str,
    args: &'v [Arg],
    loc: Loc,
}

/// First segments of paths as Python has them.
const PYTHON: [&str; 9] = ["K", "keras", "losses", "metrics", "mimo", "nn", "tensorflow", "tf", "torch"];

impl<'v> Own<'v> {
    /// The path in a value. `None` if it is not a path, or a word of the language in the form of another library:
    /// `losses::mse`.
    pub(super) fn read<T>(value: &'v Value, table: &[Named<T>], cx: &Cx<'_>) -> Option<Self> {
        let (text, args) = match &value.kind {
            ValueKind::Expr(id) => (cx.consts.get(id.0 as usize)?.text.as_str(), &[][..]),
            ValueKind::Call { name, args, .. } => (name.as_str(), &args[..]),
            _ => return None,
        };
        let segments: Vec<&str> = text.split("::").map(str::trim).collect();
        let is_name = |segment: &&str| {
            let segment = segment.strip_prefix("r#").unwrap_or(segment);
            segment.chars().all(|c| c.is_alphanumeric() || c == '_')
                && segment.starts_with(|first: char| first.is_alphabetic() || first == '_')
        };
        let names = if segments.first() == Some(&"") { &segments[1..] } else { &segments[..] };
        let last = names.last()?;
        if segments.len() < 2 || !names.iter().all(is_name) {
            return None;
        }
        let is_word = table.iter().any(|entry| entry.item.names.contains(last));
        if is_word && segments.first().is_some_and(|first| PYTHON.contains(first)) {
            return None;
        }
        let path = interned_names(&[&segments.join("::")]).first().copied()?;
        Some(Own { path, args, loc: value.loc })
    }

    /// The arguments by name. Reports others than `allowed`.
    fn arguments(&self, allowed: &str, cx: &mut Cx<'_>) -> Option<Option<&'v Value>> {
        let mut found = None;
        for arg in self.args {
            match &arg.name {
                Some((name, _)) if name == allowed && found.is_none() => found = Some(&arg.value),
                name => {
                    let path = self.path;
                    let (loc, message) = match name {
                        Some((name, loc)) if name == allowed => {
                            (*loc, format!("`{path}` has `{name}` twice"))
                        }
                        Some((name, loc)) => (*loc, format!("`{path}` has no argument `{name}`")),
                        None => (arg.value.loc, format!("`{path}` takes no argument without a name")),
                    };
                    let help = match allowed {
                        "name" => format!("write `{path}(name = \"…\")`, or the path alone"),
                        _ => format!("write `{path}({allowed} = true)`, or the path alone"),
                    };
                    let note = "settings of your own are part of the Rust item: a constant, or a type with parameters";
                    cx.error(Diag::error(Code::UnknownArgument, loc, message).help(help).note(note));
                    return None;
                }
            }
        }
        Some(found)
    }

    /// The loss.
    pub(super) fn loss(&self, cx: &mut Cx<'_>) -> Option<Loss> {
        let sparse = match self.arguments("sparse", cx)? {
            Some(value) => read::boolean(value, "`sparse`", cx)?,
            None => false,
        };
        Some(Loss::Own { path: self.path, sparse })
    }

    /// The metric and its name.
    pub(super) fn metric(&self, cx: &mut Cx<'_>) -> Option<(String, Metric)> {
        let (name, loc) = match self.arguments("name", cx)? {
            Some(value) => (read::string(value, "`name`", cx)?, value.loc),
            None => (name_of(self.path), self.loc),
        };
        let usable = || name_of(self.path);
        let call = |usable: &str| format!("{}(name = \"{usable}\")", self.path);
        if let Some(diag) = field::wrong_metric_name(&name, loc, usable, call) {
            cx.error(diag);
            return None;
        }
        Some((name, Metric::Own { path: self.path, place: 0, state: 0, higher_is_better: None }))
    }
}

/// Default name in the logs: the last segment of the path in snake case.
fn name_of(path: &str) -> String {
    let last = path.rsplit("::").next().unwrap_or(path);
    field::snake_case(last.strip_prefix("r#").unwrap_or(last))
}

/// Reports a metric with the same name as another one of its output, if one of them is a custom metric.
pub(super) fn named_twice(name: &str, value: &Value, metric: Metric, cx: &mut Cx<'_>) {
    let message = format!("two metrics of one output are called `{name}`");
    let help = match (metric, &value.kind) {
        (Metric::Own { path, .. }, _) => format!("write `{path}(name = \"{name}_2\")`"),
        (_, ValueKind::Call { name: word, .. }) => format!("write `{word}(name = \"{name}_2\", …)`"),
        _ => format!("write `{}(name = \"{name}_2\")`", value.word().unwrap_or(name)),
    };
    let diag = Diag::error(Code::MetricNamedTwice, value.loc, message).help(help);
    cx.error(diag.note("logs have one field for each metric"));
}

/// Numbers the metrics, and finds the tokens of every path.
pub(super) fn placed(outputs: &mut [Training], cx: &Cx<'_>) -> Vec<(&'static str, ConstId)> {
    let mut paths: Vec<&'static str> = vec![];
    let mut metrics: Vec<&'static str> = vec![];
    for output in outputs {
        if let Some(Loss::Own { path, .. }) = output.loss {
            paths.push(path);
        }
        for (_, metric) in &mut output.metrics {
            if let Metric::Own { path, place, .. } = metric {
                paths.push(path);
                *place = metrics.iter().position(|known| known == path).unwrap_or(metrics.len());
                if *place == metrics.len() {
                    metrics.push(path);
                }
            }
        }
    }
    paths.sort_unstable();
    paths.dedup();
    let is = |text: &str, path: &str| text.split("::").map(str::trim).eq(path.split("::"));
    let tokens = paths.into_iter().filter_map(|path| {
        let at = cx.consts.iter().position(|entry| !entry.number && is(&entry.text, path))?;
        Some((path, ConstId(u32::try_from(at).ok()?)))
    });
    tokens.collect()
}
