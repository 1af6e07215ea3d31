//! Convolutions and pooling on small images, mainly for Miri: the tests of layers in `mimo-runtime` check the numbers
//! at length.

use super::*;
use crate::conv::{Epilogue, Geometry, reverse_kernel, transpose};
use crate::{PoolKind, Windows, conv, depthwise, pooled, pooling, pooling_gradient};

const PLAIN: Geometry = Geometry {
    input: [3, 5],
    output: [2, 4],
    channels: 2,
    filters: 5,
    kernel: [2, 2],
    strides: [1, 1],
    dilation: [1, 1],
    padding: [0, 0],
    groups: 1,
};

/// Places in an arena, one after another.
struct Places(usize);

impl Places {
    fn of(&mut self, len: usize) -> usize {
        self.0 += len;
        self.0 - len
    }
}

fn inner<E: Element>(a: &[E], b: &[E]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.f64() * b.f64()).sum()
}

/// `Σ x[position of the tap] · kernel[tap]` for every window, by the definition.
fn convolved<E: Element>(g: &Geometry, x: &[E], kernel: &[E]) -> Vec<f64> {
    let (rows, cols) = (g.channels / g.groups, g.filters / g.groups);
    let mut y = vec![0.0; g.output_len()];
    for (at, y) in y.iter_mut().enumerate() {
        let (filter, window) = (at % g.filters, at / g.filters);
        let window = [window / g.output[1], window % g.output[1]];
        for tap in 0..g.kernel[0] * g.kernel[1] {
            let taps = [tap / g.kernel[1], tap % g.kernel[1]];
            let place = |axis: usize| {
                (window[axis] * g.strides[axis] + taps[axis] * g.dilation[axis])
                    .checked_sub(g.padding[axis])
                    .filter(|&place| place < g.input[axis])
            };
            let (Some(line), Some(column)) = (place(0), place(1)) else { continue };
            for row in 0..rows {
                let channel = filter / cols * rows + row;
                let x = x[(line * g.input[1] + column) * g.channels + channel].f64();
                *y += x * kernel[(tap * rows + row) * g.filters + filter].f64();
            }
        }
    }
    y
}

/// Compares the forward with the definition. A convolution is linear in its input and in its kernel, so the product
/// of `dy` and the output equals the product of each gradient and its operand.
fn check_convolution<E: Element>(table: &str) {
    for g in [
        PLAIN,
        Geometry { input: [1, 7], output: [1, 4], kernel: [1, 3], strides: [1, 2], padding: [0, 1], ..PLAIN },
        Geometry {
            output: [3, 3],
            channels: 4,
            filters: 6,
            groups: 2,
            dilation: [1, 2],
            padding: [1, 0],
            ..PLAIN
        },
    ] {
        let what = format!("{table} {g:?}");
        let mut places = Places(1);
        let [x, padded, y, dy] =
            [g.input_len(), g.padded_len(), g.output_len(), g.output_len()].map(|len| places.of(len));
        let padded_dy = places.of(g.padded_output_len());
        let [dx, reversed, gradient] =
            [g.input_len(), g.kernel_len(), g.kernel_len()].map(|len| places.of(len));
        let mut source = Source::new(3);
        let mut arena: Vec<E> = source.values(places.0);
        let kernel: Vec<E> = source.values(g.kernel_len());
        let start = arena.clone();

        conv::pad(&mut arena, &g, x, padded);
        conv::convolve(&mut arena, &g, padded, y, &kernel, Epilogue::default());
        let part = |arena: &[E], from: usize, len: usize| arena[from..from + len].to_vec();
        let (x, dy) = (part(&start, x, g.input_len()), (dy, part(&start, dy, g.output_len())));
        let output = part(&arena, y, g.output_len());
        for (got, want) in output.iter().zip(convolved(&g, &x, &kernel)) {
            assert_near(got.f64(), want, 4.0, tolerance::<E>(), &what);
        }

        conv::pad_output(&mut arena, &g, dy.0, padded_dy);
        let mut laid_out = vec![E::zero(); g.kernel_len()];
        reverse_kernel(&g, &kernel, &mut laid_out);
        arena[reversed..reversed + g.kernel_len()].copy_from_slice(&laid_out);
        conv::convolve_transposed(&mut arena, &g, padded_dy, dx, reversed, Epilogue::default());
        conv::convolve_kernel_gradient(&mut arena, &g, padded, dy.0, gradient);
        let product = inner(&output, &dy.1);
        let by_input = inner(&part(&arena, dx, g.input_len()), &x);
        assert_near(by_input, product, 16.0, tolerance::<E>(), &what);
        let after = part(&arena, gradient, g.kernel_len());
        let added: Vec<E> =
            after.iter().zip(&start[gradient..]).map(|(after, before)| *after - *before).collect();
        assert_near(inner(&added, &kernel), product, 16.0, tolerance::<E>(), &what);
    }
}

