//! A model while its source is made: values by name, statements that were evaluated, and the weights of layers.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mimo_graph::item::Module;
use mimo_graph::language::find;
use mimo_graph::value::Arg;

use super::array::Array;
use super::net::Net;
use super::tensor::{Placed, Value};
use super::{activation, names};
use crate::keras::layers::said_of;
use crate::onnx::model::Node;
use crate::source::evaluate::{Evaluator, Models};
use crate::source::names::Taken;
use crate::source::{self, Block, Call, Callee, Expr, Let, Operand, Statement, print, simplify};

/// A model while its source is made.
#[derive(Debug)]
pub(super) struct Importer<'a> {
    /// The graph of the file.
    pub(super) net: &'a Net,
    /// By value: the nodes that read it.
    pub(super) readers: BTreeMap<String, Vec<usize>>,
    /// Nodes that are a part of a layer before them.
    pub(super) skipped: BTreeSet<usize>,
    /// Values that were computed.
    pub(super) values: BTreeMap<String, Value>,
    /// Statements that were written, evaluated.
    pub(super) evaluator: Evaluator,
    /// The statements.
    pub(super) block: Block,
    /// Names of bindings.
    pub(super) taken: Taken,
    /// Numbers of weights by the names of layers, in the order of a layer's weights.
    pub(super) weights: BTreeMap<String, Vec<Array>>,
    /// Notes about what is otherwise in training.
    pub(super) notes: Vec<String>,
    /// Bindings of layers that several nodes call, by what they are.
    shared: Vec<(String, Vec<Array>, String)>,
    /// Constants that are weights: their names in the file, their numbers, and their bindings.
    pub(super) constants: Vec<(String, Array, String)>,
    /// By the binding of joined tensors that one dense layer reads: for each position the row of ONNX's kernel.
    pub(super) rows: BTreeMap<String, Vec<usize>>,
    /// Bindings by the text of their expressions.
    written: BTreeMap<String, String>,
    /// By the binding of a `Reshape` or `Flatten`: what it reads.
    reshapes: BTreeMap<String, String>,
}

/// A layer with weights, before it is called.
#[derive(Debug)]
pub(super) struct Weighted {
    /// The class.
    pub(super) class: &'static str,
    /// Its arguments.
    pub(super) args: Vec<Arg>,
    /// The numbers of its weights, in their order.
    pub(super) arrays: Vec<Array>,
    /// The name of the value in the file that has its main weight.
    pub(super) weight: String,
}

impl<'a> Importer<'a> {
    /// An empty model.
    pub(super) fn new(net: &'a Net, order: &[usize], class: &str) -> Self {
        Importer {
            net,
            readers: net.readers(order),
            skipped: BTreeSet::new(),
            values: BTreeMap::new(),
            evaluator: Evaluator::new(class, &Models::new()),
            block: Block { name: class.into(), ..Block::default() },
            taken: Taken::default(),
            weights: BTreeMap::new(),
            notes: vec![],
            shared: vec![],
            constants: vec![],
            rows: BTreeMap::new(),
            written: BTreeMap::new(),
            reshapes: BTreeMap::new(),
        }
    }

