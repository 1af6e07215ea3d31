//! Elementwise expressions, tile by tile: intermediate values are never written to memory.

pub use mimo_graph::operation::Elementwise;

use mimo_graph::operation::{MOST_REGISTERS, Source};

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::elementwise::{self, Expression, Input, Operand, TILE, Target};
use crate::kernels::{self, Mat, elementwise_kernel};
use crate::layers::apply_mask;
use crate::layers::strided::run_offset;
use crate::run::run;

/// Values of a tile.
type Values<E> = elementwise::Tile<E>;

/// Part of the values of a chunk: those of the tile at `start`, row after row.
#[derive(Clone, Copy)]
struct Tile {
    start: usize,
    len: usize,
}

/// Lends `count` tiles of stack memory, and not many more: zeroing them takes most of the time of a small expression.
fn lend<E: Float>(count: usize, then: &mut dyn FnMut(&mut [Values<E>])) {
    /// Not inlined, so that only the memory in use is on the stack.
    #[inline(never)]
    fn tiles<E: Float, const N: usize>(then: &mut dyn FnMut(&mut [Values<E>])) {
        then(&mut [Values::zeros(); N]);
    }
    match count {
        0 => then(&mut []),
        1..=2 => tiles::<E, 2>(then),
        3..=4 => tiles::<E, 4>(then),
        5..=8 => tiles::<E, 8>(then),
        9..=16 => tiles::<E, 16>(then),
        17..=32 => tiles::<E, 32>(then),
        _ => tiles::<E, 128>(then),
    }
}

/// Location of the values of an input.
struct Place<'a> {
    mat: Mat,
    strides: &'a [usize],
    /// Whether the values have the result's layout, without gaps between samples.
    flat: bool,
}

impl<'a> Place<'a> {
    fn new<E: Float>(op: &Elementwise, strides: &'a [usize], mat: Mat, chunk: &Chunk<'_, E>) -> Self {
        let full = mat.cols == op.y.view.len;
        let whole = mat.stride == mat.cols || chunk.rows <= 1;
        Place { mat, strides, flat: full && whole }
    }

    /// Visits the runs of a tile along the last axis: the offset of each in the tile and in the arena, its length,
    /// and the stride of its values in the arena.
    fn each_run(&self, shape: &[usize], tile: Tile, mut visit: impl FnMut(usize, usize, usize, usize)) {
        let (last, step) = match (shape.last(), self.strides.last()) {
            (Some(last), Some(step)) => (*last, *step),
            // A value without axes is one number.
            _ => (1, 1),
        };
        let runs = shape.iter().product::<usize>() / last.max(1);
        let mut done = 0;
        while done < tile.len {
            let at = tile.start + done;
            let (run, within) = (at / last, at % last);
            let (row, run) = (run / runs, run % runs);
            let len = (last - within).min(tile.len - done);
            let from = self.mat.offset + row * self.mat.stride + run_offset(run, shape, self.strides);
            visit(done, from + within * step, len, step);
            done += len;
        }
    }
}

/// The tiles of a chunk.
fn tiles(op: &Elementwise, rows: usize) -> impl Iterator<Item = Tile> + use<> {
    let all = rows * op.y.view.len;
    (0..all).step_by(TILE).map(move |start| Tile { start, len: TILE.min(all - start) })
}

/// Fills a tile with the values of an input that has another layout.
fn gather<E: Float>(op: &Elementwise, place: &Place<'_>, arena: &[E], tile: Tile, register: &mut [E]) {
    place.each_run(&op.shape, tile, |at, from, len, step| {
        let to = &mut register[at..at + len];
        if step == 0 {
            to.fill(arena[from]);
        } else if step == 1 {
            to.copy_from_slice(&arena[from..][..len]);
        } else {
            let x = arena[from..].iter().step_by(step);
            to.iter_mut().zip(x).for_each(|(to, x)| *to = *x);
        }
    });
}

