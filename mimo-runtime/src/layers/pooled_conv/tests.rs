//! The fused operation compared with a separate convolution and pooling.

use super::*;
use crate::kernels::conv::Geometry;
use crate::kernels::{forced, uniform};
use crate::layers::check::{planned, weight};
use crate::layers::conv::{Conv, ConvScratch};
use crate::layers::pooling::Pooling as Separate;
use crate::program::{During, GradientTarget, Read, Scratch, Starts, View, Weight, Written};
use crate::run::Operation;
use crate::weighting::TargetWeights;
use mimo_graph::layers::pooling::PoolKind;
use mimo_graph::layers::spatial::Padding;

const ROWS: usize = 2;

/// The compared slots: values per sample first, then fixed ones.
const X: usize = 0;
const Y: usize = 1;
const DY: usize = 2;
const DX: usize = 3;
const WIDE: usize = 4;
const WIDE_DY: usize = 5;
const CODES: usize = 6;
const KERNEL: usize = 7;
const BIAS: usize = 8;
const IMAGE: usize = 9;
const OUTPUT: usize = 10;
const TURNED: usize = 11;
const SUMS: usize = 12;

struct Case {
    pooling: Pooling,
    relu: bool,
    accumulate: bool,
    lens: [usize; 13],
}

impl Case {
    fn new(geometry: Geometry, height: usize, relu: bool, accumulate: bool) -> Self {
        let pooling = Pooling { geometry, height };
        let image = geometry.input[0] * geometry.input[1] * geometry.channels;
        let wide = geometry.output[0] * geometry.output[1] * geometry.filters;
        let (given, kernel) = (pooling.len(), geometry.kernel_len());
        let lens = [
            image,
            given,
            given,
            image,
            wide,
            wide,
            pooling.argmax_len(),
            kernel,
            geometry.filters,
            geometry.padded_len(),
            geometry.padded_output_len(),
            kernel,
            kernel,
        ];
        Case { pooling, relu, accumulate, lens }
    }

    fn view(&self, slot: usize) -> View {
        View::whole(slot, self.lens[slot])
    }

    fn weights(&self) -> [Weight; 2] {
        [(0, KERNEL), (1, BIAS)].map(|(block, slot)| weight(block, self.view(slot), self.accumulate))
    }

    fn target(&self) -> Option<GradientTarget> {
        Some(GradientTarget { view: self.view(DX), accumulate: self.accumulate, mask: None })
    }

    fn activation(&self) -> Activation {
        if self.relu { Activation::Relu } else { Activation::Linear }
    }

