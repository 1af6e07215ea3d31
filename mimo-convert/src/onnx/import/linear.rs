//! Products: `Gemm`, `MatMul` with and without a bias, `Einsum`, and tables that are looked up.

use std::rc::Rc;

use mimo_graph::graph::Dtype;
use mimo_graph::value::ValueKind;

use super::activation::floats;
use super::array::Array;
use super::net::{float, int, text};
use super::state::{Importer, Weighted, first_output, name_of};
use super::tensor::{Atom, Placed, Value, owned};
use crate::onnx::model::Node;
use crate::source::{Expr, Operand, keyword, value, whole};

/// A dense layer: its kernel `[inputs, units]`, its bias, and what it is called by.
struct Dense {
    kernel: Array,
    bias: Option<Array>,
    weight: String,
    /// The value that the product with its bias makes.
    output: String,
}

impl Importer<'_> {
    /// `alpha · A · B + beta · C` of matrices.
    pub(super) fn gemm(&mut self, node: &Node) -> Result<(), String> {
        if int(node, "transA").unwrap_or(0) != 0 {
            return Err("`transA` is set, and a layer does not mix samples".into());
        }
        let x = self.tensor(node, 0)?;
        let Some(Value::Known(kernel)) = self.input(node, 1)? else {
            return Err(format!("the matrix `{}` is not a weight", name_of(node, 1)));
        };
        let mut kernel = floats(&kernel)?;
        if int(node, "transB").unwrap_or(0) != 0 {
            kernel = kernel.transposed(&[1, 0]).ok_or("the weight is not a matrix")?;
        }
        kernel = scaled(kernel, float(node, "alpha").unwrap_or(1.0));
        let units = *kernel.shape.get(1).ok_or("the weight is not a matrix")?;
        let bias = match self.known(node, 2)? {
            Some(bias) => {
                let bias = scaled(floats(&bias)?, float(node, "beta").unwrap_or(1.0));
                Some(vector(&bias, units).ok_or("the bias is not one number for each unit")?)
            }
            None => None,
        };
        let weight = name_of(node, 1).to_owned();
        let dense = Dense { kernel, bias, weight, output: first_output(node)? };
        self.dense(node, &x, dense)
    }

    /// A product with a weight is a dense layer, together with the sum after it; other products are operations.
    pub(super) fn matmul(&mut self, node: &Node) -> Result<(), String> {
        let values = (self.input(node, 0)?, self.input(node, 1)?);
        // The first state of a recurrent layer that is written step by step.
        let is_zero = |it: &Option<Value>| match it {
            Some(Value::Filled(number, _)) => *number == 0.0,
            Some(Value::Known(array)) => array.uniform() == Some(0.0),
            _ => false,
        };
        if is_zero(&values.0) || is_zero(&values.1) {
            self.define(&first_output(node)?, Value::Filled(0.0, None));
            return Ok(());
        }
        let (x, kernel) = match values {
            (Some(Value::Known(a)), Some(b)) => {
                let a = self.constant_tensor(&a, node, name_of(node, 0))?;
                let b = self.as_tensor(b)?;
                return self.product(node, &a, &b);
            }
            (Some(a), Some(Value::Known(kernel))) => (self.as_tensor(a)?, kernel),
            (Some(a), Some(b)) => {
                let (a, b) = (self.as_tensor(a)?, self.as_tensor(b)?);
                return self.product(node, &a, &b);
            }
            _ => return Err("an input is missing".into()),
        };
        let &[_, units] = &kernel.shape[..] else {
            let b = self.constant_tensor(&kernel, node, name_of(node, 1))?;
            return self.product(node, &x, &b);
        };
        let mut dense = Dense {
            kernel: floats(&kernel)?,
            bias: None,
            weight: name_of(node, 1).to_owned(),
            output: first_output(node)?,
        };
        if let Some((at, add)) = self.only_reader(&dense.output).filter(|(_, reader)| reader.op == "Add") {
            let other = add.inputs.iter().find(|name| **name != dense.output);
            let known = other.and_then(|name| match self.value(name) {
                Ok(Value::Known(array)) => {
                    vector(&floats(&array).ok()?, units).filter(|_| array.shape.len() < 2)
                }
                _ => None,
            });
            if let Some(bias) = known {
                self.skipped.insert(at);
                dense.bias = Some(bias);
                dense.output = first_output(add)?;
                // The bias has the name of the layer where the kernel's was lost.
                if let Some(other) =
                    other.filter(|_| dense.weight.contains("::") || dense.weight.starts_with("val_"))
                {
                    dense.weight = format!("{}", Shared { kernel: &dense.weight, bias: other });
                }
            }
        }
        self.dense(node, &x, dense)
    }

    fn dense(&mut self, node: &Node, x: &Placed, it: Dense) -> Result<(), String> {
        let &[inputs, units] = &it.kernel.shape[..] else { return Err("the weight is not a matrix".into()) };
        let last = x.axes.len().checked_sub(1).ok_or("the input has no axes")?;
        let wanted = self.known_size(x, last)?;
        if wanted != inputs {
            return Err(format!(
                "the weight has {inputs} rows, and the last axis of the input {wanted} values"
            ));
        }
        // A flattened image is read in mimo's order, and the rows of the kernel are put into it.
        let inner = owned(x.axes.get(last).ok_or("an axis is missing")?);
        let mut sorted = inner.clone();
        sorted.sort_unstable();
        let is_whole = sorted.iter().copied().eq(0..x.rank()) && inner.len() > 1;
        let (x, kernel) = match is_whole && inner != sorted {
            true => {
                let shape = self.shape(&x.name)?;
                let lengths: Vec<usize> = inner.iter().filter_map(|&own| shape.get(own).copied()).collect();
                // For each axis in mimo its place among ONNX's factors.
                let order: Vec<usize> =
                    sorted.iter().filter_map(|own| inner.iter().position(|it| it == own)).collect();
                let rank = lengths.len();
                let apart = it.kernel.reshaped([&lengths[..], &[units]].concat());
                let order: Vec<usize> = order.into_iter().chain([rank]).collect();
                let kernel = apart
                    .and_then(|it| it.transposed(&order))
                    .and_then(|it| it.reshaped(vec![inputs, units]));
                let mut axes = x.axes.clone();
                if let Some(axis) = axes.last_mut() {
                    *axis = vec![Atom::Of(0)];
                }
                let flat = self.reshaped(x, &[inputs], axes)?;
                (flat, kernel.ok_or("the rows of the kernel do not fit")?)
            }
            false => (self.with_axis(x, last, true)?.0, it.kernel.clone()),
        };
        let kernel = match self.rows.get(&x.name) {
            Some(rows) => kernel.taken(0, rows).ok_or("the rows of the kernel do not fit")?,
            None => kernel,
        };
        let mut args = vec![keyword("units", whole(i64::try_from(units).unwrap_or(i64::MAX)))];
        let mut output = it.output;
        if !self.is_shared(name_of(node, 1), &node.op) {
            let (activation, made) = self.activation_after(&output, last, x.axes.len());
            args.extend(activation.map(|it| keyword("activation", it)));
            output = made;
        }
        let mut arrays = vec![Array { name: None, ..kernel }];
        match it.bias {
            Some(bias) => arrays.push(Array { name: None, ..bias }),
            None => args.push(keyword("use_bias", value(ValueKind::Bool(false)))),
        }
        let name = self.call(Weighted { class: "Dense", args, arrays, weight: it.weight }, &x, node)?;
        self.define(&output, Value::Tensor(x.renamed(name)));
        Ok(())
    }

    /// The product of two tensors over the last axis of one and the last but one of the other.
    fn product(&mut self, node: &Node, a: &Placed, b: &Placed) -> Result<(), String> {
        let (rank, other) = (a.axes.len(), b.axes.len());
        if rank < 2 || other < 2 {
            return Err("the product of a vector and a tensor has no counterpart in mimo".into());
        }
        let (a, b) = (self.ready(a)?, self.ready(b)?);
        let name = self.operation("matmul", &[&a, &b], vec![], "matmul")?;
        // Leading axes are those of the tensor that has more of them.
        let (longer, shorter) = if rank >= other { (&a, &b) } else { (&b, &a) };
        let shape = self.shape(&name)?;
        let lead = longer.axes.len() - 2;
        let missing = longer.axes.len() - shorter.axes.len();
        let mut axes = vec![];
        let mut own = 0;
        for at in 0..lead {
            let mut axis = vec![];
            let of = |it: &Placed, at: Option<usize>| {
                at.and_then(|at| it.axes.get(at)).is_some_and(|axis| axis.contains(&Atom::Batch))
            };
            if of(longer, Some(at)) || of(shorter, at.checked_sub(missing)) {
                axis.push(Atom::Batch);
            }
            let count = |it: &Placed, at: Option<usize>| {
                at.and_then(|at| it.axes.get(at)).map_or(0, |axis| owned(axis).len())
            };
            for _ in 0..count(longer, Some(at)).max(count(shorter, at.checked_sub(missing))) {
                axis.push(Atom::Of(own));
                own += 1;
            }
            axes.push(axis);
        }
        axes.extend([vec![Atom::Of(own)], vec![Atom::Of(own + 1)]]);
        if own + 2 != shape.len() {
            return Err("the tensors have different axes before the last two".into());
        }
        self.output(node, Placed { name, axes, nonnegative: false })
    }

    /// A factor of a product: its axes in ONNX's order, the last two one each; the others may be products with the batch.
    fn ready(&mut self, x: &Placed) -> Result<Placed, String> {
        let lead = x.axes.len().saturating_sub(2);
        let mut order: Vec<usize> = x.axes.iter().take(lead).flat_map(owned).collect();
        let outer = order.len();
        order.extend(x.axes.iter().skip(lead).flat_map(owned));
        if x.axes.iter().skip(lead).any(|axis| axis.contains(&Atom::Batch)) {
            return Err("the product mixes samples".into());
        }
        let moved = self.permuted(x, &order)?;
        let mut shape: Vec<usize> = self.shape(&moved.name)?.into_iter().take(outer).collect();
        let mut axes = moved.axes.clone();
        for (at, axis) in axes.iter_mut().enumerate().skip(lead) {
            shape.push(self.known_size(&moved, at)?);
            *axis = vec![Atom::Of(outer + at - lead)];
        }
        self.reshaped(&moved, &shape, axes)
    }

    /// A sum of products by its equation.
    pub(super) fn einsum(&mut self, node: &Node) -> Result<(), String> {
        let equation: String = text(node, "equation").chars().filter(|c| !c.is_whitespace()).collect();
        let (terms, result) = equation.split_once("->").ok_or("the equation has no result")?;
        let mut tensors = vec![];
        for at in 0..node.inputs.len() {
            let x = self.tensor(node, at)?;
            if x.axes.first().is_none_or(|axis| axis[..] != [Atom::Batch]) {
                return Err("the batch is not the first axis".into());
            }
            tensors.push(self.in_order(&x)?);
        }
        let batch = terms.chars().next().ok_or("the equation is empty")?;
        if !result.starts_with(batch) || terms.split(',').any(|term| !term.starts_with(batch)) {
            return Err("the batch is not the first axis of the equation".into());
        }
        let arguments = std::iter::once((None, Operand::Value(crate::source::text(&equation))))
            .chain(tensors.iter().map(|it| (None, Operand::Tensor(Expr::Name(it.name.clone())))));
        let name =
            self.bind(Expr::Operation { word: "einsum".into(), arguments: arguments.collect() }, "einsum")?;
        let rank = self.shape(&name)?.len();
        self.output(node, Placed::plain(name, rank))
    }

    /// Rows of a table by integers.
    pub(super) fn embedding(&mut self, node: &Node, table: &Rc<Array>, x: &Placed) -> Result<(), String> {
        let &[rows, columns] = &table.shape[..] else {
            return Err("a table that is looked up has two axes".into());
        };
        let is_whole = self
            .evaluator
            .tensor(&x.name)
            .is_some_and(|id| self.evaluator.graph().tensor(id).dtype == Dtype::Int);
        if !is_whole {
            return Err(format!(
                "the places in the table are computed from floats; make `{}` an input of integers",
                x.name
            ));
        }
        let size = |n: usize| whole(i64::try_from(n).unwrap_or(i64::MAX));
        let args = vec![keyword("input_dim", size(rows)), keyword("output_dim", size(columns))];
        let array = Array { name: None, ..floats(table)? };
        let weight = name_of(node, 0).to_owned();
        let name = self.call(Weighted { class: "Embedding", args, arrays: vec![array], weight }, x, node)?;
        let mut axes = x.axes.clone();
        axes.push(vec![Atom::Of(x.rank())]);
        self.output(node, Placed { name, axes, nonnegative: false })
    }
}

