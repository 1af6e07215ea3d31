//! Test fixtures: small graphs and argument lists.

use crate::activation::Activation;
use crate::context::{Cx, DimCheck};
use crate::diag::{Diag, Diags, Loc, Severity};
use crate::dim::{ConstEntry, ConstId, Dim};
use crate::graph::{Compile, Graph, Layer, LayerId, Node, NodeId, Port, Tensor, TensorId};
use crate::initializer::Initializer;
use crate::layers::LayerKind;
use crate::layers::dense::Dense;
use crate::layers::flatten::Flatten;
use crate::layers::layer::WeightOptions;
use crate::shape::{Dtype, Shape};
use crate::value::{Arg, Value, ValueKind};

/// A graph under construction. Every tensor, layer and port gets its own location: 100, 101, …
pub(crate) struct Model {
    pub(crate) graph: Graph,
    loc: u32,
}

impl Model {
    pub(crate) fn new() -> Self {
        let consts = vec![ConstEntry { text: "UNITS".into(), loc: Loc(0), number: false }];
        Model { graph: Graph { name: "Net".into(), consts, ..Graph::default() }, loc: 99 }
    }

    fn loc(&mut self) -> Loc {
        self.loc += 1;
        Loc(self.loc)
    }

    fn tensor(&mut self, name: &str, shape: Option<Shape>, producer: Option<NodeId>) -> TensorId {
        let bindings = if name.is_empty() { vec![] } else { vec![name.into()] };
        let loc = self.loc();
        self.graph.tensors.push(Tensor { shape, dtype: Dtype::Float, producer, mask: None, bindings, loc });
        TensorId(self.graph.tensors.len() as u32 - 1)
    }

    /// An input that `Model(…)` does not name.
    pub(crate) fn source(&mut self, name: &str, shape: &[usize]) -> TensorId {
        let tensor = self.tensor(name, Some(Shape::known(shape)), None);
        self.graph.sources.push(tensor);
        tensor
    }

    pub(crate) fn input(&mut self, name: &str, shape: &[usize]) -> TensorId {
        let tensor = self.source(name, shape);
        self.name_input(name, tensor);
        tensor
    }

    pub(crate) fn name_input(&mut self, name: &str, tensor: TensorId) {
        let port = Port { name: name.into(), tensor, mask: None, loc: self.loc() };
        self.graph.inputs.push(port);
    }

    pub(crate) fn output(&mut self, name: &str, tensor: TensorId) {
        let port = Port { name: name.into(), tensor, mask: None, loc: self.loc() };
        self.graph.outputs.push(port);
    }

    pub(crate) fn layer(&mut self, kind: LayerKind) -> LayerId {
        let loc = self.loc();
        let (name, named, trainable, weights) = (String::new(), false, true, vec![]);
        let (whole, parts, group) = (None, vec![], None);
        let item = crate::settings::of_layer(kind.class_name(), &[]);
        self.graph.layers.push(Layer {
            of_mask: false,
            kind,
            item,
            name,
            named,
            trainable,
            whole,
            parts,
            group,
            weights,
            loc,
        });
        LayerId(self.graph.layers.len() as u32 - 1)
    }

    /// Sets `name = "…"` of the last layer.
    pub(crate) fn named(&mut self, name: &str) {
        if let Some(layer) = self.graph.layers.last_mut() {
            layer.name = name.into();
            layer.named = true;
        }
    }

    pub(crate) fn call(
        &mut self,
        binding: &str,
        layer: LayerId,
        inputs: &[TensorId],
        shape: Option<Shape>,
    ) -> TensorId {
        let node = NodeId(self.graph.nodes.len() as u32);
        let output = self.tensor(binding, shape, Some(node));
        let loc = self.loc();
        self.graph.nodes.push(Node {
            layer,
            inputs: inputs.to_vec(),
            roles: vec![""; inputs.len()],
            called: None,
            outputs: vec![output],
            steps: 0,
            loc,
        });
        output
    }

