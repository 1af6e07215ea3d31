//! Models as layers: each is parsed and lowered like the enclosing model, and its graph is copied at each call.

use mimo_graph::build::Instance;
use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Diags, Loc};
use mimo_graph::graph::{ConstEntry, Graph, LayerId, TensorId};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::library::{Home, Libraries};
use super::tensor::Evaluated;
use super::{Binding, Lower, among};
use crate::ast::{Arg, Expr, ExprKind, Model, Use, name_of};
use crate::parse::{Description, Parser, text_of};
use crate::tokens;

/// A model that the block uses.
#[derive(Debug)]
pub(super) struct Nested {
    /// The block that imports it.
    home: Home,
    /// Its name in that block.
    name: String,
    /// Its path; empty for a model that another block imports, whose path is not valid here.
    pub(super) path: TokenStream,
    /// Its graph; `None` if it has errors, which were reported there.
    pub(super) model: Option<Graph>,
}

/// Callable items.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Callable {
    Layer(LayerId),
    /// A nested model, by its index in [`Instances`], and the number of `TimeDistributed` around it.
    Instance(usize, usize),
    /// A function of the block with its settings, by its index in [`Lower::shared`].
    Function(usize),
}

/// The only wrapper for models.
const TIME_DISTRIBUTED: &str = "TimeDistributed";

/// The nested models created so far.
#[derive(Debug, Default)]
pub(super) struct Instances(Vec<Made>);

#[derive(Clone, Debug)]
struct Made {
    instance: Instance,
    /// Index of the model that the block uses.
    nested: usize,
    /// Span of its name.
    span: Span,
}

impl Instances {
    /// Sets the span of an instance's name.
    pub(super) fn name(&mut self, instance: usize, span: Span) {
        if let Some(made) = self.0.get_mut(instance) {
            made.span = span;
        }
    }

    /// Location where an instance is created.
    pub(super) fn place(&self, instance: usize, graph: &Graph) -> Option<Loc> {
        let group = self.0.get(instance)?.instance.group;
        graph.groups.get(group.index()).map(|group| group.loc)
    }

    /// The path of each instance's type, and the span of its name.
    pub(super) fn types(&self, nested: &[Nested]) -> Vec<(TokenStream, Span)> {
        let path =
            |made: &Made| nested.get(made.nested).map(|nested| nested.path.clone()).unwrap_or_default();
        self.0.iter().map(|made| (path(made), made.span)).collect()
    }
}

/// Lowers every model that the block uses. Adds their constants to `constants`, numbered after the model's own, and
/// the tokens of these to `exprs`.
pub(super) fn all(
    model: &Model,
    libraries: &Libraries,
    constants: &mut Vec<ConstEntry>,
    exprs: &mut Vec<TokenStream>,
    diags: &mut Diags,
    functions: bool,
) -> Vec<Nested> {
    let described = model.described.iter().map(Some).chain(std::iter::repeat(None));
    let uses = model.uses.iter().zip(described);
    let uses = uses.filter(|(used, _)| !libraries.imports(&name_of(&used.ident)));
    let mut all: Vec<Nested> = Vec::new();
    for (used, description) in uses {
        if functions && description.is_some_and(has_lengths) {
            let message = format!(
                "the model `{}` has lengths that are constants of Rust, and the blocks that call these functions do not see them",
                name_of(&used.ident)
            );
            diags.push(
                Diag::error(Code::ConstantOfRust, used.loc, message)
                    .help("write numbers in the model, or use it in a `model!` only"),
            );
        }
        all.push(one(used, description, constants, exprs, diags));
    }
    for (home, used, description) in &libraries.models {
        let nested = one(used, Some(description), constants, exprs, diags);
        all.push(Nested { home: *home, path: TokenStream::new(), ..nested });
    }
    // A `use` that could not be parsed is not also an unknown layer.
    let missing = model.missing_uses.iter().cloned();
    all.extend(missing.map(|name| Nested { home: 0, name, path: TokenStream::new(), model: None }));
    all
}

