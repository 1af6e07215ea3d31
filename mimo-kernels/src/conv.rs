//! Convolutions of single samples, channels last: the three passes that forward and backward of all convolutions
//! are made of, over one geometry.
//!
//! [`convolve`] gathers: it is the forward of a convolution, and the input gradient of a transposed one.
//! [`convolve_transposed`] spreads: the other way round. [`convolve_kernel_gradient`] serves both. Samples are
//! padded with zeros by [`pad`] first, so that no pass has to look at borders.

use super::dispatch::Kernels;
use core::ptr;

use super::element::Element;
use super::matrix::Mat;
use super::product::Correlation;
use super::windows::Windows;

/// The image rows whose kernel gradients are summed in one go: this many values of the output's gradient stay in
/// the first-level cache while the rows of the kernel pass over them.
const BAND: usize = 6 * 1024;

/// How the windows of a convolution lie in its input. Axes are height and width; sequences have height 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Lengths of the input.
    pub input: [usize; 2],
    /// Lengths of the output.
    pub output: [usize; 2],
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub filters: usize,
    /// Taps of the kernel.
    pub kernel: [usize; 2],
    /// From a window to the next.
    pub strides: [usize; 2],
    /// From a tap to the next; 1 along an axis whose stride is not.
    pub dilation: [usize; 2],
    /// Zeros before the input.
    pub padding: [usize; 2],
    /// Parts of the channels that do not see each other.
    pub groups: usize,
}

impl Geometry {
    /// From the first tap of a window to its last.
    const fn reach(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis]
    }

    /// Lengths of the padded input.
    pub(super) const fn padded(&self) -> [usize; 2] {
        let mut lens = [0; 2];
        let mut axis = 0;
        while axis < 2 {
            let windows = (self.output[axis] - 1) * self.strides[axis] + self.reach(axis) + 1;
            let own = self.input[axis] + self.padding[axis];
            lens[axis] = if windows > own { windows } else { own };
            axis += 1;
        }
        lens
    }

    /// Lengths of the padded output, and the zeros before it.
    pub(super) const fn padded_output(&self) -> ([usize; 2], [usize; 2]) {
        let (mut lens, mut before) = ([0; 2], [0; 2]);
        let mut axis = 0;
        while axis < 2 {
            let stride = self.strides[axis];
            let seen = (self.input[axis] - 1 + self.padding[axis]) / stride + 1;
            let own = self.output[axis];
            before[axis] = self.reach(axis) / stride;
            lens[axis] = before[axis] + if seen > own { seen } else { own };
            axis += 1;
        }
        (lens, before)
    }

    /// Panics unless the passes stay inside the lengths that are computed here.
    #[track_caller]
    pub(super) fn check(&self) {
        for axis in 0..2 {
            let lens = [self.input[axis], self.output[axis], self.kernel[axis], self.strides[axis]];
            assert!(!lens.contains(&0), "{self:?} has an empty axis");
            assert!(self.strides[axis] == 1 || self.dilation[axis] == 1, "{self:?} skips windows and taps");
        }
        let divides = self.groups > 0
            && self.channels.is_multiple_of(self.groups)
            && self.filters.is_multiple_of(self.groups);
        assert!(divides, "{self:?} does not divide into its groups");
    }

    /// Whether [`convolve`] reads a padded input, and not the input itself.
    pub const fn is_padded(&self) -> bool {
        let padded = self.padded();
        padded[0] != self.input[0] || padded[1] != self.input[1]
    }

    /// Values of an input that [`convolve`] reads.
    pub const fn padded_len(&self) -> usize {
        let [height, width] = self.padded();
        volume(height, width, self.channels)
    }

    /// Values of a line of the padded input.
    pub(crate) const fn padded_line(&self) -> usize {
        self.padded()[1] * self.channels
    }

    /// Values of an output that [`convolve_transposed`] reads.
    pub const fn padded_output_len(&self) -> usize {
        let ([height, width], _) = self.padded_output();
        volume(height, width, self.filters)
    }

    /// Values of the kernel, `[height, width, channels / groups, filters]`.
    pub const fn kernel_len(&self) -> usize {
        volume(self.kernel[0] * self.kernel[1], self.channels / self.groups, self.filters)
    }

    pub(super) const fn output_len(&self) -> usize {
        volume(self.output[0], self.output[1], self.filters)
    }

    pub(super) const fn input_len(&self) -> usize {
        volume(self.input[0], self.input[1], self.channels)
    }

    /// Runs per line of taps, from run to run, and values per run: taps that follow each other are one run.
    const fn runs(&self, channels: usize, step: usize) -> (usize, usize, usize) {
        if self.dilation[1] == 1 && self.groups == 1 {
            (1, 0, self.kernel[1] * channels)
        } else {
            (self.kernel[1], step, channels / self.groups)
        }
    }
}

