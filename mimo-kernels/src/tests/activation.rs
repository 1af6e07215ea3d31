use super::*;
use crate::{Activation as A, activation_backward, activation_forward};
use serde_json::Value;

const ALL: &[(&str, A)] = &[
    ("linear", A::Linear),
    ("relu", A::Relu),
    ("relu6", A::Relu6),
    ("leaky_relu", A::LeakyRelu { negative_slope: 0.2 }),
    ("elu", A::Elu { alpha: 1.0 }),
    ("selu", A::Selu),
    ("celu", A::Celu { alpha: 1.0 }),
    ("sigmoid", A::Sigmoid),
    ("log_sigmoid", A::LogSigmoid),
    ("softplus", A::Softplus),
    ("softsign", A::Softsign),
    ("softmax", A::Softmax),
    ("log_softmax", A::LogSoftmax),
    ("tanh", A::Tanh),
    ("tanh_shrink", A::TanhShrink),
    ("exponential", A::Exponential),
    ("hard_sigmoid", A::HardSigmoid),
    ("hard_silu", A::HardSilu),
    ("hard_tanh", A::HardTanh),
    ("silu", A::Silu),
    ("gelu", A::Gelu { approximate: false }),
    ("mish", A::Mish),
    ("hard_shrink", A::HardShrink { threshold: 0.5 }),
    ("soft_shrink", A::SoftShrink { threshold: 0.5 }),
    ("squareplus", A::Squareplus { b: 4.0 }),
    ("sparse_plus", A::SparsePlus),
    ("sparse_sigmoid", A::SparseSigmoid),
];

/// Whether the derivative is computed from the input. The documentation of [`activation_backward`] lists the same.
fn reads_input(activation: A) -> bool {
    match activation {
        A::Rectifier { .. } | A::Threshold { .. } | A::Squareplus { .. } => true,
        other => matches!(other, A::TanhShrink | A::HardSilu | A::Silu | A::Gelu { .. } | A::Mish),
    }
}

fn rectifier(negative_slope: f64, max_value: f64, threshold: f64) -> A {
    A::Rectifier { negative_slope, max_value, threshold }
}

fn numbers<E: Element>(value: &Value) -> Vec<E> {
    value.as_array().unwrap().iter().map(|x| E::of(x.as_f64().unwrap())).collect()
}

