//! Parts of tensors, and tensors that are put together: positions and ranges of axes, joined tensors, zeros around them.

use mimo_graph::layers::get_item::Entry;

use super::array::{Array, Size};
use super::constants::{cuts, position};
use super::moves::signed;
use super::net::{int, ints, text};
use super::state::{Importer, first_output, name_of};
use super::tensor::{Atom, Axis, Placed, Value, owned};
use crate::onnx::model::Node;
use crate::source::{Expr, Operand, keyword, whole};

impl Importer<'_> {
    /// Tensors one after the other along an axis.
    pub(super) fn concat(&mut self, node: &Node) -> Result<(), String> {
        let mut all = vec![];
        for at in 0..node.inputs.len() {
            let given = self.input(node, at)?.ok_or("an input is missing")?;
            let placed = match given {
                Value::Known(array) => self.constant_tensor(&array, node, name_of(node, at))?,
                Value::Stacked(parts) => match int(node, "axis") {
                    // States of several layers.
                    Some(0) => {
                        for part in parts {
                            all.push(Placed { axes: [vec![vec![]], part.axes.clone()].concat(), ..part });
                        }
                        continue;
                    }
                    _ => self.as_tensor(Value::Stacked(parts))?,
                },
                other => self.as_tensor(other)?,
            };
            all.push(placed);
        }
        let first = all.first().cloned().ok_or("there are no inputs")?;
        let rank = first.axes.len();
        let at = position(int(node, "axis").unwrap_or(0), rank).ok_or("there is no such axis")?;
        if all.iter().any(|it| it.axes.len() != rank) {
            return Err("the tensors do not have as many axes".into());
        }
        // States that are stacked: each has an axis of length 1 that mimo does not have.
        if at == 0 && all.iter().all(|it| it.axes.first().is_some_and(Vec::is_empty)) {
            let parts =
                all.iter().map(|it| Placed { axes: it.axes.iter().skip(1).cloned().collect(), ..it.clone() });
            let parts: Vec<Placed> = parts.collect();
            if parts.iter().all(|part| part.axes == first.axes.get(1..).unwrap_or_default()) {
                self.define(&first_output(node)?, Value::Stacked(parts));
                return Ok(());
            }
        }
        if let Some(placed) = self.flattened(node, &all, at)? {
            return self.output(node, placed);
        }
        let is_one = |it: &Placed| it.axes.get(at).is_some_and(|axis| matches!(axis[..], [Atom::Of(_)]));
        let alike = all.iter().all(|it| it.axes == first.axes) && is_one(&first);
        let axes: Vec<Axis>;
        let own;
        if alike {
            axes = first.axes.clone();
            own = first.own(at).ok_or("an axis is missing")?;
        } else {
            // In ONNX's order, or in the first tensor's if that has all axes.
            let has_batch = |place: usize| {
                all.iter().any(|it| it.axes.get(place).is_some_and(|axis| axis.contains(&Atom::Batch)))
            };
            let mut order: Vec<usize> = (0..rank).filter(|&place| !has_batch(place)).collect();
            let places: Option<Vec<usize>> = order.iter().map(|&place| first.own(place)).collect();
            if let Some(places) = places {
                let mut pairs: Vec<(usize, usize)> = places.into_iter().zip(order).collect();
                pairs.sort_unstable();
                order = pairs.into_iter().map(|(_, place)| place).collect();
            }
            own = order.iter().position(|&place| place == at).ok_or("it joins samples")?;
            for it in &mut all {
                *it = self.arranged(it, &order)?;
            }
            axes = (0..rank)
                .map(|place| match order.iter().position(|&it| it == place) {
                    Some(own) => vec![Atom::Of(own)],
                    None => vec![Atom::Batch],
                })
                .collect();
        }
        let rank = axes.iter().flatten().filter(|atom| matches!(atom, Atom::Of(_))).count();
        let args = match own + 1 == rank {
            true => vec![],
            false => vec![keyword("axis", whole(signed(own + 1)))],
        };
        let nonnegative = all.iter().all(|it| it.nonnegative);
        let name = match &all[..] {
            [one] => one.name.clone(),
            _ => self.plain("Concatenate", args, &all.iter().collect::<Vec<_>>())?,
        };
        self.output(node, Placed { name, axes, nonnegative })
    }

    /// Flattened images beside other features, which one dense layer reads: they stay in mimo's order, and the rows of the kernel are put
    /// into it. None if the tensors are others.
    fn flattened(&mut self, node: &Node, all: &[Placed], at: usize) -> Result<Option<Placed>, String> {
        let output = first_output(node)?;
        let Some((_, dense)) = self.only_reader(&output) else { return Ok(None) };
        let is_dense = ["Gemm", "MatMul"].contains(&dense.op.as_str()) && name_of(dense, 0) == output;
        let is_flat =
            |it: &Placed| it.axes.len() == 2 && it.axes.first().is_some_and(|axis| axis[..] == [Atom::Batch]);
        let is_image =
            |it: &Placed| it.axes.get(1).is_some_and(|axis| axis.len() > 1 && !owned(axis).is_sorted());
        if !is_dense || at != 1 || !all.iter().all(is_flat) || !all.iter().any(is_image) {
            return Ok(None);
        }
        let sizes = all.iter().map(|it| self.known_size(it, 1)).collect::<Result<Vec<_>, _>>()?;
        let total = sizes.iter().fold(0_usize, |sum, &len| sum.saturating_add(len));
        // As many rows as the kernel in the file has: a size that is only declared costs nothing.
        let kernel = self.net.arrays.get(name_of(dense, 1));
        if !kernel.is_some_and(|it| it.shape.len() == 2 && it.shape.contains(&total) && it.len() >= total) {
            return Ok(None);
        }
        let (mut rows, mut parts) = (vec![], vec![]);
        for (x, &len) in all.iter().zip(&sizes) {
            let start = rows.len();
            let axis = x.axes.get(1).cloned().unwrap_or_default();
            let shape = self.shape(&x.name)?;
            let inner = owned(&axis);
            if axis.len() < 2 {
                rows.extend(start..start + len);
                parts.push(self.in_order(x)?);
                continue;
            }
            let lengths: Vec<usize> = inner.iter().filter_map(|&own| shape.get(own).copied()).collect();
            let strides = super::array::strides(&lengths);
            // By how much a step along each axis in mimo moves among ONNX's values.
            let steps =
                (0..shape.len()).map(|own| Some(*strides.get(inner.iter().position(|&it| it == own)?)?));
            let Some(steps) = steps.collect::<Option<Vec<usize>>>() else { return Ok(None) };
            rows.extend(super::array::Places::new(&shape, steps).map(|place| start + place));
            parts.push(self.reshaped(x, &[len], vec![vec![Atom::Batch], vec![Atom::Of(0)]])?);
        }
        let name = self.plain("Concatenate", vec![], &parts.iter().collect::<Vec<_>>())?;
        self.rows.insert(name.clone(), rows);
        Ok(Some(Placed::plain(name, 1)))
    }

    /// Rows of a table, or positions along an axis.
    pub(super) fn gather(&mut self, node: &Node) -> Result<(), String> {
        let axis = int(node, "axis").unwrap_or(0);
        let (values, places) = (self.input(node, 0)?, self.input(node, 1)?);
        match (values, places) {
            (Some(Value::Known(table)), Some(Value::Tensor(places))) if axis == 0 => {
                self.embedding(node, &table, &places)
            }
            (Some(Value::Stacked(parts)), Some(Value::Known(at))) if axis == 0 && at.shape.is_empty() => {
                let at = at.to_whole().and_then(|all| position(*all.first()?, parts.len()));
                let part = at.and_then(|at| parts.get(at)).ok_or("the position is out of range")?;
                self.output(node, part.clone())
            }
            (Some(value), Some(Value::Known(places))) => {
                let x = self.as_tensor(value)?;
                let at = position(axis, x.axes.len()).ok_or("there is no such axis")?;
                let len = match self.sizes(&x)?.get(at) {
                    Some(Size::Known(n)) => usize::try_from(*n).map_err(|_| "a length is not valid")?,
                    _ => return Err("it chooses samples".into()),
                };
                let whole = places.to_whole().ok_or("the positions are not integers")?;
                let found: Option<Vec<usize>> = whole.iter().map(|&place| position(place, len)).collect();
                let found = found.ok_or("a position is out of range")?;
                if let ([], [place]) = (&places.shape[..], &found[..]) {
                    let placed = self.one_of(&x, at, *place)?;
                    return self.output(node, placed);
                }
                let start = found.first().copied().ok_or("there are no positions")?;
                if places.shape.len() != 1 || !found.iter().copied().eq(start..start + found.len()) {
                    return Err("the positions are not next to each other, and mimo takes ranges".into());
                }
                let placed = self.range_of(&x, at, start, found.len())?;
                self.output(node, placed)
            }
            _ => Err("it looks up places that the model computes in a tensor that the model computes".into()),
        }
    }

    /// One position of an axis, which is gone.
    fn one_of(&mut self, x: &Placed, at: usize, place: usize) -> Result<Placed, String> {
        if x.axes.get(at).is_some_and(Vec::is_empty) {
            return self.without(x, &[at]);
        }
        let (x, own) = self.with_axis(x, at, false)?;
        let shape = self.shape(&x.name)?;
        let len = shape.get(own).copied().unwrap_or(0);
        let mut key = vec![Entry::Range(None, None); own];
        // The last position reads better from the end.
        key.push(Entry::At(if place + 1 == len && len > 1 { -1 } else { signed(place) }));
        // A part of what was split only in later axes is taken before it is split.
        let whole = match self.reshape_of(&x.name) {
            Some(whole) if self.shape(&whole)?.get(..=own) == shape.get(..=own) => Some(whole),
            _ => None,
        };
        let read = whole.clone().unwrap_or_else(|| x.name.clone());
        let mut name = self.once(Expr::Index(Box::new(Expr::Name(read)), key), "part")?;
        if whole.is_some() {
            let rest: Vec<usize> =
                shape.iter().enumerate().filter(|(it, _)| *it != own).map(|(_, &len)| len).collect();
            let part = Placed { name, axes: vec![], nonnegative: x.nonnegative };
            name = self.reshaped(&part, &rest, vec![])?.name;
        }
        let axes = x.axes.iter().enumerate().filter(|(it, _)| *it != at).map(|(_, axis)| {
            let atoms = axis.iter().map(|atom| match atom {
                Atom::Of(it) if *it > own => Atom::Of(it - 1),
                other => *other,
            });
            atoms.collect()
        });
        Ok(Placed { name, axes: axes.collect(), nonnegative: x.nonnegative })
    }

    /// Positions next to each other.
    fn range_of(&mut self, x: &Placed, at: usize, start: usize, count: usize) -> Result<Placed, String> {
        let len = self.known_size(x, at)?;
        if (start, count) == (0, len) {
            return Ok(x.clone());
        }
        if count == 0 || start.saturating_add(count) > len {
            return Err("it takes no values".into());
        }
        let (x, own) = self.with_axis(x, at, false)?;
        let mut key = vec![Entry::Range(None, None); own];
        let end = start + count;
        key.push(Entry::Range((start > 0).then(|| signed(start)), (end < len).then(|| signed(end))));
        let name = self.once(Expr::Index(Box::new(Expr::Name(x.name.clone())), key), "part")?;
        Ok(Placed { nonnegative: x.nonnegative, ..x.renamed(name) })
    }

    /// Ranges of axes, or an axis in the opposite order.
    pub(super) fn slice(&mut self, node: &Node) -> Result<(), String> {
        let mut x = self.tensor(node, 0)?;
        let mut inputs = vec![None];
        for at in 1..5 {
            inputs.push(self.known(node, at)?);
        }
        let inputs: Vec<Option<&Array>> = inputs.iter().map(|it| it.as_deref()).collect();
        let lengths: Vec<Option<usize>> =
            self.sizes(&x)?.iter().map(|size| size.known().and_then(|n| usize::try_from(n).ok())).collect();
        let cuts = cuts(self.net.opset, node, &inputs, &lengths)
            .ok_or("its ranges are not known, or take a part of the batch")?;
        for (at, start, count, step) in cuts {
            let len = lengths.get(at).copied().flatten().unwrap_or(0);
            x = match step {
                1 => self.range_of(&x, at, start, count)?,
                -1 if count == len => self.flipped(&x, at)?,
                _ => return Err(format!("it takes every {step}th value, and mimo's ranges have no steps")),
            };
        }
        self.output(node, x)
    }

    /// An axis in the opposite order.
    pub(super) fn flipped(&mut self, x: &Placed, at: usize) -> Result<Placed, String> {
        let (x, own) = self.with_axis(x, at, false)?;
        let name = self.operation("flip", &[&x], vec![(Some("axis"), whole(signed(own + 1)))], "flip")?;
        Ok(Placed { nonnegative: x.nonnegative, ..x.renamed(name) })
    }

    /// Parts of an axis.
    pub(super) fn split(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let at = position(int(node, "axis").unwrap_or(0), x.axes.len()).ok_or("there is no such axis")?;
        let len = self.known_size(&x, at)?;
        let count = node.outputs.len();
        let given = match self.known(node, 1)? {
            Some(array) => array.to_whole(),
            None => ints(node, "split").map(<[i64]>::to_vec),
        };
        let lengths: Vec<usize> = match given {
            Some(all) => all
                .iter()
                .map(|&n| usize::try_from(n))
                .collect::<Result<_, _>>()
                .map_err(|_| "a part has a length below 0")?,
            None => {
                let each = len.div_ceil(count.max(1));
                (0..count).map(|part| each.min(len.saturating_sub(part.saturating_mul(each)))).collect()
            }
        };
        let mut start = 0_usize;
        for (output, len) in node.outputs.iter().zip(lengths) {
            if self.readers.contains_key(output) || self.net.outputs.contains(output) {
                let part = self.range_of(&x, at, start, len)?;
                self.define(output, Value::Tensor(part));
            }
            start = start.saturating_add(len);
        }
        Ok(())
    }

    /// Zeros around images and sequences.
    pub(super) fn pad(&mut self, node: &Node) -> Result<(), String> {
        let mode = text(node, "mode");
        if !["", "constant"].contains(&mode) {
            return Err(format!("mimo pads with zeros, and not by `{mode}`"));
        }
        let x = self.tensor(node, 0)?;
        let rank = x.axes.len();
        let (pads, fill) = match self.net.opset < 11 {
            true => {
                (ints(node, "pads").map(<[i64]>::to_vec), super::net::float(node, "value").unwrap_or(0.0))
            }
            false => {
                let fill = self.known(node, 2)?.map_or(Some(0.0), |it| it.number());
                (self.needed(node, 1)?.to_whole(), fill.ok_or("its value is not known")?)
            }
        };
        let pads = pads.ok_or("`pads` are not known")?;
        let given = match self.known(node, 3).ok().flatten().and_then(|it| it.to_whole()) {
            Some(axes) => axes
                .iter()
                .map(|&axis| position(axis, rank))
                .collect::<Option<Vec<_>>>()
                .ok_or("there is no such axis")?,
            None => (0..rank).collect(),
        };
        if pads.len() != 2 * given.len() {
            return Err("`pads` does not have two numbers for each axis".into());
        }
        let mut all = vec![[0_usize, 0]; rank];
        for (place, &at) in given.iter().enumerate() {
            for (side, offset) in [(0, 0), (1, given.len())] {
                let n = pads.get(place + offset).copied().unwrap_or_default();
                let n = usize::try_from(n).map_err(|_| "mimo's padding is not below 0; a `Slice` crops")?;
                if let Some(pair) = all.get_mut(at) {
                    pair[side] = n;
                }
            }
        }
        if all.iter().all(|pair| *pair == [0, 0]) {
            return self.output(node, x);
        }
        if fill != 0.0 {
            return Err(format!("mimo pads with zeros, and not with {fill}"));
        }
        let padded: Vec<usize> = (0..rank).filter(|&at| all.get(at) != Some(&[0, 0])).collect();
        // Channels last if those are not padded; else the only axis that is padded is a sequence.
        let order: Vec<usize> = match rank {
            3 | 4 if padded.iter().all(|&at| at >= 2) => (2..rank).chain([1]).collect(),
            3 if padded == [1] => vec![1, 2],
            4 if padded.iter().all(|&at| at == 1 || at == 2) => vec![1, 2, 3],
            _ => {
                return Err("mimo pads the height and the width of images, and the steps of sequences".into());
            }
        };
        let x = self.arranged(&x, &order)?;
        let pads: Vec<[usize; 2]> =
            order.iter().take(order.len() - 1).filter_map(|&at| all.get(at).copied()).collect();
        let padded = self.padded(&x, &pads)?;
        self.output(node, padded)
    }

    /// A sum along an axis so far, and other operations that have an axis and nothing else.
    pub(super) fn cumulative_sum(&mut self, node: &Node) -> Result<(), String> {
        if ["exclusive", "reverse"].iter().any(|name| int(node, name).unwrap_or(0) != 0) {
            return Err("`exclusive` and `reverse` have no counterpart in mimo".into());
        }
        let x = self.tensor(node, 0)?;
        let axis = self
            .needed(node, 1)?
            .to_whole()
            .and_then(|all| all.first().copied())
            .ok_or("its axis is not known")?;
        let at = position(axis, x.axes.len()).ok_or("there is no such axis")?;
        let (x, own) = self.with_axis(&x, at, false)?;
        let arguments = vec![
            (None, Operand::Tensor(Expr::Name(x.name.clone()))),
            (Some("axis".to_owned()), Operand::Value(whole(signed(own + 1)))),
        ];
        let name = self.bind(Expr::Operation { word: "cumsum".into(), arguments }, "sums")?;
        self.output(node, x.renamed(name))
    }
}
