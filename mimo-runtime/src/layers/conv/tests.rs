//! Convolutions compared with sums over taps, written down by their definition, and with finite differences.

use super::*;
use crate::chunk::Mode;
use crate::kernels::uniform;
use crate::layers::check::{gradient_of, planned, weight};
use crate::program::{During, GradientTarget, Read, Starts, View, Written};
use crate::run::Operation;
use crate::weighting::TargetWeights;

/// A layer with its memory: buffers for three rows, two of them used.
struct Case {
    geometry: Geometry,
    op: Conv,
    offsets: Vec<usize>,
    fixed: usize,
    len: usize,
}

const CAPACITY: usize = 3;
const ROWS: usize = 2;

impl Case {
    fn new(geometry: Geometry, transposed: bool, activation: Activation, accumulate: bool) -> Self {
        let [input, output] = [(geometry.input, geometry.channels), (geometry.output, geometry.filters)]
            .map(|(lens, n)| lens[0] * lens[1] * n);
        let (x_len, y_len, bias_len) =
            if transposed { (output, input, geometry.channels) } else { (input, output, geometry.filters) };
        let kernel_len = geometry.kernel_len();
        let slots = [x_len, y_len, y_len, x_len];
        let fixed = [kernel_len, bias_len, geometry.padded_len(), geometry.padded_output_len(), kernel_len];
        let (mut offsets, mut areas) = (vec![], [0, 0]);
        for (area, lens) in [&slots[..], &fixed[..]].into_iter().enumerate() {
            for len in lens {
                offsets.push(areas[area]);
                areas[area] += len;
            }
        }
        let slot = |index: usize| View::whole(index, if index < 4 { slots[index] } else { fixed[index - 4] });
        let memory = |index| Scratch::fixed(slot(index), During::Both);
        let both = ConvScratch { input: Some(memory(6)), spread: Some([memory(7), memory(8)]) };
        let gathers = ConvScratch { spread: None, ..both };
        let op = Conv {
            geometry: planned(geometry),
            transposed,
            x: Read::new(slot(0), Some(GradientTarget { view: slot(3), accumulate, mask: None })),
            y: Written::new(slot(1), Some(slot(2))),
            kernel: weight(0, slot(4), accumulate),
            bias: Some(weight(1, slot(5), accumulate)),
            activation,
            activation_grad_applied: false,
            forward: if transposed { both } else { gathers },
            backward: if transposed { gathers } else { both },
        };
        Case { geometry, op, offsets, fixed: areas[0] * CAPACITY, len: areas[0] * CAPACITY + areas[1] }
    }

    fn start<E: Float>(&self) -> (Vec<E>, Vec<E>) {
        let numbers = |key: u64, len: usize| -> Vec<E> {
            (0..len).map(|i| E::of(2.0 * uniform(key, i as u64) - 1.0)).collect()
        };
        let bias = self.geometry.kernel_len();
        (numbers(1, self.len), numbers(2, bias + self.geometry.channels.max(self.geometry.filters)))
    }

