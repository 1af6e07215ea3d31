use super::*;
use crate::optimizer::*;
use serde_json::Value;

fn numbers<E: Element>(value: &Value) -> Vec<E> {
    value.as_array().unwrap().iter().map(|x| E::of(x.as_f64().unwrap())).collect()
}

/// A step of any rule.
trait Update<E>: std::fmt::Debug {
    fn slots(&self) -> usize;
    fn apply(&self, p: &mut [E], g: &[E], slots: &mut [&mut [E]]);
}

macro_rules! update {
    ($($step:ident),*) => {
        $(
            impl<E: Element> Update<E> for $step<E> {
                fn slots(&self) -> usize {
                    self.slots()
                }

                fn apply(&self, p: &mut [E], g: &[E], slots: &mut [&mut [E]]) {
                    self.apply(p, g, slots);
                }
            }
        )*
    };
}

update!(
    SgdStep,
    MomentumStep,
    AdamStep,
    AmsGradStep,
    RmspropStep,
    AdagradStep,
    AdadeltaStep,
    AdamaxStep,
    NadamStep,
    LionStep
);

/// The rule of a golden case at step `t`, counted from 1. Powers in single precision, as Keras computes them.
fn rule<E: Element>(name: &str, config: &Value, t: i32) -> Box<dyn Update<E>> {
    let number = |key: &str| config[key].as_f64().unwrap();
    let of = E::of;
    let power = |key: &str| f64::from((number(key) as f32).powi(t));
    let rate = number("learning_rate");
    let flag = |key: &str| config[key].as_bool().unwrap();
    let kind = name.split(' ').next().unwrap();
    match kind {
        "SGD" if number("momentum") == 0.0 => Box::new(SgdStep { rate: of(rate) }),
        "SGD" => Box::new(MomentumStep {
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
            if flag("amsgrad") { Box::new(AmsGradStep(step)) } else { Box::new(step) }
        }
        "RMSprop" => Box::new(RmspropStep {
            rate: of(rate),
            rho: of(number("rho")),
            momentum: of(number("momentum")),
            epsilon: of(number("epsilon")),
            centered: flag("centered"),
        }),
        "Adagrad" => Box::new(AdagradStep { rate: of(rate), epsilon: of(number("epsilon")) }),
        "Adadelta" => {
            Box::new(AdadeltaStep { rate: of(rate), rho: of(number("rho")), epsilon: of(number("epsilon")) })
        }
        "Adamax" => Box::new(AdamaxStep {
            alpha: of(rate / (1.0 - power("beta_1"))),
            one_minus_beta_1: of(1.0 - number("beta_1")),
            beta_2: of(number("beta_2")),
            epsilon: of(number("epsilon")),
        }),
        "Nadam" => {
            let coefficient = |t: i32| number("beta_1") * (1.0 - 0.5 * 0.96f64.powi(t));
            let product: f64 = (1..=t).map(coefficient).product();
            let (now, next) = (coefficient(t), coefficient(t + 1));
            Box::new(NadamStep {
                one_minus_beta_1: of(1.0 - number("beta_1")),
                one_minus_beta_2: of(1.0 - number("beta_2")),
                momentum: of(rate * next / (1.0 - product * next)),
                gradient: of(rate * (1.0 - now) / (1.0 - product)),
                correction: of(1.0 / (1.0 - power("beta_2"))),
                epsilon: of(number("epsilon")),
            })
        }
        "Lion" => Box::new(LionStep {
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
#[cfg_attr(miri, ignore = "reading the file takes longer than the rules, which the next test runs")]
fn trajectories_agree_with_keras() {
    every_table(golden::<f32>, || golden::<f64>("f64"));
}

/// Every rule, with and without its optional parts.
fn rules<E: Element>() -> Vec<Box<dyn Update<E>>> {
    let of = E::of;
    let (rate, epsilon) = (of(0.1), of(1e-7));
    let [one_minus_beta_1, one_minus_beta_2] = [of(0.1), of(0.001)];
    let adam = AdamStep { alpha: rate, one_minus_beta_1, one_minus_beta_2, epsilon };
    let momentum =
        |nesterov| -> Box<dyn Update<E>> { Box::new(MomentumStep { rate, momentum: of(0.9), nesterov }) };
    let rmsprop = |momentum, centered| -> Box<dyn Update<E>> {
        Box::new(RmspropStep { rate, rho: of(0.9), momentum: of(momentum), epsilon, centered })
    };
    vec![
        Box::new(SgdStep { rate }),
        momentum(false),
        momentum(true),
        Box::new(adam),
        Box::new(AmsGradStep(adam)),
        rmsprop(0.0, false),
        rmsprop(0.0, true),
        rmsprop(0.5, false),
        rmsprop(0.5, true),
        Box::new(AdagradStep { rate, epsilon }),
        Box::new(AdadeltaStep { rate, rho: of(0.9), epsilon }),
        Box::new(AdamaxStep { alpha: rate, one_minus_beta_1, beta_2: of(0.9), epsilon }),
        Box::new(NadamStep {
            one_minus_beta_1,
            one_minus_beta_2,
            momentum: of(0.5),
            gradient: of(0.5),
            correction: of(1.5),
            epsilon,
        }),
        Box::new(LionStep { rate, one_minus_beta_1, one_minus_beta_2 }),
    ]
}

/// A parameter is updated the same way in a whole vector, in the tail behind it, and alone.
fn alone_and_together<E: Element>(table: &str) {
    let len = if cfg!(miri) { 5 } else { 37 };
    for rule in rules::<E>() {
        let mut source = Source::new(12);
        let (start, g): (Vec<E>, Vec<E>) = (source.values(len), source.values(len));
        // Slots of positive numbers, as mean squares are; those of centered rules are above the squared means.
        let slot: Vec<E> = source.values::<E>(len).iter().map(|x| E::of(0.5 + 0.1 * x.f64())).collect();
        let (mut p, mut slots) = (start.clone(), vec![slot.clone(); rule.slots()]);
        let what = format!("{table} {rule:?}");
        rule.apply(&mut p, &g, &mut slots.iter_mut().map(|slot| &mut slot[..]).collect::<Vec<_>>());
        for i in 0..len {
            let (mut one, mut own) = ([start[i]], vec![[slot[i]]; rule.slots()]);
            rule.apply(&mut one, &[g[i]], &mut own.iter_mut().map(|slot| &mut slot[..]).collect::<Vec<_>>());
            assert_near(p[i].f64(), one[0].f64(), 1.0, tolerance::<E>(), &what);
            for (slot, own) in slots.iter().zip(own) {
                assert_near(slot[i].f64(), own[0].f64(), 1.0, tolerance::<E>(), &what);
            }
        }
    }
}

#[test]
fn a_parameter_is_updated_alone_as_in_company() {
    every_table(alone_and_together::<f32>, || alone_and_together::<f64>("f64"));
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
        step.apply(&mut p, &g, &mut [&mut m, &mut v]);
        for i in 0..20 {
            if i == 3 || i == 18 {
                // Infinity over infinity and NaN must propagate and not be flushed.
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
        step.apply(&mut p, &[1e30; 17], &mut [&mut m, &mut v]);
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
