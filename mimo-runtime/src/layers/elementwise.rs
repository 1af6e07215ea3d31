//! Expressions of single values, tile by tile: no value between their steps is written to memory.

pub use mimo_graph::operation::Elementwise;

use mimo_graph::operation::{ElementwiseStep, MOST_REGISTERS, Source};

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::elementwise::{self, TILE, add_gradient, apply};
use crate::kernels::{self, Mat, elementwise_kernel};
use crate::layers::apply_mask;
use crate::layers::strided::run_offset;
use crate::run::run;

/// The values of a register.
type Values<E> = elementwise::Tile<E>;

/// A part of all values of a chunk: those of the tile at `start`, row after row.
#[derive(Clone, Copy)]
struct Tile {
    start: usize,
    len: usize,
}

/// Lends `count` tiles of memory on the stack, and few more: zeroing them is most of the time of a small expression.
fn lend<E: Float>(count: usize, then: impl FnOnce(&mut [Values<E>])) {
    match count {
        0..=4 => then(&mut [Values::zeros(); 4]),
        5..=8 => then(&mut [Values::zeros(); 8]),
        9..=16 => then(&mut [Values::zeros(); 16]),
        _ => then(&mut [Values::zeros(); MOST_REGISTERS]),
    }
}

/// The arena without a part that is being written.
#[derive(Clone, Copy)]
struct Memory<'a, E> {
    before: &'a [E],
    /// Length of the part that is left out.
    written: usize,
    after: &'a [E],
}

impl<'a, E> Memory<'a, E> {
    /// An arena of which nothing is written.
    fn whole(arena: &'a [E]) -> Self {
        Memory { before: arena, written: 0, after: &[] }
    }

    /// From a place on that is not written: at least to the next one that is.
    fn from(&self, at: usize) -> &'a [E] {
        match at.checked_sub(self.before.len() + self.written) {
            Some(after) => &self.after[after..],
            None => &self.before[at..],
        }
    }
}

/// The number of registers of an expression.
fn count(op: &Elementwise) -> usize {
    (op.inputs.len() + op.numbers.len() + op.steps.len()).min(MOST_REGISTERS)
}

/// Place of the values of an input.
struct Place<'a> {
    mat: Mat,
    strides: &'a [usize],
    /// Whether the values lie as those of the result, without a gap between samples.
    flat: bool,
}

impl<'a> Place<'a> {
    fn new<E: Float>(op: &Elementwise, strides: &'a [usize], mat: Mat, chunk: &Chunk<'_, E>) -> Self {
        let full = mat.cols == op.y.view.len;
        let whole = mat.stride == mat.cols || chunk.rows <= 1;
        Place { mat, strides, flat: full && whole }
    }

    /// Visits the runs of a tile along the last axis: where each begins in the tile and in the arena, its length, and the
    /// distance of its values in the arena.
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

/// The values that the steps of an expression read and give, for one tile: numbers and inputs that are not where they are
/// needed come first, then the steps.
struct Registers<'a, E> {
    tiles: &'a mut [Values<E>],
    /// The first register of the steps.
    steps: usize,
}

impl<E: Float> Registers<'_, E> {
    /// The registers of an expression, with its numbers.
    fn new<'a>(op: &Elementwise, mode: Mode, tiles: &'a mut [Values<E>]) -> Registers<'a, E> {
        let steps = (op.inputs.len() + op.numbers.len()).min(MOST_REGISTERS);
        let registers = tiles.iter_mut().skip(op.inputs.len());
        for (at, (tile, number)) in registers.zip(op.numbers.iter()).enumerate() {
            let trains = mode == Mode::Train && op.training == Some(at);
            tile.fill(if trains { E::one() } else { E::of(*number) });
        }
        Registers { tiles, steps }
    }

    /// Computes all steps of a tile, the last one to `result` if there is one.
    fn compute(
        &mut self,
        op: &Elementwise,
        places: &[Option<Place<'_>>],
        memory: Memory<'_, E>,
        tile: Tile,
        mut result: Option<&mut [E]>,
    ) {
        for (register, place) in self.tiles.iter_mut().zip(places) {
            let Some(place) = place.as_ref().filter(|place| !place.flat) else { continue };
            place.each_run(&op.shape, tile, |at, from, len, step| {
                let to = &mut register[at..at + len];
                if step == 0 {
                    to.fill(memory.from(from)[0]);
                } else if step == 1 {
                    to.copy_from_slice(&memory.from(from)[..len]);
                } else {
                    let x = memory.from(from).iter().step_by(step);
                    to.iter_mut().zip(x).for_each(|(to, x)| *to = *x);
                }
            });
        }
        for (number, step) in op.steps.iter().enumerate() {
            let Some((before, rest)) = self.tiles.split_at_mut_checked(self.steps + number) else { return };
            let Some(y) = rest.first_mut() else { return };
            let y = match &mut result {
                Some(result) if number + 1 == op.steps.len() => result,
                _ => &mut y[..tile.len],
            };
            let x = operands(op, step, before, self.steps, places, memory, tile);
            apply(elementwise_kernel(step.function), x, y);
        }
    }
}