#[test]
fn convolutions_and_their_gradients() {
    every_table(check_convolution::<f32>, || check_convolution::<f64>("f64"));
}

/// Same as [`check_convolution`] for depthwise convolutions.
fn check_depthwise<E: Element>(table: &str) {
    for g in [
        Geometry { channels: 5, groups: 5, ..PLAIN },
        Geometry {
            output: [2, 3],
            channels: 3,
            filters: 6,
            groups: 3,
            strides: [2, 2],
            padding: [1, 1],
            ..PLAIN
        },
    ] {
        let what = format!("{table} {g:?}");
        let times = g.filters / g.channels;
        let mut places = Places(2);
        let [x, wide, y, dy] =
            [g.input_len(), g.widened_len(), g.output_len(), g.output_len()].map(|len| places.of(len));
        let padded_dy = places.of(g.padded_output_len());
        let [copies, dx, gradient] =
            [g.input_len() * times, g.input_len(), g.kernel_len()].map(|len| places.of(len));
        let mut source = Source::new(4);
        let mut arena: Vec<E> = source.values(places.0);
        let kernel: Vec<E> = source.values(g.kernel_len());
        let start = arena.clone();

        depthwise::widen(&mut arena, &g, x, wide);
        depthwise::depthwise(&mut arena, &g, wide, y, &kernel, Epilogue::default());
        let part = |arena: &[E], from: usize, len: usize| arena[from..from + len].to_vec();
        let (x, output) = (part(&start, x, g.input_len()), part(&arena, y, g.output_len()));
        for (got, want) in output.iter().zip(convolved(&g, &x, &kernel)) {
            assert_near(got.f64(), want, 4.0, tolerance::<E>(), &what);
        }

        conv::pad_output(&mut arena, &g, dy, padded_dy);
        depthwise::depthwise_transposed(&mut arena, &g, padded_dy, copies, &kernel, false);
        depthwise::narrow(&mut arena, &g, copies, dx, false);
        depthwise::depthwise_kernel_gradient(&mut arena, &g, wide, dy, gradient);
        let product = inner(&output, &part(&start, dy, g.output_len()));
        assert_near(inner(&part(&arena, dx, g.input_len()), &x), product, 16.0, tolerance::<E>(), &what);
        let after = part(&arena, gradient, g.kernel_len());
        let added: Vec<E> =
            after.iter().zip(&start[gradient..]).map(|(after, before)| *after - *before).collect();
        assert_near(inner(&added, &kernel), product, 16.0, tolerance::<E>(), &what);
    }
}

#[test]
fn depthwise_convolutions_and_their_gradients() {
    every_table(check_depthwise::<f32>, || check_depthwise::<f64>("f64"));
}