    /// A value by its name.
    pub(super) fn value(&self, name: &str) -> Result<Value, String> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        match self.net.arrays.get(name) {
            Some(array) => Ok(Value::Known(array.clone())),
            None => Err(format!("there is no value `{name}`")),
        }
    }

    /// An input of a node; none if it is left out.
    pub(super) fn input(&self, node: &Node, at: usize) -> Result<Option<Value>, String> {
        match node.inputs.get(at) {
            Some(name) if !name.is_empty() => self.value(name).map(Some),
            _ => Ok(None),
        }
    }

    /// An input that has to be a tensor of the model.
    pub(super) fn tensor(&mut self, node: &Node, at: usize) -> Result<Placed, String> {
        match self.input(node, at)? {
            // A weight that is computed with as it is.
            Some(Value::Known(array)) if matches!(array.numbers, super::array::Numbers::Float(_)) => {
                self.constant_tensor(&array, node, name_of(node, at))
            }
            Some(value) => self.as_tensor(value),
            None => Err(format!("input {at} is missing")),
        }
    }

    /// A value as a tensor of the model.
    pub(super) fn as_tensor(&mut self, value: Value) -> Result<Placed, String> {
        match value {
            Value::Tensor(placed) => Ok(placed),
            Value::Stacked(parts) => self.stack(&parts),
            Value::Known(_) | Value::Filled(..) => {
                Err("it reads a constant where a layer reads a tensor of the model".into())
            }
        }
    }

    /// Tensors along a new first axis.
    fn stack(&mut self, parts: &[Placed]) -> Result<Placed, String> {
        let first = parts.first().ok_or("there are no tensors")?;
        let tensors = parts.iter().map(|part| Expr::Name(part.name.clone())).collect();
        let axis = Operand::Value(source::whole(1));
        let arguments = vec![(None, Operand::Tensors(tensors)), (Some("axis".to_owned()), axis)];
        let name = self.once(Expr::Operation { word: "stack".into(), arguments }, "stack")?;
        let moved = first.axes.iter().map(|axis| {
            let atoms = axis.iter().map(|atom| match atom {
                super::tensor::Atom::Of(own) => super::tensor::Atom::Of(own + 1),
                super::tensor::Atom::Batch => super::tensor::Atom::Batch,
            });
            atoms.collect()
        });
        let axes = std::iter::once(vec![super::tensor::Atom::Of(0)]).chain(moved).collect();
        Ok(Placed { name, axes, nonnegative: false })
    }

    /// An input that has to be known; none if it is left out.
    pub(super) fn known(&self, node: &Node, at: usize) -> Result<Option<Rc<Array>>, String> {
        match self.input(node, at)? {
            None => Ok(None),
            Some(Value::Known(array)) => Ok(Some(array)),
            Some(_) => Err(format!(
                "input {at}, `{}`, is computed by the model, and has to be known",
                name_of(node, at)
            )),
        }
    }

    /// An input that has to be given and known.
    pub(super) fn needed(&self, node: &Node, at: usize) -> Result<Rc<Array>, String> {
        self.known(node, at)?.ok_or_else(|| format!("input {at} is missing"))
    }

    /// The shape in mimo of a binding.
    pub(super) fn shape(&self, name: &str) -> Result<Vec<usize>, String> {
        self.evaluator.shape(name).ok_or_else(|| format!("the shape of `{name}` is not known"))
    }

    /// A layer with those of its arguments that say something.
    pub(super) fn layer(&self, class: &str, args: Vec<Arg>) -> Result<source::Layer, String> {
        let item = find(Module::Layers, class).ok_or_else(|| format!("mimo has no layer `{class}`"))?;
        let args = simplify::placed(item, simplify::layer(item, args));
        Ok(source::Layer { class: item.class.into(), args, name: String::new(), named: false })
    }

    /// Binds an expression of one tensor to a name.
    pub(super) fn bind(&mut self, expr: Expr, base: &str) -> Result<String, String> {
        self.bind_all(expr, &[base.to_owned()])?.pop().ok_or_else(|| "there is no tensor".to_owned())
    }

    /// Binds the tensors of an expression to names; those that are `_` are not bound.
    pub(super) fn bind_all(&mut self, expr: Expr, bases: &[String]) -> Result<Vec<String>, String> {
        let place = u32::try_from(self.block.statements.len()).unwrap_or(u32::MAX);
        let (given, errors) = self.evaluator.value(&expr, place);
        if let Some(error) = errors.first() {
            return Err(said_of(error));
        }
        if given.len() != bases.len() {
            return Err(format!("the layer outputs {} tensors, and not {}", given.len(), bases.len()));
        }
        let name = |base: &String| match base.as_str() {
            "_" => "_".to_owned(),
            base => self.taken.binding(base),
        };
        let bindings: Vec<String> = bases.iter().map(name).collect();
        self.evaluator.bind(&bindings, given);
        let bound = Let { bindings: bindings.clone(), shape: None, value: expr, origin: String::new() };
        self.block.statements.push(Statement::Let(bound));
        Ok(bindings)
    }

    /// Binds an expression of one tensor, or returns the name that the same expression was bound to.
    pub(super) fn once(&mut self, expr: Expr, base: &str) -> Result<String, String> {
        let text = print::expr(&expr);
        if let Some(known) = self.written.get(&text) {
            return Ok(known.clone());
        }
        let reshaped = match &expr {
            Expr::Call(call) => match (&call.callee, &call.tensors[..]) {
                (Callee::Class(layer), [Expr::Name(from)])
                    if ["Reshape", "Flatten"].contains(&layer.class.as_str()) =>
                {
                    Some(from.clone())
                }
                _ => None,
            },
            _ => None,
        };
        let name = self.bind(expr, base)?;
        if let Some(from) = reshaped {
            self.reshapes.insert(name.clone(), from);
        }
        self.written.insert(text, name.clone());
        Ok(name)
    }

    /// Returns the input of a `Reshape` or `Flatten`, by its output.
    pub(super) fn reshape_of(&self, name: &str) -> Option<String> {
        self.reshapes.get(name).cloned()
    }

    /// An operation of tensors and settings.
    pub(super) fn operation(
        &mut self,
        word: &str,
        tensors: &[&Placed],
        settings: Vec<(Option<&str>, mimo_graph::value::Value)>,
        base: &str,
    ) -> Result<String, String> {
        let tensors = tensors.iter().map(|it| (None, Operand::Tensor(Expr::Name(it.name.clone()))));
        let settings = settings.into_iter().map(|(name, it)| (name.map(str::to_owned), Operand::Value(it)));
        let arguments = tensors.chain(settings).collect();
        self.bind(Expr::Operation { word: word.into(), arguments }, base)
    }

    /// A layer without weights, called on tensors.
    pub(super) fn plain(
        &mut self,
        class: &str,
        args: Vec<Arg>,
        tensors: &[&Placed],
    ) -> Result<String, String> {
        let layer = self.layer(class, args)?;
        let call = Call {
            callee: Callee::Class(layer),
            tensors: tensors.iter().map(|it| Expr::Name(it.name.clone())).collect(),
            list: tensors.len() > 1,
            keywords: vec![],
        };
        self.bind(Expr::Call(Box::new(call)), &mimo_graph::names::snake_case(class))
    }

    /// Whether several nodes of an operator read a value: then they are calls of one layer.
    pub(super) fn is_shared(&self, value: &str, op: &str) -> bool {
        let is_same = |at: &&usize| self.net.nodes.get(**at).is_some_and(|node| node.op == op);
        self.readers.get(value).is_some_and(|all| all.iter().filter(is_same).count() > 1)
    }

    /// A layer with weights as it is called; one that several nodes call is bound first.
    pub(super) fn weighted(&mut self, it: Weighted, node: &Node) -> Result<(Callee, String), String> {
        let layer = self.layer(it.class, it.args)?;
        let key = format!("{} {}", layer.class, print::expr(&Expr::Layer(Callee::Class(layer.clone()))));
        if let Some((_, _, binding)) =
            self.shared.iter().find(|(known, arrays, _)| *known == key && *arrays == it.arrays)
        {
            return Ok((Callee::Bound(binding.clone()), binding.clone()));
        }
        let base = names::layer(node, &it.weight, it.class);
        let mut name = base.clone();
        let mut count = 2;
        while self.weights.contains_key(&name) {
            name = format!("{base}_{count}");
            count += 1;
        }
        let layer = source::Layer { name: name.clone(), ..layer };
        if !self.is_shared(&it.weight, &node.op) {
            self.weights.insert(name.clone(), it.arrays);
            return Ok((Callee::Class(layer), name));
        }
        let binding = self.taken.binding(&name);
        let bound = Let {
            bindings: vec![binding.clone()],
            shape: None,
            value: Expr::Layer(Callee::Class(layer)),
            origin: String::new(),
        };
        let place = u32::try_from(self.block.statements.len()).unwrap_or(u32::MAX);
        if let Some(error) = self.evaluator.run(&bound, place).first() {
            return Err(said_of(error));
        }
        self.block.statements.push(Statement::Let(bound));
        self.weights.insert(name, it.arrays.clone());
        self.shared.push((key, it.arrays, binding.clone()));
        Ok((Callee::Bound(binding.clone()), binding))
    }

    /// Calls a layer with weights on one tensor.
    pub(super) fn call(&mut self, it: Weighted, x: &Placed, node: &Node) -> Result<String, String> {
        let (callee, name) = self.weighted(it, node)?;
        let call = Call { callee, tensors: vec![Expr::Name(x.name.clone())], list: false, keywords: vec![] };
        self.bind(Expr::Call(Box::new(call)), &name)
    }

    /// The only node that reads a value, if nothing else does and it is not an output.
    pub(super) fn only_reader(&self, value: &str) -> Option<(usize, &'a Node)> {
        let net = self.net;
        match self.readers.get(value).map(Vec::as_slice) {
            Some(&[at]) if !self.net.outputs.contains(value) => Some((at, net.nodes.get(at)?)),
            _ => None,
        }
    }

    /// The activation that reads a value and nothing else does, as an argument; with the value that it makes. `axis` is the axis that is
    /// the last one in mimo, of `rank` axes.
    pub(super) fn activation_after(
        &mut self,
        value: &str,
        axis: usize,
        rank: usize,
    ) -> (Option<mimo_graph::value::Value>, String) {
        let Some((at, node)) = self.only_reader(value) else { return (None, value.to_owned()) };
        let found =
            activation::as_argument(self.net.opset, node, axis, rank, &|name| match self.value(name) {
                Ok(Value::Known(array)) => array.number(),
                _ => None,
            });
        match (found, node.outputs.first()) {
            (Some(found), Some(output)) => {
                self.skipped.insert(at);
                (Some(found), output.clone())
            }
            _ => (None, value.to_owned()),
        }
    }

    /// Makes a value known.
    pub(super) fn define(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Makes the first output of a node known.
    pub(super) fn output(&mut self, node: &Node, placed: Placed) -> Result<(), String> {
        let name = node.outputs.first().ok_or("it has no output")?;
        self.values.insert(name.clone(), Value::Tensor(placed));
        Ok(())
    }
}

/// The name of an input of a node.
pub(super) fn name_of(node: &Node, at: usize) -> &str {
    node.inputs.get(at).map_or("", String::as_str)
}

/// The name of the first output.
pub(super) fn first_output(node: &Node) -> Result<String, String> {
    node.outputs.first().cloned().ok_or_else(|| "it has no output".to_owned())
}
