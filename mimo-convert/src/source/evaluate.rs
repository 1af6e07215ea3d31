//! Evaluation of blocks by the graph's builder, as the macro does it: it finds shapes, masks, names of weights and mistakes.

use std::collections::BTreeMap;
use std::rc::Rc;

use mimo_graph::build::{Builder, Further, Instance, Named};
use mimo_graph::context::Cx;
use mimo_graph::diag::{Diag, Diags, Loc, Severity};
use mimo_graph::graph::{Graph, GroupId, LayerId, Port as GraphPort, TensorId};
use mimo_graph::item::{Kind, Module};
use mimo_graph::language::find;
use mimo_graph::value::{Arg, Value, ValueKind};

use super::{Block, Call, Callee, Expr, Layer, Let, Operand, Statement, expand, value};

/// Nested models by the names of their structs.
pub type Models = BTreeMap<String, Rc<Graph>>;

/// A layer or a nested model of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeId {
    /// A layer.
    Layer(LayerId),
    /// A nested model.
    Group(GroupId),
}

/// A layer that can be called.
#[derive(Clone, Debug)]
enum Callable {
    Layer(LayerId),
    Instance(Instance, String, usize),
    /// One that could not be made.
    Lost,
}

/// Value that a name is bound to.
#[derive(Clone, Debug)]
enum Binding {
    Tensor(TensorId),
    Layer(Callable),
}

/// A block under evaluation.
#[derive(Debug)]
pub struct Evaluator {
    builder: Builder,
    models: Models,
    scope: BTreeMap<String, Binding>,
    diags: Diags,
    place: Loc,
    /// Layers and nested models by Keras's names, in the order in which they are made.
    pub made: Vec<(String, MadeId)>,
}

/// A block that was evaluated.
#[derive(Debug)]
pub struct Evaluated {
    /// The graph, whose layers have their names.
    pub graph: Graph,
    /// Layers and nested models by Keras's names.
    pub made: Vec<(String, MadeId)>,
    /// The tensors of names.
    pub tensors: BTreeMap<String, TensorId>,
    /// The fault.
    pub errors: Vec<Diag>,
}

impl Evaluator {
    /// An empty block.
    pub fn new(name: &str, models: &Models) -> Self {
        Evaluator {
            builder: Builder::new(name),
            models: models.clone(),
            scope: BTreeMap::new(),
            diags: Diags::new(),
            place: Loc(0),
            made: Vec::new(),
        }
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        self.builder.graph()
    }

    /// The tensor of a name.
    pub fn tensor(&self, name: &str) -> Option<TensorId> {
        match self.scope.get(name) {
            Some(Binding::Tensor(tensor)) => Some(*tensor),
            _ => None,
        }
    }

