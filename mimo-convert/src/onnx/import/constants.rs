//! Nodes that compute numbers from numbers: shapes, and weights that a program changes before it uses them.

use super::array::{self, Array, Numbers, Size};
use super::net::{int, ints};
use crate::onnx::model::{Attribute, Node};

/// Values that a computed array may have besides a few times those of the inputs.
const LEAST: usize = 1 << 16;

/// The array of a `Constant`.
pub(super) fn constant(node: &Node) -> Result<Array, String> {
    let one = |numbers| Array { shape: vec![], numbers, name: None };
    for (name, attribute) in &node.attributes {
        return Ok(match (name.as_str(), attribute) {
            ("value", Attribute::Tensor(tensor)) => Array::of(tensor, None),
            ("value_float", Attribute::Float(x)) => one(Numbers::Float(vec![*x])),
            ("value_int", Attribute::Int(n)) => one(Numbers::Whole(vec![Size::Known(*n)])),
            ("value_floats", Attribute::Floats(all)) => Array::floats(vec![all.len()], all.clone()),
            ("value_ints", Attribute::Ints(all)) => {
                Array::sizes(all.iter().map(|&n| Size::Known(n)).collect())
            }
            _ => continue,
        });
    }
    Err("it has no tensor, number or list of numbers as its value".into())
}

/// Evaluates a node whose inputs are constant arrays; `None` if it is not one of those that are computed here.
pub(super) fn fold(opset: i64, node: &Node, inputs: &[Option<&Array>]) -> Result<Option<Array>, String> {
    let Some(Some(x)) = inputs.first() else { return Ok(None) };
    let rest = inputs.get(1).copied().flatten();
    let total: usize = inputs.iter().flatten().map(|array| array.len()).sum();
    let limit = total.saturating_mul(4).max(LEAST);
    Ok(match node.op.as_str() {
        "Identity" | "Dropout" => Some((*x).clone()),
        "Cast" => Some(cast(x, int(node, "to").unwrap_or(1))),
        "Transpose" => {
            let rank = x.shape.len();
            let order: Option<Vec<usize>> = match ints(node, "perm") {
                Some(order) => order.iter().map(|&axis| usize::try_from(axis).ok()).collect(),
                None => Some((0..rank).rev().collect()),
            };
            order.filter(|order| is_order(order, rank)).and_then(|order| x.transposed(&order))
        }
        "Reshape" => {
            let lengths = rest.and_then(Array::to_whole).unwrap_or_default();
            let shape = resolved(&x.shape, &lengths, int(node, "allowzero") == Some(1));
            shape.and_then(|shape| x.reshaped(shape))
        }
        "Flatten" => {
            let axis = position(int(node, "axis").unwrap_or(1), x.shape.len() + 1);
            axis.and_then(|axis| {
                let (before, after) = x.shape.split_at_checked(axis)?;
                x.reshaped(vec![array::product(before), array::product(after)])
            })
        }
        "Unsqueeze" => axes(node, rest).and_then(|axes| unsqueezed(x, &axes)),
        "Squeeze" => {
            let rank = x.shape.len();
            let axes = match axes(node, rest) {
                Some(axes) => axes.iter().map(|&axis| position(axis, rank)).collect::<Option<Vec<_>>>(),
                None => Some((0..rank).filter(|&axis| x.shape.get(axis) == Some(&1)).collect()),
            };
            axes.and_then(|axes| {
                let kept = x.shape.iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
                x.reshaped(kept.map(|(_, &len)| len).collect())
            })
        }
        "Concat" => {
            let all: Option<Vec<&Array>> = inputs.iter().copied().collect();
            all.and_then(|all| concatenated(&all, int(node, "axis").unwrap_or(0)))
        }
        "Gather" => rest.and_then(|places| {
            let axis = position(int(node, "axis").unwrap_or(0), x.shape.len())?;
            let len = *x.shape.get(axis)?;
            if places.len().saturating_mul(x.len()) > limit.saturating_mul(len.max(1)) {
                return None;
            }
            let at: Option<Vec<usize>> =
                places.to_whole()?.into_iter().map(|place| position(place, len)).collect();
            let taken = x.taken(axis, &at?)?;
            let (before, after) = (x.shape.get(..axis)?, x.shape.get(axis + 1..)?);
            taken.reshaped([before, &places.shape, after].concat())
        }),
        "Slice" => sliced(opset, node, x, inputs),
        "Expand" => rest.and_then(|lengths| {
            let lengths: Vec<usize> =
                lengths.to_whole()?.into_iter().map(|n| usize::try_from(n).ok()).collect::<Option<_>>()?;
            let shape = together(&x.shape, &lengths)?;
            (product(&shape)? <= limit).then(|| x.broadcast(&shape))?
        }),
        "Range" => {
            let given: Option<Vec<i64>> =
                inputs.iter().map(|it| it.and_then(|it| it.to_whole()?.first().copied())).collect();
            match given.as_deref() {
                Some(&[start, end, step]) if step != 0 => {
                    let mut all = vec![];
                    let mut at = start;
                    while (step > 0 && at < end || step < 0 && at > end) && all.len() <= LEAST {
                        all.push(Size::Known(at));
                        at = at.saturating_add(step);
                    }
                    (all.len() <= LEAST).then(|| Array::sizes(all))
                }
                _ => None,
            }
        }
        "Where" => match inputs {
            [Some(condition), Some(a), Some(b)] => together(&condition.shape, &a.shape)
                .and_then(|shape| together(&shape, &b.shape))
                .filter(|shape| product(shape).is_some_and(|count| count <= limit))
                .and_then(|shape| {
                    let [condition, a, b] = [condition, a, b].map(|it| it.broadcast(&shape));
                    chosen(&condition?, &a?, &b?)
                }),
            _ => None,
        },
        "Neg" | "Sqrt" | "Reciprocal" | "Exp" | "Floor" | "Ceil" | "Abs" => single(&node.op, x),
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" | "Equal" | "Max" | "Min" => match rest {
            Some(other) if inputs.len() == 2 => together(&x.shape, &other.shape)
                .filter(|shape| product(shape).is_some_and(|count| count <= limit))
                .and_then(|shape| pairwise(&node.op, &x.broadcast(&shape)?, &other.broadcast(&shape)?)),
            _ => None,
        },
        _ => None,
    })
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &len| product.checked_mul(len))
}

