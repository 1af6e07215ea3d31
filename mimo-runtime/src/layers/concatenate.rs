//! `Concatenate`: values one after another along an axis.

pub use mimo_graph::operation::Concatenate;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat};
use crate::layers::apply_mask;
use crate::program::View;
use crate::run::run;

fn forward<E: Float>(op: &Concatenate, chunk: &mut Chunk<'_, E>) {
    let mut column = 0;
    for part in op.parts.iter() {
        let len = part.view.len / op.outer;
        if part.view.slot == op.y.view.slot {
            // It was computed in place.
            column += len;
            continue;
        }
        let (x, y) =
            (Runs::of(chunk, op.outer, part.view, 0, len), Runs::of(chunk, op.outer, op.y.view, column, len));
        copy(chunk, op.outer, x, y, false);
        column += len;
    }
}

fn backward<E: Float>(op: &Concatenate, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let mut column = 0;
    for part in op.parts.iter() {
        let len = part.view.len / op.outer;
        if let Some(gradient_target) = part.gradient.filter(|target| target.view.slot != dy.slot) {
            let dy = Runs::of(chunk, op.outer, dy, column, len);
            let dx = Runs::of(chunk, op.outer, gradient_target.view, 0, len);
            copy(chunk, op.outer, dy, dx, gradient_target.accumulate);
            apply_mask(chunk, gradient_target);
        }
        column += len;
    }
}

/// The values of one part in a value that alternates `outer` times per sample.
#[derive(Clone, Copy)]
struct Runs {
    /// The first run of every sample.
    first: Mat,
    /// Distance between consecutive runs of a sample.
    step: usize,
}

impl Runs {
    /// The runs of `len` values that begin `column` values after the beginning of each alternation.
    fn of<E: Float>(chunk: &Chunk<'_, E>, outer: usize, view: View, column: usize, len: usize) -> Self {
        let mat = chunk.mat(view);
        Runs { first: Mat { offset: mat.offset + column, cols: len, ..mat }, step: view.len / outer }
    }

    /// Run `index` of every sample.
    fn run(self, index: usize) -> Mat {
        Mat { offset: self.first.offset + index * self.step, ..self.first }
    }

    /// All runs as the rows of one matrix, if samples are contiguous like runs.
    fn joined(self, outer: usize) -> Option<Mat> {
        let even = self.first.stride == outer * self.step;
        even.then_some(Mat { rows: self.first.rows * outer, stride: self.step, ..self.first })
    }
}

fn copy<E: Float>(chunk: &mut Chunk<'_, E>, outer: usize, from: Runs, to: Runs, accumulate: bool) {
    match (from.joined(outer), to.joined(outer)) {
        (Some(from), Some(to)) => kernels::copy(chunk.arena, from, to, accumulate),
        _ => (0..outer).for_each(|i| kernels::copy(chunk.arena, from.run(i), to.run(i), accumulate)),
    }
}

run!(Concatenate, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        for (outer, gap, lens) in
            [(1, 0, [3, 1, 5]), (1, 4, [17, 2, 6]), (4, 0, [4, 12, 8]), (3, 2, [3, 6, 15])]
        {
            for accumulate in [false, true] {
                let mut bench = Bench::new(3);
                let parts = lens.map(|len| {
                    let [x, dx] = std::array::from_fn(|_| bench.value(len, gap));
                    let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                    Read::new(x, Some(target))
                });
                // One part that is not trained, and a result with gaps of its own.
                let parts = [parts[0], Read::new(parts[1].view, None), parts[2]];
                let [y, dy] = std::array::from_fn(|_| bench.value(lens.iter().sum(), 2 * gap));
                let y_written = Written::new(y, Some(dy));
                let op = Concatenate { outer, parts: List::Owned(parts.to_vec()), y: y_written };
                check(&bench, &op, &parts.map(|part| (part.view, part.gradient)), y, dy);
            }
        }
    }

    #[test]
    fn parts_alternate() {
        let mut bench = Bench::new(1);
        let (a, b, y) = (bench.value(4, 0), bench.value(2, 3), bench.value(6, 1));
        let parts = [a, b].map(|part| Read::new(part, None));
        let op = Concatenate { outer: 2, parts: List::Owned(parts.to_vec()), y: Written::new(y, None) };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, a, &[1.0, 2.0, 3.0, 4.0]);
        bench.write(&mut arena, b, &[5.0, 6.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
    }
}