    /// Runs `work` forward and backward on random numbers, and returns everything to compare.
    fn run<E: Float>(&self, work: impl FnOnce(&mut Chunk<'_, E>)) -> Vec<Vec<f64>> {
        let numbers = |key: u64, len: usize| -> Vec<E> {
            (0..len).map(|i| E::of(2.0 * uniform(key, i as u64) - 1.0)).collect()
        };
        let (mut offsets, mut areas) = (vec![], [0, 0]);
        for (slot, len) in self.lens.iter().enumerate() {
            let area = usize::from(slot >= KERNEL);
            offsets.push(areas[area]);
            areas[area] += len;
        }
        let fixed = areas[0] * ROWS;
        let mut arena = numbers(1, fixed + areas[1]);
        let params = numbers(2, self.lens[KERNEL] + self.lens[BIAS]);
        let mut chunk = Chunk {
            arena: &mut arena,
            offsets: &offsets,
            fixed,
            capacity: ROWS,
            rows: ROWS,
            first_row: 0,
            batch: ROWS,
            params: &params,
            packs: &[],
            starts: Starts { blocks: &[0, self.lens[KERNEL]], ..Starts::NONE },
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
        work(&mut chunk);
        let of_rows = |slot: usize| offsets[slot] * ROWS..offsets[slot] * ROWS + ROWS * self.lens[slot];
        let once = |slot: usize| fixed + offsets[slot]..fixed + offsets[slot] + self.lens[slot];
        let ranges = [of_rows(Y), of_rows(DX), once(KERNEL), once(BIAS)];
        ranges.map(|range| arena[range].iter().map(|value| value.f64()).collect()).into()
    }

    fn fused<E: Float>(&self) -> Vec<Vec<f64>> {
        let [kernel, bias] = self.weights();
        let memory = |slot| Scratch::fixed(self.view(slot), During::Both);
        let op = PooledConv {
            geometry: planned(self.pooling.geometry),
            height: self.pooling.height,
            x: Read::new(self.view(X), self.target()),
            y: Written::new(self.view(Y), Some(self.view(DY))),
            kernel,
            bias: Some(bias),
            activation: self.activation(),
            activation_grad_applied: false,
            argmax: Scratch::rows(self.view(CODES), During::Training),
            padded: [Some(memory(IMAGE)); 2],
            spread: Some([memory(IMAGE), memory(TURNED)]),
            sums: Some(memory(SUMS)),
        };
        self.run::<E>(|chunk| {
            op.forward(chunk);
            op.backward(chunk);
        })
    }

    fn separate(&self) -> Vec<Vec<f64>> {
        let [kernel, bias] = self.weights();
        let memory = |slot| Scratch::fixed(self.view(slot), During::Both);
        let both = ConvScratch { input: Some(memory(IMAGE)), spread: Some([memory(OUTPUT), memory(TURNED)]) };
        let geometry = self.pooling.geometry;
        let conv = Conv {
            geometry: planned(geometry),
            transposed: false,
            x: Read::new(self.view(X), self.target()),
            y: Written::new(self.view(WIDE), Some(self.view(WIDE_DY))),
            kernel,
            bias: Some(bias),
            activation: self.activation(),
            activation_grad_applied: false,
            forward: ConvScratch { spread: None, ..both },
            backward: both,
        };
        let size = [self.pooling.height, 2];
        let pooling = Separate {
            kind: PoolKind::Max,
            image: [geometry.output[0], geometry.output[1], geometry.filters],
            size,
            strides: size,
            padding: Padding::Valid,
            x: Read::kept(self.view(WIDE), Some(GradientTarget::write(self.view(WIDE_DY)))),
            y: Written::kept(self.view(Y), Some(self.view(DY))),
        };
        self.run::<f64>(|chunk| {
            conv.forward(chunk);
            pooling.forward(chunk);
            pooling.backward(chunk);
            conv.backward(chunk);
        })
    }

    fn check(&self) {
        let wanted = self.separate();
        let compare = |name: &str, found: Vec<Vec<f64>>, tolerance: f64| {
            for (part, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                    let near = (found - wanted).abs() < tolerance * (1.0 + wanted.abs());
                    assert!(near, "{name} {part}[{i}]: {found}, not {wanted}: {:?}", self.pooling);
                }
            }
        };
        compare("f64", self.fused::<f64>(), 1e-10);
        forced::each(|name| compare(name, self.fused::<f32>(), 2e-4));
    }
}

fn geometry(
    input: [usize; 2],
    kernel: [usize; 2],
    channels: usize,
    filters: usize,
    padding: [usize; 2],
) -> Geometry {
    let output = [0, 1].map(|axis| input[axis] + 2 * padding[axis] - kernel[axis] + 1);
    let one = [1, 1];
    Geometry { input, output, channels, filters, kernel, strides: one, dilation: one, padding, groups: 1 }
}

#[test]
fn images_are_pooled_as_by_two_layers() {
    for (channels, filters) in [(1, 32), (3, 16), (3, 5), (2, 37), (16, 64), (17, 3), (32, 70)] {
        for (kernel, padding) in [([3, 3], [0, 0]), ([3, 3], [1, 1]), ([2, 4], [0, 1]), ([5, 5], [2, 0])] {
            for (input, relu, accumulate) in [([9, 8], true, false), ([6, 21], false, true)] {
                Case::new(geometry(input, kernel, channels, filters, padding), 2, relu, accumulate).check();
            }
        }
    }
}

#[test]
fn sequences_are_pooled_as_by_two_layers() {
    for (channels, filters) in [(1, 32), (2, 7), (5, 33), (40, 16), (100, 20)] {
        for (kernel, padding) in [(3, 0), (1, 0), (4, 2), (7, 3)] {
            for (input, relu, accumulate) in [(31, true, true), (16, false, false)] {
                let geometry = geometry([1, input], [1, kernel], channels, filters, [0, padding]);
                Case::new(geometry, 1, relu, accumulate).check();
            }
        }
    }
}

#[test]
fn nothing_is_given_where_no_window_fits() {
    let narrow = Pooling { geometry: geometry([3, 3], [3, 3], 1, 4, [0, 0]), height: 2 };
    assert!(narrow.is_empty());
    let mut arena = vec![0.0f32; 32];
    pooled::convolve_pooled(&mut arena, &narrow, [0, 20], None, &[1.0; 36], None, true);
    assert!(arena.iter().all(|value| *value == 0.0));
}
