use super::*;
use crate::optimizer::{AdafactorStep, LambStep, MuonStep, adafactor_len, muon_len};

const MUON: MuonStep<f64> = MuonStep {
    rate: 1.0,
    momentum: 0.0,
    nesterov: false,
    coefficients: [3.4445, -4.775, 2.0315],
    iterations: 5,
    rms_rate: None,
};

/// The values that a step of Muon subtracts from a matrix with the gradient `g`.
fn direction(g: &[f64], rows: usize) -> Vec<f64> {
    let (mut p, mut m) = (vec![0.0; g.len()], vec![0.0; g.len()]);
    // Any content of the scratch memory will do.
    let mut scratch = vec![f64::NAN; muon_len(rows, g.len() / rows)];
    MUON.apply(&mut p, g, &mut m, rows, &mut scratch);
    assert_eq!(m, g);
    p.iter().map(|p| -p).collect()
}

#[test]
fn muon_makes_rows_nearly_orthonormal() {
    let (rows, cols) = (3, 5);
    let g: Vec<f64> = Source::new(5).values(rows * cols);
    let wide = direction(&g, rows);
    for i in 0..rows {
        for j in 0..rows {
            let dot: f64 = (0..cols).map(|k| wide[i * cols + k] * wide[j * cols + k]).sum();
            // The coefficients leave singular values between 0.7 and 1.2.
            assert!((dot - f64::from(u8::from(i == j))).abs() < 0.5, "{i} {j}: {dot}");
        }
    }
    // The transposed matrix gives the transposed direction.
    let transposed = |x: &[f64]| (0..x.len()).map(|at| x[at % rows * cols + at / rows]).collect::<Vec<_>>();
    for (tall, wide) in direction(&transposed(&g), cols).iter().zip(transposed(&wide)) {
        assert_near(*tall, wide, 1.0, 1e-12, "tall");
    }
    assert_eq!(direction(&[0.0; 4], 2), [0.0; 4]);
}

#[test]
fn lamb_steps_by_the_norm_of_the_weight() {
    let step = LambStep {
        rate: 0.5,
        one_minus_beta_1: 0.1,
        one_minus_beta_2: 0.001,
        bias_1: 0.1,
        bias_2: 0.001,
        epsilon: 0.0,
    };
    let run = |mut p: [f64; 2], g: [f64; 2]| {
        step.apply(&mut p, &g, &mut [0.0; 2], &mut [0.0; 2]);
        p
    };
    // The direction is the sign of the gradient at the first step, with a norm of √2.
    for (p, wanted) in run([3.0, 4.0], [1.0, -2.0]).iter().zip([3.0, 4.0]) {
        assert_near((p - wanted).abs(), 2.5 / f64::sqrt(2.0), 1.0, 1e-9, "a step");
    }
    // A weight of zeros would not move at all.
    for p in run([0.0, 0.0], [1.0, -2.0]) {
        assert_near(p.abs(), 0.5, 1.0, 1e-9, "from zero");
    }
    // As in Keras, a norm that is NaN is not larger than zero: NaN stays where it is.
    let [with_nan, other] = run([1.0, 1.0], [f64::NAN, 1.0]);
    assert!(with_nan.is_nan());
    assert_near(other, 0.5, 1.0, 1e-9, "beside NaN");
}

#[test]
fn adafactor_remembers_sums_of_rows_and_columns() {
    let step =
        AdafactorStep { rho: 0.1, beta_2: 0.0, epsilon_1: 1e-30, epsilon_2: 1e-3, clip_threshold: 1.0 };
    let shape = Some([2, 2, 3]);
    assert_eq!((adafactor_len(12, shape), adafactor_len(12, None)), (10, 12));
    // The squares of such gradients are products of a row and a column, so that every update is 1 or -1.
    let g: Vec<f64> = (0..12).map(|at| f64::from(at / 3 + 1) * f64::from(at % 3 - 1 + at % 3)).collect();
    let mut p = [2.0; 12];
    step.apply(&mut p, &g, &mut [0.0; 10], shape);
    for (p, g) in p.iter().zip(&g) {
        assert_near(*p, 2.0 - 0.2 * g.signum(), 1.0, 1e-9, "a matrix");
    }
    let mut p = [2.0; 3];
    step.apply(&mut p, &[1.0, -3.0, 0.5], &mut [0.0; 3], None);
    for (p, wanted) in p.iter().zip([1.8, 2.2, 1.8]) {
        assert_near(*p, wanted, 1.0, 1e-9, "a vector");
    }
    let mut p = [2.0; 3];
    step.apply(&mut p, &[1.0, f64::NAN, 0.5], &mut [0.0; 3], None);
    assert!(p.iter().all(|p| p.is_nan()));
}