/// Compares the forward of pooled convolutions with the convolution, and the gradients by the product.
fn check_pooled<E: Element>(table: &str) {
    for height in [1, 2] {
        let pooling = pooled::Pooling { geometry: PLAIN, height };
        let what = format!("{table} {pooling:?}");
        let g = pooling.geometry;
        let [down, right] = pooling.windows();
        let mut places = Places(3);
        let [x, y, dy, argmax] =
            [g.input_len(), pooling.len(), pooling.len(), pooling.argmax_len()].map(|len| places.of(len));
        let [gradient, transposed, kernel_transposed] = [g.kernel_len(); 3].map(|len| places.of(len));
        let dx = places.of(g.input_len());
        let mut source = Source::new(5);
        let mut arena: Vec<E> = source.values(places.0);
        let kernel: Vec<E> = source.values(g.kernel_len());
        for place in [gradient, transposed, dx] {
            let len = if place == dx { g.input_len() } else { g.kernel_len() };
            arena[place..place + len].fill(E::zero());
        }
        let depth = g.kernel_len() / g.filters;
        transpose(
            &kernel,
            depth,
            g.filters,
            &mut arena[kernel_transposed..kernel_transposed + g.kernel_len()],
        );
        let part = |arena: &[E], from: usize, len: usize| arena[from..from + len].to_vec();
        let (image, dys) = (part(&arena, x, g.input_len()), part(&arena, dy, pooling.len()));

        pooled::convolve_pooled(&mut arena, &pooling, [x, y], Some(argmax), &kernel, None, false);
        let output = part(&arena, y, pooling.len());
        let all = convolved(&g, &image, &kernel);
        for (at, got) in output.iter().enumerate() {
            let (filter, window) = (at % g.filters, at / g.filters);
            assert!(window / right < down);
            let (line, column) = (window / right * height, window % right * 2);
            let positions = (0..height).flat_map(|i| (0..2).map(move |j| (line + i, column + j)));
            let values = positions.map(|(i, j)| all[(i * g.output[1] + j) * g.filters + filter]);
            assert_near(got.f64(), values.fold(f64::MIN, f64::max), 4.0, tolerance::<E>(), &what);
        }

        let was_transposed =
            pooled::pooled_kernel_gradient(&mut arena, &pooling, [x, dy, argmax], [gradient, transposed]);
        pooled::pooled_input_gradient(&mut arena, &pooling, [dx, dy, argmax], kernel_transposed);
        let product = inner(&output, &dys);
        assert_near(inner(&part(&arena, dx, g.input_len()), &image), product, 16.0, tolerance::<E>(), &what);
        let mut found = part(&arena, gradient, g.kernel_len());
        if was_transposed {
            transpose(&part(&arena, transposed, g.kernel_len()), g.filters, depth, &mut found);
        }
        assert_near(inner(&found, &kernel), product, 16.0, tolerance::<E>(), &what);
    }
}

#[test]
fn convolutions_that_are_pooled_on_the_way() {
    every_table(check_pooled::<f32>, || check_pooled::<f64>("f64"));
}

fn check_pooling<E: Element>(table: &str) {
    for windows in [Windows::valid([3, 5], 3, [2, 2], [1, 2]), Windows::same([4, 3], 5, [3, 2], [2, 2])] {
        let mut source = Source::new(6);
        let x: Vec<E> = source.values(windows.image[0] * windows.image[1] * windows.channels);
        let len = windows.count[0] * windows.count[1] * windows.channels;
        let dy: Vec<E> = source.values(len);
        for kind in [PoolKind::Max, PoolKind::SharedMax, PoolKind::Average] {
            let (mut y, mut dx) = (vec![E::zero(); len], vec![E::zero(); x.len()]);
            pooling(kind, &windows, &x, &mut y);
            pooling_gradient(kind, &windows, [&x, &y, &dy], &mut dx);
            // The mean is linear; so is the largest value as long as it stays the largest.
            let what = format!("{table} {kind:?} {windows:?}");
            assert_near(inner(&dx, &x), inner(&dy, &y), 16.0, tolerance::<E>(), &what);
        }
    }
}

#[test]
fn pooling_and_its_gradient() {
    every_table(check_pooling::<f32>, || check_pooling::<f64>("f64"));
}
