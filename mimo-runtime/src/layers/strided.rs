//! Iteration over a value in row-major order together with one of another memory layout.

/// Visits every run along the last axis of `shape`: `visit(at, other, len, step)` gets the offset of the run in a
/// value of this shape, its offset in the other value, its length, and the other value's stride within the run.
/// `strides` are the other value's, along the axes of `shape`.
pub(super) fn each_run(
    shape: &[usize],
    strides: &[usize],
    mut visit: impl FnMut(usize, usize, usize, usize),
) {
    walk(shape, strides, (0, 0), &mut visit);
}

fn walk(
    shape: &[usize],
    strides: &[usize],
    (at, other): (usize, usize),
    visit: &mut impl FnMut(usize, usize, usize, usize),
) {
    match (shape, strides) {
        ([len, inner @ ..], [stride, inner_strides @ ..]) if !inner.is_empty() => {
            let size: usize = inner.iter().product();
            for i in 0..*len {
                walk(inner, inner_strides, (at + i * size, other + i * stride), visit);
            }
        }
        ([len], [stride]) => visit(at, other, *len, *stride),
        // A value without axes is one number.
        _ => visit(at, other, 1, 1),
    }
}

/// Offset of run `run` along the last axis of `shape`, in a value with these strides.
pub(super) fn run_offset(mut run: usize, shape: &[usize], strides: &[usize]) -> usize {
    let mut offset = 0;
    for (len, stride) in shape.iter().zip(strides).rev().skip(1) {
        offset += run % len * stride;
        run /= len;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(shape: &[usize], strides: &[usize]) -> Vec<(usize, usize, usize, usize)> {
        let mut runs = Vec::new();
        each_run(shape, strides, |at, other, len, step| runs.push((at, other, len, step)));
        runs
    }

    #[test]
    fn every_run_is_visited_in_order() {
        assert_eq!(runs(&[], &[]), [(0, 0, 1, 1)]);
        assert_eq!(runs(&[5], &[1]), [(0, 0, 5, 1)]);
        assert_eq!(runs(&[2, 3], &[1, 2]), [(0, 0, 3, 2), (3, 1, 3, 2)]);
        assert_eq!(runs(&[2, 1, 3], &[0, 3, 1]), [(0, 0, 3, 1), (3, 0, 3, 1)]);
    }

    #[test]
    fn the_offset_of_a_run_is_where_the_walk_finds_it() {
        let (shape, strides) = ([3, 2, 4, 5], [1, 60, 3, 12]);
        for (i, (_, other, ..)) in runs(&shape, &strides).into_iter().enumerate() {
            assert_eq!(run_offset(i, &shape, &strides), other);
        }
        assert_eq!(run_offset(0, &[], &[]), 0);
    }
}
