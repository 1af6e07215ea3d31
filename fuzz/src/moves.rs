//! Operations that move values: parts of tensors, axes in another order, copies, and lists of parts.

use crate::choices::Choices;

/// Largest number of values per sample of a copy.
const MOST: usize = 600;

/// An operation on a tensor of this shape, and the shape of its result.
pub(crate) fn moved(choices: &mut Choices<'_>, x: &str, shape: &[usize]) -> (String, Vec<usize>) {
    let rank = shape.len();
    let axis = choices.below(rank);
    let len = shape[axis];
    let place = if choices.one_in(2) { (axis + 1).to_string() } else { format!("-{}", rank - axis) };
    let with = |len: usize| {
        let mut shape = shape.to_vec();
        shape[axis] = len;
        shape
    };
    let small = shape.iter().product::<usize>() * 3 <= MOST;
    match choices.below(10) {
        0 if rank > 1 => {
            let mut order: Vec<usize> = (1..=rank).collect();
            order.rotate_left(axis);
            if choices.one_in(2) {
                order.swap(0, rank - 1);
            }
            let axes: Vec<String> = order.iter().map(usize::to_string).collect();
            let given = order.iter().map(|axis| shape[axis - 1]).collect();
            (format!("transpose({x}, axes = [0, {}])", axes.join(", ")), given)
        }
        1 => (format!("flip({x}, axis = {place})"), shape.to_vec()),
        2 if small => {
            let n = 2 + choices.below(2);
            (format!("repeat({x}, {n}, axis = {place})"), with(n * len))
        }
        3 if small => {
            let n = 1 + choices.below(3);
            let mut given = shape.to_vec();
            given[rank - 1] *= n;
            (format!("tile({x}, {n})"), given)
        }
        4 if rank < 3 => {
            let mut given = shape.to_vec();
            given.insert(axis, 1);
            (format!("expand_dims({x}, axis = {})", axis + 1), given)
        }
        5 if rank < 3 && small => {
            let mut given = shape.to_vec();
            given.insert(axis, 2);
            (format!("stack([{x}, {x}], axis = {})", axis + 1), given)
        }
        6 if len > 1 => {
            let divisor = (2..=len).find(|n| len.is_multiple_of(*n)).unwrap_or(len);
            (format!("add(split({x}, {divisor}, axis = {place}))"), with(len / divisor))
        }
        7 if len > 1 => {
            let at = 1 + choices.below(len - 1);
            (format!("split({x}, [{at}], axis = {place})[1]"), with(len - at))
        }
        8 if rank > 1 && len > 1 => {
            let mut given = shape.to_vec();
            given.remove(axis);
            (format!("maximum(unstack({x}, axis = {place}))"), given)
        }
        _ => index(choices, x, shape),
    }
}

/// An index with an entry for some of the axes, of which at least one stays.
fn index(choices: &mut Choices<'_>, x: &str, shape: &[usize]) -> (String, Vec<usize>) {
    let mut entries = Vec::new();
    let mut given = Vec::new();
    for (axis, &len) in shape.iter().enumerate() {
        let last = axis + 1 == shape.len();
        let (start, end) = (choices.below(len), choices.below(len));
        let (start, end) = (start.min(end), start.max(end) + 1);
        let back = |at: usize| len - at;
        match choices.below(6) {
            0 if !(last && given.is_empty()) => {
                entries.push(if choices.one_in(2) { start.to_string() } else { format!("-{}", back(start)) });
                continue;
            }
            1 => {
                entries.push(format!("{start}.."));
                given.push(len - start);
            }
            2 if end < len => {
                entries.push(format!("{start}..-{}", back(end)));
                given.push(end - start);
            }
            3 => {
                entries.push(format!("-{}..={}", back(start), end - 1));
                given.push(end - start);
            }
            4 => {
                entries.push("..".to_owned());
                given.push(len);
            }
            _ => {
                entries.push(format!("{start}..{end}"));
                given.push(end - start);
            }
        }
    }
    (format!("{x}[{}]", entries.join(", ")), given)
}
