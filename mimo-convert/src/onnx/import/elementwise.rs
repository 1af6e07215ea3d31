//! Operators of values one by one, of tensors and constants, by ONNX's rules of broadcasting.

use mimo_graph::graph::Dtype;
use mimo_graph::value::ValueKind;

use super::activation::{floats, number};
use super::array::{Array, Numbers, Size};
use super::state::{Importer, name_of};
use super::tensor::{Atom, Axis, Placed, Value, owned};
use crate::onnx::model::Node;
use crate::source::{self, Callee, Expr, Operand, keyword, value, whole};

/// An operator of the language, or the word of an operation.
#[derive(Clone, Copy)]
enum Op {
    Symbol(&'static str),
    Word(&'static str),
}

/// ONNX's operators of two tensors.
const OPERATORS: &[(&str, Op)] = &[
    ("Add", Op::Symbol("+")),
    ("Sum", Op::Symbol("+")),
    ("Sub", Op::Symbol("-")),
    ("Mul", Op::Symbol("*")),
    ("Div", Op::Symbol("/")),
    ("Max", Op::Word("maximum")),
    ("Min", Op::Word("minimum")),
    ("Pow", Op::Word("power")),
    ("Equal", Op::Symbol("==")),
    ("Greater", Op::Symbol(">")),
    ("GreaterOrEqual", Op::Symbol(">=")),
    ("Less", Op::Symbol("<")),
    ("LessOrEqual", Op::Symbol("<=")),
    ("And", Op::Word("logical_and")),
    ("Or", Op::Word("logical_or")),
];

impl Importer<'_> {
    /// `Add`, `Max` and the others, of two inputs or more.
    pub(super) fn elementwise(&mut self, node: &Node) -> Result<(), String> {
        let (_, op) =
            OPERATORS.iter().find(|(onnx, _)| *onnx == node.op).ok_or("there is no such operator")?;
        let first = self.input(node, 0)?.ok_or("input 0 is missing")?;
        let count = node.inputs.len();
        let mut so_far = first;
        for at in 1..count {
            let next = self.input(node, at)?.ok_or_else(|| format!("input {at} is missing"))?;
            // Nothing is added to a constant: the first state of a recurrent layer that is written step by step.
            so_far = match (op, so_far, next) {
                (Op::Symbol("+"), Value::Filled(0.0, _), next @ Value::Known(_)) if count == 2 => {
                    self.define(&super::state::first_output(node)?, next);
                    return Ok(());
                }
                (Op::Symbol("+"), next @ Value::Known(_), Value::Filled(0.0, _)) if count == 2 => {
                    self.define(&super::state::first_output(node)?, next);
                    return Ok(());
                }
                (_, so_far, next) => {
                    let names = [name_of(node, 0), name_of(node, at)];
                    Value::Tensor(self.pair(node, *op, so_far, next, names)?)
                }
            };
        }
        match so_far {
            Value::Tensor(placed) => self.output(node, placed),
            other => {
                let placed = self.as_tensor(other)?;
                self.output(node, placed)
            }
        }
    }

    fn pair(&mut self, node: &Node, op: Op, a: Value, b: Value, names: [&str; 2]) -> Result<Placed, String> {
        let is_constant = |it: &Value| matches!(it, Value::Known(_) | Value::Filled(..));
        let (x, constant, is_first) = match (is_constant(&a), is_constant(&b)) {
            (true, true) => return Err("it reads constants that mimo does not compute with".into()),
            (false, false) => {
                let (a, b) = (self.as_tensor(a)?, self.as_tensor(b)?);
                return self.combined(op, a, b);
            }
            (false, true) => (self.as_tensor(a)?, b, true),
            (true, false) => (self.as_tensor(b)?, a, false),
        };
        let constant = match constant {
            Value::Known(array) => (*array).clone(),
            Value::Filled(number, _) => Array::floats(vec![], vec![number]),
            _ => return Err("it reads constants that mimo does not compute with".into()),
        };
        match self.scalar(&x, &constant)? {
            Some((given, number)) => self.with_scalar(op, &x, given, number, is_first),
            None => {
                let name = names.get(usize::from(is_first)).copied().unwrap_or_default();
                let (x, constant) = self.constant_for(node, &x, &constant, name)?;
                match is_first {
                    true => self.combined(op, x, constant),
                    false => self.combined(op, constant, x),
                }
            }
        }
    }

    /// The one number that a constant is for a tensor, if it makes it no larger.
    fn scalar(
        &self,
        x: &Placed,
        constant: &Array,
    ) -> Result<Option<(mimo_graph::value::Value, f32)>, String> {
        let Some(uniform) = constant.uniform() else { return Ok(None) };
        let sizes = self.sizes(x)?;
        let Some(missing) = sizes.len().checked_sub(constant.shape.len()) else { return Ok(None) };
        let fits = constant
            .shape
            .iter()
            .zip(sizes.iter().skip(missing))
            .all(|(&len, size)| len == 1 || *size == Size::Known(i64::try_from(len).unwrap_or(i64::MAX)));
        if !fits {
            return Ok(None);
        }
        let given = match &constant.numbers {
            Numbers::Whole(all) => match all.first().and_then(|size| size.known()) {
                Some(n) => whole(n),
                None => return Err("it computes with the number of samples".into()),
            },
            Numbers::Float(_) if !uniform.is_finite() => return Ok(None),
            Numbers::Float(_) => number(uniform)?,
        };
        Ok(Some((given, uniform)))
    }

    fn with_scalar(
        &mut self,
        op: Op,
        x: &Placed,
        given: mimo_graph::value::Value,
        number: f32,
        is_first: bool,
    ) -> Result<Placed, String> {
        match (op, number) {
            (Op::Symbol("+"), 0.0) => return Ok(x.clone()),
            (Op::Symbol("*"), 1.0) => return Ok(x.clone()),
            (Op::Symbol("-"), 0.0) | (Op::Symbol("/") | Op::Word("power"), 1.0) if is_first => {
                return Ok(x.clone());
            }
            (Op::Word("power"), 2.0) if is_first => {
                let name = self.operation("square", &[x], vec![], "square")?;
                return Ok(Placed { nonnegative: true, ..x.renamed(name) });
            }
            (Op::Word("power"), 0.5) if is_first => {
                let name = self.operation("sqrt", &[x], vec![], "sqrt")?;
                return Ok(Placed { nonnegative: true, ..x.renamed(name) });
            }
            _ => {}
        }
        self.floats_only(op, x)?;
        let (tensor, given) = (Operand::Tensor(Expr::Name(x.name.clone())), Operand::Value(given));
        let (left, right) = if is_first { (tensor, given) } else { (given, tensor) };
        let nonnegative = match op {
            Op::Symbol("*" | "+") => x.nonnegative && number >= 0.0,
            Op::Symbol("/") => x.nonnegative && number >= 0.0,
            Op::Word("maximum") => number >= 0.0 || x.nonnegative,
            _ => false,
        };
        let name = self.write(op, left, right)?;
        Ok(Placed { nonnegative, ..x.renamed(name) })
    }

    fn floats_only(&self, op: Op, x: &Placed) -> Result<(), String> {
        let id = self.evaluator.tensor(&x.name);
        match (op, id.map(|id| self.evaluator.graph().tensor(id).dtype)) {
            (Op::Symbol("/"), Some(Dtype::Int)) => {
                Err("it divides integers, whose quotient mimo does not round".into())
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, op: Op, left: Operand, right: Operand) -> Result<String, String> {
        match op {
            Op::Symbol(symbol) => {
                let base = match symbol {
                    "+" => "sum",
                    "-" => "difference",
                    "*" => "product",
                    "/" => "quotient",
                    _ => "comparison",
                };
                self.bind(Expr::Binary(symbol, Box::new(left), Box::new(right)), base)
            }
            Op::Word(word) => {
                let arguments = vec![(None, left), (None, right)];
                self.bind(Expr::Operation { word: word.into(), arguments }, word)
            }
        }
    }

    /// Two tensors, one of which gets the layout of the other.
    fn combined(&mut self, op: Op, a: Placed, b: Placed) -> Result<Placed, String> {
        self.floats_only(op, &a)?;
        let (a, b, axes) = self.aligned(a, b)?;
        let nonnegative =
            a.nonnegative && b.nonnegative && matches!(op, Op::Symbol("+" | "*" | "/") | Op::Word("minimum"))
                || (a.nonnegative || b.nonnegative) && matches!(op, Op::Word("maximum"));
        let [left, right] = [&a, &b].map(|it| Operand::Tensor(Expr::Name(it.name.clone())));
        let name = self.write(op, left, right)?;
        Ok(Placed { name, axes, nonnegative })
    }

    /// Tensors that broadcast in mimo as they do in ONNX, and the axes of what they make together.
    pub(super) fn aligned(&mut self, a: Placed, b: Placed) -> Result<(Placed, Placed, Vec<Axis>), String> {
        let rank = a.axes.len().max(b.axes.len());
        let [a, b] = [a, b].map(|it| {
            let ones = vec![vec![]; rank - it.axes.len()];
            Placed { axes: [ones, it.axes.clone()].concat(), ..it }
        });
        if a.rank() >= b.rank() {
            if let Some(b) = self.like(&a, &b)? {
                let axes = with_batch(&a.axes, &b.axes);
                return Ok((a, b, axes));
            }
            if let Some(a) = self.like(&b, &a)? {
                let axes = with_batch(&b.axes, &a.axes);
                return Ok((a, b, axes));
            }
        } else if let Some(a) = self.like(&b, &a)? {
            let axes = with_batch(&b.axes, &a.axes);
            return Ok((a, b, axes));
        }
        // One axis in mimo for each of ONNX's axes.
        let has_batch = |at: usize| {
            [&a, &b].iter().any(|it| it.axes.get(at).is_some_and(|axis| axis.contains(&Atom::Batch)))
        };
        let order: Vec<usize> = (0..rank).filter(|&at| !has_batch(at)).collect();
        let (a, b) = (self.arranged(&a, &order)?, self.arranged(&b, &order)?);
        let mut own = 0;
        let axes = (0..rank).map(|at| match order.contains(&at) {
            true => {
                own += 1;
                vec![Atom::Of(own - 1)]
            }
            false => vec![Atom::Batch],
        });
        let axes = axes.collect();
        Ok((a, b, axes))
    }

    /// `x` in the layout of `like`, with axes of length 1 where it has none; none if one of its axes is not one of `like`.
    fn like(&mut self, like: &Placed, x: &Placed) -> Result<Option<Placed>, String> {
        let (shape, own_shape) = (self.shape(&like.name)?, self.shape(&x.name)?);
        // For each axis of `like` in mimo, that of `x`.
        let mut places: Vec<Option<usize>> = vec![None; shape.len()];
        for (axis, own) in like.axes.iter().zip(&x.axes) {
            let (wanted, found) = (owned(axis), owned(own));
            let has_batch = [axis, own].map(|it| it.contains(&Atom::Batch));
            if found.is_empty() {
                continue;
            }
            let lengths = |all: &[usize], shape: &[usize]| -> Vec<usize> {
                all.iter().filter_map(|&own| shape.get(own).copied()).collect()
            };
            let (of_like, of_x) = (lengths(&wanted, &shape), lengths(&found, &own_shape));
            let fits =
                of_like.len() == of_x.len() && of_like.iter().zip(&of_x).all(|(a, b)| a == b || *b == 1);
            if !fits || has_batch[1] && axis != own && wanted.len() != found.len() {
                return Ok(None);
            }
            for (wanted, found) in wanted.iter().zip(&found) {
                if let Some(place) = places.get_mut(*wanted) {
                    *place = Some(*found);
                }
            }
        }
        let order: Vec<usize> = places.iter().flatten().copied().collect();
        if order.len() != x.rank() {
            return Ok(None);
        }
        let moved = self.permuted(x, &order)?;
        let found = self.shape(&moved.name)?;
        let mut lengths = found.iter();
        let wanted: Vec<usize> = places
            .iter()
            .map(|place| if place.is_some() { lengths.next().copied().unwrap_or(1) } else { 1 })
            .collect();
        // Axes that are missing at the front are added by mimo.
        let wanted: Vec<usize> =
            wanted.iter().copied().skip(places.iter().take_while(|it| it.is_none()).count()).collect();
        if wanted == found {
            return Ok(Some(moved));
        }
        let axes = moved.axes.clone();
        self.reshaped(&moved, &wanted, axes).map(Some)
    }

    /// A constant as a weight in the layout of the tensor that it is combined with.
    fn constant_for(
        &mut self,
        node: &Node,
        x: &Placed,
        constant: &Array,
        name: &str,
    ) -> Result<(Placed, Placed), String> {
        let rank = x.axes.len().max(constant.shape.len());
        let x = Placed { axes: [vec![vec![]; rank - x.axes.len()], x.axes.clone()].concat(), ..x.clone() };
        let padded = [vec![1; rank - constant.shape.len()], constant.shape.clone()].concat();
        let shape = self.shape(&x.name)?;
        let mut lengths = vec![];
        let mut owns = vec![];
        for (axis, &len) in x.axes.iter().zip(&padded) {
            let own = owned(axis);
            let product = super::array::product(own.iter().filter_map(|&own| shape.get(own)));
            match len {
                1 => lengths.extend(vec![1; own.len()]),
                len if len == product && !axis.contains(&Atom::Batch) => {
                    lengths.extend(own.iter().filter_map(|&own| shape.get(own).copied()));
                }
                _ => {
                    // The constant has an axis that the tensor has not.
                    let constant = self.constant_tensor(constant, node, name)?;
                    return Ok((x, constant));
                }
            }
            owns.extend(own);
        }
        let mut order: Vec<usize> = (0..owns.len()).collect();
        order.sort_by_key(|&at| owns.get(at).copied());
        let array = constant
            .reshaped(lengths)
            .and_then(|it| it.transposed(&order))
            .ok_or("the constant does not fit")?;
        let kept: Vec<usize> = array.shape.iter().copied().skip_while(|&len| len == 1).collect();
        let skipped = array.shape.len() - kept.len();
        let array = array.reshaped(kept.clone()).ok_or("the constant does not fit")?;
        let binding = self.weight(&array, node, name)?;
        // As the axes of `x`, without those that are skipped.
        let axes = x.axes.iter().map(|axis| {
            let atoms = axis.iter().filter_map(|atom| match atom {
                Atom::Of(own) => own.checked_sub(skipped).map(Atom::Of),
                Atom::Batch => None,
            });
            atoms.collect()
        });
        let weight = Placed { name: binding, axes: axes.collect(), nonnegative: false };
        Ok((x, weight))
    }

    /// A constant as a weight without its axes of length 1.
    pub(super) fn constant_tensor(
        &mut self,
        constant: &Array,
        node: &Node,
        name: &str,
    ) -> Result<Placed, String> {
        let kept: Vec<usize> = constant.shape.iter().copied().filter(|&len| len != 1).collect();
        let mut own = 0;
        let axes = constant.shape.iter().map(|&len| match len {
            1 => vec![],
            _ => {
                own += 1;
                vec![Atom::Of(own - 1)]
            }
        });
        let axes = axes.collect();
        let array = constant.reshaped(kept).ok_or("the constant does not fit")?;
        let name = self.weight(&array, node, name)?;
        Ok(Placed { name, axes, nonnegative: false })
    }

    /// A weight as a tensor. What is no initializer of the file is not trained.
    fn weight(&mut self, array: &Array, node: &Node, name: &str) -> Result<String, String> {
        let shape = super::layout::list(array.shape.iter().copied());
        let mut args = vec![keyword("shape", shape)];
        if array.name.is_none() {
            args.push(keyword("trainable", value(ValueKind::Bool(false))));
        }
        let array = Array { name: None, ..floats(array)? };
        if let Some((_, _, binding)) =
            self.constants.iter().find(|(known, it, _)| known == name && *it == array)
        {
            return Ok(binding.clone());
        }
        let layer = self.layer("Weight", args)?;
        let base = super::names::constant(name, node);
        let mut unique = base.clone();
        let mut count = 2;
        while self.weights.contains_key(&unique) {
            unique = format!("{base}_{count}");
            count += 1;
        }
        let layer = source::Layer { name: unique.clone(), ..layer };
        let call =
            source::Call { callee: Callee::Class(layer), tensors: vec![], list: false, keywords: vec![] };
        self.weights.insert(unique.clone(), vec![array.clone()]);
        let binding = self.bind(Expr::Call(Box::new(call)), &unique)?;
        self.constants.push((name.to_owned(), array, binding.clone()));
        Ok(binding)
    }

    /// `Where` of tensors and numbers.
    pub(super) fn choose(&mut self, node: &Node) -> Result<(), String> {
        let mut given = vec![];
        for at in 0..3 {
            let value = self.input(node, at)?.ok_or("an input is missing")?;
            given.push(match value {
                Value::Known(array) => match array.number() {
                    Some(x) if at > 0 => Err(number(x)?),
                    _ => return Err("it chooses values of a constant of several numbers".into()),
                },
                Value::Filled(x, _) => Err(number(x)?),
                other => Ok(self.as_tensor(other)?),
            });
        }
        // All get the layout of the one with most axes.
        let rank = given.iter().flatten().map(|it| it.axes.len()).max().unwrap_or(0);
        for it in given.iter_mut().flatten() {
            it.axes = [vec![vec![]; rank - it.axes.len()], it.axes.clone()].concat();
        }
        let first =
            given.iter().flatten().max_by_key(|it| it.rank()).cloned().ok_or("it reads no tensors")?;
        let mut operands = vec![];
        let mut axes = first.axes.clone();
        for it in given {
            operands.push(match it {
                Ok(x) => {
                    axes = with_batch(&axes, &x.axes);
                    let x = self.like(&first, &x)?.ok_or("the tensors have different layouts")?;
                    (None, Operand::Tensor(Expr::Name(x.name)))
                }
                Err(given) => (None, Operand::Value(given)),
            });
        }
        let name = self.bind(Expr::Operation { word: "where".into(), arguments: operands }, "chosen")?;
        self.output(node, Placed { name, axes, nonnegative: false })
    }

    /// `Mean` of tensors.
    pub(super) fn mean(&mut self, node: &Node) -> Result<(), String> {
        let first = self.tensor(node, 0)?;
        let mut all = vec![first.clone()];
        for at in 1..node.inputs.len() {
            let x = self.tensor(node, at)?;
            all.push(self.like(&first, &x)?.ok_or("the tensors have different axes")?);
        }
        let name = self.plain("Average", vec![], &all.iter().collect::<Vec<_>>())?;
        self.output(node, first.renamed(name))
    }
}

/// Axes of a result: those of one tensor, with the batch where only the other has it.
fn with_batch(axes: &[Axis], others: &[Axis]) -> Vec<Axis> {
    let pairs = axes.iter().zip(others);
    let of = pairs.map(|(axis, other)| match other.contains(&Atom::Batch) && !axis.contains(&Atom::Batch) {
        true => [vec![Atom::Batch], axis.clone()].concat(),
        false => axis.clone(),
    });
    of.collect()
}