    pub(crate) fn dense_layer(&mut self, units: Dim, activation: Activation) -> LayerId {
        let options = WeightOptions {
            initializer: Initializer::ZEROS,
            regularizer: None,
            constraint: None,
            trainable: true,
        };
        let (kernel, bias) = (options, options);
        let dense = Dense { units, activation, use_bias: true, kernel, bias, activity_regularizer: None };
        self.layer(LayerKind::Dense(dense))
    }

    pub(crate) fn dense(
        &mut self,
        name: &str,
        x: TensorId,
        units: usize,
        activation: Activation,
    ) -> TensorId {
        let layer = self.dense_layer(Dim::Known(units), activation);
        self.call(name, layer, &[x], Some(Shape::known(&[units])))
    }

    /// A head whose number of units is a constant that only const evaluation knows.
    pub(crate) fn deferred(&mut self, name: &str, x: TensorId, activation: Activation) -> TensorId {
        let units = Dim::constant(ConstId(0));
        let layer = self.dense_layer(units.clone(), activation);
        self.call(name, layer, &[x], Some(Shape(vec![units])))
    }

    pub(crate) fn flatten(&mut self, name: &str, x: TensorId, length: usize) -> TensorId {
        let layer = self.layer(LayerKind::Flatten(Flatten));
        self.call(name, layer, &[x], Some(Shape::known(&[length])))
    }

    /// A tensor without a shape, as after an error.
    pub(crate) fn poisoned(&mut self, name: &str) -> TensorId {
        self.tensor(name, None, None)
    }

    /// The same model with the weights of its layers, which fixtures omit.
    pub(crate) fn weighted(mut self) -> Self {
        for node in self.graph.nodes.clone() {
            let shapes: Vec<Shape> =
                node.inputs.iter().filter_map(|&input| self.graph.tensor(input).shape.clone()).collect();
            let layer = &mut self.graph.layers[node.layer.index()];
            layer.weights = layer.kind.weights(&shapes.iter().collect::<Vec<_>>());
        }
        self
    }

    /// A model of one input and these heads, all of them outputs.
    pub(crate) fn heads(heads: &[(&str, usize, Activation)]) -> Self {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        for &(name, units, activation) in heads {
            let head = model.dense(name, x, units, activation);
            model.output(name, head);
        }
        model
    }
}