/// The product of three lengths.
const fn volume(a: usize, b: usize, c: usize) -> usize {
    match a.checked_mul(b) {
        Some(area) => match area.checked_mul(c) {
            Some(volume) => volume,
            None => panic!("a convolution is too large"),
        },
        None => panic!("a convolution is too large"),
    }
}

/// Adds the transpose of the `[rows, cols]` matrix at `from` to the matrix at `to`. They must not overlap.
pub fn add_transposed<E: Element>(arena: &mut [E], from: usize, rows: usize, cols: usize, to: usize) {
    for (row, start) in (0..rows).map(|row| (row, from + row * cols)) {
        for col in 0..cols {
            let value = arena[start + col];
            arena[to + col * rows + row] += value;
        }
    }
}

/// Writes the transpose of `matrix`, `[rows, cols]`, to `turned`.
pub fn transpose<E: Element>(matrix: &[E], rows: usize, cols: usize, turned: &mut [E]) {
    for (col, to) in turned.chunks_exact_mut(rows.max(1)).take(cols).enumerate() {
        to.iter_mut().zip(matrix[col..].iter().step_by(cols)).for_each(|(to, from)| *to = *from);
    }
}

/// Adds the gradient of a padded input at `from` to that of the input at `to`.
pub fn add_unpadded<E: Element>(arena: &mut [E], geometry: &Geometry, from: usize, to: usize) {
    let line = geometry.input[1] * geometry.channels;
    let wide = geometry.padded_line();
    let first = from + geometry.padding[0] * wide + geometry.padding[1] * geometry.channels;
    for row in 0..geometry.input[0] {
        let (from, to) =
            (Mat::contiguous(first + row * wide, 1, line), Mat::contiguous(to + row * line, 1, line));
        super::copy(arena, from, to, true);
    }
}

/// What happens to a result as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finish<'a, E> {
    /// What every position starts from.
    pub bias: Option<&'a [E]>,
    /// Add to what is there; the bias is then ignored.
    pub accumulate: bool,
    /// Replace negative results by zero.
    pub relu: bool,
}

impl<E: Element> Finish<'_, E> {
    pub(super) fn bias(&self, from: usize, len: usize) -> *const E {
        self.bias.map_or(ptr::null(), |bias| bias[from..from + len].as_ptr())
    }
}

/// Copies an image of `channels` per position into a larger one, with zeros around it. `from` and `to` are the first
/// values in the arena.
fn place<E: Element>(
    arena: &mut [E],
    from: usize,
    lens: [usize; 2],
    channels: usize,
    to: usize,
    padded: [usize; 2],
    before: [usize; 2],
) {
    let (line, wide) = (lens[1] * channels, padded[1] * channels);
    arena[to..to + padded[0] * wide].fill(E::of(0.0));
    for row in 0..lens[0] {
        let start = from + row * line;
        arena.copy_within(start..start + line, to + (row + before[0]) * wide + before[1] * channels);
    }
}

/// Copies the input at `from` to `to`, with the zeros around it that [`convolve`] reads.
pub fn pad<E: Element>(arena: &mut [E], geometry: &Geometry, from: usize, to: usize) {
    place(arena, from, geometry.input, geometry.channels, to, geometry.padded(), geometry.padding);
}

/// Copies the output at `from` to `to`, with the zeros around it that [`convolve_transposed`] reads.
pub fn pad_output<E: Element>(arena: &mut [E], geometry: &Geometry, from: usize, to: usize) {
    let (lens, before) = geometry.padded_output();
    place(arena, from, geometry.output, geometry.filters, to, lens, before);
}