impl<E: Float> Registers<'_, E> {
    /// The gradients of all registers of a tile, after its steps are computed: those of inputs that have one come first.
    #[expect(clippy::too_many_arguments, reason = "a tile, and all that is made from it")]
    fn gradients(
        &self,
        op: &Elementwise,
        places: &[Option<Place<'_>>],
        targets: &[Option<(Place<'_>, bool)>],
        memory: Memory<'_, E>,
        tile: Tile,
        dy: &[E],
        gradients: &mut [Values<E>],
    ) {
        for gradient in &mut gradients[..count(op)] {
            gradient[..tile.len].fill(E::zero());
        }
        gradients[count(op) - 1][..tile.len].copy_from_slice(dy);
        for (number, step) in op.steps.iter().enumerate().rev() {
            let x = operands(op, step, self.tiles, self.steps, places, memory, tile);
            let (y, function) = (&self.tiles[self.steps + number], elementwise_kernel(step.function));
            let (before, rest) = gradients.split_at_mut(self.steps + number);
            for (place, source) in step.operands.iter().enumerate() {
                let to = match *source {
                    Source::Input(at) if targets[at].is_some() => at,
                    Source::Step(at) => self.steps + at,
                    Source::Input(_) | Source::Number(_) => continue,
                };
                let dx = &mut before[to][..tile.len];
                add_gradient(function, place, x, &y[..tile.len], &rest[0][..tile.len], dx);
            }
        }
    }
}

/// The operands of a step.
fn operands<'v, E: Float>(
    op: &Elementwise,
    step: &ElementwiseStep,
    registers: &'v [Values<E>],
    steps: usize,
    places: &[Option<Place<'_>>],
    memory: Memory<'v, E>,
    tile: Tile,
) -> [&'v [E]; 3] {
    let register = |at: usize| registers.get(at).map_or(&[][..], |register| &register[..tile.len]);
    let operand = |source: &Source| match *source {
        Source::Input(at) => match places.get(at) {
            Some(Some(place)) if place.flat => &memory.from(place.mat.offset + tile.start)[..tile.len],
            _ => register(at),
        },
        Source::Number(at) => register(op.inputs.len() + at),
        Source::Step(at) => register(steps + at),
    };
    std::array::from_fn(|at| step.operands.get(at).map_or(&[][..], operand))
}

/// The places of all inputs.
fn places<'a, E: Float>(op: &'a Elementwise, chunk: &Chunk<'_, E>) -> [Option<Place<'a>>; MOST_REGISTERS] {
    std::array::from_fn(|at| {
        let input = op.inputs.get(at)?;
        Some(Place::new(op, &input.strides, chunk.mat(input.x.view), chunk))
    })
}

fn forward<E: Float>(op: &Elementwise, chunk: &mut Chunk<'_, E>) {
    let places = places(op, chunk);
    let y = chunk.mat(op.y.view);
    lend(count(op), |memory| {
        let mut registers = Registers::new(op, chunk.mode, memory);
        for tile in tiles(op, chunk.rows) {
            // The result has a buffer to itself.
            let (before, rest) = chunk.arena.split_at_mut(y.offset + tile.start);
            let (result, after) = rest.split_at_mut(tile.len);
            let memory = Memory { before, written: tile.len, after };
            registers.compute(op, &places[..op.inputs.len()], memory, tile, Some(result));
        }
    });
}

fn backward<E: Float>(op: &Elementwise, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let places = places(op, chunk);
    let targets: [Option<(Place<'_>, bool)>; MOST_REGISTERS] = std::array::from_fn(|at| {
        let input = op.inputs.get(at)?;
        let target = input.x.gradient?;
        Some((Place::new(op, &input.strides, chunk.mat(target.view), chunk), target.accumulate))
    });
    for (place, accumulate) in targets.iter().flatten() {
        // What is read by several values of the result collects their gradients.
        if !place.flat && !accumulate {
            kernels::fill(chunk.arena, place.mat, E::zero());
        }
    }
    let dy = chunk.mat(dy);
    lend(count(op), |memory| {
        lend(count(op), |gradients| {
            let mut registers = Registers::new(op, chunk.mode, memory);
            for tile in tiles(op, chunk.rows) {
                let memory = Memory::whole(chunk.arena);
                registers.compute(op, &places[..op.inputs.len()], memory, tile, None);
                let dy = &chunk.arena[dy.offset + tile.start..][..tile.len];
                registers.gradients(op, &places, &targets, memory, tile, dy, gradients);
                for (target, gradient) in targets.iter().zip(&*gradients) {
                    if let Some((place, accumulate)) = target {
                        write(op, place, *accumulate, &gradient[..tile.len], tile, chunk.arena);
                    }
                }
            }
        });
    });
    for target in op.inputs.iter().filter_map(|input| input.x.gradient) {
        apply_mask(chunk, target);
    }
}

/// Writes or adds the gradient of an input.
fn write<E: Float>(
    op: &Elementwise,
    place: &Place<'_>,
    accumulate: bool,
    gradient: &[E],
    tile: Tile,
    arena: &mut [E],
) {
    if place.flat {
        let dx = &mut arena[place.mat.offset + tile.start..][..tile.len];
        return match accumulate {
            true => dx.iter_mut().zip(gradient).for_each(|(dx, gradient)| *dx += *gradient),
            false => dx.copy_from_slice(gradient),
        };
    }
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