fn one(
    used: &Use,
    description: Option<&TokenStream>,
    constants: &mut Vec<ConstEntry>,
    exprs: &mut Vec<TokenStream>,
    diags: &mut Diags,
) -> Nested {
    let name = name_of(&used.ident);
    let mut nested = Nested { home: 0, name, path: used.path.clone(), model: None };
    let Some(description) = description.filter(|description| !description.is_empty()) else { return nested };
    let Description::Model { model, .. } = Description::read(description) else { return nested };
    let mut parser = Parser::default();
    let ast = parser.model(model);
    let outcome = among(&ast, parser.spans, parser.diags, constants.clone());
    let failed = outcome.diags.has_errors();
    let Some(lowered) = outcome.lowered.filter(|lowered| !failed && lowered.unusable.is_none()) else {
        // The model is valid at its definition; an error here means that it was expanded by another release of mimo.
        let first = outcome.diags.into_sorted().into_iter().next();
        let diag = Diag::error(
            Code::InvalidUse,
            used.loc,
            format!("the model `{}` cannot be used here", nested.name),
        )
        .help("let both crates depend on the same release of mimo");
        diags.push(match first {
            Some(first) => diag.note(first.message),
            None => diag,
        });
        return nested;
    };
    let known = constants.len();
    let own = |text: &str| ast.consts.iter().any(|constant| name_of(&constant.ident) == text);
    for (place, entry) in lowered.graph.consts.iter().skip(known).enumerate() {
        let ConstEntry { text, loc: _, number } = entry;
        // A constant of the nested block has that model's name as a prefix.
        let text = if own(text) { format!("{}::{text}", nested.name) } else { text.clone() };
        constants.push(ConstEntry { text, loc: used.loc, number: *number });
        let (path, constant) = (&used.path, tokens::length_name(place));
        exprs.push(quote!(#path::#constant));
    }
    nested.model = Some(lowered.graph);
    nested
}

/// Whether a model has lengths that only const evaluation knows.
fn has_lengths(description: &TokenStream) -> bool {
    matches!(Description::read(description), Description::Model { lengths: true, .. })
}

/// Description of this model for others: its name, its block, and the descriptions of the models that it uses.
pub(super) fn description(model: &Model) -> TokenStream {
    let (Some(header), described) = (&model.header, &model.described) else { return TokenStream::new() };
    let block = model.written.clone().into_iter().last();
    let name = &header.ident;
    quote!(#(@ { #described })* #name #block)
}

impl Lower<'_> {
    /// Reports unused imports of models.
    pub(super) fn unused_models(&mut self, model: &Model) {
        // The use may be in a statement with an error.
        if self.diags.has_errors() {
            return;
        }
        for used in &model.uses {
            let name = name_of(&used.ident);
            if name.starts_with('_') {
                continue;
            }
            if self.libraries.imports(&name) {
                if !self.expansions.called.contains(&name) && !self.is_broken_function(&name) {
                    let message = format!("the function `{name}` is never called");
                    self.diags.push(
                        Diag::warning(Code::UnusedFunction, used.loc, message)
                            .help(format!("call it, `let y = {name}(…);`, or remove the `use`")),
                    );
                }
                continue;
            }
            let place = self.nested_model(&name);
            if place.is_none_or(|place| !self.used.contains(&place)) {
                self.diags.push(
                    Diag::warning(Code::UnusedModel, used.loc, format!("the model `{name}` is never used"))
                        .help(format!("make a layer of it, `let … = {name}();`, or remove the `use`")),
                );
            }
        }
    }

    /// The model of this name in the block.
    pub(super) fn nested_model(&self, name: &str) -> Option<usize> {
        let home = self.frame.home;
        self.nested.iter().position(|nested| nested.home == home && nested.name == name)
    }

    /// `Encoder()`
    pub(super) fn instantiate(
        &mut self,
        nested: usize,
        ident: &Ident,
        args: &[Arg],
        (callee, call): (Loc, Loc),
    ) -> Evaluated {
        self.used.insert(nested);
        let name = name_of(ident);
        if self.nested.get(nested).is_some_and(|nested| nested.model.is_none()) {
            // It may have been meant as a function.
            self.tensors_of_lost(args);
            return Evaluated::Poison;
        }
        if let Some(tensor) = args.iter().find(|arg| arg.keyword.is_none() && self.is_tensor(&arg.value)) {
            let shown = text_of(tensor.value.tokens.clone());
            self.error(
                Diag::error(
                    Code::ModelNotMade,
                    callee,
                    format!("the model `{name}` has to be made before it is called"),
                )
                .help(format!("write `{name}()({shown})`")),
            );
            return Evaluated::Poison;
        }
        let models = self.nested;
        let Some(model) = models.get(nested).and_then(|nested| nested.model.as_ref()) else {
            return Evaluated::Poison;
        };
        let args = self.args(args);
        let made = self.once(&name, |lower| {
            let instance = lower.builder.instance(&name, model, &args, call, &mut lower.diags)?;
            lower.layer_spans.resize(lower.builder.graph().layers.len(), ident.span());
            lower.instances.0.push(Made { instance, nested, span: ident.span() });
            Some(Callable::Instance(lower.instances.0.len() - 1, 0))
        });
        made.map_or(Evaluated::Poison, Evaluated::Layer)
    }

    /// `encode(x)`
    pub(super) fn call_nested(
        &mut self,
        (instance, steps): (usize, usize),
        tensors: &[(TensorId, Loc)],
        keyword: Option<(String, Loc)>,
        call: Loc,
    ) -> Evaluated {
        if let Some((keyword, loc)) = keyword {
            let what = if keyword == "initial_state" { "each state" } else { "it" };
            let tensors = if keyword == "initial_state" { "the states" } else { "that tensor" };
            self.error(
                Diag::error(Code::NoState, loc, format!("a nested model takes no `{keyword}`"))
                    .help(format!("give the model an `Input` for {what}, and call it on {tensors} too")),
            );
        }
        let made = self.instances.0.get(instance).cloned();
        let models = self.nested;
        let model = made.as_ref().and_then(|made| models.get(made.nested)?.model.as_ref());
        let (Some(made), Some(model)) = (made, model) else { return Evaluated::Poison };
        let given =
            self.builder.call_instance(&made.instance, (model, steps), tensors, call, &mut self.diags);
        // A model may output its input.
        let new = given.iter().filter(|&given| tensors.iter().all(|(tensor, _)| tensor != given));
        self.computed.extend(new);
        Evaluated::Tensors(given)
    }

    /// Whether an expression is a model, or one in `TimeDistributed`.
    fn is_model(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Name(ident) if name_of(ident) == TIME_DISTRIBUTED => {
                    args.iter().any(|arg| self.is_model(&arg.value))
                }
                ExprKind::Name(ident) => self.nested_model(&name_of(ident)).is_some(),
                _ => false,
            },
            ExprKind::Name(ident) => {
                let name = name_of(ident);
                matches!(self.frame.scope.get(&name), Some(Binding::Layer(Callable::Instance(..))))
                    || !self.frame.scope.contains_key(&name) && self.nested_model(&name).is_some()
            }
            _ => false,
        }
    }

    /// `TimeDistributed(Encoder())`: the model, to be called on every step. `None` for other expressions.
    pub(super) fn steps_of_a_model(&mut self, class: &str, args: &[Arg]) -> Option<Evaluated> {
        if class != TIME_DISTRIBUTED {
            return None;
        }
        let wrapped = args.iter().find(|arg| self.is_model(&arg.value))?;
        let shown = text_of(wrapped.value.tokens.clone());
        let mut sound = true;
        for arg in args.iter().filter(|arg| !std::ptr::eq(*arg, wrapped)) {
            let (what, loc) = match &arg.keyword {
                Some((keyword, loc)) => (format!("`{keyword}`"), *loc),
                None => (format!("`{}`", text_of(arg.value.tokens.clone())), arg.value.loc),
            };
            let message = format!("{what} cannot be passed to a `TimeDistributed` around a model");
            let diag = Diag::error(Code::ModelInSettings, loc, message).help(
                "`name` and `trainable` are arguments of the model: `TimeDistributed(Encoder(name = \"…\"))`",
            );
            self.error(diag.note(format!("the weights are those of `{shown}`, with its name before theirs")));
            sound = false;
        }
        let Evaluated::Layer(Callable::Instance(instance, steps)) = self.eval(&wrapped.value) else {
            return Some(Evaluated::Poison);
        };
        let (models, made) = (self.nested, self.instances.0.get(instance)?);
        let model = models.get(made.nested)?.model.as_ref()?;
        if let Some(diag) = self.builder.not_for_steps(&made.instance, model, wrapped.value.loc) {
            self.error(diag);
            sound = false;
        }
        Some(match sound {
            true => Evaluated::Layer(Callable::Instance(instance, steps + 1)),
            false => Evaluated::Poison,
        })
    }

    /// A model among the settings of another layer: `Bidirectional(Encoder())`. Returns whether that was reported.
    pub(super) fn wraps_a_model(&mut self, class: &str, args: &[Arg]) -> bool {
        let Some(wrapped) = args.iter().map(|arg| &arg.value).find(|value| self.is_model(value)) else {
            return false;
        };
        let shown = text_of(wrapped.tokens.clone());
        let help = match class {
            "SpectralNormalization" => {
                "call the model on tensors itself, and wrap its layers where it is written"
            }
            _ => "call the model on tensors itself, or on every step of a sequence with `TimeDistributed(…)`",
        };
        let message = format!("`{class}` takes a layer, and `{shown}` is a model");
        self.error(Diag::error(Code::ModelInSettings, wrapped.loc, message).help(help));
        true
    }
}
