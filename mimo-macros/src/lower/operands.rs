//! Operands of layers, and the calls themselves: `enc(x)`, `concatenate([a, b])`, `a + b`.

use mimo_graph::build::{Further, Named};
use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::graph::{LayerId, TensorId};
use mimo_graph::language::{Argument, Kind, call_argument, call_arguments};
use mimo_graph::value::ValueKind;

use super::consts::Parameter;
use super::tensor::Evaluated;
use super::{Callable, Lower};
use crate::ast::{Arg, Expr, ExprKind, name_of};
use crate::parse::text_of;

/// Operands of a call.
#[derive(Default)]
pub(super) struct Operands {
    tensors: Vec<(TensorId, Loc)>,
    /// `initial_state = […]` and its location.
    initial: Option<(Vec<(TensorId, Loc)>, Loc)>,
    /// Tensors passed by keyword.
    named: Vec<Named>,
    /// Settings of the call, and the locations of their keywords.
    settings: Vec<(String, Loc, bool)>,
    /// `mask = […]`: the location of the keyword, and the list.
    masks: Option<(Loc, MaskList)>,
    /// Locations of misspelt keywords that were reported and replaced.
    misspelled: Vec<Loc>,
}

/// Masks of a list: of the query, the value and the key.
struct MaskList {
    /// The tensors; `None` for `none`.
    tensors: Vec<Option<(TensorId, Loc)>>,
    /// The first of them as written.
    first: String,
    loc: Loc,
}

/// The keyword argument of calls with this name, or with the nearest name.
fn near_argument(keyword: &str) -> Option<&'static Argument> {
    // Names of other libraries.
    let keyword = match keyword {
        "causal" | "is_causal" => "use_causal_mask",
        "key_padding_mask" => "value_mask",
        "attn_mask" => "attention_mask",
        "return_scores" | "return_attention" | "need_weights" => "return_attention_scores",
        _ => keyword,
    };
    let near = did_you_mean(keyword, call_arguments().map(|argument| argument.name))?;
    call_argument(near)
}

