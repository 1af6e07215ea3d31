//! ONNX files of other programs: an inference graph whose structure is that of layers becomes source for `model!` and weights.
//!
//! Nodes that outputs need are converted in order, and each statement is evaluated as soon as it is written, as for files of Keras.
//! A node without a counterpart is an error that names it: there is no model with holes.
//!
//! **Layout.** PyTorch has channels before height and width, mimo after them. Inputs that a convolution, a pooling or a normalization
//! of images reads have channels last, as outputs that are images; a comment in the source says so at each. Between them the
//! layout follows the operators: weights are transposed once, rows of a dense kernel that reads a flattened image are put
//! into mimo's order, and a `Permute` is written only where an operator needs ONNX's own order. Numbers are equal.

mod activation;
mod array;
mod constants;
mod conv;
mod elementwise;
mod layout;
mod linear;
mod moves;
mod names;
mod net;
mod norm;
mod parts;
mod pool;
mod ports;
mod recurrent;
mod rewrite;
mod state;
mod tensor;

use std::collections::{BTreeMap, BTreeSet};

use net::Net;
use state::Importer;
use tensor::Value;

use super::model::{Model, Node};
use crate::description::{Description, metadata};
use crate::error::Error;
use crate::keras::Options;
use crate::keras::layers::said_of;
use crate::keras::weights::of_layer;
use crate::source::evaluate::{self, Evaluated, MadeId, Models};
use crate::source::{self, Block, Callee, Expr, Statement};
use crate::weights::{Array as Weight, Values, Weights};

/// A model of an ONNX file.
#[derive(Debug)]
pub struct Imported {
    /// Its source.
    pub block: Block,
    /// Its weights, by mimo's names.
    pub weights: Weights,
    /// Parts of the file that were left out, with the reason.
    pub notes: Vec<String>,
    /// The model as its file of weights describes it.
    pub description: Description,
    /// Metadata of the file of weights, with the description.
    pub metadata: BTreeMap<String, String>,
}

/// The most axes of a tensor.
const MOST_AXES: usize = 16;
/// The most values of a sample: what a file declares is no reason to compute with more.
const MOST_VALUES: usize = 1 << 31;
/// The operators that are converted, as the help of the program lists them.
pub const OPERATORS: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "Add",
    "And",
    "ArgMax",
    "ArgMin",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Ceil",
    "Celu",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvTranspose",
    "Cos",
    "Cosh",
    "CumSum",
    "DepthToSpace",
    "Div",
    "Dropout",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "GRU",
    "Gather",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LSTM",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "Not",
    "Or",
    "PRelu",
    "Pad",
    "Pow",
    "RMSNormalization",
    "RNN",
    "Reciprocal",
    "ReduceL2",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Resize",
    "Round",
    "Selu",
    "Shape",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Size",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Tile",
    "Transpose",
    "Unsqueeze",
    "Upsample",
    "Where",
];

/// Converts the graph of a file.
///
/// # Errors
/// The first node that has no counterpart in mimo, with the reason; inputs whose lengths are open; a graph that is not valid.
pub fn convert(model: &Model, options: &Options) -> Result<Imported, Error> {
    let mut net = Net::new(model)?;
    rewrite::rewrite(&mut net);
    let order = net.order()?;
    let mut taken = source::names::Taken::default();
    let class =
        options.name.clone().unwrap_or_else(|| taken.class(names::model(&model.graph.name).unwrap_or("net")));
    let mut importer = Importer::new(&net, &order, &class);
    importer.inputs(&model.graph, options, &order)?;
    for at in order {
        if importer.skipped.contains(&at) {
            continue;
        }
        let Some(node) = net.nodes.get(at) else { continue };
        let error = |reason: String| Error::new(reason).within(net::shown(node));
        importer.node(node).map_err(error)?;
        importer.check(node).map_err(error)?;
    }
    importer.outputs(&model.graph)?;
    importer.finish()
}

