//! Operators that move values: most of them need no statement, because axes of ONNX are products of axes in mimo.

use mimo_graph::graph::Dtype;

use super::array::{Array, Numbers, Size};
use super::constants::{axes, is_order, position};
use super::net::{int, ints, text};
use super::state::{Importer, first_output, name_of};
use super::tensor::{Atom, Axis, Placed, Value, owned};
use crate::onnx::model::Node;

/// A length as the language has it.
pub(super) fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Importer<'_> {
    /// Another order of the axes.
    pub(super) fn transpose(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let rank = x.axes.len();
        let order: Option<Vec<usize>> = match ints(node, "perm") {
            Some(order) => order.iter().map(|&axis| usize::try_from(axis).ok()).collect(),
            None => Some((0..rank).rev().collect()),
        };
        let order =
            order.filter(|order| is_order(order, rank)).ok_or("`perm` does not have each axis once")?;
        let axes = order.iter().filter_map(|&at| x.axes.get(at).cloned()).collect();
        self.output(node, Placed { axes, ..x })
    }

    /// The same values under other lengths.
    pub(super) fn reshape(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let sizes = self.sizes(&x)?;
        let target = match node.op.as_str() {
            "Flatten" => {
                let axis = int(node, "axis").unwrap_or(1);
                let at = position(axis, x.axes.len() + 1).ok_or("there is no such axis")?;
                let product = |all: &[Size]| {
                    all.iter()
                        .try_fold(Size::Known(1), |product, &size| product.times(size))
                        .ok_or("a length is too large")
                };
                let (before, after) = sizes.split_at_checked(at).ok_or("there is no such axis")?;
                vec![product(before)?, product(after)?]
            }
            _ => {
                let given = match node.inputs.len() {
                    0 | 1 => Array::sizes(
                        ints(node, "shape").unwrap_or_default().iter().map(|&n| Size::Known(n)).collect(),
                    ),
                    _ => (*self.needed(node, 1)?).clone(),
                };
                let Numbers::Whole(given) = given.numbers else {
                    return Err("its lengths are not integers".into());
                };
                resolved(&sizes, &given, int(node, "allowzero").unwrap_or(0) != 0)?
            }
        };
        let placed = self.regrouped(&x, &target)?;
        self.output(node, placed)
    }

    /// Channels that become pixels of larger images, or the other way round.
    pub(super) fn depth_to_space(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let sizes = self.sizes(&x)?;
        let &[samples, channels, height, width] = &sizes[..] else {
            return Err("its input is not an image".into());
        };
        let block = Size::Known(int(node, "blocksize").filter(|&n| n > 0).ok_or("`blocksize` is missing")?);
        let wrong = || "`blocksize` does not divide the axes".to_owned();
        let square = block.times(block).ok_or_else(wrong)?;
        let is_deep = node.op == "DepthToSpace";
        // The axes that are taken apart, their order, and how they are put together.
        let (apart, order, together) = if is_deep {
            let inner = channels.over(square).ok_or_else(wrong)?;
            let [high, wide] = [height, width].map(|it| it.times(block));
            let (apart, order) = match text(node, "mode") {
                "CRD" => ([samples, inner, block, block, height, width], [0, 1, 4, 2, 5, 3]),
                _ => ([samples, block, block, inner, height, width], [0, 3, 4, 1, 5, 2]),
            };
            (apart, order, [samples, inner, high.ok_or_else(wrong)?, wide.ok_or_else(wrong)?])
        } else {
            let [high, wide] = [height, width].map(|it| it.over(block));
            let (high, wide) = (high.ok_or_else(wrong)?, wide.ok_or_else(wrong)?);
            let deep = channels.times(square).ok_or_else(wrong)?;
            ([samples, channels, high, block, wide, block], [0, 3, 5, 1, 2, 4], [samples, deep, high, wide])
        };
        let split = self.regrouped(&x, &apart)?;
        let axes = order.iter().filter_map(|&at: &usize| split.axes.get(at).cloned()).collect();
        let placed = self.regrouped(&Placed { axes, ..split }, &together)?;
        self.output(node, placed)
    }

    /// Without axes of length 1.
    pub(super) fn squeeze(&mut self, node: &Node) -> Result<(), String> {
        let input = self.input(node, 0)?;
        let known = self.known(node, 1)?;
        let x = match input {
            Some(value) => self.as_tensor(value)?,
            None => return Err("input 0 is missing".into()),
        };
        let sizes = self.sizes(&x)?;
        let gone = match axes(node, known.as_deref()) {
            Some(axes) => axes
                .iter()
                .map(|&axis| position(axis, sizes.len()).ok_or_else(|| format!("there is no axis {axis}")))
                .collect::<Result<Vec<_>, _>>()?,
            None => (0..sizes.len()).filter(|&at| sizes.get(at) == Some(&Size::Known(1))).collect(),
        };
        let placed = self.without(&x, &gone)?;
        self.output(node, placed)
    }

    /// A tensor without axes of length 1.
    pub(super) fn without(&mut self, x: &Placed, gone: &[usize]) -> Result<Placed, String> {
        let sizes = self.sizes(x)?;
        if gone.iter().any(|&at| sizes.get(at) != Some(&Size::Known(1))) {
            return Err("it takes away an axis that is longer than 1".into());
        }
        let inner: Vec<usize> = gone.iter().filter_map(|&at| x.axes.get(at)).flat_map(owned).collect();
        let shape: Vec<usize> = self.shape(&x.name)?;
        let kept = shape.iter().enumerate().filter(|(own, _)| !inner.contains(own)).map(|(_, &len)| len);
        let kept: Vec<usize> = kept.collect();
        let moved = |own: usize| own - inner.iter().filter(|&&it| it < own).count();
        let axes = x.axes.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, axis)| {
            let atoms = axis.iter().map(|atom| match atom {
                Atom::Of(own) => Atom::Of(moved(*own)),
                Atom::Batch => Atom::Batch,
            });
            atoms.collect()
        });
        let axes: Vec<Axis> = axes.collect();
        if inner.is_empty() {
            return Ok(Placed { axes, ..x.clone() });
        }
        self.reshaped(x, &kept, axes)
    }

    /// New axes of length 1.
    pub(super) fn unsqueeze(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let known = self.known(node, 1)?;
        let new = axes(node, known.as_deref()).ok_or("its axes are not known")?;
        let rank = x.axes.len() + new.len();
        let new: Vec<usize> = new
            .iter()
            .map(|&axis| position(axis, rank).ok_or_else(|| format!("there is no axis {axis}")))
            .collect::<Result<_, _>>()?;
        let mut old = x.axes.iter().cloned();
        let axes =
            (0..rank).map(|at| if new.contains(&at) { vec![] } else { old.next().unwrap_or_default() });
        let axes = axes.collect();
        self.output(node, Placed { axes, ..x })
    }

    /// Values of another type.
    pub(super) fn cast(&mut self, node: &Node) -> Result<(), String> {
        let value = self.input(node, 0)?.ok_or("input 0 is missing")?;
        let x = self.as_tensor(value)?;
        let is_whole = self
            .evaluator
            .tensor(&x.name)
            .is_some_and(|id| self.evaluator.graph().tensor(id).dtype == Dtype::Int);
        match (int(node, "to").unwrap_or(1), is_whole) {
            (1 | 10 | 11 | 16, true) => {
                let name =
                    self.operation("cast", &[&x], vec![(None, crate::source::text("float32"))], "floats")?;
                self.output(node, x.renamed(name))
            }
            (1 | 10 | 11 | 16, false) | (6 | 7, true) => self.output(node, x),
            (9, _) => self.output(node, x),
            (to, _) => Err(format!("mimo has no values of the type {to} of `TensorProto.DataType` here")),
        }
    }

    /// The lengths of a tensor.
    pub(super) fn shape_of(&mut self, node: &Node) -> Result<(), String> {
        let sizes = match self.input(node, 0)?.ok_or("input 0 is missing")? {
            Value::Known(array) => array.shape.iter().map(|&len| Size::Known(signed(len))).collect(),
            Value::Filled(_, sizes) => sizes.ok_or("the shape of a constant is not known any more")?,
            other => {
                let x = self.as_tensor(other)?;
                self.sizes(&x)?
            }
        };
        let rank = sizes.len();
        let bound = |name: &str, default: usize| match int(node, name) {
            Some(at) if at < 0 => usize::try_from(signed(rank).saturating_add(at)).unwrap_or(0),
            Some(at) => usize::try_from(at).unwrap_or(0).min(rank),
            None => default,
        };
        let kept = sizes.get(bound("start", 0)..bound("end", rank)).unwrap_or_default().to_vec();
        let array = match node.op.as_str() {
            "Size" => {
                let all = sizes.iter().try_fold(Size::Known(1), |product, &size| product.times(size));
                Array { shape: vec![], ..Array::sizes(vec![all.ok_or("a length is too large")?]) }
            }
            _ => Array::sizes(kept),
        };
        self.define(&first_output(node)?, Value::Known(array.into()));
        Ok(())
    }

    /// One number at all places of a shape.
    pub(super) fn constant_of_shape(&mut self, node: &Node) -> Result<(), String> {
        let Numbers::Whole(sizes) = &self.needed(node, 0)?.numbers else {
            return Err("its shape is not a list of integers".into());
        };
        let value = match node.attributes.get("value") {
            Some(crate::onnx::model::Attribute::Tensor(tensor)) => Array::of(tensor, None),
            _ => Array::floats(vec![1], vec![0.0]),
        };
        let known: Option<Vec<usize>> =
            sizes.iter().map(|size| usize::try_from(size.known()?).ok()).collect();
        let count = known
            .as_ref()
            .and_then(|all| all.iter().try_fold(1_usize, |product, &len| product.checked_mul(len)));
        let given = value.number().ok_or("its value is not one number")?;
        let made = match (known, count) {
            (Some(shape), Some(count)) if count <= 1 << 12 => {
                let one = value
                    .reshaped(vec![1; shape.len()])
                    .and_then(|it| it.broadcast(&shape))
                    .ok_or("its value is not one number")?;
                Value::Known(one.into())
            }
            _ => Value::Filled(given, Some(sizes.clone())),
        };
        self.define(&first_output(node)?, made);
        Ok(())
    }

    /// Values repeated to a shape.
    pub(super) fn expand(&mut self, node: &Node) -> Result<(), String> {
        let value = self.input(node, 0)?.ok_or("input 0 is missing")?;
        let given = self.needed(node, 1)?;
        let Numbers::Whole(target) = &given.numbers else {
            return Err("its shape is not a list of integers".into());
        };
        let x = match value {
            Value::Known(array) => match array.uniform() {
                Some(number) => {
                    self.define(&first_output(node)?, Value::Filled(number, Some(target.clone())));
                    return Ok(());
                }
                // One for all samples: a weight.
                None => self.constant_tensor(&array, node, name_of(node, 0))?,
            },
            Value::Filled(number, _) => {
                self.define(&first_output(node)?, Value::Filled(number, Some(target.clone())));
                return Ok(());
            }
            other => self.as_tensor(other)?,
        };
        let rank = x.axes.len().max(target.len());
        let mut axes = [vec![vec![]; rank - x.axes.len()], x.axes.clone()].concat();
        let missing = rank - target.len();
        for (at, size) in target.iter().enumerate() {
            let axis = axes.get_mut(at + missing).ok_or("an axis is missing")?;
            let own = self.size(&x, axis)?;
            match (own, size) {
                (own, size) if own == *size => {}
                (_, Size::Known(1)) => {}
                // Each sample has a copy.
                (Size::Known(1), Size::Batch(1)) if axis.is_empty() => axis.push(Atom::Batch),
                _ => return Err("it repeats values along an axis".into()),
            }
        }
        self.output(node, Placed { axes, ..x })
    }

    /// Values that follow each other again and again.
    pub(super) fn tile(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let counts = self.needed(node, 1)?.to_whole().ok_or("its numbers of repetitions are not known")?;
        if counts.len() != x.axes.len() {
            return Err("it does not have one number for each axis".into());
        }
        let is_batch = |at: usize| x.axes.get(at).is_some_and(|axis| axis[..] == [Atom::Batch]);
        if counts.iter().enumerate().any(|(at, &count)| count < 1 || count > 1 && is_batch(at)) {
            return Err("it repeats samples".into());
        }
        if counts.iter().all(|&count| count == 1) {
            return self.output(node, x);
        }
        let order: Vec<usize> = (0..x.axes.len()).filter(|&at| !is_batch(at)).collect();
        let x = self.arranged(&x, &order)?;
        let repeats = order.iter().filter_map(|&at| usize::try_from(*counts.get(at)?).ok());
        let name = self.operation("tile", &[&x], vec![(None, super::layout::list(repeats))], "tiled")?;
        self.output(node, Placed { nonnegative: x.nonnegative, ..x.renamed(name) })
    }
}

