use mimo_graph::optimizer::Rule;

use super::*;

const EPSILON: f64 = 1e-7;

/// A rule of each kind, with its number of slots.
fn rules() -> Vec<(Rule, usize)> {
    let (beta_1, beta_2, epsilon) = (0.9, 0.999, EPSILON);
    let adam = |amsgrad| Rule::Adam { beta_1, beta_2, epsilon, amsgrad };
    let muon = Rule::Muon {
        adam_beta_1: beta_1,
        adam_beta_2: beta_2,
        adam_weight_decay: None,
        epsilon,
        exclude_layers: &[],
        exclude_embeddings: true,
        muon_a: 3.4445,
        muon_b: -4.775,
        muon_c: 2.0315,
        adam_lr_ratio: 1.0,
        momentum: 0.95,
        ns_steps: 5,
        nesterov: true,
        rms_rate: Some(0.2),
    };
    let adafactor = Rule::Adafactor {
        beta_2_decay: -0.8,
        epsilon_1: 1e-30,
        epsilon_2: 1e-3,
        clip_threshold: 1.0,
        relative_step: true,
    };
    vec![
        (Rule::Sgd { momentum: 0.0, nesterov: true }, 0),
        (Rule::Sgd { momentum: 0.5, nesterov: true }, 1),
        (adam(false), 2),
        (adam(true), 3),
        (Rule::RmsProp { rho: 0.9, momentum: 0.5, epsilon, centered: true }, 3),
        (Rule::Adagrad { initial_accumulator_value: 0.1, epsilon }, 1),
        (Rule::Adadelta { rho: 0.95, epsilon }, 2),
        (Rule::Adamax { beta_1, beta_2, epsilon }, 2),
        (adafactor, 0),
        (Rule::Lamb { beta_1, beta_2, epsilon }, 2),
        (muon, 2),
        (Rule::Nadam { beta_1, beta_2, epsilon }, 2),
        (Rule::Lion { beta_1, beta_2 }, 1),
    ]
}

macro_rules! makers {
    ($($kind:ident),*) => {
        [$((stringify!($kind), <f64 as Float>::rule::<$kind> as MakeRule<f64>)),*]
    };
}

#[test]
fn each_rule_is_made_by_its_kind_only() {
    let makers = makers!(
        Sgd, Momentum, Adam, AmsGrad, RmsProp, Adagrad, Adadelta, Adamax, Adafactor, Lamb, Muon, Nadam, Lion
    );
    for (rule, slots) in rules() {
        for (kind, make) in makers {
            // Generated code names the kind by `Rule::kind`.
            let made = make(rule);
            // `Momentum` could also run a momentum of 0.
            if kind == "Momentum" && rule.kind() == "Sgd" {
                continue;
            }
            assert_eq!(
                made.map(|made| made.slots()),
                (kind == rule.kind()).then_some(slots),
                "{kind} {rule:?}"
            );
        }
        assert_eq!(f64::rule::<Any>(rule).map(|made| made.slots()), Some(slots), "{rule:?}");
        assert_eq!(f32::rule::<Any>(rule).map(|made| made.slots()), Some(slots), "{rule:?}");
    }
}

#[test]
fn rules_do_nothing_with_fewer_slots_than_they_need() {
    let weight = WholeWeight { len: 4, rows: 2, matrices: Some([1, 2, 2]) };
    for (rule, slots) in rules().into_iter().filter(|(_, slots)| *slots > 0) {
        let mut made = f64::rule::<Any>(rule).expect("a rule of some kind");
        made.prepare(0.1, 1.0);
        let mut values = [1.0; 4];
        let mut memory = vec![0.0; made.memory(weight)];
        made.update(&mut values, &[1.0; 4], &mut []);
        made.update_whole(weight, &mut values, &[1.0; 4], &mut memory, &mut []);
        assert_eq!(values, [1.0; 4], "{rule:?} has {slots} slots");
    }
}