impl Importer<'_> {
    fn node(&mut self, node: &Node) -> Result<(), String> {
        if !["", "ai.onnx"].contains(&node.domain.as_str()) {
            return Err(format!(
                "operators of the domain `{}` are not ONNX's own, and mimo does not know them",
                node.domain
            ));
        }
        if node.op == "Constant" {
            let array = constants::constant(node)?;
            self.define(&state::first_output(node)?, Value::Known(array.into()));
            return Ok(());
        }
        if self.folded(node)? {
            return Ok(());
        }
        // One number stays it, wherever it is moved.
        let moves = ["Cast", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"];
        if let (true, Some(Value::Filled(number, _))) =
            (moves.contains(&node.op.as_str()), self.input(node, 0)?)
        {
            self.define(&state::first_output(node)?, Value::Filled(number, None));
            return Ok(());
        }
        match node.op.as_str() {
            "Identity" | "Dropout" => {
                let value = self.input(node, 0)?.ok_or("input 0 is missing")?;
                self.define(&state::first_output(node)?, value);
                Ok(())
            }
            "Gemm" => self.gemm(node),
            "MatMul" => self.matmul(node),
            "Einsum" => self.einsum(node),
            "Conv" => self.conv(node),
            "ConvTranspose" => self.conv_transpose(node),
            "Resize" | "Upsample" => self.resize(node),
            "MaxPool" | "AveragePool" => self.pool(node),
            "GlobalAveragePool" | "GlobalMaxPool" => self.global_pool(node),
            "ArgMax" | "ArgMin" => self.arg_reduce(node),
            "BatchNormalization" => self.batch_normalization(node),
            "LayerNormalization" | "RMSNormalization" => self.layer_normalization(node),
            "GroupNormalization" | "InstanceNormalization" => self.group_normalization(node),
            "Softmax" | "LogSoftmax" => self.softmax(node),
            "PRelu" => self.prelu(node),
            "Transpose" => self.transpose(node),
            "Reshape" | "Flatten" => self.reshape(node),
            "DepthToSpace" | "SpaceToDepth" => self.depth_to_space(node),
            "Squeeze" => self.squeeze(node),
            "Unsqueeze" => self.unsqueeze(node),
            "Concat" => self.concat(node),
            "Gather" => self.gather(node),
            "Slice" => self.slice(node),
            "Split" => self.split(node),
            "Pad" => self.pad(node),
            "Cast" => self.cast(node),
            "Shape" | "Size" => self.shape_of(node),
            "ConstantOfShape" => self.constant_of_shape(node),
            "Expand" => self.expand(node),
            "Tile" => self.tile(node),
            "CumSum" => self.cumulative_sum(node),
            "LSTM" | "GRU" | "RNN" => self.recurrent(node),
            "Where" => self.choose(node),
            "Mean" => self.mean(node),
            op if op.starts_with("Reduce") => self.reduce(node),
            op if activation::is_single(op) => self.single(node),
            op if OPERATORS.contains(&op) => self.elementwise(node),
            op => {
                let near = mimo_graph::diag::did_you_mean(op, OPERATORS.iter().copied());
                let near = near.map(|near| format!(" (it has `{near}`)")).unwrap_or_default();
                Err(format!(
                    "`{op}` has no counterpart in mimo{near}; `mimo convert --help` lists the operators that have one"
                ))
            }
        }
    }

    /// Computes a node whose inputs are all known.
    fn folded(&mut self, node: &Node) -> Result<bool, String> {
        let mut arrays = vec![];
        for at in 0..node.inputs.len() {
            match self.input(node, at)? {
                Some(Value::Known(array)) => arrays.push(Some(array)),
                None => arrays.push(None),
                Some(_) => return Ok(false),
            }
        }
        let inputs: Vec<_> = arrays.iter().map(|it| it.as_deref()).collect();
        match constants::fold(self.net.opset, node, &inputs)? {
            Some(array) => {
                self.define(&state::first_output(node)?, Value::Known(array.into()));
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Compares the size of what a node made with what mimo computes with.
    fn check(&self, node: &Node) -> Result<(), String> {
        for output in &node.outputs {
            let Some(Value::Tensor(placed)) = self.values.get(output) else { continue };
            let shape = self.shape(&placed.name)?;
            let values = shape.iter().try_fold(1_usize, |product, &len| product.checked_mul(len));
            if shape.len() > MOST_AXES
                || placed.axes.len() > MOST_AXES
                || values.is_none_or(|it| it > MOST_VALUES)
            {
                return Err(format!("it outputs a tensor of the shape {shape:?}, which is too large"));
            }
        }
        Ok(())
    }

    /// Gives layers other names that have the name of an output which another layer makes.
    fn apart(&mut self) {
        let outputs: BTreeMap<String, String> =
            self.block.outputs.iter().map(|port| (port.name.clone(), port.binding.clone())).collect();
        let mut renamed = vec![];
        for statement in &mut self.block.statements {
            let Statement::Let(bound) = statement else { continue };
            let bindings = bound.bindings.clone();
            let layer = match &mut bound.value {
                Expr::Layer(Callee::Class(layer)) => layer,
                Expr::Call(call) => match &mut call.callee {
                    Callee::Class(layer) => layer,
                    _ => continue,
                },
                _ => continue,
            };
            if outputs.get(&layer.name).is_some_and(|binding| !bindings.contains(binding)) {
                let mut name = format!("{}_layer", layer.name);
                while self.weights.contains_key(&name) || outputs.contains_key(&name) {
                    name.push('_');
                }
                renamed.push((layer.name.clone(), name.clone()));
                layer.name = name;
            }
        }
        for (old, new) in renamed {
            if let Some(arrays) = self.weights.remove(&old) {
                self.weights.insert(new, arrays);
            }
        }
    }

    fn finish(mut self) -> Result<Imported, Error> {
        prune(&mut self.block);
        self.apart();
        let models = Models::new();
        source::names::assign(&mut self.block, &models);
        let evaluated = evaluate::block(&self.block, &models);
        if let Some(error) = evaluated.errors.first() {
            return Err(Error::new(said_of(error)).within("the model"));
        }
        let weights = weights(&evaluated, &self.weights)?;
        self.notes.extend(tied(&weights));
        source::blocks::tidy(&mut self.block, &evaluated, &models);
        let Evaluated { graph, .. } = evaluate::written(&self.block, &models);
        let (description, metadata) = (Description::of_graph(&graph)?, metadata(&graph));
        Ok(Imported { block: self.block, weights, notes: self.notes, description, metadata })
    }
}

/// Removes statements without weights whose tensors nothing reads.
fn prune(block: &mut Block) {
    let mut read: BTreeSet<String> = block.outputs.iter().map(|port| port.binding.clone()).collect();
    let mut kept = vec![];
    for statement in std::mem::take(&mut block.statements).into_iter().rev() {
        let is_needed = match &statement {
            Statement::Let(bound) => {
                matches!(bound.value, Expr::Input(_)) || bound.bindings.iter().any(|name| read.contains(name))
            }
            _ => true,
        };
        if !is_needed {
            continue;
        }
        if let Statement::Let(bound) = &statement {
            source::blocks::names_of(&bound.value, &mut |name| {
                read.insert(name.to_owned());
            });
        }
        kept.push(statement);
    }
    kept.reverse();
    block.statements = kept;
}

/// A note for each table of an `Embedding` that is the kernel of another layer, too: mimo's layers do not share weights
/// with layers of other classes, so that training changes them apart.
fn tied(weights: &Weights) -> Vec<String> {
    let of_kind = |end: &'static str| weights.iter().filter(move |(name, _)| name.ends_with(end));
    let is_same = |table: &Weight, kernel: &Weight| {
        let (Values::F32(a), Values::F32(b)) = (&table.values, &kernel.values) else { return false };
        let ([rows, columns], [first, second]) = (&table.shape[..], &kernel.shape[..]) else { return false };
        let is_equal = (rows, columns) == (first, second) && a == b;
        let transposed = |at: usize| a.get(at % rows * columns + at / rows);
        let is_transposed = (rows, columns) == (second, first)
            && b.iter().zip(0..).all(|(it, at)| Some(it) == transposed(at));
        is_equal || is_transposed
    };
    let mut notes = vec![];
    for (table, values) in of_kind("/embeddings").filter(|(_, it)| it.values.len() > 1) {
        for (kernel, _) in of_kind("/kernel").filter(|(_, it)| is_same(values, it)) {
            notes.push(format!(
                "`{kernel}` has the values of `{table}`: if they are one weight in the program that wrote the file, training in mimo changes them apart"
            ));
        }
    }
    notes
}

/// Weights by mimo's names.
fn weights(evaluated: &Evaluated, arrays: &BTreeMap<String, Vec<array::Array>>) -> Result<Weights, Error> {
    let mut weights = Weights::new();
    for (name, made) in &evaluated.made {
        let MadeId::Layer(id) = made else { continue };
        let wanted = of_layer(&evaluated.graph, *id, "");
        let found = arrays.get(name).map_or(&[][..], Vec::as_slice);
        let wrong = |reason: String| Error::new(reason).within(format!("layer `{name}`"));
        if wanted.len() != found.len() {
            return Err(wrong(format!("it has {} weights, and the file {}", wanted.len(), found.len())));
        }
        for (wanted, found) in wanted.iter().zip(found) {
            if wanted.shape != found.shape {
                let reason = format!(
                    "`{}` has the shape {:?}, and {:?} in the file",
                    wanted.name, wanted.shape, found.shape
                );
                return Err(wrong(reason));
            }
            let values = found.to_floats().ok_or_else(|| wrong("a weight depends on the batch".into()))?;
            weights.insert(
                wanted.name.clone(),
                Weight { shape: found.shape.clone(), values: Values::F32(values) },
            );
        }
    }
    Ok(weights)
}
