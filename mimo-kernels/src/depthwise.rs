//! Depthwise convolutions of single samples, channels last: every channel has its own kernel, so the loops run along
//! the channels, which are contiguous.
//!
//! The passes work on geometries with one output channel per input channel. With a depth multiplier, [`widen`] first
//! copies each channel as often, and [`narrow`] finally sums the gradients of the copies.

use super::conv::{self, Epilogue, Geometry};
use super::dispatch::Kernels;
use super::element::Element;
use super::matrix::Mat;
use super::taps::{TapGradient, Taps};

/// Geometry between the copied channels and the output, one to one.
fn wide(geometry: &Geometry) -> Geometry {
    let n = geometry.filters;
    Geometry { channels: n, groups: n, ..*geometry }
}

/// Panics unless there are as many groups as channels.
#[track_caller]
fn check(geometry: &Geometry) {
    geometry.check();
    assert!(geometry.groups == geometry.channels, "{geometry:?} mixes channels");
}

impl Geometry {
    /// Whether [`depthwise`] reads a copy made by [`widen`] instead of the input itself.
    pub const fn is_widened(&self) -> bool {
        self.is_padded() || self.filters != self.channels
    }

    /// Number of values of an input that [`depthwise`] reads.
    pub const fn widened_len(&self) -> usize {
        self.padded_len() / self.channels * self.filters
    }
}

/// Copies the input at `from` to `to`, adding the padding and the copies of channels that [`depthwise`] reads.
pub fn widen<E: Element>(arena: &mut [E], geometry: &Geometry, from: usize, to: usize) {
    check(geometry);
    if geometry.filters == geometry.channels {
        return conv::pad(arena, geometry, from, to);
    }
    let Geometry { input: [height, width], channels, filters, padding, .. } = *geometry;
    let line = geometry.padded()[1] * filters;
    arena[to..to + geometry.widened_len()].fill(E::of(0.0));
    for row in 0..height {
        let (from, to) =
            (from + row * width * channels, to + (row + padding[0]) * line + padding[1] * filters);
        repeat(arena, from, to, width * channels, filters / channels);
    }
}

/// Writes each of the `len` values at `from` `times` times to `to`.
fn repeat<E: Element>(arena: &mut [E], from: usize, to: usize, len: usize, times: usize) {
    for i in 0..len {
        let value = arena[from + i];
        arena[to + i * times..to + (i + 1) * times].fill(value);
    }
}

/// Adds up the gradients of the copies at `from`, which have no padding, and writes the gradient of the input to
/// `to`.
pub fn narrow<E: Element>(arena: &mut [E], geometry: &Geometry, from: usize, to: usize, accumulate: bool) {
    check(geometry);
    let times = geometry.filters / geometry.channels;
    for i in 0..geometry.input_len() {
        let mut sum = if accumulate { arena[to + i] } else { E::of(0.0) };
        for copy in &arena[from + i * times..from + (i + 1) * times] {
            sum += *copy;
        }
        arena[to + i] = sum;
    }
}

/// Computes `output = input * kernel`, channel by channel.
///
/// `input` is the result of [`widen`], `kernel` is `[height, width, filters]`. Input and output must not overlap.
pub fn depthwise<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    input: usize,
    output: usize,
    kernel: &[E],
    epilogue: Epilogue<'_, E>,
) {
    check(geometry);
    let geometry = wide(geometry);
    Mat::contiguous(input, 1, geometry.padded_len()).check(arena.len());
    Mat::contiguous(output, 1, geometry.output_len()).check(arena.len());
    assert!(kernel.len() >= geometry.kernel_len(), "convolution kernel is too short");
    let Geometry { channels, strides, dilation, kernel: taps, .. } = geometry;
    let line = geometry.padded()[1] * channels;
    let base = arena.as_mut_ptr();
    let taps = Taps {
        lines: geometry.output[0],
        line_len: geometry.output[1],
        left: base.wrapping_add(input),
        left_step: [strides[0] * line, strides[1] * channels],
        taps,
        tap_step: [dilation[0] * line, dilation[1] * channels],
        right: kernel.as_ptr(),
        right_step: [(taps[1] * channels).cast_signed(), channels.cast_signed()],
        channels,
        output: base.wrapping_add(output),
        output_step: [geometry.output[1] * channels, channels],
        bias: epilogue.bias(0, channels),
        accumulate: epilogue.accumulate,
        relu: epilogue.relu,
    };
    // SAFETY: the padded input holds every window of the output, since the lengths of input, output and kernel were
    // checked; the table is for this processor.
    unsafe { E::kernels().taps(&taps) }
}