    fn run<E: Float>(&self, arena: &mut [E], params: &[E], work: impl FnOnce(&Conv, &mut Chunk<'_, E>)) {
        let mut chunk = Chunk {
            arena,
            offsets: &self.offsets,
            fixed: self.fixed,
            capacity: CAPACITY,
            rows: ROWS,
            first_row: 0,
            batch: ROWS,
            params,
            packs: &[],
            starts: Starts { blocks: &[0, self.geometry.kernel_len()], ..Starts::NONE },
            mode: Mode::Train,
            seed: 0,
            pass: 0,
            loss_weights: &[],
            weighted: false,
            target_weights: TargetWeights::default(),
            statistics: &mut [],
            sums: &mut [],
            merged: &[],
            watch: None,
            own: Default::default(),
        };
        work(&self.op, &mut chunk);
    }

    fn rows<'a, E>(&self, arena: &'a [E], view: View) -> &'a [E] {
        let start = self.offsets[view.slot] * CAPACITY;
        &arena[start..start + ROWS * view.len]
    }

    fn fixed<'a, E>(&self, arena: &'a [E], view: View) -> &'a [E] {
        let start = self.fixed + self.offsets[view.slot];
        &arena[start..start + view.len]
    }

    /// `Σ dy · y`.
    fn total(&self, arena: &[f64], params: &[f64]) -> f64 {
        let mut arena = arena.to_vec();
        self.run(&mut arena, params, |op, chunk| op.forward(chunk));
        let (y, dy) = (self.rows(&arena, self.op.y.view), self.rows(&arena, gradient_of(&self.op.y)));
        y.iter().zip(dy).map(|(y, dy)| y * dy).sum()
    }

    /// Checks the forward pass against the definition, and the backward pass against differences.
    fn check(&self) {
        let (start, params) = self.start::<f64>();
        let mut arena = start.clone();
        self.run(&mut arena, &params, |op, chunk| op.forward(chunk));
        for (found, wanted) in self.rows(&arena, self.op.y.view).iter().zip(self.defined(&start, &params)) {
            assert!((found - wanted).abs() < 1e-9, "{found} instead of {wanted}: {:?}", self.geometry);
        }
        let before = arena.clone();
        self.run(&mut arena, &params, |op, chunk| op.backward(chunk));
        let Some(target) = self.op.x.gradient else { return };
        let step = 1e-5;
        let added = |value: f64| if target.accumulate { value } else { 0.0 };
        let x = self.offsets[self.op.x.view.slot] * CAPACITY;
        for i in (0..ROWS * self.op.x.view.len).step_by(3) {
            let moved = |by: f64| {
                let mut arena = start.clone();
                arena[x + i] += by;
                self.total(&arena, &params)
            };
            let wanted =
                (moved(step) - moved(-step)) / (2.0 * step) + added(self.rows(&before, target.view)[i]);
            let found = self.rows(&arena, target.view)[i];
            assert!(
                (found - wanted).abs() < 1e-6,
                "dx[{i}] {found} instead of {wanted}: {:?}",
                self.geometry
            );
        }
        for weight in [Some(self.op.kernel), self.op.bias].into_iter().flatten() {
            let Some(private) = weight.gradient else { continue };
            for i in (0..private.view.len).step_by(2) {
                let moved = |by: f64| {
                    let mut params = params.clone();
                    params[[0, self.geometry.kernel_len()][weight.block] + i] += by;
                    self.total(&start, &params)
                };
                let wanted =
                    (moved(step) - moved(-step)) / (2.0 * step) + added(self.fixed(&before, private.view)[i]);
                let found = self.fixed(&arena, private.view)[i];
                assert!(
                    (found - wanted).abs() < 1e-6,
                    "dw[{i}] {found} instead of {wanted}: {:?}",
                    self.geometry
                );
            }
        }
        self.check_single(&arena);
    }

    /// Checks that the vector kernels return the same numbers.
    fn check_single(&self, double: &[f64]) {
        let (mut arena, params) = self.start::<f32>();
        self.run(&mut arena, &params, |op, chunk| {
            op.forward(chunk);
            op.backward(chunk);
        });
        for (i, (single, double)) in arena.iter().zip(double).enumerate() {
            assert!((f64::from(*single) - double).abs() < 1e-4, "{i}: {single} instead of {double}");
        }
    }

    /// The layer by its definition: every window position and tap that exists adds a product.
    fn defined(&self, arena: &[f64], params: &[f64]) -> Vec<f64> {
        let (g, Conv { transposed, x, y, .. }) = (self.geometry, self.op);
        let (x, y) = (x.view, y.view);
        let input = self.rows(arena, x);
        let mut result = vec![0.0; ROWS * y.len];
        let channels = channels(&self.op);
        let bias = self.geometry.kernel_len();
        for (i, value) in result.iter_mut().enumerate() {
            *value = params[bias + i % channels];
        }
        let (inner, outer) = (g.channels / g.groups, g.filters / g.groups);
        for (row, oy, ox, ky, kx) in (0..ROWS).flat_map(|row| {
            let outputs = (0..g.output[0]).flat_map(move |oy| (0..g.output[1]).map(move |ox| (oy, ox)));
            outputs.flat_map(move |(oy, ox)| {
                (0..g.kernel[0]).flat_map(move |ky| (0..g.kernel[1]).map(move |kx| (row, oy, ox, ky, kx)))
            })
        }) {
            let (iy, ix) = (oy * g.strides[0] + ky * g.dilation[0], ox * g.strides[1] + kx * g.dilation[1]);
            let (Some(iy), Some(ix)) = (iy.checked_sub(g.padding[0]), ix.checked_sub(g.padding[1])) else {
                continue;
            };
            if iy >= g.input[0] || ix >= g.input[1] {
                continue;
            }
            for filter in 0..g.filters {
                for channel in 0..inner {
                    let weight = params[((ky * g.kernel[1] + kx) * inner + channel) * g.filters + filter];
                    let wide = (iy * g.input[1] + ix) * g.channels + filter / outer * inner + channel;
                    let narrow = (oy * g.output[1] + ox) * g.filters + filter;
                    if transposed {
                        result[row * y.len + wide] += weight * input[row * x.len + narrow];
                    } else {
                        result[row * y.len + narrow] += weight * input[row * x.len + wide];
                    }
                }
            }
        }
        if self.op.activation == Activation::Tanh {
            result.iter_mut().for_each(|value| *value = value.tanh());
        }
        result
    }
}