/// Adds the steps of an expression, after its inputs.
fn add_steps<E: Float>(op: &Elementwise, mode: Mode, expression: &mut Expression<E>) {
    for step in op.steps.iter() {
        let operand = |source: Source| match source {
            Source::Input(at) => Operand::Input(at),
            Source::Step(at) => Operand::Step(at),
            Source::Number(at) => {
                let trains = mode == Mode::Train && op.training == Some(at);
                let number = op.numbers.get(at).map_or(0.0, |number| *number);
                Operand::Number(if trains { E::one() } else { E::of(number) })
            }
        };
        let x = |at: usize| step.operands.get(at).map_or(Operand::Number(E::zero()), |x| operand(*x));
        expression.step(elementwise_kernel(step.function), std::array::from_fn(x));
    }
}

/// Locations of all inputs.
fn places<'a, E: Float>(op: &'a Elementwise, chunk: &Chunk<'_, E>) -> impl Iterator<Item = Place<'a>> {
    op.inputs.iter().map(|input| Place::new(op, &input.strides, chunk.mat(input.x.view), chunk))
}

/// Runs an expression on all values of a chunk: at once, or tile by tile if inputs or gradients have another layout
/// than the result.
fn run_all<E: Float>(
    op: &Elementwise,
    expression: &Expression<E>,
    chunk: &mut Chunk<'_, E>,
    targets: &[Option<(Place<'_>, bool)>],
) {
    let flat =
        places(op, chunk).all(|place| place.flat) && targets.iter().flatten().all(|(place, _)| place.flat);
    lend(expression.tiles(), &mut |registers| {
        expression.fill_numbers(registers);
        if flat {
            return expression.run(chunk.arena, registers, 0, chunk.rows * op.y.view.len);
        }
        for tile in tiles(op, chunk.rows) {
            for (at, place) in places(op, chunk).enumerate().filter(|(_, place)| !place.flat) {
                gather(op, &place, chunk.arena, tile, &mut registers[expression.values(at)][..]);
            }
            expression.run(chunk.arena, registers, tile.start, tile.len);
            for (at, target) in targets.iter().enumerate() {
                if let Some((place, _)) = target.as_ref().filter(|(place, _)| !place.flat) {
                    scatter(op, place, &registers[expression.gradient(at)][..tile.len], tile, chunk.arena);
                }
            }
        }
    });
}

fn forward<E: Float>(op: &Elementwise, chunk: &mut Chunk<'_, E>) {
    let mut expression = Expression::new();
    for place in places(op, chunk) {
        expression.input(Input { at: place.flat.then_some(place.mat.offset), target: None });
    }
    add_steps(op, chunk.mode, &mut expression);
    expression.forward(chunk.mat(op.y.view).offset);
    run_all(op, &expression, chunk, &[]);
}

fn backward<E: Float>(op: &Elementwise, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let targets: [Option<(Place<'_>, bool)>; MOST_REGISTERS] = std::array::from_fn(|at| {
        let input = op.inputs.get(at)?;
        let target = input.x.gradient?;
        Some((Place::new(op, &input.strides, chunk.mat(target.view), chunk), target.accumulate))
    });
    let mut expression = Expression::new();
    for (place, target) in places(op, chunk).zip(&targets) {
        let target = target.as_ref().map(|(place, accumulate)| match place.flat {
            true => Target::Arena { at: place.mat.offset, accumulate: *accumulate },
            false => Target::Tile,
        });
        expression.input(Input { at: place.flat.then_some(place.mat.offset), target });
    }
    for (place, accumulate) in targets.iter().flatten() {
        // A value read for several values of the result sums their gradients.
        if !place.flat && !accumulate {
            kernels::fill(chunk.arena, place.mat, E::zero());
        }
    }
    add_steps(op, chunk.mode, &mut expression);
    expression.backward(chunk.mat(dy).offset);
    run_all(op, &expression, chunk, &targets);
    for target in op.inputs.iter().filter_map(|input| input.x.gradient) {
        apply_mask(chunk, target);
    }
}

/// Adds the gradient of an input whose values are not contiguous.
fn scatter<E: Float>(op: &Elementwise, place: &Place<'_>, gradient: &[E], tile: Tile, arena: &mut [E]) {
    place.each_run(&op.shape, tile, |at, to, len, step| {
        let gradient = &gradient[at..at + len];
        if step == 0 {
            arena[to] += gradient.iter().copied().sum();
        } else {
            let dx = arena[to..].iter_mut().step_by(step);
            dx.zip(gradient).for_each(|(dx, gradient)| *dx += *gradient);
        }
    });
}

run!(Elementwise, forward, backward);

#[cfg(test)]
mod tests;