/// Computes `input = output * kernelᵀ`, channel by channel. `input` has one copy of each channel for every output
/// channel, and no padding.
///
/// `output` is padded by [`conv::pad_output`]. Input and output must not overlap. Every input position is written,
/// including those in no window.
pub fn depthwise_transposed<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    output: usize,
    input: usize,
    kernel: &[E],
    accumulate: bool,
) {
    check(geometry);
    let geometry = wide(geometry);
    Mat::contiguous(output, 1, geometry.padded_output_len()).check(arena.len());
    Mat::contiguous(input, 1, geometry.input_len()).check(arena.len());
    assert!(kernel.len() >= geometry.kernel_len(), "convolution kernel is too short");
    let Geometry { channels, strides, dilation, kernel: [_, columns], .. } = geometry;
    let ([_, width], _) = geometry.padded_output();
    let (line, long) = (geometry.input[1] * channels, width * channels);
    let base = arena.as_mut_ptr();
    for vertical in (0..strides[0]).map(|first| conv::phase(&geometry, 0, first)) {
        for horizontal in (0..strides[1]).map(|first| conv::phase(&geometry, 1, first)) {
            if vertical.count == 0 || horizontal.count == 0 {
                continue;
            }
            // A position meets the outputs in the reverse order of taps.
            let last = |tap: usize, taps: usize, stride: usize| tap + taps.saturating_sub(1) * stride;
            let bottom = last(vertical.tap, vertical.taps, strides[0]);
            let rightmost = last(horizontal.tap, horizontal.taps, strides[1]);
            let back = |values: usize| -values.cast_signed();
            let taps = Taps {
                lines: vertical.count,
                line_len: horizontal.count,
                left: base.wrapping_add(output + vertical.start * long + horizontal.start * channels),
                left_step: [long, channels],
                taps: [vertical.taps, horizontal.taps],
                tap_step: [dilation[0] * long, dilation[1] * channels],
                right: kernel.as_ptr().wrapping_add((bottom * columns + rightmost) * channels),
                right_step: [back(strides[0] * columns * channels), back(strides[1] * channels)],
                channels,
                output: base.wrapping_add(input + vertical.first * line + horizontal.first * channels),
                output_step: [strides[0] * line, strides[1] * channels],
                bias: core::ptr::null(),
                accumulate,
                relu: false,
            };
            // SAFETY: the padded output holds all positions that the input meets, and the lengths were checked; a
            // phase has only taps of the kernel; the table is for this processor.
            unsafe { E::kernels().taps(&taps) }
        }
    }
}

/// Computes `gradient += inputᵀ * dy`, channel by channel: the gradient of the kernel for one sample.
///
/// `input` is the result of [`widen`], `dy` is a gradient of the output, `gradient` has the layout of the kernel; all
/// are offsets in the arena. The gradient must not overlap the others.
pub fn depthwise_kernel_gradient<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    input: usize,
    dy: usize,
    gradient: usize,
) {
    check(geometry);
    let geometry = wide(geometry);
    Mat::contiguous(input, 1, geometry.padded_len()).check(arena.len());
    Mat::contiguous(dy, 1, geometry.output_len()).check(arena.len());
    Mat::contiguous(gradient, 1, geometry.kernel_len()).check(arena.len());
    let Geometry { channels, strides, dilation, kernel, .. } = geometry;
    let line = geometry.padded()[1] * channels;
    let base = arena.as_mut_ptr();
    let taps = TapGradient {
        lines: geometry.output[0],
        line_len: geometry.output[1],
        left: base.wrapping_add(input),
        left_step: [strides[0] * line, strides[1] * channels],
        taps: kernel,
        tap_step: [dilation[0] * line, dilation[1] * channels],
        dy: base.wrapping_add(dy),
        channels,
        gradient: base.wrapping_add(gradient),
    };
    // SAFETY: the padded input holds every window of the output, and the lengths were checked; the table is for this
    // processor.
    unsafe { E::kernels().tap_gradient(&taps) }
}
