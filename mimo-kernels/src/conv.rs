//! Convolutions of single samples, channels last: three passes over one geometry.
//!
//! [`convolve`] gathers: it is the forward of a convolution and the input gradient of a transposed one.
//! [`convolve_transposed`] scatters: it is the forward of a transposed convolution and the input gradient of a
//! convolution. [`convolve_kernel_gradient`] serves both. Samples are padded with zeros by [`pad`] first, so that the
//! passes need no checks at borders.

use super::dispatch::Kernels;
use core::ptr;

use super::element::Element;
use super::matrix::Mat;
use super::product::Correlation;
use super::windows::Windows;

/// Size of the band of image rows whose kernel gradients are summed together: this many values of the output's
/// gradient stay in the first-level cache while the rows of the kernel pass over them.
const BAND: usize = 6 * 1024;

/// Geometry of a convolution. Axes are height and width; sequences have height 1.
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
    /// Size of the kernel.
    pub kernel: [usize; 2],
    /// Distance between consecutive windows.
    pub strides: [usize; 2],
    /// Distance between consecutive taps; 1 along an axis whose stride is not 1.
    pub dilation: [usize; 2],
    /// Zeros before the input.
    pub padding: [usize; 2],
    /// Number of groups of channels that are convolved separately.
    pub groups: usize,
}

impl Geometry {
    /// Distance from the first to the last tap of a window.
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

    /// Whether [`convolve`] reads a padded copy instead of the input itself.
    pub const fn is_padded(&self) -> bool {
        let padded = self.padded();
        padded[0] != self.input[0] || padded[1] != self.input[1]
    }

    /// Number of values of an input that [`convolve`] reads.
    pub const fn padded_len(&self) -> usize {
        let [height, width] = self.padded();
        volume(height, width, self.channels)
    }

    /// Number of values in a line of the padded input.
    pub(crate) const fn padded_line(&self) -> usize {
        self.padded()[1] * self.channels
    }

    /// Number of values of an output that [`convolve_transposed`] reads.
    pub const fn padded_output_len(&self) -> usize {
        let ([height, width], _) = self.padded_output();
        volume(height, width, self.filters)
    }

    /// Number of values of the kernel, `[height, width, channels / groups, filters]`.
    pub const fn kernel_len(&self) -> usize {
        volume(self.kernel[0] * self.kernel[1], self.channels / self.groups, self.filters)
    }

    pub(super) const fn output_len(&self) -> usize {
        volume(self.output[0], self.output[1], self.filters)
    }

    pub(super) const fn input_len(&self) -> usize {
        volume(self.input[0], self.input[1], self.channels)
    }

    /// Runs per line of taps, distance between runs, and values per run: consecutive taps form one run.
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

/// Writes the transpose of `matrix`, `[rows, cols]`, to `transposed`.
pub fn transpose<E: Element>(matrix: &[E], rows: usize, cols: usize, transposed: &mut [E]) {
    for (col, to) in transposed.chunks_exact_mut(rows.max(1)).take(cols).enumerate() {
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

/// Epilogue: applied to a result as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a, E> {
    /// Initial value of every position.
    pub bias: Option<&'a [E]>,
    /// Add to the present values; the bias is then ignored.
    pub accumulate: bool,
    /// Replace negative results by zero.
    pub relu: bool,
}

impl<E: Element> Epilogue<'_, E> {
    pub(super) fn bias(&self, from: usize, len: usize) -> *const E {
        self.bias.map_or(ptr::null(), |bias| bias[from..from + len].as_ptr())
    }
}

/// Copies an image of `channels` per position into a larger one and fills the border with zeros. `from` and `to` are
/// offsets in the arena.
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

/// Computes `output = input * kernel`: for every window of the padded input at `input`, its products with the kernel.
///
/// `kernel` is `[height, width, channels / groups, filters]`. Input and output must not overlap.
pub fn convolve<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    input: usize,
    output: usize,
    kernel: &[E],
    epilogue: Epilogue<'_, E>,
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
            bias: epilogue.bias(group * cols, cols),
            accumulate: epilogue.accumulate,
            relu: epilogue.relu,
        };
        // SAFETY: the padded input holds every window of the output, since the lengths of input, output and kernel
        // were checked; the table is for this processor.
        unsafe { E::kernels().windows(&windows) }
    }
}