/// `output = input * kernel`: for every window of the padded input at `input`, its products with the kernel.
///
/// `kernel` is `[height, width, channels / groups, filters]`. Input and output must not overlap.
pub fn convolve<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    input: usize,
    output: usize,
    kernel: &[E],
    finish: Finish<'_, E>,
) {
    geometry.check();
    Mat::contiguous(input, 1, geometry.padded_len()).check(arena.len());
    Mat::contiguous(output, 1, geometry.output_len()).check(arena.len());
    assert!(kernel.len() >= geometry.kernel_len(), "convolution kernel is too short");
    let Geometry { channels, filters, groups, strides, dilation, .. } = *geometry;
    let line = geometry.padded()[1] * channels;
    let (runs, run_step, depth) = geometry.runs(channels, dilation[1] * channels);
    let cols = filters / groups;
    let base = arena.as_mut_ptr();
    for group in 0..groups {
        let windows = Windows {
            lines: geometry.output[0],
            line_len: geometry.output[1],
            left: base.wrapping_add(input + group * (channels / groups)),
            left_step: [strides[0] * line, strides[1] * channels],
            taps: [geometry.kernel[0], runs],
            tap_step: [dilation[0] * line, run_step],
            depth,
            right: kernel.as_ptr().wrapping_add(group * cols),
            right_stride: filters,
            cols,
            output: base.wrapping_add(output + group * cols),
            output_step: [geometry.output[1] * filters, filters],
            bias: finish.bias(group * cols, cols),
            accumulate: finish.accumulate,
            relu: finish.relu,
        };
        // SAFETY: the padded input holds every window of the output, which the length of it was checked for as the
        // lengths of output and kernel were; the table is for this processor.
        unsafe { E::kernels().windows(&windows) }
    }
}

/// The taps that meet an input position of one axis: the first position of a phase, the positions, where the
/// padded output is read first, and the first tap and the number of taps.
pub(super) struct Phase {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) start: usize,
    pub(super) tap: usize,
    pub(super) taps: usize,
}

/// Input positions whose windows lie alike along an axis: as many phases as the stride is long.
pub(super) fn phase(geometry: &Geometry, axis: usize, first: usize) -> Phase {
    let (stride, padding) = (geometry.strides[axis], geometry.padding[axis]);
    let (_, before) = geometry.padded_output();
    let tap = (first + padding) % stride;
    let taps = geometry.kernel[axis].saturating_sub(tap).div_ceil(stride);
    let reach = taps.saturating_sub(1) * geometry.dilation[axis];
    let count = geometry.input[axis].saturating_sub(first).div_ceil(stride);
    // Where no tap meets a position nothing is read.
    let start = (before[axis] + (first + padding) / stride).saturating_sub(reach);
    Phase { first, count, start, tap, taps }
}

/// Lays a kernel out as [`convolve_transposed`] reads it: groups, then phases of the input, then taps backwards,
/// each `[filters / groups, channels / groups]`.
pub fn turn_kernel<E: Element>(geometry: &Geometry, kernel: &[E], turned: &mut [E]) {
    let Geometry { channels, filters, groups, strides, .. } = *geometry;
    let (rows, cols) = (channels / groups, filters / groups);
    let mut blocks = turned.chunks_exact_mut((rows * cols).max(1));
    for group in 0..groups {
        for vertical in (0..strides[0]).map(|first| phase(geometry, 0, first)) {
            for horizontal in (0..strides[1]).map(|first| phase(geometry, 1, first)) {
                for y in (0..vertical.taps).rev().map(|tap| vertical.tap + tap * strides[0]) {
                    for x in (0..horizontal.taps).rev().map(|tap| horizontal.tap + tap * strides[1]) {
                        let tap = (y * geometry.kernel[1] + x) * rows * filters + group * cols;
                        let Some(block) = blocks.next() else { return };
                        for (filter, to) in block.chunks_exact_mut(rows).enumerate() {
                            let column = kernel[tap + filter..].iter().step_by(filters);
                            to.iter_mut().zip(column).for_each(|(to, from)| *to = *from);
                        }
                    }
                }
            }
        }
    }
}

