//! What layers are called on, and the calls themselves: `enc(x)`, `concatenate([a, b])`, `a + b`.

use mimo_graph::build::{Further, Named};
use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::graph::{LayerId, TensorId};
use mimo_graph::language::{Argument, Kind, call_argument, call_arguments};
use mimo_graph::value::ValueKind;

use super::consts::Parameter;
use super::tensor::Evaluated;
use super::{Callable, Lower};
use crate::ast::{Arg, Expr, ExprKind};
use crate::parse::text_of;

/// What a layer is called on.
#[derive(Default)]
pub(super) struct Operands {
    tensors: Vec<(TensorId, Loc)>,
    /// `initial_state = […]` and its place.
    initial: Option<(Vec<(TensorId, Loc)>, Loc)>,
    /// Tensors that keywords name.
    named: Vec<Named>,
    /// Settings of the call, and the places of their keywords.
    settings: Vec<(String, Loc, bool)>,
}

/// The keyword argument of calls that a keyword is, or that it was probably meant to be.
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
        let Operands { tensors, initial, named, settings } = operands;
        let layer = match callable {
            Callable::Layer(layer) => layer,
            Callable::Function(_) => return Evaluated::Poison,
            Callable::Instance(instance, steps) => {
                let first = named.first().map(|named| (named.keyword.clone(), named.keyword_loc));
                let setting = settings.first().map(|(keyword, loc, _)| (keyword.clone(), *loc));
                let initial = initial.map(|(_, loc)| ("initial_state".to_owned(), loc));
                let keyword = initial.or(first).or(setting);
                return self.call_nested((instance, steps), &tensors, keyword, call);
            }
        };
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

    /// The tensors that a layer is called on; `None` after an error that leaves nothing to call it on.
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
                    // It may have been a tensor that is needed here.
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
        }
        let keyword = near.name.to_owned();
        if matches!(value.kind, ExprKind::None) {
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
        let each = match &value.kind {
            // `mask = [query_mask, value_mask]`
            ExprKind::List(items) if keyword == "mask" => {
                let names = ["query_mask", "value_mask", "key_mask"];
                names.into_iter().zip(items).map(|(name, item)| (name.to_owned(), item)).collect()
            }
            _ => vec![(keyword, value)],
        };
        for (keyword, item) in each {
            if matches!(item.kind, ExprKind::None) {
                continue;
            }
            for (tensor, place) in self.operand(item) {
                let keyword = keyword.clone();
                operands.named.push(Named { keyword, keyword_loc: loc, tensor, loc: place });
            }
        }
    }

    /// The tensors of one operand, or of a list of them.
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

    /// An expression where tensors are needed; one that is none gives a poisoned tensor, so that counts agree.
    pub(super) fn operand(&mut self, expr: &Expr) -> Vec<(TensorId, Loc)> {
        let given = self.eval(expr);
        self.one_of(expr, given)
    }

    /// Reports a setting that an `if` or a function gives, where a tensor is needed.
    pub(super) fn value_as_tensor(&mut self, value: &Parameter, loc: Loc) {
        self.broken = true;
        let diag = match &value.kind {
            ValueKind::Invalid => return,
            _ => self.no_tensor("this", value.value(loc), loc),
        };
        self.error(diag);
    }

    /// The one tensor that an expression gives, where one is needed.
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
                            format!("this gives {} tensors, and one is needed here", several.len()),
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