/// The taps that meet the input positions of one phase of an axis: the first position, the number of positions, where
/// the padded output is read first, the first tap, and the number of taps.
pub(super) struct Phase {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) start: usize,
    pub(super) tap: usize,
    pub(super) taps: usize,
}

/// Input positions at equal distance from their windows along an axis. There are as many phases as the stride is
/// long.
pub(super) fn phase(geometry: &Geometry, axis: usize, first: usize) -> Phase {
    let (stride, padding) = (geometry.strides[axis], geometry.padding[axis]);
    let (_, before) = geometry.padded_output();
    let tap = (first + padding) % stride;
    let taps = geometry.kernel[axis].saturating_sub(tap).div_ceil(stride);
    let reach = taps.saturating_sub(1) * geometry.dilation[axis];
    let count = geometry.input[axis].saturating_sub(first).div_ceil(stride);
    // Where no tap meets a position, nothing is read.
    let start = (before[axis] + (first + padding) / stride).saturating_sub(reach);
    Phase { first, count, start, tap, taps }
}

/// Copies a kernel in the layout that [`convolve_transposed`] reads: groups, then phases of the input, then taps in
/// reverse, each `[filters / groups, channels / groups]`.
pub fn reverse_kernel<E: Element>(geometry: &Geometry, kernel: &[E], reversed: &mut [E]) {
    let Geometry { channels, filters, groups, strides, .. } = *geometry;
    let (rows, cols) = (channels / groups, filters / groups);
    let mut blocks = reversed.chunks_exact_mut((rows * cols).max(1));
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

/// Computes `input = output * kernelᵀ`: every output position adds its part to the window that it was computed from.
///
/// `output` is padded by [`pad_output`], and `reversed` is the kernel in the layout of [`reverse_kernel`]; both are
/// offsets in the arena. Input and output must not overlap. Every input position is written, including those in no
/// window.
pub fn convolve_transposed<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    output: usize,
    input: usize,
    reversed: usize,
    epilogue: Epilogue<'_, E>,
) {
    geometry.check();
    Mat::contiguous(output, 1, geometry.padded_output_len()).check(arena.len());
    Mat::contiguous(input, 1, geometry.input_len()).check(arena.len());
    Mat::contiguous(reversed, 1, geometry.kernel_len()).check(arena.len());
    let Geometry { channels, filters, groups, strides, dilation, .. } = *geometry;
    let ([_, width], _) = geometry.padded_output();
    let (line, wide) = (geometry.input[1] * channels, width * filters);
    let (rows, cols) = (filters / groups, channels / groups);
    let base = arena.as_mut_ptr();
    let mut right = reversed;
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
                    bias: epilogue.bias(group * cols, cols),
                    accumulate: epilogue.accumulate,
                    relu: epilogue.relu,
                };
                right += taps * rows * cols;
                if vertical.count > 0 && horizontal.count > 0 {
                    // SAFETY: the padded output holds all positions that the input meets, and the lengths were
                    // checked; the phases together have exactly the taps of the kernel; the table is for this
                    // processor.
                    unsafe { E::kernels().windows(&windows) }
                }
            }
        }
    }
}

/// Computes `gradient += inputᵀ * dy`: the gradient of the kernel for one sample.
///
/// `input` is padded as for [`convolve`], `dy` is a gradient of the output, `gradient` has the layout of the kernel;
/// all are offsets in the arena. The gradient must not overlap the others.
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

/// Adds the column sums of the `[rows, channels]` matrix at `dy` to `sums`: the gradient of a bias. Both are offsets
/// in the arena and must not overlap.
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
