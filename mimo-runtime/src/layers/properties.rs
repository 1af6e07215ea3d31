//! Layers with sliding windows of every kind, compared with sums that follow Keras's definition: outputs, gradients
//! of inputs and weights, in `f64`, and in `f32` on every instruction set of this processor.

use mimo_graph::activation::Activation;
use mimo_graph::dim::Dim;
use mimo_graph::layers::pooling::PoolKind;
use mimo_graph::layers::sliding::{Class, Padding, Sliding};
use mimo_graph::layers::spatial as pooling;
use mimo_graph::shape::Shape;
use proptest::prelude::*;

use super::check::{planned, weight};
use super::conv::{Conv, ConvScratch};
use super::depthwise::{Depthwise, Widened};
use super::pooling::Pooling;
use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::conv::Geometry;
use crate::kernels::{forced, uniform};
use crate::program::{During, GradientTarget, Read, Scratch, Starts, View, Written};
use crate::run::Operation;
use crate::weighting::TargetWeights;

mod defined;

/// A layer, its input, and whether its gradients are accumulated.
#[derive(Clone, Debug)]
struct Problem {
    class: Class,
    lens: Vec<usize>,
    kernel: Vec<usize>,
    strides: Vec<usize>,
    dilation: Vec<usize>,
    padding: Padding,
    output_padding: Option<Vec<usize>>,
    /// Channels of the input.
    channels: usize,
    groups: usize,
    filters: usize,
    rows: usize,
    accumulate: bool,
}

/// Inputs and outputs of an operation.
#[derive(Clone, Debug)]
struct Values {
    x: Vec<f64>,
    params: Vec<f64>,
    dy: Vec<f64>,
    y: Vec<f64>,
    dx: Vec<f64>,
    /// Gradients of `params`, a kernel and a bias.
    gradient: Vec<f64>,
}

enum Op {
    Conv(Conv),
    Depthwise(Depthwise),
    Pooling(Pooling),
}

// The slots of an operation: four values per sample, then memory that all samples share.
const X: usize = 0;
const Y: usize = 1;
const DY: usize = 2;
const DX: usize = 3;
const KERNEL: usize = 4;
const BIAS: usize = 5;
const INPUT: usize = 6;
const OUTPUT: usize = 7;
const TURNED: usize = 8;
const SLOTS: usize = 9;

/// An operation and the lengths of its slots.
struct Case {
    op: Op,
    lens: [usize; SLOTS],
    rows: usize,
}

/// Numbers in -1..1 that both types of floats have.
fn numbers(key: u64, len: usize) -> Vec<f64> {
    (0..len).map(|i| f64::from((2.0 * uniform(key, i as u64) - 1.0) as f32)).collect()
}

