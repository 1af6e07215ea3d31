//! Test support for layers: compares gradients with finite differences in `f64`, on rows with gaps.

use mimo_graph::describe::List;
use mimo_graph::operation::{Axis, Geometry};

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels;
use crate::program::{ChunkAccumulator, GradientTarget, Starts, View, Weight, Written};
use crate::run::{Operation, Run};
use crate::weighting::TargetWeights;

/// Content of values that must not be written.
const UNTOUCHED: f64 = 77.5;

/// Some rows of a batch in an arena of slots, one per view, with gaps that are checked to be unchanged.
pub(super) struct Bench {
    offsets: Vec<usize>,
    capacity: usize,
    pub(super) rows: usize,
    pub(super) first_row: usize,
    pub(super) mode: Mode,
    pub(super) seed: u64,
    pub(super) pass: u64,
    next: usize,
    /// Memory of the chunk after all values, and a value that an operation stores for its backward.
    free: usize,
    scratch: Option<View>,
}

impl Bench {
    pub(super) fn new(rows: usize) -> Self {
        // One more row than is used, as in the last chunk of a batch.
        Bench {
            offsets: Vec::new(),
            capacity: rows + 1,
            rows,
            first_row: 0,
            mode: Mode::Train,
            seed: 5,
            pass: 0,
            next: 0,
            free: 0,
            scratch: None,
        }
    }

    /// Allocates this many values whose slot is the first one, and which do not depend on the rows.
    pub(super) fn free(&mut self, len: usize) {
        self.free = len;
    }

    /// A value that an operation stores for its backward.
    pub(super) fn scratch(&mut self, view: View) {
        self.scratch = Some(view);
    }

    /// Allocates a value. Of two values with gaps, one begins at its slot and one in the middle of it.
    pub(super) fn value(&mut self, len: usize, gap: usize) -> View {
        let slot = self.offsets.len();
        self.offsets.push(self.next);
        self.next += len + gap;
        View { slot, column: if slot.is_multiple_of(2) { 0 } else { gap }, len, stride: len + gap }
    }

    pub(super) fn arena<E: Float>(&self) -> Vec<E> {
        vec![E::of(UNTOUCHED); self.next * self.capacity + self.free]
    }

    pub(super) fn chunk<'a, E: Float>(
        &'a self,
        arena: &'a mut [E],
        statistics: &'a mut [f64],
    ) -> Chunk<'a, E> {
        Chunk {
            arena,
            offsets: &self.offsets,
            fixed: self.next * self.capacity,
            capacity: self.capacity,
            rows: self.rows,
            first_row: self.first_row,
            batch: self.first_row + self.rows,
            params: &[],
            starts: Starts::NONE,
            packs: &[],
            mode: self.mode,
            seed: self.seed,
            pass: self.pass,
            loss_weights: &[],
            weighted: false,
            target_weights: TargetWeights::default(),
            statistics,
            sums: &mut [],
            merged: &[],
            watch: None,
            own: Default::default(),
        }
    }

    /// Indices of a value in the arena.
    pub(super) fn places(&self, view: View) -> Vec<usize> {
        let start = self.offsets[view.slot] * self.capacity + view.column;
        (0..self.rows).flat_map(|row| (0..view.len).map(move |i| start + row * view.stride + i)).collect()
    }

    pub(super) fn read<E: Float>(&self, arena: &[E], view: View) -> Vec<f64> {
        self.places(view).into_iter().map(|place| arena[place].f64()).collect()
    }

    pub(super) fn write<E: Float>(&self, arena: &mut [E], view: View, values: &[f64]) {
        let places = self.places(view);
        assert_eq!(places.len(), values.len());
        for (place, value) in places.into_iter().zip(values) {
            arena[place] = E::of(*value);
        }
    }

    /// Writes distinct numbers in −1..1 that depend on `key`.
    pub(super) fn fill<E: Float>(&self, arena: &mut [E], view: View, key: u64) {
        let values: Vec<f64> =
            (0..self.rows * view.len).map(|i| 2.0 * kernels::uniform(key, i as u64) - 1.0).collect();
        self.write(arena, view, &values);
    }

    pub(super) fn forward<O: Operation, E: Float + Run<O>>(&self, op: &O, arena: &mut [E]) {
        op.forward(&mut self.chunk(arena, &mut []));
    }

    pub(super) fn backward<O: Operation, E: Float + Run<O>>(&self, op: &O, arena: &mut [E]) {
        op.backward(&mut self.chunk(arena, &mut []));
    }
}

/// Converts the geometry of kernels to that of a plan.
pub(super) fn planned(of: kernels::conv::Geometry) -> Geometry {
    let axis = |axis: usize| Axis {
        input: of.input[axis],
        output: of.output[axis],
        kernel: of.kernel[axis],
        stride: of.strides[axis],
        dilation: of.dilation[axis],
        padding: of.padding[axis],
    };
    Geometry { axes: [axis(0), axis(1)], channels: of.channels, filters: of.filters, groups: of.groups }
}