/// The name of a layer from that of its bias, if a program has given its kernel a new one.
struct Shared<'a> {
    kernel: &'a str,
    bias: &'a str,
}

impl std::fmt::Display for Shared<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.bias.strip_suffix("_bias") {
            // `mha.in_proj_bias` has the layer's name and its weight's in one.
            Some(layer) => write!(f, "{layer}.weight"),
            None if self.bias.contains('.') => f.write_str(self.bias),
            None => f.write_str(self.kernel),
        }
    }
}

fn scaled(array: Array, factor: f32) -> Array {
    match (array.numbers, factor) {
        (super::array::Numbers::Float(values), factor) if factor != 1.0 => Array {
            numbers: super::array::Numbers::Float(values.into_iter().map(|it| it * factor).collect()),
            shape: array.shape,
            name: array.name,
        },
        (numbers, _) => Array { numbers, shape: array.shape, name: array.name },
    }
}

/// A list of `units` numbers, of an array that has one for each unit or one for all.
pub(super) fn vector(array: &Array, units: usize) -> Option<Array> {
    match array.len() {
        len if len == units && array.shape.last().is_none_or(|&last| last == units) => {
            array.reshaped(vec![units])
        }
        1 => array.reshaped(vec![1])?.broadcast(&[units]),
        _ => None,
    }
}
