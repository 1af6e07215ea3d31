//! [`ast::Model`] → [`Graph`]: resolves names, makes and calls layers, and infers shapes with [`Builder`].

mod activations;
mod branching;
mod consts;
mod expansion;
mod frame;
mod functions;
mod index;
mod known;
mod library;
mod lists;
mod misused;
mod nested;
mod operands;
mod operations;
mod ports;
mod python_index;
mod switch;
mod tensor;
mod unavailable;
mod unknown;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mimo_graph::build::Builder;
use mimo_graph::code::Code;
use mimo_graph::context::{Cx, DimCheck};
use mimo_graph::diag::{Diag, Diags, Loc};
use mimo_graph::dim::{ConstId, Dim};
use mimo_graph::graph::{ConstEntry, Graph, TensorId};
use mimo_graph::value::ValueKind;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub(crate) use self::consts::{BlockConst, is_function_of_numbers};
use self::frame::Frame;
use self::nested::{Callable, Nested};
use crate::ast::{Expr, ExprId, ExprKind, Function, Header, Let, Model, name_of};
use crate::span::Spans;
use crate::tokens;

/// A lowered model: the input of `emit`.
#[derive(Debug)]
pub(crate) struct Lowered {
    /// The graph, with shapes, names and `compile`.
    pub(crate) graph: Graph,
    /// Checks for const evaluation, written by `report::checks`.
    pub(crate) checks: Vec<DimCheck>,
    /// Spans of all locations; the graph's locations are indices into it.
    pub(crate) spans: Spans,
    /// The user's tokens of each of `graph.consts`, with the block's own constants replaced by their values.
    pub(crate) const_exprs: Vec<TokenStream>,
    /// The path of mimo, attributes, visibility and name.
    pub(crate) header: Header,
    /// The block's constants, for `impl Name { pub const … }`.
    pub(crate) consts: Vec<BlockConst>,
    /// One identifier per input, in the order of `graph.inputs`, with the user's span.
    pub(crate) inputs: Vec<Ident>,
    /// One identifier per output, in the order of `graph.outputs`, with the user's span.
    pub(crate) outputs: Vec<Ident>,
    /// Span of each layer's name, in the order of `graph.layers`: that of the binding, else of the class.
    pub(crate) layer_spans: Vec<Span>,
    /// Type of each of `graph.groups`, and the span of its name. A model of a function of another block has no type
    /// that can be named here.
    pub(crate) group_types: Vec<(TokenStream, Span)>,
    /// Path of a nested model with errors: then nothing is emitted, and nothing more is reported.
    pub(crate) unusable: Option<TokenStream>,
    /// Description of this block for others.
    pub(crate) description: TokenStream,
    /// The imported functions, by their names in the block.
    pub(crate) imported: Vec<(String, Rc<Function>)>,
    /// Whether `inputs` and `outputs` are complete, so that their structs have all of their fields.
    pub(crate) named: bool,
    /// Bindings of names, by the location of the `let`; in a function or a loop, of the first expansion.
    pub(crate) types: BTreeMap<Loc, Binding>,
}

impl Lowered {
    /// A path inside `mimo::__private`, with the span of the user's name of mimo: `path(quote!(Dense))`.
    pub(crate) fn private(&self, path: TokenStream) -> TokenStream {
        tokens::private(&self.header.krate, path)
    }

    /// One identifier per layer, in the order of `graph.layers`: its name as a field, with the user's span.
    pub(crate) fn layers(&self) -> Vec<Ident> {
        let spans = self.layer_spans.iter().copied().chain(std::iter::repeat(self.header.ident.span()));
        self.graph.layers.iter().zip(spans).map(|(layer, span)| tokens::ident(&layer.name, span)).collect()
    }
}

/// Meaning of a name.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    /// A tensor.
    Tensor(TensorId),
    /// A list of tensors: of the rounds of a loop, or passed to a function.
    Tensors(Vec<TensorId>),
    /// A layer that was not called.
    Layer(Callable),
    /// An error was reported.
    Poison,
}

/// An error was reported.
struct Reported;