/// The strides of an input whose axes are aligned with the result's from the right; axes of length 1 are broadcast.
pub(super) fn broadcast_strides(input: &[usize], result: &[usize]) -> List<usize> {
    let mut strides = vec![0; result.len()];
    let mut stride = 1;
    for (from, (to, place)) in input.iter().rev().zip(result.iter().zip(&mut strides).rev()) {
        if from == to {
            *place = stride;
        }
        stride *= from;
    }
    List::Owned(strides)
}

/// A weight whose gradient is accumulated in this memory.
pub(super) fn weight(block: usize, view: View, accumulate: bool) -> Weight {
    Weight { block, gradient: Some(ChunkAccumulator { view, accumulate }) }
}

/// The gradient of a result that has one.
pub(super) fn gradient_of(y: &Written) -> View {
    y.gradient.unwrap_or(y.view)
}

/// Compares the gradients of `Σ dy·y` from `op` with finite differences, for every gradient target, with accumulation
/// and masks; and the `f32` version with the `f64` version. Only results may change.
///
/// `inputs` are distinct values with their gradient targets.
pub(super) fn check<O: Operation>(
    bench: &Bench,
    op: &O,
    inputs: &[(View, Option<GradientTarget>)],
    y: View,
    dy: View,
) where
    f32: Run<O>,
    f64: Run<O>,
{
    let (arena, single) = (run::<O, f64>(bench, op, inputs, y, dy), run::<O, f32>(bench, op, inputs, y, dy));
    for (i, (double, single)) in arena.iter().zip(&single).enumerate().take(bench.next * bench.capacity) {
        assert!(
            (double - f64::from(*single)).abs() < 1e-5,
            "f32 differs at {i}: {single} instead of {double}"
        );
    }
    for (number, (x, gradient_target)) in inputs.iter().enumerate() {
        let Some(gradient_target) = gradient_target else { continue };
        let found = bench.read(&arena, gradient_target.view);
        let before = bench.read(&start::<f64>(bench, inputs, dy), gradient_target.view);
        let mask = gradient_target.mask.map(|mask| bench.read(&arena, mask));
        for (i, place) in bench.places(*x).into_iter().enumerate() {
            let mut wanted = difference(bench, op, &start(bench, inputs, dy), place, y, dy);
            if gradient_target.accumulate {
                wanted += before[i];
            }
            if mask.as_ref().is_some_and(|mask| mask[i] <= 0.0) {
                wanted = 0.0;
            }
            assert!(
                (found[i] - wanted).abs() < 1e-6,
                "gradient {i} of input {number}: {} instead of {wanted}",
                found[i]
            );
        }
    }
}

/// Values before an operation: inputs, masks, the gradient of the result, and initial gradients for accumulation.
fn start<E: Float>(bench: &Bench, inputs: &[(View, Option<GradientTarget>)], dy: View) -> Vec<E> {
    let mut arena = bench.arena();
    for (x, gradient_target) in inputs {
        bench.fill(&mut arena, *x, 1 + x.slot as u64);
        if let Some(gradient_target) = gradient_target {
            bench.fill(&mut arena, gradient_target.view, 100 + gradient_target.view.slot as u64);
            if let Some(mask) = gradient_target.mask {
                bench.fill(&mut arena, mask, 1 + mask.slot as u64);
            }
        }
    }
    bench.fill(&mut arena, dy, 99);
    arena
}

/// Runs forward and backward; everything but results must be unchanged.
fn run<O: Operation, E: Float + Run<O>>(
    bench: &Bench,
    op: &O,
    inputs: &[(View, Option<GradientTarget>)],
    y: View,
    dy: View,
) -> Vec<E> {
    let before = start::<E>(bench, inputs, dy);
    let mut arena = before.clone();
    bench.forward(op, &mut arena);
    bench.backward(op, &mut arena);
    let results = inputs
        .iter()
        .filter_map(|(_, gradient_target)| *gradient_target)
        .map(|gradient_target| gradient_target.view)
        .chain([y]);
    let results: Vec<usize> = results.flat_map(|view| bench.places(view)).collect();
    let values = bench.next * bench.capacity;
    let kept: Vec<usize> = bench.scratch.map(|view| bench.places(view)).unwrap_or_default();
    for (i, (after, before)) in arena.iter().zip(&before).enumerate().take(values) {
        if kept.contains(&i) {
            continue;
        }
        assert!(after == before || results.contains(&i), "place {i} was overwritten");
    }
    for i in bench.places(y) {
        assert!(arena[i].f64() != UNTOUCHED, "place {i} was not written");
    }
    arena
}

fn difference<O: Operation>(bench: &Bench, op: &O, start: &[f64], place: usize, y: View, dy: View) -> f64
where
    f64: Run<O>,
{
    let step = 1e-5;
    let total = |moved: f64| -> f64 {
        let mut arena = start.to_vec();
        arena[place] += moved;
        bench.forward(op, &mut arena);
        bench.read(&arena, y).iter().zip(bench.read(&arena, dy)).map(|(y, dy)| y * dy).sum()
    };
    (total(step) - total(-step)) / (2.0 * step)
}
