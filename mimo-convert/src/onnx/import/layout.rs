//! Other layouts of tensors: what an operator needs is written only where it is not there already.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::value::ValueKind;

use super::array::Size;
use super::state::Importer;
use super::tensor::{Atom, Axis, Placed, owned};
use crate::source::{Callee, Expr, value, whole};

/// A list of integers as a value of the language.
pub(super) fn list(numbers: impl IntoIterator<Item = usize>) -> mimo_graph::value::Value {
    let numbers = numbers.into_iter().map(|n| whole(i64::try_from(n).unwrap_or(i64::MAX)));
    value(ValueKind::List(numbers.collect()))
}

impl Importer<'_> {
    /// The length of an axis in mimo.
    fn length(&self, x: &Placed, own: usize) -> Result<usize, String> {
        let shape = self.shape(&x.name)?;
        shape.get(own).copied().ok_or_else(|| "an axis is missing".to_owned())
    }

    /// The length of one of ONNX's axes.
    pub(super) fn size(&self, x: &Placed, axis: &Axis) -> Result<Size, String> {
        let mut size = Size::Known(1);
        for atom in axis {
            let factor = match atom {
                Atom::Batch => Size::Batch(1),
                Atom::Of(own) => Size::Known(i64::try_from(self.length(x, *own)?).unwrap_or(i64::MAX)),
            };
            size = size.times(factor).ok_or("a length is too large")?;
        }
        Ok(size)
    }

    /// The lengths of ONNX's axes.
    pub(super) fn sizes(&self, x: &Placed) -> Result<Vec<Size>, String> {
        x.axes.iter().map(|axis| self.size(x, axis)).collect()
    }

    /// The length of one of ONNX's axes, without the batch.
    pub(super) fn known_size(&self, x: &Placed, axis: usize) -> Result<usize, String> {
        let axis = x.axes.get(axis).ok_or("an axis is missing")?;
        match self.size(x, axis)? {
            Size::Known(n) => usize::try_from(n).map_err(|_| "a length is not valid".to_owned()),
            Size::Batch(_) => Err("the batch is a part of the axis".into()),
        }
    }

    /// The axes of mimo in another order: for each new axis the old one.
    pub(super) fn permuted(&mut self, x: &Placed, order: &[usize]) -> Result<Placed, String> {
        if order.iter().copied().eq(0..order.len()) {
            return Ok(x.clone());
        }
        let dims = list(order.iter().map(|axis| axis + 1));
        let name = self.move_layer("Permute", Some(("dims", dims)), x)?;
        let place = |own: usize| order.iter().position(|&old| old == own).unwrap_or(own);
        let axes = x.axes.iter().map(|axis| {
            let atoms = axis.iter().map(|atom| match atom {
                Atom::Of(own) => Atom::Of(place(*own)),
                Atom::Batch => Atom::Batch,
            });
            atoms.collect()
        });
        Ok(Placed { name, axes: axes.collect(), nonnegative: x.nonnegative })
    }

    /// The same values under another shape in mimo; `axes` are those of the result.
    pub(super) fn reshaped(
        &mut self,
        x: &Placed,
        shape: &[usize],
        axes: Vec<Axis>,
    ) -> Result<Placed, String> {
        let found = |nonnegative, name: String| Placed { name, axes: axes.clone(), nonnegative };
        // A reshape of a reshape is one; none if it leads back.
        let mut source = x.name.clone();
        for _ in 0..4 {
            if self.shape(&source)? == shape {
                return Ok(found(x.nonnegative, source));
            }
            match self.reshape_of(&source) {
                Some(before) => source = before,
                None => break,
            }
        }
        let from = Placed { name: source, ..x.clone() };
        let name = match shape {
            [_] => self.move_layer("Flatten", None, &from)?,
            _ => self.move_layer("Reshape", Some(("target_shape", list(shape.iter().copied()))), &from)?,
        };
        Ok(found(x.nonnegative, name))
    }

    /// A layer that moves values; the same one is not written twice.
    fn move_layer(
        &mut self,
        class: &'static str,
        setting: Option<(&'static str, mimo_graph::value::Value)>,
        x: &Placed,
    ) -> Result<String, String> {
        let args = setting.into_iter().map(|(name, value)| crate::source::keyword(name, value)).collect();
        let callee = self.layer(class, args)?;
        let expr = Expr::Call(Box::new(crate::source::Call {
            callee: Callee::Class(callee),
            tensors: vec![Expr::Name(x.name.clone())],
            list: false,
            keywords: vec![],
        }));
        let base = match class {
            "Flatten" => "flat",
            "Permute" => "permuted",
            _ => "reshaped",
        };
        self.once(expr, base)
    }

    /// A tensor whose axes in mimo are those of ONNX without the batch, in this order, one each. Axes of ONNX that are left out
    /// must have no axis in mimo.
    pub(super) fn arranged(&mut self, x: &Placed, order: &[usize]) -> Result<Placed, String> {
        let axes: Vec<Axis> = order
            .iter()
            .map(|&at| x.axes.get(at).cloned().ok_or("an axis is missing"))
            .collect::<Result<_, _>>()?;
        let wanted: Vec<usize> = axes.iter().flat_map(owned).collect();
        if wanted.len() != x.rank() {
            return Err("an axis is longer than 1 where the operator has none".into());
        }
        if axes.iter().any(|axis| axis.contains(&Atom::Batch)) {
            return Err("the batch is a part of an axis that the operator changes, and mimo computes with one sample at a time".into());
        }
        let moved = self.permuted(x, &wanted)?;
        let lengths: Vec<usize> =
            order.iter().map(|&at| self.known_size(&moved, at)).collect::<Result<_, _>>()?;
        let mut axes = moved.axes.clone();
        for (own, &at) in order.iter().enumerate() {
            if let Some(axis) = axes.get_mut(at) {
                *axis = vec![Atom::Of(own)];
            }
        }
        if self.shape(&moved.name)? == lengths {
            return Ok(Placed { axes, ..moved });
        }
        self.reshaped(&moved, &lengths, axes)
    }

    /// All of ONNX's axes but the batch, in ONNX's order.
    pub(super) fn in_order(&mut self, x: &Placed) -> Result<Placed, String> {
        let order: Vec<usize> = (0..x.axes.len())
            .filter(|&at| x.axes.get(at).is_some_and(|axis| axis[..] != [Atom::Batch]))
            .collect();
        self.arranged(x, &order)
    }

    /// A tensor in which one of ONNX's axes is one axis in mimo, the last one if `last`. The other axes stay as they are.
    pub(super) fn with_axis(&mut self, x: &Placed, at: usize, last: bool) -> Result<(Placed, usize), String> {
        let axis = x.axes.get(at).cloned().ok_or_else(|| format!("there is no axis {at}"))?;
        if axis.contains(&Atom::Batch) {
            return Err("the axis has the batch, and mimo computes with one sample at a time".into());
        }
        let rank = x.rank();
        if let ([Atom::Of(own)], false) = (&axis[..], last) {
            return Ok((x.clone(), *own));
        }
        let inner = owned(&axis);
        if let [own] = inner[..]
            && own + 1 == rank
        {
            return Ok((x.clone(), own));
        }
        let order: Vec<usize> =
            (0..rank).filter(|own| !inner.contains(own)).chain(inner.iter().copied()).collect();
        let moved = self.permuted(x, &order)?;
        let outer = rank - inner.len();
        let mut shape = self.shape(&moved.name)?;
        let merged = super::array::product(shape.iter().skip(outer));
        shape.truncate(outer);
        shape.push(merged);
        let mut axes = moved.axes.clone();
        if let Some(axis) = axes.get_mut(at) {
            *axis = vec![Atom::Of(outer)];
        }
        match inner.len() {
            1 => Ok((Placed { axes, ..moved }, outer)),
            _ => Ok((self.reshaped(&moved, &shape, axes)?, outer)),
        }
    }

    /// A tensor under ONNX's lengths `target`: axes in mimo are split where a length ends within one. Nothing is moved unless a
    /// length spans a part of two axes.
    pub(super) fn regrouped(&mut self, x: &Placed, target: &[Size]) -> Result<Placed, String> {
        if let Some(found) = self.regroup(x, target)? {
            return Ok(found);
        }
        let plain = self.in_order(x)?;
        let all = super::array::product(&self.shape(&plain.name)?);
        let batch = plain.axes.iter().flatten().filter(|atom| **atom == Atom::Batch).count();
        let mut axes = vec![vec![Atom::Batch]; batch];
        axes.push(vec![Atom::Of(0)]);
        let flat = self.reshaped(&plain, &[all], axes)?;
        let wrong = "the new lengths cut the batch, and mimo computes with one sample at a time";
        self.regroup(&flat, target)?.ok_or_else(|| wrong.to_owned())
    }

    fn regroup(&mut self, x: &Placed, target: &[Size]) -> Result<Option<Placed>, String> {
        let shape = self.shape(&x.name)?;
        // The factors in ONNX's order, with what is left of each; parts of mimo's axes in their order.
        let mut left: Vec<(Atom, usize)> = vec![];
        for atom in x.axes.iter().flatten() {
            left.push(match atom {
                Atom::Batch => (Atom::Batch, 1),
                Atom::Of(own) => (*atom, shape.get(*own).copied().ok_or("an axis is missing")?),
            });
        }
        left.reverse();
        let mut parts: Vec<Vec<usize>> = vec![vec![]; shape.len()];
        // For each new axis: the batch, or a part of one of mimo's axes.
        let mut groups: Vec<Vec<Option<(usize, usize)>>> = vec![];
        for size in target {
            let (mut wants_batch, wanted) = match size {
                Size::Known(n) => (false, *n),
                Size::Batch(n) => (true, *n),
            };
            let Ok(mut wanted) = usize::try_from(wanted) else { return Ok(None) };
            let mut group = vec![];
            while wants_batch || wanted != 1 {
                match left.pop() {
                    Some((Atom::Batch, _)) if wants_batch => {
                        wants_batch = false;
                        group.push(None);
                    }
                    Some((Atom::Of(own), len)) => {
                        let Some(part) = parts.get_mut(own) else { return Ok(None) };
                        let taken = if len <= wanted { len } else { wanted };
                        if taken == 0
                            || !len.is_multiple_of(taken)
                            || !wanted.is_multiple_of(taken)
                            || taken == 1 && len > 1
                        {
                            return Ok(None);
                        }
                        group.push(Some((own, part.len())));
                        part.push(taken);
                        wanted /= taken;
                        if len > taken {
                            left.push((Atom::Of(own), len / taken));
                        }
                    }
                    _ => return Ok(None),
                }
            }
            groups.push(group);
        }
        // Axes of length 1 in mimo are left over at the end.
        for (atom, len) in left.into_iter().rev() {
            match atom {
                Atom::Of(own) if len == 1 => {
                    let Some(part) = parts.get_mut(own) else { return Ok(None) };
                    let Some(group) = groups.last_mut() else { return Ok(None) };
                    group.push(Some((own, part.len())));
                    part.push(1);
                }
                _ => return Ok(None),
            }
        }
        // Axes of length 1 beside the batch are left out: the batch is an axis by itself.
        let length =
            |part: (usize, usize)| parts.get(part.0).and_then(|part_of| part_of.get(part.1)).copied();
        let mut gone: BTreeSet<(usize, usize)> = BTreeSet::new();
        for group in groups.iter_mut().filter(|group| group.contains(&None)) {
            gone.extend(group.iter().flatten().filter(|part| length(**part) == Some(1)));
            group.retain(|part| part.is_none_or(|part| length(part) != Some(1)));
        }
        let mut places: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut lengths: Vec<usize> = vec![];
        for (own, part) in parts.iter().enumerate() {
            for (at, &len) in part.iter().enumerate().filter(|(at, _)| !gone.contains(&(own, *at))) {
                places.insert((own, at), lengths.len());
                lengths.push(len);
            }
        }
        let axes = groups.into_iter().map(|group| {
            let atoms = group.into_iter().map(|part| match part {
                None => Some(Atom::Batch),
                Some(part) => places.get(&part).copied().map(Atom::Of),
            });
            atoms.collect::<Option<Axis>>()
        });
        let Some(axes) = axes.collect::<Option<Vec<Axis>>>() else { return Ok(None) };
        match lengths == shape {
            true => Ok(Some(Placed { axes, ..x.clone() })),
            false => self.reshaped(x, &lengths, axes).map(Some),
        }
    }
}