/// A random geometry: odd sizes, both axes different.
fn drawn(key: u64) -> Geometry {
    let draw =
        |number: u64, from: usize, to: usize| from + (uniform(key, number) * (to - from + 1) as f64) as usize;
    let groups = [1, 1, 2, 3][draw(0, 0, 3)];
    let mut g = Geometry {
        input: [1; 2],
        output: [1; 2],
        channels: groups * draw(1, 1, 3),
        filters: groups * [1, 2, 5, 11][draw(2, 0, 3)],
        kernel: [1; 2],
        strides: [1; 2],
        dilation: [1; 2],
        padding: [0; 2],
        groups,
    };
    let strided = uniform(key, 3) < 0.5;
    for axis in 0..2 {
        let at = 10 * (axis as u64 + 1);
        g.kernel[axis] = draw(at, 1, 4);
        if strided {
            g.strides[axis] = draw(at + 1, 1, 3);
        } else {
            g.dilation[axis] = draw(at + 1, 1, 3);
        }
        let reach = (g.kernel[axis] - 1) * g.dilation[axis] + 1;
        g.padding[axis] = draw(at + 2, 0, reach - 1);
        let after = draw(at + 3, 0, reach - 1);
        g.output[axis] = draw(at + 4, 1, 5);
        // The remainder behind the last window may be anything below a stride.
        let padded = (g.output[axis] - 1) * g.strides[axis] + reach + draw(at + 5, 0, g.strides[axis] - 1);
        g.input[axis] = padded.saturating_sub(g.padding[axis] + after).max(1);
    }
    g
}

#[test]
fn convolutions_are_their_definition() {
    for key in 0..60 {
        let activation = if key % 2 == 0 { Activation::Linear } else { Activation::Tanh };
        Case::new(drawn(key), false, activation, key % 3 == 0).check();
    }
}

#[test]
fn transposed_convolutions_are_their_definition() {
    for key in 100..150 {
        let activation = if key % 2 == 0 { Activation::Linear } else { Activation::Tanh };
        Case::new(drawn(key), true, activation, key % 3 == 0).check();
    }
}

#[test]
fn every_instruction_set_gives_the_same_convolution() {
    kernels::forced::each(|_| {
        for filters in [1, 3, 16, 20, 32, 40] {
            let geometry = Geometry {
                input: [7, 9],
                output: [5, 7],
                channels: 5,
                filters,
                kernel: [3, 3],
                strides: [1, 1],
                dilation: [1, 1],
                padding: [0, 0],
                groups: 1,
            };
            let case = Case::new(geometry, false, Activation::Relu, false);
            let (mut arena, params) = case.start::<f64>();
            case.run(&mut arena, &params, |op, chunk| {
                op.forward(chunk);
                op.backward(chunk);
            });
            case.check_single(&arena);
        }
    });
}