/// The position that a number means of `len`; negative numbers count from the end.
pub(super) fn position(at: i64, len: usize) -> Option<usize> {
    let signed = i64::try_from(len).ok()?;
    let at = if at < 0 { at.checked_add(signed)? } else { at };
    usize::try_from(at).ok().filter(|&at| at < len)
}

/// Whether each axis is there once.
pub(super) fn is_order(order: &[usize], rank: usize) -> bool {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().eq(0..rank)
}

/// Axes of `Squeeze`, `Unsqueeze` and reductions: an input, in older files an attribute.
pub(super) fn axes(node: &Node, input: Option<&Array>) -> Option<Vec<i64>> {
    match input {
        Some(array) => array.to_whole(),
        None => ints(node, "axes").map(<[i64]>::to_vec),
    }
}

fn unsqueezed(x: &Array, axes: &[i64]) -> Option<Array> {
    let rank = x.shape.len().checked_add(axes.len())?;
    let new: Vec<usize> = axes.iter().map(|&axis| position(axis, rank)).collect::<Option<_>>()?;
    let mut old = x.shape.iter();
    let shape = (0..rank).map(|axis| if new.contains(&axis) { Some(1) } else { old.next().copied() });
    x.reshaped(shape.collect::<Option<_>>()?)
}

fn concatenated(all: &[&Array], axis: i64) -> Option<Array> {
    let first = all.first()?;
    let axis = position(axis, first.shape.len())?;
    let same = |it: &&&Array| {
        it.shape.len() == first.shape.len()
            && it.shape.iter().zip(&first.shape).enumerate().all(|(at, (a, b))| at == axis || a == b)
    };
    if !all.iter().all(|it| same(&it)) {
        return None;
    }
    let mut shape = first.shape.clone();
    *shape.get_mut(axis)? =
        all.iter().filter_map(|it| it.shape.get(axis)).fold(0_usize, |sum, &len| sum.saturating_add(len));
    let outer = array::product(first.shape.iter().take(axis));
    // Arrays without values may declare axes of any length.
    if outer > 1 && all.iter().any(|it| it.len() < outer) {
        return None;
    }
    let (mut floats, mut whole) = (vec![], vec![]);
    for at in 0..outer {
        for array in all {
            let part = array.len().checked_div(outer)?;
            let range = at * part..(at + 1) * part;
            match &array.numbers {
                Numbers::Float(values) => floats.extend(values.get(range)?),
                Numbers::Whole(values) => whole.extend(values.get(range)?),
            }
        }
    }
    let numbers = match (floats.is_empty(), whole.is_empty()) {
        (true, _) => Numbers::Whole(whole),
        (false, true) => Numbers::Float(floats),
        (false, false) => return None,
    };
    Some(Array { shape, numbers, name: None })
}