/// The state of lowering.
struct Lower<'a> {
    builder: Builder,
    diags: Diags,
    /// The names of the body that is being lowered.
    frame: Frame,
    /// Frames of the enclosing calls, outermost first.
    callers: Vec<Frame>,
    /// The token that bound each name last.
    binders: BTreeMap<String, Ident>,
    /// First binding at each location of a name.
    types: BTreeMap<Loc, Binding>,
    /// Lists bound to names.
    lists: Vec<lists::BoundList>,
    /// Names of lists whose loops had errors.
    broken_lists: BTreeSet<String>,
    /// Last values of functions of the block and of `if` inside of expressions of values; `None` after an error.
    values: BTreeMap<ExprId, Option<consts::Known>>,
    /// Locations of tensors that are read in a branch that is not chosen: they are not unused.
    spared: BTreeSet<Loc>,
    /// Remaining comparisons of names, since all pairs would be too many.
    comparisons: usize,
    /// Whether a statement had no result after an error: an unused tensor is then not a second mistake.
    broken: bool,
    /// Outputs of calls, so that none of them is used as an input.
    computed: BTreeSet<TensorId>,
    consts: consts::Consts<'a>,
    expansions: expansion::Expansions,
    libraries: &'a library::Libraries,
    /// The home whose constants are `consts`.
    at_home: library::Home,
    /// Constants of the other homes.
    shelf: Vec<Option<consts::Consts<'a>>>,
    /// Functions of other blocks, relocated to the calls in this one.
    sites: BTreeMap<(library::Home, String, Loc), Rc<Function>>,
    /// Number of diagnostics with a note about the statement of another block.
    placed: usize,
    /// Calls between functions, while a `functions!` is checked.
    calls: Option<functions::Calls>,
    /// Words in bodies of `functions!`.
    words: BTreeMap<ConstId, String>,
    /// Functions with their settings, to be called as layers.
    shared: Vec<expansion::Shared>,
    /// The calls of these that are being expanded, outermost first.
    replays: Vec<expansion::Replay>,
    const_exprs: Vec<TokenStream>,
    /// Constants that are names of tensors: the user probably meant a length.
    tensor_lengths: BTreeSet<ConstId>,
    layer_spans: Vec<Span>,
    nested: &'a [Nested],
    instances: nested::Instances,
    /// Indices of `nested` that the block uses.
    used: BTreeSet<usize>,
    spans: &'a Spans,
}

/// Result of lowering with its diagnostics. Without a header, nothing can be emitted.
pub(crate) struct Outcome {
    /// The model, if its name is known.
    pub(crate) lowered: Option<Lowered>,
    /// Every error and warning.
    pub(crate) diags: Diags,
    /// Spans of the diagnostics, if there is no model to hold them.
    pub(crate) spans: Spans,
}

/// Lowers a parsed model: graph, names, `compile`, and every check.
pub(crate) fn model(model: &Model, spans: Spans, parsed: Vec<Diag>) -> Outcome {
    among(model, spans, parsed, Vec::new())
}

/// Checks the functions of a `functions!` separately.
pub(crate) fn functions(model: &Model, spans: Spans, parsed: Vec<Diag>) -> Outcome {
    lowered(model, spans, parsed, Vec::new(), true)
}

/// Same as [`model`] for a model whose constants are numbered after those of others.
fn among(model: &Model, spans: Spans, parsed: Vec<Diag>, constants: Vec<ConstEntry>) -> Outcome {
    lowered(model, spans, parsed, constants, false)
}

