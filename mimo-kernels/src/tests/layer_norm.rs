use super::{Source, assert_near, cases, every_table, tolerance};
use crate::element::Element;
use crate::layer_norm::{
    group_gradient_sums, group_input_gradient, group_moments, group_normalize, group_offset_gradient,
    group_scale_gradient,
};

/// Compares every loop on groups of this length, with and without weights, with the definitions.
fn check<E: Element>(table: &str) {
    let mut source = Source::new(9);
    for &len in cases(&[0, 1, 7, 8, 9, 64, 201], &[1, 9]) {
        let [x, dy, gamma, beta, before]: [Vec<E>; 5] = std::array::from_fn(|_| source.values(len));
        let wide = |values: &[E]| values.iter().map(|x| x.f64()).collect::<Vec<f64>>();
        let near = |found: E, wanted: f64, what: &str| {
            let what = format!("{table}, {what} of {len}");
            assert_near(found.f64(), wanted, len as f64 + 1.0, tolerance::<E>(), &what);
        };
        let plain = wide(&x);
        if len > 0 {
            let mean = plain.iter().sum::<f64>() / len as f64;
            let [found_mean, squares] = group_moments(&x, true);
            near(found_mean, mean, "mean");
            near(squares, plain.iter().map(|x| (x - mean).powi(2)).sum(), "squares");
            let [zero, squares] = group_moments(&x, false);
            assert_eq!(zero, E::zero());
            near(squares, plain.iter().map(|x| x * x).sum(), "plain squares");
        }
        let [mean, scale, shift, along] = [0.25, 1.5, -0.5, 0.75];
        let numbers = [mean, scale, shift, along].map(E::of);
        let normal: Vec<f64> = plain.iter().map(|x| (x - mean) * scale).collect();
        for (with_gamma, with_beta, accumulate) in
            [(true, true, true), (true, false, false), (false, true, true), (false, false, false)]
        {
            let gamma_of = with_gamma.then_some(&gamma[..]);
            let beta_of = with_beta.then_some(&beta[..]);
            let factor = |i: usize| if with_gamma { gamma[i].f64() } else { 1.0 };
            let offset = |i: usize| if with_beta { beta[i].f64() } else { 0.0 };
            let (mut y, mut dx) = (before.clone(), before.clone());
            group_normalize([numbers[0], numbers[1]], [gamma_of, beta_of], &x, &mut y);
            let sums = group_gradient_sums([numbers[0], numbers[1]], gamma_of, &x, &dy);
            group_input_gradient(numbers, gamma_of, &x, &dy, &mut dx, accumulate);
            let mut wanted = [0.0; 2];
            for i in 0..len {
                let gradient = factor(i) * dy[i].f64();
                wanted[0] += gradient;
                wanted[1] += gradient * normal[i];
                near(y[i], normal[i] * factor(i) + offset(i), "result");
                let own = (gradient - shift - normal[i] * along) * scale;
                near(dx[i], own + if accumulate { before[i].f64() } else { 0.0 }, "gradient");
            }
            sums.into_iter().zip(wanted).for_each(|(found, wanted)| near(found, wanted, "sums"));
        }
        let (mut scales, mut offsets) = (before.clone(), before.clone());
        group_scale_gradient([numbers[0], numbers[1]], &x, &dy, &mut scales);
        group_offset_gradient(&dy, &mut offsets);
        for i in 0..len {
            near(scales[i], before[i].f64() + dy[i].f64() * normal[i], "gradient of gamma");
            near(offsets[i], before[i].f64() + dy[i].f64(), "gradient of beta");
        }
    }
}

#[test]
fn loops_over_groups() {
    every_table(check::<f32>, || check::<f64>("double"));
}