/// A part of an axis: the axis, the first position, how many, and the step between them.
pub(super) type Cut = (usize, usize, usize, i64);

/// The parts that a `Slice` takes of a tensor with these lengths; a length that is not known is none.
pub(super) fn cuts(
    opset: i64,
    node: &Node,
    inputs: &[Option<&Array>],
    lengths: &[Option<usize>],
) -> Option<Vec<Cut>> {
    let of_input = |at: usize| inputs.get(at).copied().flatten().and_then(Array::to_whole);
    let given = |name: &str, at: usize| match opset < 10 {
        true => ints(node, name).map(<[i64]>::to_vec),
        false => of_input(at),
    };
    let (starts, ends) = (given("starts", 1)?, given("ends", 2)?);
    let axes = given("axes", 3).unwrap_or_else(|| (0..).take(starts.len()).collect());
    let steps = of_input(4).unwrap_or_else(|| vec![1; starts.len()]);
    let mut cuts = vec![];
    for (((&start, &end), &axis), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let axis = position(axis, lengths.len())?;
        let len = i64::try_from((*lengths.get(axis)?)?).ok()?;
        let clamp = |at: i64, low: i64, high: i64| {
            let at = if at < 0 { at.saturating_add(len) } else { at };
            at.clamp(low, high)
        };
        let (start, end) = match step {
            1.. => (clamp(start, 0, len), clamp(end, 0, len)),
            0 => return None,
            _ => (clamp(start, -1, len - 1), clamp(end, -1, len - 1)),
        };
        let span = if step > 0 { end - start } else { start - end };
        let step_size = i64::try_from(step.unsigned_abs()).ok()?;
        let count = if span > 0 { (span - 1) / step_size + 1 } else { 0 };
        cuts.push((axis, usize::try_from(start.max(0)).ok()?, usize::try_from(count).ok()?, step));
    }
    Some(cuts)
}

fn sliced(opset: i64, node: &Node, x: &Array, inputs: &[Option<&Array>]) -> Option<Array> {
    let lengths: Vec<Option<usize>> = x.shape.iter().map(|&len| Some(len)).collect();
    let mut sliced = x.clone();
    for (axis, start, count, step) in cuts(opset, node, inputs, &lengths)? {
        let at = |n: usize| {
            let moved = step.checked_mul(i64::try_from(n).ok()?)?;
            usize::try_from(i64::try_from(start).ok()?.checked_add(moved)?).ok()
        };
        let positions: Vec<usize> = (0..count).map(at).collect::<Option<_>>()?;
        sliced = sliced.taken(axis, &positions)?;
    }
    Some(sliced)
}

/// The lengths of `Reshape` with 0 and -1 replaced.
fn resolved(shape: &[usize], lengths: &[i64], zeros: bool) -> Option<Vec<usize>> {
    let mut known = Vec::with_capacity(lengths.len());
    for (axis, &len) in lengths.iter().enumerate() {
        known.push(match len {
            0 if !zeros => Some(*shape.get(axis)?),
            -1 => None,
            len => Some(usize::try_from(len).ok()?),
        });
    }
    let others = known.iter().flatten().try_fold(1_usize, |product, &len| product.checked_mul(len))?;
    let rest = product(shape)?.checked_div(others).unwrap_or(0);
    Some(known.into_iter().map(|len| len.unwrap_or(rest)).collect())
}

/// The shape that two shapes have together.
fn together(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let len = |shape: &[usize], from_end: usize| {
        shape.len().checked_sub(from_end).and_then(|at| shape.get(at).copied())
    };
    let axis = |from_end: usize| match (len(a, from_end).unwrap_or(1), len(b, from_end).unwrap_or(1)) {
        (1, n) | (n, 1) => Some(n),
        (a, b) => (a == b).then_some(a),
    };
    (1..=rank).rev().map(axis).collect()
}