/// Lowers a model, or checks `functions` without a model.
fn lowered(
    model: &Model,
    spans: Spans,
    parsed: Vec<Diag>,
    mut constants: Vec<ConstEntry>,
    functions: bool,
) -> Outcome {
    let mut diags = Diags::new();
    for diag in parsed {
        diags.push(diag);
    }
    let Some(header) = model.header.clone() else { return Outcome { lowered: None, diags, spans } };
    // Constants of other blocks are not emitted again.
    let mut const_exprs = vec![TokenStream::new(); constants.len()];
    let libraries = library::Libraries::of(model, &mut diags);
    let own = model.functions.iter().map(|function| name_of(&function.ident));
    let own = own.chain(libraries.imported().map(|(name, _)| name.clone())).collect();
    let consts = consts::Consts::new(&model.consts, own, &mut diags);
    let nested = nested::all(model, &libraries, &mut constants, &mut const_exprs, &mut diags, functions);
    let expansions = expansion::Expansions::new(model, &mut diags);
    if functions {
        functions::check_constants(&model.consts, &mut diags);
    }
    let mut lower = Lower {
        builder: Builder::among(&name_of(&header.ident), constants),
        diags,
        frame: Frame::block(&model.statements, &model.lost),
        callers: Vec::new(),
        binders: BTreeMap::new(),
        types: BTreeMap::new(),
        lists: Vec::new(),
        broken_lists: BTreeSet::new(),
        values: BTreeMap::new(),
        spared: BTreeSet::new(),
        comparisons: unknown::COMPARISONS,
        broken: model.lost.any(),
        computed: BTreeSet::new(),
        consts,
        expansions,
        libraries: &libraries,
        at_home: 0,
        shelf: libraries.constants(),
        sites: BTreeMap::new(),
        placed: 0,
        calls: functions.then(functions::Calls::default),
        words: BTreeMap::new(),
        shared: Vec::new(),
        replays: Vec::new(),
        const_exprs,
        tensor_lengths: BTreeSet::new(),
        layer_spans: Vec::new(),
        nested: &nested,
        instances: nested::Instances::default(),
        used: BTreeSet::new(),
        spans: &spans,
    };
    match functions {
        true => lower.check_functions(),
        false => lower.statements(&model.statements),
    }
    let mut ports = model.tail.as_ref().map(|tail| lower.ports(tail));
    let compile = model.tail.as_ref().and_then(|tail| tail.compile.as_ref());
    let compile = compile.map(|(args, loc)| (lower.args(args), *loc));
    if let (Some(ports), Some(_)) = (&mut ports, &compile) {
        for (port, _) in &mut ports.outputs {
            port.mask = lower.builder.mask_of_output(port.tensor);
        }
    }
    // Masks are computed by layers that the user did not write.
    let layers = lower.builder.graph().layers.len();
    lower.layer_spans.resize(layers, Span::call_site());
    if !functions {
        lower.unused_functions();
    }
    lower.tell_pending();
    let block_consts = lower.consts.emitted();
    lower.unused_models(model);
    if let (true, Some(tail)) = (lower.broken, &model.tail) {
        lower.builder.poison(tail.loc);
    }

    let Lower {
        builder,
        mut diags,
        lists,
        tensor_lengths,
        mut const_exprs,
        layer_spans,
        instances,
        types,
        spared,
        words,
        ..
    } = lower;
    let (mut graph, mut checks) = builder.finish();
    functions::check_words(&words, &checks, &mut diags);
    if functions {
        // The remaining checks are of numbers that Rust computes: each call checks its own.
        checks.clear();
    }
    lengths_that_are_tensors(&tensor_lengths, &graph, &checks, &mut diags);
    for id in tensor_lengths {
        // rustc would report an unknown name.
        if let Some(tokens) = const_exprs.get_mut(id.0 as usize) {
            *tokens = quote!(1);
        }
    }
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    let named = ports.as_ref().is_some_and(|ports| ports.named);
    // Without `Model(…)`, everything is unused and unnamed: that mistake was reported.
    if let Some(ports) = ports {
        (graph.inputs, inputs) = ports.inputs.into_iter().unzip();
        (graph.outputs, outputs) = ports.outputs.into_iter().unzip();
        finish(&mut graph, &mut diags, &mut checks, compile, ports.complete);
        if ports.complete && !diags.has_errors() {
            lists::warn_unused(&lists, &graph, &mut diags);
        }
        // Types of unknown tensors have no fields.
        let mut names = graph.outputs.iter();
        outputs.retain(|_| names.next().is_some_and(|port| !port.name.is_empty()));
        let mut names = graph.inputs.iter();
        inputs.retain(|_| names.next().is_some_and(|port| !port.name.is_empty()));
    }
    diags.retain_mut(|diag| {
        !(matches!(diag.code, Code::UnusedTensor | Code::UnusedLayer) && spared.contains(&diag.loc))
    });
    crate::lints::apply(&mut diags, &model.levels);
    diags.drop_translations();
    let lowered = Lowered {
        graph,
        checks,
        spans,
        const_exprs,
        header,
        consts: block_consts,
        inputs,
        outputs,
        layer_spans,
        group_types: instances.types(&nested),
        unusable: (nested.iter().find(|nested| nested.model.is_none()).map(|nested| nested.path.clone()))
            .or(libraries.broken.clone()),
        description: nested::description(model),
        imported: libraries.imported().map(|(name, function)| (name.clone(), function.clone())).collect(),
        named,
        types,
    };
    Outcome { lowered: Some(lowered), diags, spans: Spans::default() }
}

