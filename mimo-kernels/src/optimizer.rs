//! The update rules of optimizers, on flat slices of parameters, gradients and slots.
//!
//! The caller computes the numbers of a step (learning rate, bias corrections, powers) once, so that a slice can be
//! updated piece by piece. The formulas are Keras's. Slots that decay towards zero are set to zero below 1e-30:
//! subnormal numbers make a step forty times slower.
//!
//! Each rule is a separate type and kernel, so that a program contains only the rules that it uses.

use super::dispatch::Kernels;
use super::element::Element;
use super::lanewise::{Lanewise, Operands, lanewise};
use super::simd::Simd;
use core::ptr;

mod rules;
mod sweeps;
mod whole;

pub use sweeps::{accumulate, accumulated, average, clip_value, decay, scale, sum_of_squares};
pub use whole::{AdafactorStep, LambStep, MuonStep, adafactor_len, muon_len};

/// Largest number of slots of a rule.
const MAX_SLOTS: usize = 3;

/// Gradient descent, without momentum: `p -= rate g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep<E> {
    /// Learning rate.
    pub rate: E,
}

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

/// Adam with the largest second moment so far in the denominator: `w = max(w, v)`, `p -= alpha m / (sqrt(w) + epsilon)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmsGradStep<E>(pub AdamStep<E>);

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

/// The parameters, the gradient and the slots that an update reads and writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sweep<E> {
    len: usize,
    p: *mut E,
    g: *const E,
    /// Slots that the rule does not have are null.
    slots: [*mut E; MAX_SLOTS],
}

impl<E: Element> Sweep<E> {
    /// The slices of an update whose rule has `count` slots.
    fn new(count: usize, p: &mut [E], g: &[E], slots: &mut [&mut [E]]) -> Self {
        assert_eq!(g.len(), p.len(), "gradient and parameters differ in length");
        assert_eq!(slots.len(), count, "wrong number of slots");
        let mut pointers = [ptr::null_mut(); MAX_SLOTS];
        for (pointer, slot) in pointers.iter_mut().zip(slots) {
            assert_eq!(slot.len(), p.len(), "slot and parameters differ in length");
            *pointer = slot.as_mut_ptr();
        }
        Sweep { len: p.len(), p: p.as_mut_ptr(), g: g.as_ptr(), slots: pointers }
    }

    /// Runs a rule that reads parameter, gradient and slots, and writes parameter and slots.
    ///
    /// # Safety
    ///
    /// The processor must have the instruction set. `len` values must be valid at `p`, at `g` and at the first `OUT - 1`
    /// slots.
    #[inline(always)]
    unsafe fn run<S: Simd<Elem = E>, const IN: usize, const OUT: usize>(
        &self,
        rule: impl Lanewise<S, IN, OUT>,
    ) {
        let Sweep { len, p, g, slots } = *self;
        let inputs = core::array::from_fn(|at| match at {
            0 => p.cast_const(),
            1 => g,
            at => slots[at - 2].cast_const(),
        });
        let outputs = core::array::from_fn(|at| if at == 0 { p } else { slots[at - 1] });
        // SAFETY: passed on to the caller.
        unsafe { lanewise::<S, _, _, _>(&Operands::flat(len, inputs, outputs), rule) }
    }
}

