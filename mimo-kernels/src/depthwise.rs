//! Depthwise convolutions of single samples, channels last: every channel has a kernel of its own, so the passes run
//! along the channels, which lie side by side.
//!
//! They work on geometries in which every channel gives one. Where it gives several, [`widen`] copies it as often
//! first, and [`narrow`] sums up the gradients of the copies at the end.

use super::conv::{self, Finish, Geometry};
use super::dispatch::Kernels;
use super::element::Element;
use super::matrix::Mat;
use super::taps::{TapGradient, Taps};

/// The geometry between channels that were copied and what they give, one for one.
fn wide(geometry: &Geometry) -> Geometry {
    let n = geometry.filters;
    Geometry { channels: n, groups: n, ..*geometry }
}

/// Panics unless the channels are the groups.
#[track_caller]
fn check(geometry: &Geometry) {
    geometry.check();
    assert!(geometry.groups == geometry.channels, "{geometry:?} mixes channels");
}

impl Geometry {
    /// Whether [`depthwise`] reads what [`widen`] made, and not the input itself.
    pub const fn is_widened(&self) -> bool {
        self.is_padded() || self.filters != self.channels
    }

    /// Values of an input that [`depthwise`] reads.
    pub const fn widened_len(&self) -> usize {
        self.padded_len() / self.channels * self.filters
    }
}

/// Copies the input at `from` to `to`, with the zeros around it and the copies of channels that [`depthwise`] reads.
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

/// Writes each of `len` values at `from` `times` times at `to`.
fn repeat<E: Element>(arena: &mut [E], from: usize, to: usize, len: usize, times: usize) {
    for i in 0..len {
        let value = arena[from + i];
        arena[to + i * times..to + (i + 1) * times].fill(value);
    }
}

/// The sums of the copies at `from`, gradients of an input without zeros around it, to the gradient of the input at
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

/// `output = input * kernel`, channel by channel.
///
/// `input` is what [`widen`] makes, `kernel` is `[height, width, filters]`. Input and output must not overlap.
pub fn depthwise<E: Element>(
    arena: &mut [E],
    geometry: &Geometry,
    input: usize,
    output: usize,
    kernel: &[E],
    finish: Finish<'_, E>,
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
        bias: finish.bias(0, channels),
        accumulate: finish.accumulate,
        relu: finish.relu,
    };
    // SAFETY: the padded input holds every window of the output, which the length of it was checked for as the
    // lengths of output and kernel were; the table is for this processor.
    unsafe { E::kernels().taps(&taps) }
}

/// `input = output * kernelᵀ`, channel by channel: every output adds its window's share to the input, which has a copy
/// of each channel for every one that it gives and no zeros around it.
///
/// `output` is padded by [`conv::pad_output`]. Input and output must not overlap. Every input position is written, also
/// those in no window.
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
            // The outputs that a position meets come in the order of taps backwards.
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
            // SAFETY: the padded output holds what every input position meets, and the lengths were checked; the
            // taps of a phase are some of the kernel's; the table is for this processor.
            unsafe { E::kernels().taps(&taps) }
        }
    }
}

/// `gradient += inputᵀ * dy`, channel by channel: the gradient of the kernel for one sample.
///
/// `input` is what [`widen`] makes, `dy` is a gradient of the output, `gradient` has the layout of the kernel; all are
/// places in the arena. The gradient must not overlap the others.
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