fn cast(x: &Array, to: i64) -> Array {
    // FLOAT, FLOAT16, DOUBLE, BFLOAT16; the other types are whole.
    let float = [1, 10, 11, 16].contains(&to);
    let numbers = match (&x.numbers, float) {
        (Numbers::Whole(values), true) => {
            let floats: Option<Vec<f32>> = values.iter().map(|it| it.known().map(|n| n as f32)).collect();
            // A shape with the batch stays what it is: it can only become a shape again.
            floats.map_or_else(|| x.numbers.clone(), Numbers::Float)
        }
        (Numbers::Float(values), false) if to == 9 => {
            Numbers::Whole(values.iter().map(|&it| Size::Known(i64::from(it != 0.0))).collect())
        }
        (Numbers::Float(values), false) => {
            Numbers::Whole(values.iter().map(|&it| Size::Known(it as i64)).collect())
        }
        (numbers, _) => numbers.clone(),
    };
    Array { numbers, ..x.clone() }
}

fn chosen(condition: &Array, a: &Array, b: &Array) -> Option<Array> {
    let condition = condition.to_whole()?;
    let numbers = match (&a.numbers, &b.numbers) {
        (Numbers::Float(a), Numbers::Float(b)) => Numbers::Float(
            condition.iter().zip(a.iter().zip(b)).map(|(&c, (&a, &b))| if c != 0 { a } else { b }).collect(),
        ),
        (Numbers::Whole(a), Numbers::Whole(b)) => Numbers::Whole(
            condition.iter().zip(a.iter().zip(b)).map(|(&c, (&a, &b))| if c != 0 { a } else { b }).collect(),
        ),
        _ => return None,
    };
    Some(Array { shape: a.shape.clone(), numbers, name: None })
}

fn single(op: &str, x: &Array) -> Option<Array> {
    let numbers = match &x.numbers {
        Numbers::Float(values) => {
            let of = |x: f32| match op {
                "Neg" => -x,
                "Sqrt" => x.sqrt(),
                "Reciprocal" => 1.0 / x,
                "Exp" => x.exp(),
                "Floor" => x.floor(),
                "Ceil" => x.ceil(),
                _ => x.abs(),
            };
            Numbers::Float(values.iter().map(|&x| of(x)).collect())
        }
        Numbers::Whole(values) => {
            let of = |size: &Size| match (op, size) {
                ("Neg", Size::Known(n)) => n.checked_neg().map(Size::Known),
                ("Abs", Size::Known(n)) => n.checked_abs().map(Size::Known),
                _ => None,
            };
            Numbers::Whole(values.iter().map(of).collect::<Option<_>>()?)
        }
    };
    Some(Array { numbers, ..x.clone() })
}

fn pairwise(op: &str, a: &Array, b: &Array) -> Option<Array> {
    let numbers = match (&a.numbers, &b.numbers) {
        (Numbers::Whole(a), Numbers::Whole(b)) => {
            let of = |(&a, &b): (&Size, &Size)| match (op, a, b) {
                ("Mul", a, b) => a.times(b),
                ("Div", Size::Known(a), Size::Known(b)) => a.checked_div(b).map(Size::Known),
                ("Div", a, b) => a.over(b),
                ("Equal", a, b) => Some(Size::Known(i64::from(a == b))),
                ("Add", Size::Known(a), Size::Known(b)) => a.checked_add(b).map(Size::Known),
                ("Add", Size::Batch(a), Size::Batch(b)) => a.checked_add(b).map(Size::Batch),
                ("Add", a, Size::Known(0)) | ("Add", Size::Known(0), a) | ("Sub", a, Size::Known(0)) => {
                    Some(a)
                }
                ("Sub", Size::Known(a), Size::Known(b)) => a.checked_sub(b).map(Size::Known),
                ("Mod", Size::Known(a), Size::Known(b)) => a.checked_rem_euclid(b).map(Size::Known),
                ("Max", Size::Known(a), Size::Known(b)) => Some(Size::Known(a.max(b))),
                ("Min", Size::Known(a), Size::Known(b)) => Some(Size::Known(a.min(b))),
                _ => None,
            };
            Numbers::Whole(a.iter().zip(b).map(of).collect::<Option<_>>()?)
        }
        _ => {
            let of = |(a, b): (f32, f32)| match op {
                "Add" => Some(a + b),
                "Sub" => Some(a - b),
                "Mul" => Some(a * b),
                "Div" => Some(a / b),
                "Pow" => Some(a.powf(b)),
                "Max" => Some(a.max(b)),
                "Min" => Some(a.min(b)),
                _ => None,
            };
            let (a, b) = (a.to_floats()?, b.to_floats()?);
            Numbers::Float(a.into_iter().zip(b).map(of).collect::<Option<_>>()?)
        }
    };
    Some(Array { shape: a.shape.clone(), numbers, name: a.name.clone().or_else(|| b.name.clone()) })
}
