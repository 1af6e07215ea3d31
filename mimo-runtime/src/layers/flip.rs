//! `flip`: reverses axes of a sample.

pub use mimo_graph::operation::Flip;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::apply_mask;
use crate::run::run;

/// Visits runs of values: the offset of each in the result and in the input, its length, and whether the input is
/// read in reverse.
fn each_run(
    (shape, flipped): (&[usize], &[bool]),
    (at, from): (usize, usize),
    visit: &mut impl FnMut(usize, usize, usize, bool),
) {
    match (shape, flipped) {
        ([len], [flipped]) => visit(at, from, *len, *flipped),
        ([len, inner @ ..], [flipped, rest @ ..]) => {
            let size: usize = inner.iter().product();
            for i in 0..*len {
                let place = if *flipped { len - 1 - i } else { i };
                each_run((inner, rest), (at + i * size, from + place * size), visit);
            }
        }
        _ => visit(at, from, 1, false),
    }
}

fn forward<E: Float>(op: &Flip, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        each_run((&op.shape, &op.flipped), (0, 0), &mut |at, from, len, flipped| {
            let (y, x) = (&mut y[at..at + len], &x[from..from + len]);
            match flipped {
                true => y.iter_mut().zip(x.iter().rev()).for_each(|(y, x)| *y = *x),
                false => y.copy_from_slice(x),
            }
        });
    }
}

fn backward<E: Float>(op: &Flip, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let write = |dx: &mut E, dy: &E| *dx = if target.accumulate { *dx + *dy } else { *dy };
    for row in 0..chunk.rows {
        let [dx, dy] = chunk.rows_mut([target.view, dy], row);
        each_run((&op.shape, &op.flipped), (0, 0), &mut |from, at, len, flipped| {
            let (dx, dy) = (&mut dx[at..at + len], &dy[from..from + len]);
            match flipped {
                true => dx.iter_mut().zip(dy.iter().rev()).for_each(|(dx, dy)| write(dx, dy)),
                false => dx.iter_mut().zip(dy).for_each(|(dx, dy)| write(dx, dy)),
            }
        });
    }
    apply_mask(chunk, target);
}

run!(Flip, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        let flips: [(&[usize], &[bool]); 4] = [
            (&[7], &[true]),
            (&[3, 5], &[true, false]),
            (&[3, 5], &[false, true]),
            (&[2, 3, 4], &[true, false, true]),
        ];
        for (shape, flipped) in flips {
            for (gap, accumulate) in [(0, false), (3, false), (0, true), (3, true)] {
                let mut bench = Bench::new(3);
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(shape.iter().product(), gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = Flip {
                    shape: List::Owned(shape.to_vec()),
                    flipped: List::Owned(flipped.to_vec()),
                    x: Read::new(x, Some(target)),
                    y: Written::new(y, Some(dy)),
                };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }

    #[test]
    fn rows_are_reversed() {
        let mut bench = Bench::new(1);
        let [x, y] = std::array::from_fn(|_| bench.value(6, 1));
        let op = Flip {
            shape: List::Borrowed(&[2, 3]),
            flipped: List::Borrowed(&[false, true]),
            x: Read::new(x, None),
            y: Written::new(y, None),
        };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
    }
}