/// Reports lengths that are names of tensors: `Weight([n, 8])`.
fn lengths_that_are_tensors(
    named: &BTreeSet<ConstId>,
    graph: &Graph,
    checks: &[DimCheck],
    diags: &mut Diags,
) {
    for &id in named {
        let length = Dim::constant(id);
        let Some(check) = checks.iter().find(|check| check.found == length) else { continue };
        let name = graph.consts.get(id.0 as usize).map_or("", |entry| entry.text.as_str());
        let message = format!(
            "`{name}` is a tensor, and {} is a number that is known when the model is compiled",
            check.what
        );
        diags.push(
            Diag::error(Code::WrongValue, check.loc, message)
                .help("write a number or a constant: `32`, `UNITS`"),
        );
    }
}

/// Checks that need the whole graph. If it is not `complete`, missing parts are not errors of their own.
fn finish(
    graph: &mut Graph,
    diags: &mut Diags,
    checks: &mut Vec<DimCheck>,
    compile: Option<(Vec<mimo_graph::value::Arg>, Loc)>,
    complete: bool,
) {
    mimo_graph::names::assign(graph, diags);
    // `Cx` borrows the constants while `compile` reads the graph and is then stored in it.
    let consts = graph.consts.clone();
    let mut cx = Cx { consts: &consts, diags, checks };
    graph.compile =
        compile.and_then(|(args, call)| mimo_graph::compile::resolve(graph, &args, call, &mut cx));
    if complete {
        mimo_graph::check::all(graph, &mut cx);
    }
}