/// Runs a check and returns its diagnostics in source order, and its checks for const evaluation.
pub(crate) fn reported<T>(
    graph: &Graph,
    run: impl FnOnce(&mut Cx<'_>) -> T,
) -> (T, Vec<Diag>, Vec<DimCheck>) {
    let (mut diags, mut checks) = (Diags::new(), vec![]);
    let result = run(&mut Cx { consts: &graph.consts, diags: &mut diags, checks: &mut checks });
    (result, diags.into_sorted(), checks)
}

/// Formats a diagnostic as in a terminal, with its location: `7: error: …`.
pub(crate) fn shown(diags: &[Diag]) -> Vec<String> {
    let line = |diag: &Diag| {
        let severity = match diag.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut text = format!("{}: {severity}: {}", diag.loc.0, diag.message);
        diag.helps.iter().for_each(|help| text.push_str(&format!("\n  = help: {help}")));
        diag.notes.iter().for_each(|note| text.push_str(&format!("\n  = note: {note}")));
        text
    };
    diags.iter().map(line).collect()
}

/// Reads the arguments of a call from text, in the language's own syntax, so that tests read like models. The
/// location of a value or key is the index of its first character.
pub(crate) fn args(text: &str) -> Vec<Arg> {
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    let args = reader.args(0);
    assert_eq!(reader.at, reader.text.len(), "arguments of a test do not parse at {}: {text}", reader.at);
    args
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> String {
        self.peek();
        let rest = &self.text[self.at..];
        let more = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
        let length = rest.iter().take_while(|byte| more(byte)).count();
        self.at += length;
        String::from_utf8_lossy(&rest[..length]).into_owned()
    }

    fn args(&mut self, end: u8) -> Vec<Arg> {
        let mut args = vec![];
        while self.peek() != end {
            let (start, loc) = (self.at, Loc(self.at as u32));
            let word = self.word();
            let name = if self.eat(b'=') { Some((word, loc)) } else { None };
            if name.is_none() {
                self.at = start;
            }
            args.push(Arg { name, value: self.value() });
            self.eat(b',');
        }
        args
    }

    fn value(&mut self) -> Value {
        let first = self.peek();
        let start = self.at;
        let kind = match first {
            b'[' => {
                self.at += 1;
                let mut items = vec![];
                while !self.eat(b']') {
                    items.push(self.value());
                    self.eat(b',');
                }
                ValueKind::List(items)
            }
            b'{' => {
                self.at += 1;
                let mut entries = vec![];
                while !self.eat(b'}') {
                    self.peek();
                    let loc = Loc(self.at as u32);
                    let quoted = self.eat(b'"');
                    let mut key = self.word();
                    if self.eat(b'*') {
                        key.push('*');
                    }
                    assert!(!quoted || self.eat(b'"'));
                    assert!(self.eat(b':'));
                    entries.push((key, loc, self.value()));
                    self.eat(b',');
                }
                ValueKind::Map(entries)
            }
            b'"' => {
                self.at += 1;
                let rest = &self.text[self.at..];
                let length = rest.iter().take_while(|byte| **byte != b'"').count();
                self.at += length;
                assert!(self.eat(b'"'));
                ValueKind::Str(String::from_utf8_lossy(&rest[..length]).into_owned())
            }
            _ => {
                let word = self.word();
                assert!(!word.is_empty(), "no value at {start}");
                if self.eat(b'(') {
                    let args = self.args(b')');
                    assert!(self.eat(b')'));
                    ValueKind::Call { name: word, name_loc: Loc(start as u32), args }
                } else if let Ok(n) = word.parse() {
                    ValueKind::Int(n)
                } else if let Ok(x) = word.parse() {
                    ValueKind::Float(x)
                } else {
                    match word.as_str() {
                        "true" => ValueKind::Bool(true),
                        "false" => ValueKind::Bool(false),
                        "none" => ValueKind::None,
                        _ => ValueKind::Ident { text: word, constant: ConstId(0) },
                    }
                }
            }
        };
        Value { kind, loc: Loc(start as u32) }
    }
}

/// Resolves `.compile(text)` on a graph, after names are assigned. A diagnostic starts with the token at its
/// location.
pub(crate) fn resolved(model: &Model, text: &str) -> (Option<Compile>, Vec<String>) {
    let (compile, diags, _) = resolved_with_checks(model, text);
    (compile, diags)
}

/// Same as [`resolved`], with the checks for const evaluation.
pub(crate) fn resolved_with_checks(
    model: &Model,
    text: &str,
) -> (Option<Compile>, Vec<String>, Vec<DimCheck>) {
    const CALL: Loc = Loc(9999);
    let mut graph = model.graph.clone();
    let mut diags = Diags::new();
    crate::names::assign(&mut graph, &mut diags);
    assert_eq!(diags.into_sorted(), []);
    let (compile, diags, checks) =
        reported(&graph, |cx| crate::compile::resolve(&graph, &args(text), CALL, cx));
    assert_eq!(compile.is_none(), diags.iter().any(|diag| diag.severity == Severity::Error), "{diags:?}");
    let token = |loc: Loc| match text.get(loc.0 as usize..) {
        Some(rest) if rest.starts_with(['[', '{']) => "a list or map",
        Some(rest) => rest.split([' ', ',', ']', '}', ')', ':']).next().unwrap_or(""),
        None => "the call",
    };
    let lines = shown(&diags)
        .into_iter()
        .zip(&diags)
        .map(|(line, diag)| line.replacen(&diag.loc.0.to_string(), &format!("at {}", token(diag.loc)), 1));
    (compile, lines.collect(), checks)
}