impl Case {
    /// Runs forward and backward from these values.
    fn run<E: Float>(&self, before: &Values) -> Values {
        let (rows, capacity) = (self.rows, self.rows + 1);
        let mut offsets = vec![];
        let mut areas = [0; 2];
        for (slot, len) in self.lens.iter().enumerate() {
            let area = &mut areas[usize::from(slot >= KERNEL)];
            offsets.push(*area);
            *area += len;
        }
        let fixed = areas[0] * capacity;
        let place = |slot: usize| match slot < KERNEL {
            true => offsets[slot] * capacity..offsets[slot] * capacity + rows * self.lens[slot],
            false => fixed + offsets[slot]..fixed + offsets[slot] + self.lens[slot],
        };
        // Memory that is not written stays NaN.
        let mut arena = vec![E::of(f64::NAN); fixed + areas[1]];
        let (kernel, bias) = before.gradient.split_at(self.lens[KERNEL]);
        for (slot, values) in
            [(X, &before.x[..]), (DY, &before.dy), (DX, &before.dx), (KERNEL, kernel), (BIAS, bias)]
        {
            arena[place(slot)].iter_mut().zip(values).for_each(|(to, from)| *to = E::of(*from));
        }
        let params: Vec<E> = before.params.iter().map(|value| E::of(*value)).collect();
        let mut chunk = Chunk {
            arena: &mut arena,
            offsets: &offsets,
            fixed,
            capacity,
            rows,
            first_row: 0,
            batch: rows,
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
        match &self.op {
            Op::Conv(op) => [op.forward(&mut chunk), op.backward(&mut chunk)],
            Op::Depthwise(op) => [op.forward(&mut chunk), op.backward(&mut chunk)],
            Op::Pooling(op) => [op.forward(&mut chunk), op.backward(&mut chunk)],
        };
        let read = |slot: usize| arena[place(slot)].iter().map(|value| value.f64()).collect::<Vec<_>>();
        let gradient = [read(KERNEL), read(BIAS)].concat();
        Values { y: read(Y), dx: read(DX), gradient, ..before.clone() }
    }

    /// Compares the operation with its definition, everywhere.
    fn check(&self, before: &Values, wanted: &Values) -> Result<(), TestCaseError> {
        let agree = |found: Values, tolerance: f64, on: &str| {
            let pairs = [
                ("y", found.y, &wanted.y),
                ("dx", found.dx, &wanted.dx),
                ("dw", found.gradient, &wanted.gradient),
            ];
            for (what, found, wanted) in pairs {
                prop_assert_eq!(found.len(), wanted.len(), "values of {}", what);
                for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                    let near = (found - wanted).abs() <= tolerance * (1.0 + wanted.abs());
                    prop_assert!(near, "{}: {}[{}] is {} instead of {}", on, what, i, found, wanted);
                }
            }
            Ok(())
        };
        agree(self.run::<f64>(before), 1e-12, "f64")?;
        let mut result = Ok(());
        forced::each(|table| {
            if result.is_ok() {
                result = agree(self.run::<f32>(before), 5e-5, table);
            }
        });
        result
    }
}

impl Problem {
    /// Height and width from a value for each axis; sequences have height 1.
    fn image<T: Copy>(axes: &[T], one: T) -> [T; 2] {
        match axes {
            [width] => [one, *width],
            _ => [axes[0], axes[1]],
        }
    }

    /// The geometry as the planner computes it.
    fn geometry(&self) -> Geometry {
        let dims = |lens: &[usize]| lens.iter().map(|&len| Dim::Known(len)).collect();
        let sliding = Sliding {
            class: self.class,
            kernel_size: dims(&self.kernel),
            strides: self.strides.clone(),
            padding: self.padding,
            dilation_rate: self.dilation.clone(),
            output_padding: self.output_padding.clone(),
        };
        let axes = sliding.axes(&Shape::known(&[&self.lens[..], &[self.channels]].concat()));
        let known = |dim: &Dim| dim.known().expect("a number");
        let along = |of: &dyn Fn(&mimo_graph::layers::sliding::Axis) -> usize, one: usize| {
            Self::image(&axes.iter().map(of).collect::<Vec<_>>(), one)
        };
        let transposed = self.class.transposed();
        Geometry {
            input: along(&|axis| known(&axis.input), 1),
            output: along(&|axis| known(&axis.output), 1),
            channels: if transposed { self.filters } else { self.channels },
            filters: if transposed { self.channels } else { self.filters },
            kernel: along(&|axis| known(&axis.kernel), 1),
            strides: along(&|axis| axis.stride, 1),
            dilation: along(&|axis| axis.dilation, 1),
            padding: along(&|axis| known(&axis.padding), 0),
            groups: self.groups,
        }
    }

