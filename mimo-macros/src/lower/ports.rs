//! `Model(inputs = …, outputs = …)`.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::graph::{Graph, Port, TensorId};
use proc_macro2::Ident;

use super::Lower;
use super::tensor::Evaluated;
use crate::ast::{Arg, Expr, ExprKind, Tail, name_of};
use crate::parse::text_of;
use crate::tokens;

/// Result of reading `Model(…)`.
pub(super) struct Ports {
    pub(super) inputs: Vec<(Port, Ident)>,
    pub(super) outputs: Vec<(Port, Ident)>,
    /// Whether both were given, so that missing tensors are errors of their own.
    pub(super) complete: bool,
    /// Whether all of them are names that the block binds.
    pub(super) named: bool,
}

impl Lower<'_> {
    /// Reads the arguments of `Model`.
    pub(super) fn ports(&mut self, tail: &Tail) -> Ports {
        let (mut inputs, mut outputs): (Option<Vec<&Expr>>, Option<Vec<&Expr>>) = (None, None);
        let mut positional = 0;
        // The keyword of the last side, and whether more of it was found outside of brackets.
        let mut named: Option<(&str, bool)> = None;
        let mut complete = true;
        for Arg { keyword, value } in &tail.args {
            if let (None, ExprKind::Invalid) = (keyword, &value.kind) {
                // It was reported, and may be either.
                complete = false;
                continue;
            }
            if let (None, Some((side, reported))) = (keyword, &mut named) {
                let slot = if *side == "inputs" { &mut inputs } else { &mut outputs };
                slot.get_or_insert_default().push(value);
                if !std::mem::replace(reported, true) {
                    self.diags.push(
                        Diag::error(Code::MissingBrackets, value.loc, "a list stands in brackets")
                            .help(format!("write `{side} = [a, b]`")),
                    );
                }
                continue;
            }
            let (slot, what) = match keyword.as_ref().map(|(name, loc)| (name.as_str(), *loc)) {
                None => {
                    positional += 1;
                    match positional {
                        1 => (&mut inputs, "inputs"),
                        2 => (&mut outputs, "outputs"),
                        _ => {
                            self.diags.push(
                                Diag::error(
                                    Code::TooManyArguments,
                                    value.loc,
                                    "`Model` takes its inputs and its outputs, and nothing more",
                                )
                                .help("write `Model(inputs = […], outputs = […])`"),
                            );
                            continue;
                        }
                    }
                }
                Some(("inputs", _)) => (&mut inputs, "inputs"),
                Some(("outputs", _)) => (&mut outputs, "outputs"),
                Some(("name", loc)) => {
                    self.diags.push(
                        Diag::error(Code::ModelNamedTwice, loc, "the model has its name already")
                            .help("the name before the block is the model's name; remove `name`"),
                    );
                    continue;
                }
                Some((name, loc)) => {
                    complete = false;
                    let near = did_you_mean(name, ["inputs", "outputs"]);
                    let diag =
                        Diag::error(Code::UnknownArgument, loc, format!("`Model` has no argument `{name}`"));
                    self.diags.push(match near {
                        Some(near) => diag.help(format!("did you mean `{near}`?")),
                        None => diag.help("its arguments are `inputs` and `outputs`"),
                    });
                    match near {
                        Some("inputs") => (&mut inputs, "inputs"),
                        Some("outputs") => (&mut outputs, "outputs"),
                        _ => continue,
                    }
                }
            };
            if slot.is_some() {
                let loc = keyword.as_ref().map_or(value.loc, |(_, loc)| *loc);
                self.diags.push(
                    Diag::error(Code::ArgumentGivenTwice, loc, format!("`{what}` is given twice"))
                        .help("remove one"),
                );
                continue;
            }
            *slot = Some(vec![value]);
            named = keyword.as_ref().map(|_| (what, false));
        }
        for (given, what) in [(&inputs, "inputs"), (&outputs, "outputs")] {
            if given.is_none() && complete {
                self.error(
                    Diag::error(Code::MissingPorts, tail.loc, format!("`Model` is not told its {what}"))
                        .help("write `Model(inputs = […], outputs = […])`"),
                );
            }
        }
        complete &= inputs.is_some() && outputs.is_some();
        let named = [&inputs, &outputs]
            .iter()
            .all(|side| side.as_ref().is_some_and(|exprs| exprs.iter().all(|expr| self.is_named(expr))));
        let mut side = |exprs: Option<Vec<&Expr>>, what| -> Vec<(Port, Ident)> {
            exprs.into_iter().flatten().flat_map(|expr| self.side(expr, what)).collect()
        };
        let mut inputs = side(inputs, "input");
        let outputs = side(outputs, "output");
        inputs.retain(|(port, _)| {
            let fine = !self.computed.contains(&port.tensor);
            if !fine {
                self.diags.push(
                    Diag::error(
                        Code::ComputedInput,
                        port.loc,
                        format!("`{}` is computed by a layer, and an input is given", port.name),
                    )
                    .help(format!("list what `Input(…)` makes, or leave `{}` out", port.name)),
                );
            }
            complete &= fine;
            fine
        });
        Ports { inputs, outputs, complete, named }
    }

    /// Whether each tensor of a side has a name that the block binds.
    fn is_named(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(ident) => self.frame.bound.contains(&name_of(ident)),
            ExprKind::List(items) => items.iter().all(|item| self.is_named(item)),
            ExprKind::Paren(inner) | ExprKind::Index(inner) => self.is_named(inner),
            ExprKind::Map(_) => true,
            _ => false,
        }
    }

    /// Reads one side of `Model`: a name, a list of names, or a map.
    fn side(&mut self, expr: &Expr, what: &str) -> Vec<(Port, Ident)> {
        let mut ports = Vec::new();
        match &expr.kind {
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    let span = self.spans.get(key.loc).start;
                    let ident = tokens::ident(&key.text, span);
                    self.port(&key.text, (ident, false), key.loc, value, &mut ports);
                }
            }
            ExprKind::List(items) => {
                for item in items {
                    self.named_port(item, what, &mut ports);
                }
            }
            ExprKind::Invalid => self.broken = true,
            _ => self.named_port(expr, what, &mut ports),
        }
        let empty = match &expr.kind {
            ExprKind::Map(entries) => entries.is_empty(),
            ExprKind::List(items) => items.is_empty(),
            _ => false,
        };
        if empty {
            self.broken = true;
            self.error(
                Diag::error(Code::NoPorts, expr.loc, format!("a model has at least one {what}"))
                    .help(format!("write `{what}s = [name]`")),
            );
        }
        ports
    }

    /// A tensor that is named by its binding.
    fn named_port(&mut self, expr: &Expr, what: &str, ports: &mut Vec<(Port, Ident)>) {
        match &expr.kind {
            _ if self.is_list(expr) => self.listed_ports(expr, what, ports),
            ExprKind::Index(list) if self.is_list(list) => self.listed_ports(expr, what, ports),
            ExprKind::Name(ident) => {
                // The field has the span of the binding, so that an editor goes from a use to there.
                let bound = self.binders.get(&name_of(ident)).unwrap_or(ident).clone();
                self.port(&name_of(ident), (bound, true), expr.loc, expr, ports);
            }
            ExprKind::Paren(inner) => self.named_port(inner, what, ports),
            ExprKind::Invalid => self.nameless(expr.loc, ports),
            _ => {
                self.error(
                    Diag::error(Code::UnnamedPort, expr.loc, format!("this {what} has no name"))
                        .help(format!("bind it with `let`, or name it in a map: `{what}s = {{ name: … }}`")),
                );
            }
        }
    }

    /// The tensors of a list, each with the name of its last layer.
    fn listed_ports(&mut self, expr: &Expr, what: &str, ports: &mut Vec<(Port, Ident)>) {
        let (Evaluated::List(tensors) | Evaluated::Tensors(tensors)) = self.eval(expr) else {
            return self.nameless(expr.loc, ports);
        };
        if tensors.is_empty() {
            self.broken = true;
            let shown = text_of(expr.tokens.clone());
            self.error(
                Diag::error(Code::NoPorts, expr.loc, format!("the list `{shown}` is empty"))
                    .help(format!("leave it out of `{what}s`, or let its loop go over at least one value")),
            );
        }
        let list = list_name(expr);
        let bound = self.binders.get(&list).map(Ident::span);
        let span = bound.unwrap_or_else(|| self.spans.get(expr.loc).start);
        // Each error of a loop's body is reported once.
        let mut reported: BTreeSet<Loc> = BTreeSet::new();
        let mut names: BTreeMap<String, (TensorId, Loc)> = BTreeMap::new();
        for tensor in tensors {
            let name = self.given_name(tensor);
            let loc = self.builder.graph().tensor(tensor).loc;
            let Some(name) = name else {
                let known = self.builder.graph().tensor(tensor).shape.is_some();
                if known && reported.insert(loc) {
                    self.error(unnamed(what, &list, self.builder.graph(), tensor));
                }
                self.nameless(expr.loc, ports);
                continue;
            };
            match names.get(&name) {
                None => {}
                // The same tensor twice is another mistake.
                Some((other, _)) if *other == tensor => {}
                Some((other, _)) => {
                    let graph = self.builder.graph();
                    let maker = |tensor| graph.tensor(tensor).producer.map(|node| graph.node(node).layer);
                    // Two layers of one name are reported where they are named.
                    if maker(*other) == maker(tensor) && reported.insert(loc) {
                        let message = format!("several {what}s of the list `{list}` have the name `{name}`");
                        self.error(Diag::error(Code::PortNameTaken, loc, message).help(format!(
                            "end each round with a layer of its own: `Identity(name = \"{name}_{{i}}\")(…)`, with `i` of the loop"
                        )));
                    }
                    self.nameless(expr.loc, ports);
                    continue;
                }
            }
            names.insert(name.clone(), (tensor, loc));
            let ident = tokens::ident(&name, span);
            ports.push((Port { name, tensor, mask: None, loc: expr.loc }, ident));
        }
    }

    /// An unknown port in place of one that was reported.
    fn nameless(&mut self, loc: Loc, ports: &mut Vec<(Port, Ident)>) {
        let tensor = self.builder.poison(loc);
        let ident = Ident::new("_unknown", self.spans.get(loc).start);
        ports.push((Port { name: String::new(), tensor, mask: None, loc }, ident));
    }

    /// A tensor and its name; `bound` if that is the binding instead of a key of a map.
    fn port(
        &mut self,
        name: &str,
        (ident, bound): (Ident, bool),
        loc: Loc,
        value: &Expr,
        ports: &mut Vec<(Port, Ident)>,
    ) {
        let tensor = match self.eval(value) {
            Evaluated::Tensors(tensors) => match tensors.as_slice() {
                [tensor] => *tensor,
                _ => {
                    self.error(
                        Diag::error(
                            Code::SeveralTensors,
                            value.loc,
                            format!("this returns {} tensors, and `{name}` is one", tensors.len()),
                        )
                        .help("bind them with `let (a, b) = …;` and name each"),
                    );
                    self.builder.poison(value.loc)
                }
            },
            Evaluated::List(list) => {
                let shown = text_of(value.tokens.clone());
                self.error(
                    Diag::error(
                        Code::SeveralTensors,
                        value.loc,
                        format!("`{shown}` is a list of {} tensors, and `{name}` is one", list.len()),
                    )
                    .help(format!(
                        "write the list without a key, `[{shown}]`: each tensor has the name of its last layer"
                    ))
                    .help(format!("name one of its tensors: `{{ {name}: {shown}[0] }}`")),
                );
                self.builder.poison(value.loc)
            }
            Evaluated::Layer(_) => {
                self.error(
                    Diag::error(
                        Code::LayerAsTensor,
                        value.loc,
                        format!("`{name}` is a layer, and a tensor is needed here"),
                    )
                    .help(format!("name what a call of it returns: `let y = {name}(x);`")),
                );
                self.builder.poison(value.loc)
            }
            Evaluated::Value(given) => {
                self.value_as_tensor(&given, value.loc);
                self.builder.poison(value.loc)
            }
            // An unbound name.
            Evaluated::Poison
                if bound && !self.frame.bound.iter().any(|other| other == name) && !self.is_lost(name) =>
            {
                return self.nameless(loc, ports);
            }
            Evaluated::Poison => self.builder.poison(value.loc),
        };
        // `Input(name = "…")` names the input independent of its binding, as in Keras.
        if let (true, Some(given)) = (bound, self.builder.input_name(tensor)) {
            let ident = tokens::ident(given, ident.span());
            return ports.push((Port { name: given.to_owned(), tensor, mask: None, loc }, ident));
        }
        ports.push((Port { name: name.to_owned(), tensor, mask: None, loc }, ident));
    }
}

