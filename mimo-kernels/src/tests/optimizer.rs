use super::*;
use crate::optimizer::*;
use serde_json::Value;

fn numbers<E: Element>(value: &Value) -> Vec<E> {
    value.as_array().unwrap().iter().map(|x| E::of(x.as_f64().unwrap())).collect()
}

/// The rule of a golden case at step `t`, counted from 1. Powers in single precision, as Keras computes them.
fn rule<E: Element>(name: &str, config: &Value, t: i32) -> Update<E> {
    let number = |key: &str| config[key].as_f64().unwrap();
    let of = E::of;
    let power = |key: &str| f64::from((number(key) as f32).powi(t));
    let rate = number("learning_rate");
    let flag = |key: &str| config[key].as_bool().unwrap();
    let kind = name.split(' ').next().unwrap();
    match kind {
        "SGD" if number("momentum") == 0.0 => Update::Sgd { rate: of(rate) },
        "SGD" => Update::Momentum(MomentumStep {
            rate: of(rate),
            momentum: of(number("momentum")),
            nesterov: flag("nesterov"),
        }),
        "Adam" | "AdamW" => {
            let step = AdamStep {
                alpha: of(rate * (1.0 - power("beta_2")).sqrt() / (1.0 - power("beta_1"))),
                one_minus_beta_1: of(1.0 - number("beta_1")),
                one_minus_beta_2: of(1.0 - number("beta_2")),
                epsilon: of(number("epsilon")),
            };
            if flag("amsgrad") { Update::AmsGrad(step) } else { Update::Adam(step) }
        }
        "RMSprop" => Update::Rmsprop(RmspropStep {
            rate: of(rate),
            rho: of(number("rho")),
            momentum: of(number("momentum")),
            epsilon: of(number("epsilon")),
            centered: flag("centered"),
        }),
        "Adagrad" => Update::Adagrad(AdagradStep { rate: of(rate), epsilon: of(number("epsilon")) }),
        "Adadelta" => Update::Adadelta(AdadeltaStep {
            rate: of(rate),
            rho: of(number("rho")),
            epsilon: of(number("epsilon")),
        }),
        "Adamax" => Update::Adamax(AdamaxStep {
            alpha: of(rate / (1.0 - power("beta_1"))),
            one_minus_beta_1: of(1.0 - number("beta_1")),
            beta_2: of(number("beta_2")),
            epsilon: of(number("epsilon")),
        }),
        "Nadam" => {
            let coefficient = |t: i32| number("beta_1") * (1.0 - 0.5 * 0.96f64.powi(t));
            let product: f64 = (1..=t).map(coefficient).product();
            let (now, next) = (coefficient(t), coefficient(t + 1));
            Update::Nadam(NadamStep {
                one_minus_beta_1: of(1.0 - number("beta_1")),
                one_minus_beta_2: of(1.0 - number("beta_2")),
                momentum: of(rate * next / (1.0 - product * next)),
                gradient: of(rate * (1.0 - now) / (1.0 - product)),
                correction: of(1.0 / (1.0 - power("beta_2"))),
                epsilon: of(number("epsilon")),
            })
        }
        "Lion" => Update::Lion(LionStep {
            rate: of(rate),
            one_minus_beta_1: of(1.0 - number("beta_1")),
            one_minus_beta_2: of(1.0 - number("beta_2")),
        }),
        _ => panic!("no rule for {name}"),
    }
}

/// Clips as the configuration says: by value, by the norm of each tensor, or by the norm of all.
fn clip<E: Element>(config: &Value, gradient: &mut [E], kernel_len: usize) {
    if let Some(bound) = config["clipvalue"].as_f64() {
        clip_value(gradient, E::of(bound));
    }
    if let Some(bound) = config["clipnorm"].as_f64() {
        let (kernel, bias) = gradient.split_at_mut(kernel_len);
        for part in [kernel, bias] {
            let norm = sum_of_squares(part).sqrt();
            scale(part, E::of(bound / norm.max(bound)));
        }
    }
    if let Some(bound) = config["global_clipnorm"].as_f64() {
        let norm = sum_of_squares(gradient).sqrt();
        scale(gradient, E::of(bound * (1.0 / norm).min(1.0 / bound)));
    }
}

