//! The kinds of rules, and the numbers that their updates need.
//!
//! Powers of the betas are taken in the model's precision, as in Keras. The closures are `Fn`, so that they cannot
//! hide anything that a checkpoint would have to save: the number that a rule keeps from update to update is the
//! third argument.

use mimo_graph::optimizer::Rule;

use super::steps::MuonOrAdam;
use super::{Kind, UpdateRule, running};
use crate::float::Float;
use crate::kernels::optimizer::{
    AdadeltaStep, AdafactorStep, AdagradStep, AdamStep, AdamaxStep, AmsGradStep, LambStep, LionStep,
    MomentumStep, MuonStep, NadamStep, RmspropStep, SgdStep,
};

/// Declares the kinds: the rules of each, and its update for a learning rate and a number of the update.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $kind:ident { $($fields:tt)* } of $rule:ident => $numbers:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $kind;

            impl $kind {
                fn make<E: Float>(rule: Rule) -> Option<Box<dyn UpdateRule<E>>> {
                    match rule {
                        Rule::$rule { $($fields)* } => Some(running($numbers)),
                        _ => None,
                    }
                }
            }

            impl Kind for $kind {
                fn f32(rule: Rule) -> Option<Box<dyn UpdateRule<f32>>> {
                    Self::make(rule)
                }

                fn f64(rule: Rule) -> Option<Box<dyn UpdateRule<f64>>> {
                    Self::make(rule)
                }
            }
        )*

        /// Any rule, for models that are not generated. A program that names it links all rules.
        #[derive(Clone, Copy, Debug)]
        pub struct Any;

        impl Kind for Any {
            fn f32(rule: Rule) -> Option<Box<dyn UpdateRule<f32>>> {
                None$(.or_else(|| $kind::f32(rule)))*
            }

            fn f64(rule: Rule) -> Option<Box<dyn UpdateRule<f64>>> {
                None$(.or_else(|| $kind::f64(rule)))*
            }
        }
    };
}

kinds! {
    /// Gradient descent without momentum.
    Sgd { momentum: 0.0, nesterov: _ } of Sgd => |rate, _, _| SgdStep { rate };

    /// Gradient descent with momentum.
    Momentum { momentum, nesterov } of Sgd => move |rate, _, _| {
        MomentumStep { rate, momentum: E::of(momentum), nesterov }
    };

    /// Adam, and AdamW.
    Adam { beta_1, beta_2, epsilon, amsgrad: false } of Adam => move |rate, t, _| {
        adam(rate, t, beta_1, beta_2, epsilon)
    };

    /// Adam and AdamW with `amsgrad = true`.
    AmsGrad { beta_1, beta_2, epsilon, amsgrad: true } of Adam => move |rate, t, _| {
        AmsGradStep(adam(rate, t, beta_1, beta_2, epsilon))
    };

    /// RMSprop.
    RmsProp { rho, momentum, epsilon, centered } of RmsProp => move |rate, _, _| RmspropStep {
        rate,
        rho: E::of(rho),
        momentum: E::of(momentum),
        epsilon: E::of(epsilon),
        centered,
    };

    /// Adagrad.
    Adagrad { epsilon, .. } of Adagrad => move |rate, _, _| AdagradStep { rate, epsilon: E::of(epsilon) };

    /// Adadelta.
    Adadelta { rho, epsilon } of Adadelta => move |rate, _, _| {
        AdadeltaStep { rate, rho: E::of(rho), epsilon: E::of(epsilon) }
    };

    /// Adamax.
    Adamax { beta_1, beta_2, epsilon } of Adamax => move |rate: E, t, _| AdamaxStep {
        alpha: rate / left(beta_1, t),
        one_minus_beta_1: E::of(1.0 - beta_1),
        beta_2: E::of(beta_2),
        epsilon: E::of(epsilon),
    };

    /// Adafactor.
    Adafactor { beta_2_decay, epsilon_1, epsilon_2, clip_threshold, .. } of Adafactor => {
        let one = E::of(1.0);
        move |rate: E, t: E, _| AdafactorStep {
            // `relative_step` bounds the rate by the same number.
            rho: rate.min(one / t.sqrt()),
            beta_2: one - t.powf(E::of(beta_2_decay)),
            epsilon_1: E::of(epsilon_1),
            epsilon_2: E::of(epsilon_2),
            clip_threshold: E::of(clip_threshold),
        }
    };

    /// Lamb.
    Lamb { beta_1, beta_2, epsilon } of Lamb => move |rate, t, _| LambStep {
        rate,
        one_minus_beta_1: E::of(1.0 - beta_1),
        one_minus_beta_2: E::of(1.0 - beta_2),
        bias_1: left(beta_1, t),
        bias_2: left(beta_2, t),
        epsilon: E::of(epsilon),
    };

    /// Muon, with Adam for the weights that are not matrices.
    Muon {
        adam_beta_1,
        adam_beta_2,
        epsilon,
        muon_a,
        muon_b,
        muon_c,
        adam_lr_ratio,
        momentum,
        ns_steps,
        nesterov,
        rms_rate,
        ..
    } of Muon => move |rate: E, t, _| MuonOrAdam {
        matrices: MuonStep {
            rate,
            momentum: E::of(momentum),
            nesterov,
            coefficients: [muon_a, muon_b, muon_c].map(E::of),
            iterations: ns_steps as usize,
            rms_rate: rms_rate.map(E::of),
        },
        others: adam(rate * E::of(adam_lr_ratio), t, adam_beta_1, adam_beta_2, epsilon),
    };

    /// Nadam.
    Nadam { beta_1, beta_2, epsilon } of Nadam => {
        let one = E::of(1.0);
        let coefficient = move |t: E| E::of(beta_1) * (one - E::of(0.5) * E::of(0.96).powf(t));
        // `carried` is the product of the coefficients of all updates so far.
        move |rate: E, t: E, carried: &mut E| {
            let (now, next) = (coefficient(t), coefficient(t + one));
            *carried *= now;
            let product = *carried;
            NadamStep {
                one_minus_beta_1: E::of(1.0 - beta_1),
                one_minus_beta_2: E::of(1.0 - beta_2),
                momentum: rate * next / (one - product * next),
                gradient: rate * (one - now) / (one - product),
                correction: one / left(beta_2, t),
                epsilon: E::of(epsilon),
            }
        }
    };

    /// Lion.
    Lion { beta_1, beta_2 } of Lion => move |rate, _, _| LionStep {
        rate,
        one_minus_beta_1: E::of(1.0 - beta_1),
        one_minus_beta_2: E::of(1.0 - beta_2),
    };
}

/// Returns the numbers of Adam.
fn adam<E: Float>(rate: E, t: E, beta_1: f64, beta_2: f64, epsilon: f64) -> AdamStep<E> {
    AdamStep {
        alpha: rate * left(beta_2, t).sqrt() / left(beta_1, t),
        one_minus_beta_1: E::of(1.0 - beta_1),
        one_minus_beta_2: E::of(1.0 - beta_2),
        epsilon: E::of(epsilon),
    }
}

/// Returns `1 - beta^t`.
fn left<E: Float>(beta: f64, t: E) -> E {
    E::of(1.0) - E::of(beta).powf(t)
}