/// Error for a tensor of a list whose last layer has no name.
fn unnamed(what: &str, list: &str, graph: &Graph, tensor: TensorId) -> Diag {
    let entry = graph.tensor(tensor);
    let name = list.strip_suffix('s').filter(|name| !name.is_empty()).unwrap_or(list);
    let producer = graph.tensor(graph.written(tensor)).producer.map(|node| graph.node(node));
    let class = producer.map_or("Input", |node| graph.layer(node.layer).kind.class_name());
    // A call of a nested model is a call of its class, whose outputs are named there.
    let direct = graph.group_of(tensor).is_none() && producer.is_none_or(|node| node.outputs.len() == 1);
    let named = direct && class.starts_with(char::is_uppercase);
    let diag = Diag::error(
        Code::UnnamedPort,
        entry.loc,
        format!(
            "this {what} has no name: a tensor of the list `{list}` has the name that its last layer is given"
        ),
    );
    match named {
        true => diag.help(format!("write `{class}(…, name = \"{name}_{{i}}\")`, with `i` of the loop")),
        false => diag.help(format!(
            "end each round with a layer that has a name: `Identity(name = \"{name}_{{i}}\")(…)`, with `i` of the loop"
        )),
    }
}

/// Name of the list whose tensors an expression contains.
fn list_name(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(ident) => name_of(ident),
        ExprKind::Paren(inner) | ExprKind::Index(inner) => list_name(inner),
        _ => text_of(expr.tokens.clone()),
    }
}