    /// The operation that executes the layer, or an equivalent one.
    fn case(&self, depthwise: bool) -> Case {
        let (geometry, transposed) = (self.geometry(), self.class.transposed());
        let volume = |lens: [usize; 2], channels: usize| lens[0] * lens[1] * channels;
        let input = volume(geometry.input, geometry.channels);
        let output = volume(geometry.output, geometry.filters);
        let (x, y) = if transposed { (output, input) } else { (input, output) };
        let (kernel_len, padded) = (geometry.kernel_len(), geometry.padded_len().max(geometry.widened_len()));
        let lens = [x, y, y, x, kernel_len, self.filters, padded, geometry.padded_output_len(), kernel_len];
        let slot = |slot: usize| View::whole(slot, lens[slot]);
        let kernel = weight(0, slot(KERNEL), self.accumulate);
        let bias = Some(weight(1, slot(BIAS), self.accumulate));
        let dx = Some(GradientTarget { view: slot(DX), accumulate: self.accumulate, mask: None });
        let (x, y) = (Read::new(slot(X), dx), Written::new(slot(Y), Some(slot(DY))));
        let memory = |of| Scratch::fixed(slot(of), During::Both);
        let (geometry, activation, activation_grad_applied) = (planned(geometry), Activation::Linear, false);
        let op = if depthwise {
            Op::Depthwise(Depthwise {
                geometry,
                x,
                y,
                kernel,
                bias,
                activation,
                activation_grad_applied,
                forward: Widened { input: Some(memory(INPUT)), output: None },
                backward: Widened { input: Some(memory(INPUT)), output: Some(memory(OUTPUT)) },
            })
        } else {
            let both =
                ConvScratch { input: Some(memory(INPUT)), spread: Some([memory(OUTPUT), memory(TURNED)]) };
            let gathers = ConvScratch { spread: None, ..both };
            let (forward, backward) = if transposed { (both, gathers) } else { (gathers, both) };
            Op::Conv(Conv {
                geometry,
                transposed,
                x,
                y,
                kernel,
                bias,
                activation,
                activation_grad_applied,
                forward,
                backward,
            })
        };
        Case { op, lens, rows: self.rows }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let products = defined::products(self);
        let rows = self.rows;
        let weights = products.weights + self.filters;
        let before = Values {
            x: numbers(1, rows * products.x),
            params: numbers(2, weights),
            dy: numbers(3, rows * products.y),
            y: vec![],
            dx: numbers(4, rows * products.x),
            gradient: numbers(5, weights),
        };
        let wanted = products.apply(&before, self);
        self.case(false).check(&before, &wanted)?;
        // A grouped convolution with as many groups as channels is a depthwise one, and vice versa.
        if self.groups == self.channels && !self.class.transposed() {
            self.case(true).check(&before, &wanted)?;
        }
        Ok(())
    }
}

/// Channels that fill no vector, exactly one, and more than one.
fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 1_usize..5, 1 => Just(16_usize), 1 => 15_usize..36]
}

/// A layer of this class over `rank` axes, with `[channels, groups, filters]`.
fn problem(
    class: Class,
    channels: impl Strategy<Value = [usize; 3]>,
    paddings: &'static [Padding],
) -> impl Strategy<Value = Problem> {
    let axis = (1_usize..8, 1_usize..5, 1_usize..4, 0_usize..3);
    let axes = prop::collection::vec(axis, class.rank());
    let flags = (prop::sample::select(paddings), any::<[bool; 3]>(), 1_usize..3);
    (axes, channels, flags).prop_map(move |(axes, [channels, groups, filters], (padding, bits, rows))| {
        let [strided, says, accumulate] = bits;
        let kernel: Vec<usize> = axes.iter().map(|axis| axis.1).collect();
        let steps: Vec<usize> = axes.iter().map(|axis| axis.2).collect();
        let ones = vec![1; axes.len()];
        let (strides, dilation) = if strided { (steps, ones) } else { (ones, steps) };
        let lens = axes.iter().enumerate().map(|(i, axis)| {
            // Windows have to fit, and a transpose with `output_padding` must not have an empty output.
            let reach = (kernel[i] - 1) * dilation[i];
            if padding == Padding::Valid && !class.transposed() {
                axis.0 + reach
            } else {
                axis.0 + usize::from(says)
            }
        });
        let output_padding = axes.iter().zip(&strides).map(|(axis, stride)| axis.3 % stride);
        Problem {
            class,
            lens: lens.collect(),
            output_padding: (class.transposed() && says).then(|| output_padding.collect()),
            kernel,
            strides,
            dilation,
            padding,
            channels,
            groups,
            filters,
            rows,
            accumulate,
        }
    })
}