/// The lengths that a `Reshape` means, of a tensor with these lengths.
fn resolved(sizes: &[Size], given: &[Size], zeros: bool) -> Result<Vec<Size>, String> {
    let large = || "a length is too large".to_owned();
    let all =
        sizes.iter().try_fold(Size::Known(1), |product, &size| product.times(size)).ok_or_else(large)?;
    let mut known = vec![];
    for (at, &size) in given.iter().enumerate() {
        known.push(match size {
            Size::Known(0) if !zeros => {
                Some(*sizes.get(at).ok_or("a length is copied from an axis that does not exist")?)
            }
            Size::Known(-1) => None,
            Size::Known(n) if n < 1 => return Err(format!("{n} is not a length")),
            size => Some(size),
        });
    }
    let others = known
        .iter()
        .flatten()
        .try_fold(Size::Known(1), |product, &size| product.times(size))
        .ok_or_else(large)?;
    let count = known.iter().filter(|it| it.is_none()).count();
    let rest = all.over(others).ok_or_else(|| {
        format!(
            "the lengths do not have as many values as the tensor{}",
            match all {
                Size::Batch(_) =>
                    ", or put samples into another axis: export the model with a free batch axis",
                Size::Known(_) => "",
            }
        )
    })?;
    if count > 1 || count == 0 && rest != Size::Known(1) {
        return Err("the lengths do not have as many values as the tensor".into());
    }
    Ok(known.into_iter().map(|it| it.unwrap_or(rest)).collect())
}