    /// The shape of the tensor of a name; `None` if it is not known.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let shape = self.graph().tensor(self.tensor(name)?).shape.as_ref()?;
        shape.0.iter().map(|dim| dim.known()).collect()
    }

    /// Makes a nested model known.
    pub fn add_model(&mut self, class: &str, graph: &Rc<Graph>) {
        self.models.insert(class.into(), graph.clone());
    }

    /// Evaluates a `let`, and returns what is wrong with it.
    pub fn run(&mut self, statement: &Let, place: u32) -> Vec<Diag> {
        if let (Expr::Layer(callee), [name]) = (&statement.value, &statement.bindings[..]) {
            self.place = Loc(place);
            let made = self.callable(callee);
            self.scope.insert(name.clone(), Binding::Layer(made));
            return self.errors();
        }
        let (given, errors) = self.value(&statement.value, place);
        self.bind(&statement.bindings, given);
        errors
    }

    /// The tensors of an expression, and what is wrong with it.
    pub fn value(&mut self, expr: &Expr, place: u32) -> (Vec<TensorId>, Vec<Diag>) {
        self.place = Loc(place);
        let given = self.eval(expr);
        (given, self.errors())
    }

    /// Binds names to tensors.
    pub fn bind(&mut self, names: &[String], mut given: Vec<TensorId>) {
        while given.len() < names.len() {
            given.push(self.builder.poison(self.place));
        }
        for (name, tensor) in names.iter().zip(given) {
            if name != "_" {
                self.builder.bind(tensor, name);
                self.scope.insert(name.clone(), Binding::Tensor(tensor));
            }
        }
    }

    fn errors(&mut self) -> Vec<Diag> {
        let all = std::mem::take(&mut self.diags).into_sorted();
        all.into_iter().filter(|diag| diag.severity == Severity::Error).collect()
    }

    /// Binds a name to a tensor that is not known.
    pub fn lose(&mut self, name: &str) {
        let lost = self.builder.poison(self.place);
        self.scope.insert(name.into(), Binding::Tensor(lost));
    }

    /// Binds a name to the tensor of another.
    pub fn alias(&mut self, name: &str, other: &str) {
        if let Some(binding) = self.scope.get(other).cloned() {
            self.scope.insert(name.into(), binding);
        }
    }

    fn callable(&mut self, callee: &Callee) -> Callable {
        match callee {
            Callee::Bound(name) => match self.scope.get(name) {
                Some(Binding::Layer(layer)) => layer.clone(),
                _ => Callable::Lost,
            },
            Callee::Class(layer) => {
                let args = layer.arguments();
                match self.builder.layer(&layer.class, self.place, &args, self.place, &mut self.diags) {
                    Some(id) => {
                        self.made.push((layer.name.clone(), MadeId::Layer(id)));
                        Callable::Layer(id)
                    }
                    None => Callable::Lost,
                }
            }
            Callee::Model(layer) => self.instance(layer).unwrap_or(Callable::Lost),
            Callee::Steps(inner) => match self.callable(inner) {
                Callable::Instance(instance, class, steps) => {
                    let model = self.models.get(&class).cloned();
                    let wrong = model
                        .as_deref()
                        .and_then(|model| self.builder.not_for_steps(&instance, model, self.place));
                    if let Some(diag) = wrong {
                        self.diags.push(diag);
                        return Callable::Lost;
                    }
                    Callable::Instance(instance, class, steps + 1)
                }
                Callable::Layer(_) | Callable::Lost => Callable::Lost,
            },
            // Functions are made of statements that were evaluated before.
            Callee::Function { .. } => Callable::Lost,
        }
    }

    fn instance(&mut self, layer: &Layer) -> Option<Callable> {
        let model = self.models.get(&layer.class)?.clone();
        let args = layer.arguments();
        let instance = self.builder.instance(&layer.class, &model, &args, self.place, &mut self.diags)?;
        self.made.push((layer.name.clone(), MadeId::Group(instance.group)));
        Some(Callable::Instance(instance, layer.class.clone(), 0))
    }

    fn eval(&mut self, expr: &Expr) -> Vec<TensorId> {
        match expr {
            Expr::Name(name) => match self.tensor(name) {
                Some(tensor) => vec![tensor],
                None => vec![self.builder.poison(self.place)],
            },
            Expr::Input(args) => vec![self.builder.input(args, self.place, &mut self.diags)],
            Expr::Layer(_) => vec![],
            Expr::Call(call) => self.call(call),
            Expr::Operation { word, arguments } => self.operation(word, arguments),
            Expr::Binary(op, left, right) => self.binary(op, left, right),
            Expr::Negative(inner) => {
                let tensors = self.eval(inner);
                self.operate("negative", &[Arg { name: None, value: value(ValueKind::Tensor) }], &tensors)
            }
            Expr::Index(inner, key) => {
                let tensors = self.eval(inner);
                let key = key.iter().map(|entry| entry.value(self.place)).collect();
                let settings = [ValueKind::Tensor, ValueKind::List(key)];
                let settings = settings.map(|kind| Arg { name: None, value: value(kind) });
                self.operate("get_item", &settings, &tensors)
            }
        }
    }

    fn one(&mut self, expr: &Expr) -> TensorId {
        match self.eval(expr).first() {
            Some(&tensor) => tensor,
            None => self.builder.poison(self.place),
        }
    }

    fn call(&mut self, call: &Call) -> Vec<TensorId> {
        let inputs: Vec<_> = call.tensors.iter().map(|tensor| (self.one(tensor), self.place)).collect();
        match self.callable(&call.callee) {
            Callable::Lost => vec![self.builder.poison(self.place)],
            Callable::Instance(instance, class, steps) => match self.models.get(&class).cloned() {
                Some(model) => {
                    let what = (&*model, steps);
                    self.builder.call_instance(&instance, what, &inputs, self.place, &mut self.diags)
                }
                None => vec![self.builder.poison(self.place)],
            },
            Callable::Layer(layer) => {
                let (mut states, mut named, mut switches) = (Vec::new(), Vec::new(), Vec::new());
                for (keyword, operand) in &call.keywords {
                    match operand {
                        Operand::Tensor(tensor) if keyword == "initial_state" => {
                            states.push((self.one(tensor), self.place));
                        }
                        Operand::Tensors(tensors) if keyword == "initial_state" => {
                            for tensor in tensors {
                                states.push((self.one(tensor), self.place));
                            }
                        }
                        Operand::Tensor(tensor) => named.push(self.named(keyword, tensor)),
                        Operand::Tensors(tensors) => {
                            // `Attention` takes the masks of its tensors as one list.
                            let keywords = ["query_mask", "value_mask"];
                            for (keyword, tensor) in keywords.iter().zip(tensors) {
                                named.push(self.named(keyword, tensor));
                            }
                        }
                        Operand::Value(Value { kind: ValueKind::Bool(on), .. }) => {
                            switches.push((keyword.clone(), self.place, *on));
                        }
                        Operand::Value(_) => {}
                    }
                }
                let initial = (!states.is_empty()).then_some((&states[..], self.place));
                let further = Further { initial, named: &named, settings: &switches };
                self.builder.call_with(layer, &inputs, &further, self.place, &mut self.diags)
            }
        }
    }

    fn named(&mut self, keyword: &str, tensor: &Expr) -> Named {
        let (tensor, loc) = (self.one(tensor), self.place);
        Named { keyword: keyword.into(), keyword_loc: loc, tensor, loc }
    }

    fn operation(&mut self, word: &str, arguments: &[(Option<String>, Operand)]) -> Vec<TensorId> {
        let item = find(Module::Operations, word);
        let (mut settings, mut tensors) = (Vec::new(), Vec::new());
        for (at, (name, operand)) in arguments.iter().enumerate() {
            let given = match operand {
                Operand::Tensor(tensor) => {
                    tensors.push(self.one(tensor));
                    value(ValueKind::Tensor)
                }
                Operand::Tensors(list) => {
                    for tensor in list {
                        tensors.push(self.one(tensor));
                    }
                    value(ValueKind::Tensor)
                }
                Operand::Value(given) => {
                    let argument = match name {
                        Some(name) => item.and_then(|item| item.argument(name)),
                        None => item.and_then(|item| item.positional.get(at)),
                    };
                    match (&given.kind, argument.map(|argument| argument.kind)) {
                        // As the macro reads it: an integer beside integers makes no floats of them.
                        (ValueKind::Int(n), Some(Kind::Tensors)) => value(ValueKind::Int(*n)),
                        _ => given.clone(),
                    }
                }
            };
            settings.push(Arg { name: name.clone().map(|name| (name, self.place)), value: given });
        }
        if item.is_none() {
            // An activation of a tensor.
            let args = settings.into_iter().skip(1).collect();
            let function = ValueKind::Call { name: word.into(), name_loc: self.place, args };
            return self.operate("Activation", &[Arg { name: None, value: value(function) }], &tensors);
        }
        if mimo_graph::layers::split::is_list(word) {
            return self.parts(word, &settings, &tensors);
        }
        self.operate(word, &settings, &tensors)
    }

    fn parts(&mut self, word: &str, settings: &[Arg], tensors: &[TensorId]) -> Vec<TensorId> {
        let [x] = tensors else { return vec![] };
        let parts = self.builder.parts(word, settings, (*x, self.place), self.place, &mut self.diags);
        let Some(parts) = parts else { return vec![self.builder.poison(self.place)] };
        let part = |key: Value| {
            let settings = [value(ValueKind::Tensor), key].map(|value| Arg { name: None, value });
            self.operate("get_item", &settings, &[*x])
        };
        parts.into_iter().flat_map(part).collect()
    }

    fn operate(&mut self, word: &str, settings: &[Arg], tensors: &[TensorId]) -> Vec<TensorId> {
        let Some(layer) = self.builder.layer(word, self.place, settings, self.place, &mut self.diags) else {
            return vec![self.builder.poison(self.place)];
        };
        self.builder.as_operator(layer);
        let tensors: Vec<_> = tensors.iter().map(|&tensor| (tensor, self.place)).collect();
        self.builder.call(layer, &tensors, self.place, &mut self.diags)
    }

    fn binary(&mut self, op: &str, left: &Operand, right: &Operand) -> Vec<TensorId> {
        if let (Operand::Tensor(a), Operand::Tensor(b)) = (left, right) {
            let class = match op {
                "+" => Some("Add"),
                "-" => Some("Subtract"),
                "*" => Some("Multiply"),
                _ => None,
            };
            if let Some(class) = class {
                let tensors = [self.one(a), self.one(b)];
                return self.operate(class, &[], &tensors);
            }
        }
        let arguments = [(None, left.clone()), (None, right.clone())];
        match OPERATORS.iter().find(|(symbol, _)| *symbol == op) {
            Some((_, word)) => self.operation(word, &arguments),
            None => vec![self.builder.poison(self.place)],
        }
    }

    /// The graph with inputs, outputs and names.
    pub fn finish(mut self, block: &Block) -> Evaluated {
        let mut ports = |ports: &[super::Port], masked: bool| -> Vec<GraphPort> {
            let port = |port: &super::Port| {
                let tensor = self.tensor(&port.binding)?;
                let mask = masked.then(|| self.builder.mask_of_output(tensor)).flatten();
                Some(GraphPort { name: port.name.clone(), tensor, mask, loc: Loc(0) })
            };
            ports.iter().filter_map(port).collect()
        };
        let inputs = ports(&block.inputs, false);
        let outputs = ports(&block.outputs, block.compile.is_some());
        let tensors = self.scope.iter().filter_map(|(name, binding)| match binding {
            Binding::Tensor(tensor) => Some((name.clone(), *tensor)),
            Binding::Layer(_) => None,
        });
        let tensors = tensors.collect();
        let (mut graph, mut checks) = self.builder.finish();
        (graph.inputs, graph.outputs) = (inputs, outputs);
        let mut diags = Diags::new();
        mimo_graph::names::assign(&mut graph, &mut diags);
        if let Some(args) = &block.compile {
            let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
            graph.compile = mimo_graph::compile::resolve(&graph, args, Loc(0), &mut cx);
        }
        let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
        mimo_graph::check::all(&graph, &mut cx);
        let errors =
            diags.into_sorted().into_iter().filter(|diag| diag.severity == Severity::Error).collect();
        Evaluated { graph, made: self.made, tensors, errors }
    }
}

/// Operators and the operations that they are.
pub const OPERATORS: &[(&str, &str)] = &[
    ("+", "add"),
    ("-", "subtract"),
    ("*", "multiply"),
    ("/", "divide"),
    ("%", "mod"),
    (">", "greater"),
    (">=", "greater_equal"),
    ("<", "less"),
    ("<=", "less_equal"),
    ("==", "equal"),
    ("!=", "not_equal"),
];

/// Evaluates a block with functions and loops, as the macro reads its source.
pub fn written(with_functions: &Block, models: &Models) -> Evaluated {
    block(&expand::block(with_functions), models)
}

/// Evaluates a block without functions and loops.
pub fn block(block: &Block, models: &Models) -> Evaluated {
    let mut evaluator = Evaluator::new(&block.name, models);
    let mut wrong = Vec::new();
    for (statement, place) in block.statements.iter().zip(1..) {
        if let Statement::Let(bound) = statement {
            wrong.extend(evaluator.run(bound, place));
        }
    }
    let mut evaluated = evaluator.finish(block);
    wrong.append(&mut evaluated.errors);
    evaluated.errors = wrong;
    evaluated
}
