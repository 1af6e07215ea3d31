//! `Concatenate`: values one after another along an axis.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat};
use crate::layers::apply_mask;
use crate::program::{Sink, View};
use crate::run::run;

/// Copies parts into one value.
#[derive(Clone, Copy, Debug)]
pub struct Concatenate {
    /// The axes before the concatenated one, multiplied: how often the parts alternate per sample.
    pub outer: usize,
    /// What is read, in order.
    pub parts: &'static [Part],
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
}

/// One of the concatenated values.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What is read; `outer` runs of equal length. A part that was computed in its place in `y` is not copied, nor is
    /// its gradient.
    pub x: View,
    /// Where its gradient goes.
    pub dx: Option<Sink>,
}

fn forward<E: Float>(op: &Concatenate, chunk: &mut Chunk<'_, E>) {
    let mut column = 0;
    for part in op.parts {
        let len = part.x.len / op.outer;
        if part.x.slot == op.y.slot {
            // It was computed there.
            column += len;
            continue;
        }
        let (x, y) =
            (Runs::of(chunk, op.outer, part.x, 0, len), Runs::of(chunk, op.outer, op.y, column, len));
        copy(chunk, op.outer, x, y, false);
        column += len;
    }
}

fn backward<E: Float>(op: &Concatenate, chunk: &mut Chunk<'_, E>) {
    let mut column = 0;
    for part in op.parts {
        let len = part.x.len / op.outer;
        if let Some(sink) = part.dx.filter(|sink| sink.view.slot != op.dy.slot) {
            let dy = Runs::of(chunk, op.outer, op.dy, column, len);
            let dx = Runs::of(chunk, op.outer, sink.view, 0, len);
            copy(chunk, op.outer, dy, dx, sink.accumulate);
            apply_mask(chunk, sink);
        }
        column += len;
    }
}

/// The values of one part in a value that alternates `outer` times per sample.
#[derive(Clone, Copy)]
struct Runs {
    /// The first run of every sample.
    first: Mat,
    /// From one run of a sample to the next.
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

    /// All runs as the rows of one matrix, if samples follow each other as runs do.
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
    use super::*;
    use crate::layers::check::{Bench, check};

    #[test]
    fn gradients() {
        for (outer, gap, lens) in
            [(1, 0, [3, 1, 5]), (1, 4, [17, 2, 6]), (4, 0, [4, 12, 8]), (3, 2, [3, 6, 15])]
        {
            for accumulate in [false, true] {
                let mut bench = Bench::new(3);
                let parts = lens.map(|len| {
                    let [x, dx] = std::array::from_fn(|_| bench.value(len, gap));
                    Part { x, dx: Some(Sink { view: dx, accumulate, mask: accumulate.then_some(x) }) }
                });
                // One part that is not trained, and a result with gaps of its own.
                let parts = [parts[0], Part { dx: None, ..parts[1] }, parts[2]];
                let [y, dy] = std::array::from_fn(|_| bench.value(lens.iter().sum(), 2 * gap));
                let op = Concatenate { outer, parts: Box::leak(Box::new(parts)), y, dy };
                check(&bench, &op, &parts.map(|part| (part.x, part.dx)), y, dy);
            }
        }
    }

    #[test]
    fn parts_alternate() {
        let mut bench = Bench::new(1);
        let (a, b, y) = (bench.value(4, 0), bench.value(2, 3), bench.value(6, 1));
        let parts = [Part { x: a, dx: None }, Part { x: b, dx: None }];
        let op = Concatenate { outer: 2, parts: Box::leak(Box::new(parts)), y, dy: y };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, a, &[1.0, 2.0, 3.0, 4.0]);
        bench.write(&mut arena, b, &[5.0, 6.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
    }
}