impl Lower<'_> {
    fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    fn bind(&mut self, name: &Ident, binding: Binding) {
        if name == "_" {
            return;
        }
        let text = name_of(name);
        match &binding {
            Binding::Tensor(tensor) => self.builder.bind(*tensor, &text),
            Binding::Layer(Callable::Layer(layer)) => {
                if let Some(span) = self.layer_spans.get_mut(layer.index()) {
                    *span = name.span();
                }
            }
            Binding::Layer(Callable::Instance(instance, _)) => self.instances.name(*instance, name.span()),
            Binding::Layer(Callable::Function(_)) | Binding::Tensors(_) | Binding::Poison => {}
        }
        self.binders.insert(text.clone(), name.clone());
        // A name of a function or a loop may be rebound.
        self.consts.forget(&text);
        self.frame.scope.insert(text, binding);
    }

    /// `let name: shape = value;`
    fn binding(&mut self, statement: &Let) {
        let (names, value) = (&statement.names, &statement.value);
        if self.is_of_call(value) {
            self.check_names(value);
            return self.poison(names);
        }
        match self.value_of_let(value) {
            Ok(None) => {}
            Ok(Some(given)) => return self.bind_value(statement, given),
            Err(Reported) => {
                self.broken = true;
                return self.poison(names);
            }
        }
        if let Some(parts) = self.parts_of_tuple(statement) {
            return self.bind_parts(statement, parts);
        }
        if let (true, ExprKind::Switch(switch)) = (statement.tuple && names.len() > 1, &value.kind) {
            self.switch_of_several(statement, switch);
            return self.poison(names);
        }
        let results = self.eval(value);
        match results {
            tensor::Evaluated::Layer(layer) => {
                if let (Some(shape), Some(name)) = (&statement.ascription, names.first()) {
                    let name = name_of(&name.ident);
                    self.error(
                        Diag::error(
                            Code::ShapeOfNoTensor,
                            shape.loc,
                            format!("`{name}` is a layer, and only tensors have a shape"),
                        )
                        .help(format!("call the layer: `let {name}: […] = …(…)(x);`")),
                    );
                }
                if statement.tuple && names.len() != 1 {
                    self.error(
                        Diag::error(
                            Code::WrongNumberOfNames,
                            value.loc,
                            "this is one layer, and a tuple of names takes several tensors",
                        )
                        .help("call the layer on a tensor"),
                    );
                    return self.poison(names);
                }
                for name in names {
                    self.bind(&name.ident, Binding::Layer(layer));
                }
            }
            tensor::Evaluated::Tensors(tensors) => self.bind_tensors(statement, &tensors),
            tensor::Evaluated::List(tensors) => self.bind_list(statement, tensors),
            tensor::Evaluated::Value(given) => self.bind_value(statement, given),
            tensor::Evaluated::Poison => {
                self.broken = true;
                if lists::is_loop(value) {
                    self.broken_lists.extend(names.iter().map(|name| name_of(&name.ident)));
                }
                self.poison(names);
            }
        }
    }

    /// The value of a `let` that binds a setting: `let filters = 2 * filters;`.
    fn value_of_let(&mut self, value: &Expr) -> Result<Option<consts::Parameter>, Reported> {
        let whole = matches!(value.kind, ExprKind::If(_) | ExprKind::Call(..));
        if !whole && !self.prepare(value) {
            return Err(Reported);
        }
        match self.is_value(value, false) || self.is_number(value) {
            true => Ok(self.setting_of(value)),
            false => Ok(None),
        }
    }

    /// `let stride = if first { 2 } else { 1 };`
    fn bind_value(&mut self, statement: &Let, given: consts::Parameter) {
        if let Some(shape) = &statement.ascription {
            let message = "this is a setting, and only tensors have a shape";
            self.error(Diag::error(Code::ShapeOfNoTensor, shape.loc, message).help("leave the shape out"));
        }
        match (&statement.names[..], given.kind.clone()) {
            ([name], _) if !statement.tuple => self.define_value(&name.ident, given.by_let()),
            (names, ValueKind::List(parts)) if parts.len() == names.len() => {
                for (name, part) in names.iter().zip(parts) {
                    let part = self.parameter_of(part.kind, Some(part.loc));
                    self.define_value(&name.ident, part.by_let());
                }
            }
            (names, _) => {
                let (found, wanted) = (given.value(statement.value.loc).describe(), names.len());
                let message = format!("this is {found}, and {wanted} names are bound");
                let diag = Diag::error(Code::WrongNumberOfNames, statement.value.loc, message);
                self.error(diag.help("write a tuple with one value for each name"));
                self.broken = true;
                self.poison(names);
            }
        }
    }

    fn poison(&mut self, names: &[crate::ast::Binder]) {
        for name in names {
            self.bind(&name.ident, Binding::Poison);
            if self.calls.is_some() {
                self.define_unknown(&name_of(&name.ident));
            }
        }
    }

    /// A suggested pattern for the outputs of a call: the existing names, and proposals for the others.
    fn pattern(&self, bound: &[String], tensors: &[TensorId]) -> String {
        let proposed = tensors.first().map(|&tensor| self.builder.siblings(tensor)).unwrap_or_default();
        // `(y, c)` for `(y, h, c)`: the name in the middle is missing.
        let all_known = bound.iter().all(|name| proposed.contains(&name.as_str()));
        let bound = if all_known { &[] } else { bound };
        let names = (0..tensors.len()).map(|place| match (bound.get(place), proposed.get(place)) {
            (Some(name), _) => name.clone(),
            (None, Some(&name)) if bound.iter().any(|bound| bound == name) => format!("last_{name}"),
            (None, name) => name.map_or("_".into(), |name| (*name).into()),
        });
        match &names.collect::<Vec<_>>()[..] {
            [name] => name.clone(),
            names => format!("({})", names.join(", ")),
        }
    }

    fn bind_tensors(&mut self, statement: &Let, tensors: &[TensorId]) {
        let names = &statement.names;
        if names.len() != tensors.len() && !names.is_empty() {
            let (wanted, found) = (names.len(), tensors.len());
            let s = if found == 1 { "" } else { "s" };
            let are = if wanted == 1 { "name is" } else { "names are" };
            let message = format!("this returns {found} tensor{s}, but {wanted} {are} bound");
            let bound: Vec<String> = names.iter().map(|name| name_of(&name.ident)).collect();
            let pattern = self.pattern(&bound, tensors);
            let diag = Diag::error(Code::WrongNumberOfNames, statement.value.loc, message)
                .help(format!("write `let {pattern} = …;`"));
            self.error(match found > wanted {
                true => diag.help("`_` stands for a tensor that is not needed"),
                false => diag,
            });
            self.broken = true;
            // The missing names may be used.
            self.frame.nameless += found.saturating_sub(wanted);
            return self.poison(names);
        }
        for (name, &tensor) in names.iter().zip(tensors) {
            if tensors.len() > 1 {
                self.builder.place(tensor, name.loc);
            }
            self.bind(&name.ident, Binding::Tensor(tensor));
        }
        let (Some(shape), [tensor]) = (&statement.ascription, tensors) else {
            if let (Some(shape), true) = (&statement.ascription, names.len() > 1) {
                self.error(
                    Diag::error(Code::ShapeOfNoTensor, shape.loc, "several tensors have no common shape")
                        .help("leave the shape out"),
                );
            }
            return;
        };
        let value = self.shape(shape);
        self.builder.ascribe(*tensor, &value, shape.loc, &mut self.diags);
    }
}
