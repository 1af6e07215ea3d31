//! The update rules of optimizers, on flat slices of parameters, gradients and slots.
//!
//! What a rule needs once per step (learning rate, bias corrections, powers) is computed by the caller and
//! given as numbers, so that one slice can be updated piece by piece. The formulas are Keras's. Slots that
//! decay towards zero are set to zero below 1e-30: subnormal numbers would make a step forty times slower.

use super::dispatch::Kernels;
use super::element::Element;
use super::lanewise::{Operands, lanewise};
use super::simd::Simd;
use core::ptr;

mod rules;
mod sweeps;
mod whole;

pub use sweeps::{accumulate, accumulated, average, clip_value, decay, scale, sum_of_squares};
pub use whole::{AdafactorStep, LambStep, MuonStep, adafactor_len, muon_len};

/// The most slots any rule has.
const MAX_SLOTS: usize = 3;

/// Gradient descent with momentum: `m = momentum m - rate g`, then `p += m`, or with Nesterov's look-ahead
/// `p += momentum m - rate g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentumStep<E> {
    /// Learning rate.
    pub rate: E,
    /// Decay of the velocity.
    pub momentum: E,
    /// Look ahead.
    pub nesterov: bool,
}

/// Adam: `m += (g - m) (1 - beta_1)`, `v += (g^2 - v) (1 - beta_2)`, `p -= alpha m / (sqrt(v) + epsilon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep<E> {
    /// `rate sqrt(1 - beta_2^t) / (1 - beta_1^t)`.
    pub alpha: E,
    /// `1 - beta_1`.
    pub one_minus_beta_1: E,
    /// `1 - beta_2`.
    pub one_minus_beta_2: E,
    /// Keeps the denominator from zero.
    pub epsilon: E,
}

/// RMSprop: `v = rho v + (1 - rho) g^2`, `p -= rate g / sqrt(v + epsilon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmspropStep<E> {
    /// Learning rate.
    pub rate: E,
    /// Decay of the mean square.
    pub rho: E,
    /// Decay of the velocity; there is one unless this is zero.
    pub momentum: E,
    /// Keeps the denominator from zero.
    pub epsilon: E,
    /// Subtract the square of the mean gradient from the mean square.
    pub centered: bool,
}

/// Adagrad: `a += g^2`, `p -= rate g / sqrt(a + epsilon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdagradStep<E> {
    /// Learning rate.
    pub rate: E,
    /// Keeps the denominator from zero.
    pub epsilon: E,
}

/// Adadelta: `a = rho a + (1 - rho) g^2`, `d = g sqrt(b + epsilon) / sqrt(a + epsilon)`, `b = rho b + (1 -
/// rho) d^2`, `p -= rate d`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdadeltaStep<E> {
    /// Learning rate.
    pub rate: E,
    /// Decay of the mean squares.
    pub rho: E,
    /// Keeps both roots from zero.
    pub epsilon: E,
}

/// Adamax: `m` as Adam, `u = max(beta_2 u, |g|)`, `p -= alpha m / (u + epsilon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamaxStep<E> {
    /// `rate / (1 - beta_1^t)`.
    pub alpha: E,
    /// `1 - beta_1`.
    pub one_minus_beta_1: E,
    /// Decay of the largest gradient.
    pub beta_2: E,
    /// Keeps the denominator from zero.
    pub epsilon: E,
}

/// Nadam: `m` and `v` as Adam, `p -= (momentum m + gradient g) / (sqrt(correction v) + epsilon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NadamStep<E> {
    /// `1 - beta_1`.
    pub one_minus_beta_1: E,
    /// `1 - beta_2`.
    pub one_minus_beta_2: E,
    /// `rate u' / (1 - P u')`, with Nadam's coefficient `u'` of the next step and product `P` up to this one.
    pub momentum: E,
    /// `rate (1 - u) / (1 - P)`, with the coefficient `u` of this step.
    pub gradient: E,
    /// `1 / (1 - beta_2^t)`.
    pub correction: E,
    /// Keeps the denominator from zero.
    pub epsilon: E,
}

/// Lion: `p -= rate sign(beta_1 m + (1 - beta_1) g)`, `m = beta_2 m + (1 - beta_2) g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LionStep<E> {
    /// Learning rate.
    pub rate: E,
    /// `1 - beta_1`.
    pub one_minus_beta_1: E,
    /// `1 - beta_2`.
    pub one_minus_beta_2: E,
}

/// An update rule with the numbers of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update<E> {
    /// `p -= rate g`. No slots.
    Sgd {
        /// Learning rate.
        rate: E,
    },
    /// Slots: velocity.
    Momentum(MomentumStep<E>),
    /// Slots: m, v.
    Adam(AdamStep<E>),
    /// Adam whose denominator uses the largest v so far. Slots: m, v, largest v.
    AmsGrad(AdamStep<E>),
    /// Slots: mean square, then velocity if there is momentum, then mean gradient if centered.
    Rmsprop(RmspropStep<E>),
    /// Slots: sum of squares (which Keras starts at 0.1).
    Adagrad(AdagradStep<E>),
    /// Slots: mean square of gradients, of updates.
    Adadelta(AdadeltaStep<E>),
    /// Slots: m, u.
    Adamax(AdamaxStep<E>),
    /// Slots: m, v.
    Nadam(NadamStep<E>),
    /// Slots: m.
    Lion(LionStep<E>),
}