fn golden<E: Element>(table: &str) {
    let cases: Value = serde_json::from_str(include_str!("../../tests/golden/activations.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), ALL.len());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (_, activation) = *ALL.iter().find(|(known, _)| *known == name).unwrap();
        let inputs: Vec<E> = numbers(&case["x"]);
        let n = inputs.len();
        let [x, y, d] = [0, 1, 2].map(|i| Mat::contiguous(i * n, 1, n));
        let mut arena = inputs.clone();
        arena.resize(3 * n, E::zero());
        activation_forward(&mut arena, activation, x, y);
        for (i, (got, want)) in values(&arena, y).into_iter().zip(numbers::<f64>(&case["y"])).enumerate() {
            let what = format!("{table} {name}({})", inputs[i]);
            assert_near(got, want, want.abs() + 0.1, 1e-5, &what);
        }
        for i in 0..n {
            arena[d.offset + i] = E::of((i + 1) as f64);
        }
        let saved = if reads_input(activation) { x } else { y };
        activation_backward(&mut arena, activation, saved, d, d, false);
        let gradient = numbers::<f64>(&case["gradient"]);
        for (i, (got, want)) in values(&arena, d).into_iter().zip(gradient).enumerate() {
            // TensorFlow adds the derivatives of both branches of CELU at zero, where it is smooth.
            let want = if name == "celu" && inputs[i] == E::zero() { want / 2.0 } else { want };
            let what = format!("{table} {name}'({})", inputs[i]);
            // One rounding of the output already moves 1 - y^2 by this much.
            assert_near(got, want, want.abs() + 0.1 * (i + 1) as f64, 1e-5, &what);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "reading the file takes longer than the kernels, which other tests run")]
fn activations_agree_with_keras() {
    every_table(golden::<f32>, || golden::<f64>("f64"));
}

/// Backward against central differences of forward, in double precision and away from kinks.
#[test]
fn derivatives_are_derivatives() {
    let more = [
        ("gelu approximate", A::Gelu { approximate: true }),
        ("elu 0.7", A::Elu { alpha: 0.7 }),
        ("celu 1.7", A::Celu { alpha: 1.7 }),
        ("leaky 0", A::LeakyRelu { negative_slope: 0.0 }),
        ("sparsemax", A::Sparsemax),
        ("threshold", A::Threshold { threshold: 0.3, default_value: -2.0 }),
        ("hard_shrink 1.1", A::HardShrink { threshold: 1.1 }),
        ("soft_shrink 1.1", A::SoftShrink { threshold: 1.1 }),
        ("squareplus 0.5", A::Squareplus { b: 0.5 }),
        ("bounded", rectifier(0.0, 1.5, 0.0)),
        ("bounded leaky", rectifier(0.3, 1.5, 0.0)),
        ("leaky above a threshold", rectifier(0.3, f64::INFINITY, 0.7)),
        ("bounded above a threshold", rectifier(0.0, 1.5, 0.7)),
        ("bound below the threshold", rectifier(0.3, 0.5, 0.7)),
    ];
    let (rows, cols) = if cfg!(miri) { (1, 5) } else { (3, 7) };
    for (name, activation) in ALL.iter().chain(&more).step_by(if cfg!(miri) { 9 } else { 1 }) {
        let mut source = Source::new(5);
        let inputs: Vec<f64> = source.values::<f64>(rows * cols).iter().map(|x| 4.0 * x + 0.013).collect();
        let weights: Vec<f64> = source.values(rows * cols);
        let [x, y, d, dx] = [0, 1, 2, 3].map(|i| Mat::contiguous(i * rows * cols, rows, cols));
        let loss = |inputs: &[f64]| {
            let mut arena = [inputs, inputs].concat();
            activation_forward(&mut arena, *activation, x, y);
            values(&arena, y).iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>()
        };
        let mut arena = [&inputs[..], &inputs, &weights, &vec![1.0; rows * cols]].concat();
        activation_forward(&mut arena, *activation, x, y);
        let saved = if reads_input(*activation) { x } else { y };
        activation_backward(&mut arena, *activation, saved, d, dx, true);
        for i in 0..rows * cols {
            let moved = |by: f64| {
                let mut inputs = inputs.clone();
                inputs[i] += by;
                loss(&inputs)
            };
            let want = 1.0 + (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert_near(arena[dx.offset + i], want, 1.0, 1e-8, &format!("{name}'({})", inputs[i]));
        }
    }
}

/// One function on many inputs, out of place.
fn apply(activation: A, inputs: &[f32]) -> Vec<f32> {
    let n = inputs.len();
    let mut arena = [inputs, inputs].concat();
    activation_forward(&mut arena, activation, Mat::contiguous(0, 1, n), Mat::contiguous(n, 1, n));
    arena.split_off(n)
}

#[test]
fn exponentials_are_precise_to_a_few_units_in_the_last_place() {
    type Exact = fn(f64) -> f64;
    let functions: [(A, Exact); 8] = [
        (A::Exponential, f64::exp),
        (A::Tanh, f64::tanh),
        (A::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        (A::Silu, |x| x / (1.0 + (-x).exp())),
        (A::Elu { alpha: 1.0 }, |x| if x > 0.0 { x } else { x.exp_m1() }),
        (A::Softplus, |x| if x > 30.0 { x + (-x).exp() } else { x.exp().ln_1p() }),
        (A::LogSigmoid, |x| -(if x < -30.0 { -x + x.exp() } else { (-x).exp().ln_1p() })),
        (A::Softsign, |x| x / (1.0 + x.abs())),
    ];
    // From tiny to beyond every overflow, both signs.
    let mut inputs = Vec::new();
    let sizes = if cfg!(miri) { 8 } else { 40_000 };
    for i in 0..sizes {
        let size = 10f64.powf(-8.0 + 10.05 * i as f64 / sizes as f64);
        inputs.extend([size as f32, -size as f32]);
    }
    forced::each(|table| {
        for (activation, exact) in functions {
            for (&x, got) in inputs.iter().zip(apply(activation, &inputs)) {
                let want = exact(f64::from(x));
                let what = format!("{table} {activation:?}({x:e})");
                if want.abs() > f64::from(f32::MAX) {
                    assert_eq!(got, f32::INFINITY.copysign(want as f32), "{what}");
                    continue;
                }
                // Subnormal numbers are spaced by the smallest of them, and SiLU multiplies one by x.
                let spacing = f64::from(f32::from_bits(1)) * f64::from(x.abs()).max(1.0);
                let unit = want.abs() * f64::from(f32::EPSILON) + spacing;
                assert_near(f64::from(got), want, unit, 4.0, &what);
            }
        }
    });
}

#[test]
fn the_approximate_gelu_is_its_formula() {
    let inputs: Vec<f32> = Source::new(8).values::<f32>(40).iter().map(|x| 5.0 * x).collect();
    forced::each(|table| {
        for (&x, got) in inputs.iter().zip(apply(A::Gelu { approximate: true }, &inputs)) {
            let x = f64::from(x);
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            assert_near(f64::from(got), 0.5 * x * (1.0 + inner.tanh()), 1.0, 1e-6, table);
        }
    });
}

#[test]
fn extremes_are_where_they_belong() {
    let inf = f32::INFINITY;
    forced::each(|table| {
        let check = |activation: A, want: [f32; 4]| {
            let got = apply(activation, &[inf, -inf, 0.0, f32::NAN]);
            assert_eq!(got[..3], want[..3], "{table} {activation:?}");
            assert_eq!(got[3].is_nan(), want[3].is_nan(), "{table} {activation:?}(NaN)");
        };
        check(A::Exponential, [inf, 0.0, 1.0, f32::NAN]);
        check(A::Sigmoid, [1.0, 0.0, 0.5, f32::NAN]);
        check(A::Tanh, [1.0, -1.0, 0.0, f32::NAN]);
        check(A::Elu { alpha: 2.0 }, [inf, -2.0, 0.0, f32::NAN]);
        check(A::Relu, [inf, 0.0, 0.0, f32::NAN]);
        check(A::Relu6, [6.0, 0.0, 0.0, f32::NAN]);
        check(A::HardTanh, [1.0, -1.0, 0.0, f32::NAN]);
        check(A::HardSigmoid, [1.0, 0.0, 0.5, f32::NAN]);
        check(A::Softplus, [inf, 0.0, std::f32::consts::LN_2, f32::NAN]);
        check(A::Gelu { approximate: false }, [inf, 0.0, 0.0, f32::NAN]);
        check(A::LeakyRelu { negative_slope: 0.2 }, [inf, -inf, 0.0, f32::NAN]);
        assert!(apply(A::Tanh, &[-0.0])[0].is_sign_negative(), "{table}");
        // Not the smallest value some clamp lets through.
        assert_near(f64::from(apply(A::Sigmoid, &[-90.0])[0]), 8.194e-40, 1e-42, 2.0, table);
        assert_eq!(apply(A::Exponential, &[-110.0, 89.0]), [0.0, inf], "{table}");
    });
}

fn strided_and_in_place<E: Element>(table: &str) {
    let all = [(2, 35), (0, 3), (1, 1), (3, 4), (5, 15), (4, 16), (7, 3), (3, 0)];
    for &(rows, cols) in cases(&all, &[(2, 7), (0, 3)]) {
        for (name, activation) in ALL.iter().step_by(if cfg!(miri) { 9 } else { 1 }) {
            let what = format!("{table} {name} {rows}x{cols}");
            let mut source = Source::new(11);
            let stride = 2 * cols + 1;
            let x = Mat { offset: 2, rows, cols, stride };
            let y = Mat { offset: 2 + cols, rows, cols, stride };
            let start: Vec<E> = source.values(2 + rows * stride + 3);

            let mut apart = start.clone();
            activation_forward(&mut apart, *activation, x, y);
            assert_only_changed(&start, &apart, y, &what);
            let mut same = start.clone();
            activation_forward(&mut same, *activation, x, x);
            assert_only_changed(&start, &same, x, &what);
            assert_eq!(values(&apart, y), values(&same, x), "{what}");

            // y is saved, x its gradient; and the same with dense matrices.
            let mut backward = apart.clone();
            activation_backward(&mut backward, *activation, y, x, x, false);
            assert_only_changed(&apart, &backward, x, &what);
            let mut joined: Vec<E> = [y, x, x].iter().flat_map(|m| values(&apart, *m)).map(E::of).collect();
            let [saved, d, dx] = [0, 1, 2].map(|i| Mat::contiguous(i * rows * cols, rows, cols));
            let old = values(&joined, dx);
            activation_backward(&mut joined, *activation, saved, d, dx, true);
            for ((got, old), plain) in values(&joined, dx).iter().zip(old).zip(values(&backward, x)) {
                assert_near(*got, old + plain, 1.0 + old.abs() + plain.abs(), tolerance::<E>(), &what);
            }
        }
    }
}

#[test]
fn activations_work_strided_in_place_and_accumulating() {
    every_table(strided_and_in_place::<f32>, || strided_and_in_place::<f64>("f64"));
}

fn softmax<E: Element>(table: &str) {
    for &cols in cases(&[1, 2, 3, 7, 16, 17, 40], &[1, 3, 7]) {
        let mut source = Source::new(3);
        let mut arena: Vec<E> = source.values(4 * cols);
        // One row far from zero: the largest value is taken off first.
        for x in &mut arena[..cols] {
            *x += E::of(500.0);
        }
        let x = Mat::contiguous(0, 2, cols);
        let y = Mat::contiguous(2 * cols, 2, cols);
        for log in [false, true] {
            activation_forward(&mut arena, if log { A::LogSoftmax } else { A::Softmax }, x, y);
            for row in 0..2 {
                let base = at(&arena, x, row, 0);
                let sum: f64 = (0..cols).map(|col| (at(&arena, x, row, col) - base).exp()).sum();
                for col in 0..cols {
                    let logarithm = at(&arena, x, row, col) - base - sum.ln();
                    let want = if log { logarithm } else { logarithm.exp() };
                    let what = format!("{table} softmax {cols} log {log}");
                    assert_near(at(&arena, y, row, col), want, 1.0, tolerance::<E>(), &what);
                }
            }
        }
    }
}

#[test]
fn softmax_is_stable() {
    every_table(softmax::<f32>, || softmax::<f64>("f64"));
}

#[test]
fn rectifiers_of_what_is_not_finite() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    for (activation, wanted) in [
        (rectifier(0.0, 2.0, 0.0), [0.0, 2.0]),
        (rectifier(0.0, f64::INFINITY, 0.5), [0.0, inf]),
        (rectifier(0.5, 2.0, 0.5), [-inf, 2.0]),
    ] {
        forced::each(|table| {
            let found = apply(activation, &[-inf, inf, nan]);
            assert_eq!(found[..2], wanted, "{table} {activation:?}");
            assert!(found[2].is_nan(), "{table} {activation:?}");
        });
    }
}

#[test]
fn sparsemax_is_the_nearest_point_of_the_simplex() {
    for (x, wanted) in [
        (&[0.5f32, 0.5][..], &[0.5, 0.5][..]),
        (&[3.0, 0.0, -1.0], &[1.0, 0.0, 0.0]),
        (&[0.6, 0.4, -5.0, 0.5], &[13.0 / 30.0, 7.0 / 30.0, 0.0, 1.0 / 3.0]),
        (&[7.0], &[1.0]),
        (&[1e30, f32::NEG_INFINITY], &[1.0, 0.0]),
        (&[], &[]),
    ] {
        let found = apply(A::Sparsemax, x);
        assert!(found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6), "{found:?}");
    }
    for x in [f32::NAN, f32::INFINITY] {
        assert!(apply(A::Sparsemax, &[0.0, x, 1.0]).iter().all(|y| y.is_nan()), "{x}");
    }
}