fn grouped() -> impl Strategy<Value = [usize; 3]> {
    (prop_oneof![3 => Just(1_usize), 1 => 2_usize..4], 1_usize..5, channels())
        .prop_map(|(groups, inputs, filters)| [groups * inputs, groups, groups * filters])
}

fn multiplied() -> impl Strategy<Value = [usize; 3]> {
    (channels(), prop_oneof![2 => Just(1_usize), 1 => 2_usize..4]).prop_map(|(n, times)| [n, n, n * times])
}

fn whole() -> impl Strategy<Value = [usize; 3]> {
    (1_usize..5, channels()).prop_map(|(channels, filters)| [channels, 1, filters])
}

const IMAGE: &[Padding] = &[Padding::Valid, Padding::Same];
const SEQUENCE: &[Padding] = &[Padding::Valid, Padding::Same, Padding::Causal];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conv1d(problem in problem(Class::Conv1D, grouped(), SEQUENCE)) {
        problem.check()?;
    }

    #[test]
    fn conv2d(problem in problem(Class::Conv2D, grouped(), IMAGE)) {
        problem.check()?;
    }

    #[test]
    fn conv1d_transpose(problem in problem(Class::Conv1DTranspose, whole(), IMAGE)) {
        problem.check()?;
    }

    #[test]
    fn conv2d_transpose(problem in problem(Class::Conv2DTranspose, whole(), IMAGE)) {
        problem.check()?;
    }

    #[test]
    fn depthwise1d(problem in problem(Class::DepthwiseConv1D, multiplied(), IMAGE)) {
        problem.check()?;
    }

    #[test]
    fn depthwise2d(problem in problem(Class::DepthwiseConv2D, multiplied(), IMAGE)) {
        problem.check()?;
    }

    #[test]
    fn pooling(
        (kind, sequence, same, accumulate) in (
            prop::sample::select(&[PoolKind::Max, PoolKind::Average][..]), any::<bool>(), any::<bool>(), any::<bool>(),
        ),
        (axes, channels, rows) in ([(1_usize..9, 1_usize..5, 1_usize..5), (1..9, 1..5, 1..5)], channels(), 1_usize..3),
    ) {
        let mut image = axes.map(|axis| axis.0);
        let mut size = axes.map(|axis| axis.1);
        let strides = axes.map(|axis| axis.2);
        if sequence {
            (image[0], size[0]) = (1, 1);
        }
        if !same {
            image = [0, 1].map(|axis| image[axis].max(size[axis]));
        }
        let pools = defined::pools(image, channels, size, strides, same);
        let (x, y) = (image[0] * image[1] * channels, pools.len());
        let lens = [x, y, y, x, 0, 0, 0, 0, 0];
        let slot = |slot: usize| View::whole(slot, lens[slot]);
        let dx = Some(GradientTarget { view: slot(DX), accumulate, mask: None });
        let op = Op::Pooling(Pooling {
            kind,
            image: [image[0], image[1], channels],
            size,
            strides,
            padding: if same { pooling::Padding::Same } else { pooling::Padding::Valid },
            x: Read::kept(slot(X), dx),
            y: Written::kept(slot(Y), Some(slot(DY))),
        });
        let before = Values {
            x: numbers(1, rows * x),
            params: vec![],
            dy: numbers(3, rows * y),
            y: vec![],
            dx: numbers(4, rows * x),
            gradient: vec![],
        };
        let wanted = defined::pooled(kind, &pools, &before, accumulate);
        Case { op, lens, rows }.check(&before, &wanted)?;
    }
}