/// `input = output * kernelᵀ`: every output adds its window's share to the input.
///
/// `output` is padded by [`pad_output`], `turned` is the kernel as [`turn_kernel`] lays it out, both are places in
/// the arena. Input and output must not overlap. Every input position is written, also those in no window.
pub fn convolve_transposed<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    output: usize,
    input: usize,
    turned: usize,
    finish: Finish<'_, E>,
) {
    geometry.check();
    Mat::contiguous(output, 1, geometry.padded_output_len()).check(arena.len());
    Mat::contiguous(input, 1, geometry.input_len()).check(arena.len());
    Mat::contiguous(turned, 1, geometry.kernel_len()).check(arena.len());
    let Geometry { channels, filters, groups, strides, dilation, .. } = *geometry;
    let ([_, width], _) = geometry.padded_output();
    let (line, wide) = (geometry.input[1] * channels, width * filters);
    let (rows, cols) = (filters / groups, channels / groups);
    let base = arena.as_mut_ptr();
    let mut right = turned;
    for group in 0..groups {
        for vertical in (0..strides[0]).map(|first| phase(geometry, 0, first)) {
            for horizontal in (0..strides[1]).map(|first| phase(geometry, 1, first)) {
                let taps = vertical.taps * horizontal.taps;
                let merged = dilation[1] == 1 && groups == 1;
                let place = vertical.first * line + horizontal.first * channels + group * cols;
                let windows = Windows {
                    lines: vertical.count,
                    line_len: horizontal.count,
                    left: base.wrapping_add(
                        output + vertical.start * wide + horizontal.start * filters + group * rows,
                    ),
                    left_step: [wide, filters],
                    taps: [vertical.taps, if merged { 1 } else { horizontal.taps }],
                    tap_step: [dilation[0] * wide, dilation[1] * filters],
                    depth: if merged { horizontal.taps * rows } else { rows },
                    right: base.wrapping_add(right),
                    right_stride: cols,
                    cols,
                    output: base.wrapping_add(input + place),
                    output_step: [strides[0] * line, strides[1] * channels],
                    bias: finish.bias(group * cols, cols),
                    accumulate: finish.accumulate,
                    relu: finish.relu,
                };
                right += taps * rows * cols;
                if vertical.count > 0 && horizontal.count > 0 {
                    // SAFETY: the padded output holds what every input position meets, and the lengths were
                    // checked; the phases' taps together are the taps of the kernel; the table is for this
                    // processor.
                    unsafe { E::kernels().windows(&windows) }
                }
            }
        }
    }
}

/// `gradient += inputᵀ * dy`: the gradient of the kernel for one sample.
///
/// `input` is padded as for [`convolve`], `dy` is a gradient of the output, `gradient` has the layout of the kernel;
/// all are places in the arena. The gradient must not overlap the others.
pub fn convolve_kernel_gradient<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    input: usize,
    dy: usize,
    gradient: usize,
) {
    geometry.check();
    Mat::contiguous(input, 1, geometry.padded_len()).check(arena.len());
    Mat::contiguous(dy, 1, geometry.output_len()).check(arena.len());
    Mat::contiguous(gradient, 1, geometry.kernel_len()).check(arena.len());
    let Geometry { channels, filters, groups, strides, dilation, .. } = *geometry;
    let [height, width] = geometry.output;
    let line = geometry.padded()[1] * channels;
    let (runs, run_step, depth) = geometry.runs(channels, dilation[1] * channels);
    let cols = filters / groups;
    let band = (BAND / (width * filters).max(1)).max(1);
    let base = arena.as_mut_ptr();
    for group in 0..groups {
        for from in (0..height).step_by(band) {
            let lines = band.min(height - from);
            for tap in 0..geometry.kernel[0] {
                for run in 0..runs {
                    let left = input
                        + (from * strides[0] + tap * dilation[0]) * line
                        + run * run_step
                        + group * (channels / groups);
                    let correlation = Correlation {
                        chunk_rows: width,
                        rows: lines * width,
                        left: base.wrapping_add(left),
                        left_stride: strides[1] * channels,
                        left_chunk: strides[0] * line,
                        depth,
                        right: base.wrapping_add(dy + from * width * filters + group * cols),
                        right_stride: filters,
                        right_chunk: width * filters,
                        cols,
                        gradient: base
                            .wrapping_add(gradient + (tap * runs + run) * depth * filters + group * cols),
                        gradient_stride: filters,
                        accumulate: true,
                    };
                    // SAFETY: these are rows of windows of the padded input, rows of the output's gradient and rows
                    // of the kernel's, whose lengths were checked; the table is for this processor.
                    unsafe { E::kernels().correlation(&correlation) }
                }
            }
        }
    }
}

/// Adds the sum of each of `channels` columns of `rows` rows at `dy` to `sums`: the gradient of a bias. Both are places
/// in the arena that do not overlap.
pub fn add_column_sums<E: Element>(arena: &mut [E], dy: usize, rows: usize, channels: usize, sums: usize) {
    Mat::contiguous(dy, rows, channels).check(arena.len());
    Mat::contiguous(sums, 1, channels).check(arena.len());
    let base = arena.as_mut_ptr();
    let right = base.wrapping_add(dy);
    let correlation = Correlation {
        chunk_rows: rows,
        rows,
        left: right,
        left_stride: 0,
        left_chunk: 0,
        depth: 1,
        right,
        right_stride: channels,
        right_chunk: 0,
        cols: channels,
        gradient: base.wrapping_add(sums),
        gradient_stride: channels,
        accumulate: true,
    };
    // SAFETY: the places were checked above, and the table is for this processor.
    unsafe { E::kernels().column_sums(&correlation) }
}