impl Lower<'_> {
    /// `concatenate([a, b], axis = 1)`
    pub(super) fn function(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        name: &str,
        class: &str,
        args: &[Arg],
    ) -> Evaluated {
        let takes = |arg: &Arg| match &arg.keyword {
            None => true,
            Some((keyword, _)) => keyword == "inputs",
        };
        let Some(first) = args.iter().position(takes) else {
            self.error(
                Diag::error(Code::NoTensorGiven, expr.loc, format!("`{name}` is given no tensors"))
                    .help(format!("write `{name}([a, b])`")),
            );
            return Evaluated::Poison;
        };
        let mut tensors = Vec::new();
        let mut settings = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            if i == first {
                continue;
            }
            if arg.keyword.is_none() && self.is_tensor(&arg.value) {
                self.error(
                    Diag::error(
                        Code::TensorsNotInAList,
                        arg.value.loc,
                        format!("`{name}` takes its tensors as one list"),
                    )
                    .help(format!("write `{name}([a, b])`")),
                );
                return Evaluated::Poison;
            }
            settings
                .push(mimo_graph::value::Arg { name: arg.keyword.clone(), value: self.value(&arg.value) });
        }
        if let Some(arg) = args.get(first) {
            self.collect(&arg.value, &mut tensors);
        }
        let ExprKind::Name(ident) = &callee.kind else { return Evaluated::Poison };
        match self.layer(class, callee.loc, &settings, expr.loc, ident) {
            Some(layer) => self.call(layer, &tensors, expr.loc),
            None => Evaluated::Poison,
        }
    }

    /// `layer(a, b)`
    pub(super) fn apply(&mut self, callable: Callable, args: &[Arg], call: Loc) -> Evaluated {
        if let Callable::Function(shared) = callable {
            return self.call_shared(shared, args, call);
        }
        let Some(operands) = self.operands(args, call) else { return Evaluated::Poison };
        let Operands { tensors, initial, mut named, mut settings, masks, misspelled } = operands;
        let layer = match callable {
            Callable::Layer(layer) => layer,
            Callable::Function(_) => return Evaluated::Poison,
            Callable::Instance(instance, steps) => {
                let masks = masks.map(|(loc, _)| ("mask".to_owned(), loc));
                let first = named.first().map(|named| (named.keyword.clone(), named.keyword_loc));
                let setting = settings.first().map(|(keyword, loc, _)| (keyword.clone(), *loc));
                let initial = initial.map(|(_, loc)| ("initial_state".to_owned(), loc));
                let keyword = initial.or(first).or(setting).or(masks);
                return self.call_nested((instance, steps), &tensors, keyword, call);
            }
        };
        if let Some((keyword_loc, list)) = masks {
            let Some(given) = self.masks_of_list(layer, keyword_loc, list) else { return Evaluated::Poison };
            named.extend(given);
        }
        // One mistake is one error.
        let keeps = |keyword: &str, loc: &Loc| {
            !misspelled.contains(loc) || self.builder.takes_at_calls(layer, keyword)
        };
        let given = named.len() + settings.len();
        named.retain(|named| keeps(&named.keyword, &named.keyword_loc));
        settings.retain(|(keyword, loc, _)| keeps(keyword, loc));
        self.broken |= given > named.len() + settings.len();
        let initial = initial.as_ref().map(|(states, loc)| (&states[..], *loc));
        let further = Further { initial, named: &named, settings: &settings };
        let given = self.builder.call_with(layer, &tensors, &further, call, &mut self.diags);
        self.computed.extend(&given);
        Evaluated::Tensors(given)
    }

    pub(super) fn call(&mut self, layer: LayerId, tensors: &[(TensorId, Loc)], call: Loc) -> Evaluated {
        let given = self.builder.call(layer, tensors, call, &mut self.diags);
        self.computed.extend(&given);
        Evaluated::Tensors(given)
    }

    /// The operands of a layer's call; `None` after an error that leaves nothing to call it on.
    pub(super) fn operands(&mut self, args: &[Arg], call: Loc) -> Option<Operands> {
        let mut operands = Operands::default();
        for arg in args {
            match &arg.keyword {
                Some((keyword, _)) if keyword == "inputs" => {}
                Some((keyword, loc)) if keyword == "training" => {
                    self.error(
                        Diag::error(Code::TrainingInCall, *loc, "a call does not say whether it trains")
                            .help("remove `training`: `fit` trains, and `predict` does not"),
                    );
                    continue;
                }
                Some((keyword, loc)) if near_argument(keyword).is_some() => {
                    self.by_keyword(keyword, *loc, &arg.value, &mut operands);
                    continue;
                }
                Some((keyword, loc)) => {
                    self.error(
                        Diag::error(
                            Code::SettingInCall,
                            *loc,
                            format!("a call takes tensors, and `{keyword}` is a setting"),
                        )
                        .help(format!("move it to the layer: `Layer({keyword} = …)(x)`")),
                    );
                    // It may have been a required tensor.
                    self.broken = true;
                    continue;
                }
                None => {}
            }
            self.collect(&arg.value, &mut operands.tensors);
        }
        if args.is_empty() {
            self.error(
                Diag::error(Code::NoTensorGiven, call, "a layer is called on a tensor, and none is given")
                    .help("write `Layer(settings)(tensor)`"),
            );
            return None;
        }
        Some(operands)
    }

    /// `initial_state = [h, c]`, `mask = m`, `use_causal_mask = true`
    fn by_keyword(&mut self, keyword: &str, loc: Loc, value: &Expr, operands: &mut Operands) {
        let Some(near) = near_argument(keyword) else { return };
        if near.name != keyword {
            self.error(
                Diag::error(Code::UnknownArgument, loc, format!("a call has no argument `{keyword}`"))
                    .help(format!("did you mean `{}`?", near.name)),
            );
            operands.misspelled.push(loc);
        }
        let keyword = near.name.to_owned();
        if self.is_none(value) {
            return;
        }
        if near.kind != Kind::Tensors {
            let given = self.value(value);
            match given.kind {
                ValueKind::Bool(on) => operands.settings.push((keyword, loc, on)),
                ValueKind::Invalid => {}
                _ => self.error(
                    Diag::error(
                        Code::WrongValue,
                        value.loc,
                        format!("`{keyword}` is `true` or `false`, found {}", given.describe()),
                    )
                    .help(format!("write `{keyword} = true`")),
                ),
            }
            // The value may be a tensor without another reader.
            self.broken |= self.is_tensor(value);
            return;
        }
        if keyword == "initial_state" {
            let mut states = Vec::new();
            self.collect(value, &mut states);
            if operands.initial.replace((states, value.loc)).is_some() {
                self.error(
                    Diag::error(Code::ArgumentGivenTwice, loc, "`initial_state` is given twice")
                        .help("remove one"),
                );
            }
            return;
        }
        if let ExprKind::List(items) = &value.kind
            && items.iter().any(|item| self.is_number(item))
        {
            let message = format!("`{keyword}` is a tensor of the model, and these are numbers");
            self.error(
                Diag::error(Code::NotATensor, value.loc, message)
                    .help("a mask is computed, as `words != 0` is, or given by an `Input(shape = [steps])`"),
            );
            self.broken = true;
            return;
        }
        // `mask = [query_mask, value_mask]`
        if let (ExprKind::List(items), "mask") = (&value.kind, keyword.as_str()) {
            let tensor = |item: &Expr| match self.is_none(item) {
                true => None,
                false => self.operand(item).first().copied(),
            };
            let first = items.first().map(|item| text_of(item.tokens.clone())).unwrap_or_default();
            let list = MaskList { tensors: items.iter().map(tensor).collect(), first, loc: value.loc };
            if operands.masks.replace((loc, list)).is_some() {
                self.error(
                    Diag::error(Code::ArgumentGivenTwice, loc, "`mask` is given twice").help("remove one"),
                );
            }
            return;
        }
        for (tensor, place) in self.operand(value) {
            let keyword = keyword.clone();
            operands.named.push(Named { keyword, keyword_loc: loc, tensor, loc: place });
        }
    }

    /// Whether an expression is `none`, or a parameter with that value.
    fn is_none(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::None => true,
            ExprKind::Paren(inner) => self.is_none(inner),
            ExprKind::Name(ident) => {
                let name = name_of(ident);
                let given = self.consts.parameter(&name).map(|given| &given.kind);
                !self.frame.scope.contains_key(&name) && given == Some(&ValueKind::None)
            }
            _ => false,
        }
    }

    /// The masks of a list, each by its keyword. `None` after an error.
    fn masks_of_list(&mut self, layer: LayerId, keyword_loc: Loc, list: MaskList) -> Option<Vec<Named>> {
        const NAMES: [&str; 3] = ["query_mask", "value_mask", "key_mask"];
        let takes = |name: &str| self.builder.takes_at_calls(layer, name);
        let class = self.builder.graph().layer(layer).kind.class_name();
        let of_parts = NAMES.into_iter().filter(|name| takes(name)).count();
        let (count, MaskList { tensors, first, loc }) = (list.tensors.len(), list);
        let diag = if of_parts == 0 && takes("mask") {
            let message = format!("the `mask` of a call of `{class}` is one tensor, and this is a list");
            let diag = Diag::error(Code::NotATensor, loc, message);
            Some(match count {
                0 => diag.help("write `mask = none`, or leave it out"),
                1 => diag.help(format!("write `mask = {first}`")),
                _ => diag.help(format!(
                    "write one of them, `mask = {first}`, or what both count: `logical_and(a, b)`"
                )),
            })
        } else if of_parts > 0 && !(2..=of_parts).contains(&count) {
            let message = format!(
                "a list of masks of `{class}` has that of the query and that of the value, and this one has {count}"
            );
            let diag = Diag::error(Code::NotATensor, loc, message);
            Some(match count {
                1 => diag
                    .help(format!("write `query_mask = {first}`, or `value_mask = {first}`"))
                    .help(format!("or `mask = [{first}, none]`")),
                _ => diag.help("write `mask = [query_mask, value_mask]`"),
            })
        } else {
            None
        };
        if let Some(diag) = diag {
            // Other arguments of the call may be tensors without another reader.
            self.broken = true;
            self.error(diag);
            return None;
        }
        // Layers that do not read masks report it.
        let names = if of_parts == 0 { ["mask"; 3] } else { NAMES };
        let named = names.into_iter().zip(tensors).filter_map(|(name, given)| {
            let (tensor, loc) = given?;
            Some(Named { keyword: name.to_owned(), keyword_loc, tensor, loc })
        });
        Some(named.take(if of_parts == 0 { 1 } else { NAMES.len() }).collect())
    }

    /// Collects the tensors of one operand, or of a list of them.
    pub(super) fn collect(&mut self, expr: &Expr, tensors: &mut Vec<(TensorId, Loc)>) {
        match &expr.kind {
            ExprKind::List(items) => {
                for item in items {
                    self.collect(item, tensors);
                }
            }
            _ => match self.eval(expr) {
                Evaluated::List(list) => tensors.extend(list.iter().map(|&tensor| (tensor, expr.loc))),
                given => tensors.extend(self.one_of(expr, given)),
            },
        }
    }

    /// An expression where tensors are needed; an invalid one is replaced by a poisoned tensor, so that counts agree.
    pub(super) fn operand(&mut self, expr: &Expr) -> Vec<(TensorId, Loc)> {
        let given = self.eval(expr);
        self.one_of(expr, given)
    }

    /// Reports a setting returned by an `if` or a function, where a tensor is needed.
    pub(super) fn value_as_tensor(&mut self, value: &Parameter, loc: Loc) {
        self.broken = true;
        let diag = match &value.kind {
            ValueKind::Invalid => return,
            _ => self.no_tensor("this", value.value(loc), loc),
        };
        self.error(diag);
    }

    /// The only tensor of an expression, where one is needed.
    pub(super) fn one_of(&mut self, expr: &Expr, given: Evaluated) -> Vec<(TensorId, Loc)> {
        match given {
            Evaluated::List(list) => {
                self.list_as_tensor(expr, list.len());
                vec![(self.builder.poison(expr.loc), expr.loc)]
            }
            Evaluated::Tensors(tensors) => match tensors.as_slice() {
                [tensor] => vec![(*tensor, expr.loc)],
                several => {
                    let pattern = self.pattern(&[], several);
                    self.error(
                        Diag::error(
                            Code::SeveralTensors,
                            expr.loc,
                            format!("this returns {} tensors, and one is needed here", several.len()),
                        )
                        .help(format!("bind them first: `let {pattern} = …;`")),
                    );
                    vec![(self.builder.poison(expr.loc), expr.loc)]
                }
            },
            Evaluated::Layer(_) => {
                let shown = text_of(expr.tokens.clone());
                self.error(
                    Diag::error(
                        Code::LayerAsTensor,
                        expr.loc,
                        format!("`{shown}` is a layer, and a tensor is needed here"),
                    )
                    .help(format!("call it: `{shown}(x)`")),
                );
                vec![(self.builder.poison(expr.loc), expr.loc)]
            }
            Evaluated::Value(value) => {
                self.value_as_tensor(&value, expr.loc);
                vec![(self.builder.poison(expr.loc), expr.loc)]
            }
            Evaluated::Poison => vec![(self.builder.poison(expr.loc), expr.loc)],
        }
    }
}