fn golden<E: Element>(table: &str) {
    let golden: Value = serde_json::from_str(include_str!("../../tests/golden/optimizers.json")).unwrap();
    let kernel_len = golden["kernel_len"].as_u64().unwrap() as usize;
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 17);
    for case in cases {
        let (name, config) = (case["name"].as_str().unwrap(), &case["config"]);
        let start: Vec<E> = numbers(&golden["start"]);
        // Five copies, to pass through whole vectors and a tail.
        let mut p = start.repeat(5);
        let first = config["initial_accumulator_value"].as_f64().unwrap_or(0.0);
        let mut slots = vec![vec![E::of(first); p.len()]; rule::<E>(name, config, 1).slots()];
        let steps = case["after_each_step"].as_array().unwrap();
        for (t, (gradient, want)) in golden["gradients"].as_array().unwrap().iter().zip(steps).enumerate() {
            let mut gradient: Vec<E> = numbers(gradient);
            clip(config, &mut gradient, kernel_len);
            if let Some(weight_decay) = config["weight_decay"].as_f64() {
                decay(&mut p, E::of(weight_decay * config["learning_rate"].as_f64().unwrap()));
            }
            let gradient = gradient.repeat(5);
            let mut slots: Vec<&mut [E]> = slots.iter_mut().map(|slot| &mut slot[..]).collect();
            rule::<E>(name, config, t as i32 + 1).apply(&mut p, &gradient, &mut slots);
            let want = numbers::<f64>(want).repeat(5);
            for (i, (got, want)) in p.iter().zip(want).enumerate() {
                let what = format!("{table} {name} step {} value {i}", t + 1);
                assert_near(got.f64(), want, 1.0 + want.abs(), 1e-5, &what);
            }
        }
    }
}

#[test]
fn trajectories_agree_with_keras() {
    every_table(golden::<f32>, || golden::<f64>("f64"));
}

#[test]
fn vanished_moments_become_zero_and_nan_stays() {
    let step = AdamStep { alpha: 0.1, one_minus_beta_1: 0.1, one_minus_beta_2: 0.001, epsilon: 1e-7 };
    forced::each(|table| {
        let mut p = vec![1.0f32; 20];
        let (mut m, mut v) = (vec![1e-32; 20], vec![1e-35; 20]);
        let mut g = vec![0.0; 20];
        g[3] = f32::NAN;
        g[18] = f32::INFINITY;
        adam(&mut p, &g, &mut [&mut m, &mut v], step);
        for i in 0..20 {
            if i == 3 || i == 18 {
                // Infinity over infinity, and NaN, must be seen, not flushed.
                assert!(m[i].is_nan() || m[i].is_infinite(), "{table} m[{i}] = {}", m[i]);
                assert!(!v[i].is_finite(), "{table} v[{i}] = {}", v[i]);
            } else {
                assert_eq!((p[i], m[i], v[i]), (1.0, 0.0, 0.0), "{table}");
            }
        }
        assert!(p[3].is_nan(), "{table}");
    });
}

#[test]
fn an_infinite_second_moment_stops_the_parameter() {
    let step = AdamStep { alpha: 0.1, one_minus_beta_1: 0.1, one_minus_beta_2: 0.001, epsilon: 1e-7 };
    forced::each(|table| {
        let mut p = vec![1.0f32; 17];
        let (mut m, mut v) = (vec![0.0; 17], vec![0.0; 17]);
        adam(&mut p, &[1e30; 17], &mut [&mut m, &mut v], step);
        assert!(p.iter().all(|&p| (p - 1.0).abs() < 0.1), "{table} {p:?}");
    });
}

#[test]
fn sums_of_squares_are_in_double_precision() {
    let values = vec![1e30f32; 19];
    assert_near(sum_of_squares(&values), 19e60, 19e60, 1e-6, "large");
    let values: Vec<f32> = (1..=100u8).map(f32::from).collect();
    assert_eq!(sum_of_squares(&values), 338_350.0);
    assert_eq!(sum_of_squares::<f32>(&[]), 0.0);
}

#[test]
fn clipping_keeps_nan() {
    let mut g = [f32::NAN, 3.0, -3.0, 0.5];
    clip_value(&mut g, 1.0);
    assert!(g[0].is_nan());
    assert_eq!(g[1..], [1.0, -1.0, 0.5]);
}