/// Declares how rules update values: the number of slots of a step, its kernel, and the loops of the kernel over a
/// [`Sweep`].
macro_rules! updates {
    ($(
        $(#[doc = $doc:literal])*
        |$this:pat_param| $slots:expr;
        $kernel:ident($step:ident $fields:tt) => |$sweep:ident| $loops:expr;
    )*) => {
        $(
            impl<E: Element> $step<E> {
                /// Number of slots that the rule keeps for each parameter.
                ///
                $(#[doc = $doc])*
                pub fn slots(&self) -> usize {
                    let $this = self;
                    $slots
                }

                /// Updates the parameters `p` and the slots by the gradient `g`. All slices have one length, and there are
                /// [`slots`](Self::slots) slots.
                pub fn apply(&self, p: &mut [E], g: &[E], slots: &mut [&mut [E]]) {
                    let sweep = Sweep::new(self.slots(), p, g, slots);
                    // SAFETY: there are p.len() values at every pointer that the rule uses, as many as `slots` says.
                    // The kernels are those of this processor.
                    unsafe { E::kernels().$kernel(self, &sweep) }
                }
            }

            /// Kernel of a rule.
            ///
            /// # Safety
            ///
            /// The processor must have the instruction set, and the values of the sweep be valid for the slots of the
            /// rule.
            #[inline(always)]
            pub(crate) unsafe fn $kernel<S: Simd>(step: &$step<S::Elem>, $sweep: &Sweep<S::Elem>) {
                let $step $fields = *step;
                // SAFETY: passed on to the caller.
                unsafe { $loops }
            }
        )*
    };
}

updates! {
    /// No slots.
    |_| 0;
    sgd(SgdStep { rate }) => |sweep| sweep.run::<S, _, _>(rules::Sgd::new(rate));

    /// Slots: velocity.
    |_| 1;
    momentum(MomentumStep { rate, momentum, nesterov }) => |sweep| if nesterov {
        sweep.run::<S, _, _>(rules::Nesterov::new(rate, momentum));
    } else {
        sweep.run::<S, _, _>(rules::Momentum::new(rate, momentum));
    };

    /// Slots: `m`, `v`.
    |_| 2;
    adam(AdamStep { alpha, one_minus_beta_1, one_minus_beta_2, epsilon }) => |sweep| {
        sweep.run::<S, _, _>(rules::Adam::new(alpha, one_minus_beta_1, one_minus_beta_2, epsilon));
    };

    /// Slots: `m`, `v`, `w`.
    |_| 3;
    ams_grad(AmsGradStep(AdamStep { alpha, one_minus_beta_1, one_minus_beta_2, epsilon })) => |sweep| {
        sweep.run::<S, _, _>(rules::AmsGrad::new(alpha, one_minus_beta_1, one_minus_beta_2, epsilon));
    };

    /// Slots: mean square, then velocity if there is momentum, then mean gradient if centered.
    |step| 1 + usize::from(step.momentum != E::zero()) + usize::from(step.centered);
    rmsprop(RmspropStep { rate, rho, momentum, epsilon, centered }) => |sweep| {
        match (momentum != S::Elem::default(), centered) {
            (false, false) => sweep.run::<S, _, _>(rules::Rmsprop::new(rate, rho, epsilon)),
            (false, true) => sweep.run::<S, _, _>(rules::CenteredRmsprop::new(rate, rho, epsilon)),
            (true, false) => sweep.run::<S, _, _>(rules::RmspropMomentum::new(rate, rho, epsilon, momentum)),
            (true, true) => {
                sweep.run::<S, _, _>(rules::CenteredRmspropMomentum::new(rate, rho, epsilon, momentum));
            }
        }
    };

    /// Slots: sum of squares, which Keras starts at 0.1.
    |_| 1;
    adagrad(AdagradStep { rate, epsilon }) => |sweep| {
        sweep.run::<S, _, _>(rules::Adagrad::new(rate, epsilon));
    };

    /// Slots: mean square of gradients, mean square of updates.
    |_| 2;
    adadelta(AdadeltaStep { rate, rho, epsilon }) => |sweep| {
        sweep.run::<S, _, _>(rules::Adadelta::new(rate, rho, epsilon));
    };

    /// Slots: `m`, `u`.
    |_| 2;
    adamax(AdamaxStep { alpha, one_minus_beta_1, beta_2, epsilon }) => |sweep| {
        sweep.run::<S, _, _>(rules::Adamax::new(alpha, one_minus_beta_1, beta_2, epsilon));
    };

    /// Slots: `m`, `v`.
    |_| 2;
    nadam(NadamStep {
        one_minus_beta_1,
        one_minus_beta_2,
        momentum,
        gradient,
        correction,
        epsilon,
    }) => |sweep| {
        sweep.run::<S, _, _>(rules::Nadam::new(
            one_minus_beta_1,
            one_minus_beta_2,
            momentum,
            gradient,
            correction,
            epsilon,
        ));
    };

    /// Slots: `m`.
    |_| 1;
    lion(LionStep { rate, one_minus_beta_1, one_minus_beta_2 }) => |sweep| {
        sweep.run::<S, _, _>(rules::Lion::new(rate, one_minus_beta_1, one_minus_beta_2));
    };
}