impl<E: Element> Update<E> {
    /// How many slots the rule keeps for each parameter.
    pub fn slots(&self) -> usize {
        match self {
            Self::Sgd { .. } => 0,
            Self::Momentum(_) | Self::Adagrad(_) | Self::Lion(_) => 1,
            Self::Adam(_) | Self::Adadelta(_) | Self::Adamax(_) | Self::Nadam(_) => 2,
            Self::AmsGrad(_) => 3,
            Self::Rmsprop(step) => 1 + usize::from(step.momentum != E::zero()) + usize::from(step.centered),
        }
    }

    /// Updates the parameters `p` and the slots by the gradient `g`. All slices have one length, and there
    /// are [`Update::slots`] slots.
    pub fn apply(&self, p: &mut [E], g: &[E], slots: &mut [&mut [E]]) {
        assert_eq!(g.len(), p.len(), "gradient and parameters differ in length");
        assert_eq!(slots.len(), self.slots(), "wrong number of slots for {self:?}");
        let mut pointers = [ptr::null_mut(); MAX_SLOTS];
        for (pointer, slot) in pointers.iter_mut().zip(slots) {
            assert_eq!(slot.len(), p.len(), "slot and parameters differ in length");
            *pointer = slot.as_mut_ptr();
        }
        // SAFETY: there are p.len() values behind every pointer the rule uses: `slots` says how many
        // those are. The table is for this processor.
        unsafe { E::kernels().update(self, p.len(), p.as_mut_ptr(), g.as_ptr(), &pointers) }
    }
}

/// The kernel behind [`Update::apply`].
///
/// # Safety
///
/// The processor must have the instruction set, and `len` values be valid behind `p`, `g` and the slots of
/// the rule.
#[inline(always)]
pub(crate) unsafe fn update<S: Simd>(
    update: &Update<S::Elem>,
    len: usize,
    p: *mut S::Elem,
    g: *const S::Elem,
    slots: &[*mut S::Elem; MAX_SLOTS],
) {
    let [a, b, c] = *slots;
    macro_rules! sweep {
        ([$($slot:ident),*] $rule:expr) => {
            // SAFETY: passed on to the caller.
            unsafe {
                let inputs = [p.cast_const(), g, $($slot.cast_const()),*];
                lanewise::<S, _, _, _>(&Operands::flat(len, inputs, [p, $($slot),*]), $rule)
            }
        };
    }
    match *update {
        Update::Sgd { rate } => sweep!([] rules::Sgd::new(rate)),
        Update::Momentum(MomentumStep { rate, momentum, nesterov: false }) => {
            sweep!([a] rules::Momentum::new(rate, momentum));
        }
        Update::Momentum(MomentumStep { rate, momentum, nesterov: true }) => {
            sweep!([a] rules::Nesterov::new(rate, momentum));
        }
        Update::Adam(AdamStep { alpha, one_minus_beta_1, one_minus_beta_2, epsilon }) => {
            sweep!([a, b] rules::Adam::new(alpha, one_minus_beta_1, one_minus_beta_2, epsilon));
        }
        Update::AmsGrad(AdamStep { alpha, one_minus_beta_1, one_minus_beta_2, epsilon }) => {
            sweep!([a, b, c] rules::AmsGrad::new(alpha, one_minus_beta_1, one_minus_beta_2, epsilon));
        }
        Update::Rmsprop(RmspropStep { rate, rho, momentum, epsilon, centered }) => {
            match (momentum != S::Elem::default(), centered) {
                (false, false) => sweep!([a] rules::Rmsprop::new(rate, rho, epsilon)),
                (false, true) => sweep!([a, b] rules::CenteredRmsprop::new(rate, rho, epsilon)),
                (true, false) => sweep!([a, b] rules::RmspropMomentum::new(rate, rho, epsilon, momentum)),
                (true, true) => {
                    sweep!([a, b, c] rules::CenteredRmspropMomentum::new(rate, rho, epsilon, momentum));
                }
            }
        }
        Update::Adagrad(AdagradStep { rate, epsilon }) => sweep!([a] rules::Adagrad::new(rate, epsilon)),
        Update::Adadelta(AdadeltaStep { rate, rho, epsilon }) => {
            sweep!([a, b] rules::Adadelta::new(rate, rho, epsilon));
        }
        Update::Adamax(AdamaxStep { alpha, one_minus_beta_1, beta_2, epsilon }) => {
            sweep!([a, b] rules::Adamax::new(alpha, one_minus_beta_1, beta_2, epsilon));
        }
        Update::Nadam(NadamStep {
            one_minus_beta_1,
            one_minus_beta_2,
            momentum,
            gradient,
            correction,
            epsilon,
        }) => {
            sweep!([a, b] rules::Nadam::new(
                one_minus_beta_1, one_minus_beta_2, momentum, gradient, correction, epsilon
            ));
        }
        Update::Lion(LionStep { rate, one_minus_beta_1, one_minus_beta_2 }) => {
            sweep!([a] rules::Lion::new(rate, one_minus_beta_1, one_minus_beta_2));
        }
    }
}
