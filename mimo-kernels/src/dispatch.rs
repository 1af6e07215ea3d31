//! Selection of kernels by instruction set.

use super::activation::{self, Activation};
use super::attend::scores;
use super::batch_norm::{self, BLOCK, ChannelBlock};
use super::contraction::{self, Contraction, Part};
use super::element::Element;
use super::elementwise::{self, Function};
use super::interleave::{self, Interleaving};
use super::lanewise::Operands;
use super::layer_norm;
use super::lstm::{self, LstmStep};
use super::optimizer::{
    self, AdadeltaStep, AdagradStep, AdamStep, AdamaxStep, AmsGradStep, LionStep, MomentumStep, NadamStep,
    RmspropStep, SgdStep, Sweep,
};
use super::packing::{self, Packing};
use super::pooled::{self, Pooled};
use super::pooling::{self, PoolKind, Windows};
use super::product::{self, Correlation, Product};
use super::random::{self, Dropout};
use super::recurrent;
use super::resize::{self, Resize};
use super::simd::Portable;
use super::skinny;
use super::softmax::{self, Softmax};
use super::taps::{self, TapGradient, Taps};
use super::windows;
use super::{arithmetic, arithmetic::Binary};
#[cfg(any(feature = "std", test))]
use std::sync::OnceLock;

/// Declares a method per kernel, and for each instruction set a function that enables it.
///
/// A kernel `name` of module `module` is a generic `unsafe fn module::name<S: Simd>(arguments)`. Methods name the
/// functions directly instead of a table of all of them, so that a program contains only the kernels that it calls.
macro_rules! kernels {
    ($($module:ident::$name:ident($($arg:ident: $type:ty),*);)*) => {
        /// The kernels for one element type and instruction set.
        ///
        /// Opaque: the functions of this crate call kernels through it.
        #[expect(private_interfaces, reason = "only this crate calls the methods")]
        pub trait Kernels<E>: Copy {
            $(
                #[doc(hidden)]
                unsafe fn $name(self, $($arg: $type),*);
            )*
        }

        #[cfg(target_arch = "x86_64")]
        mod avx512 {
            use super::*;
            use crate::simd::Avx512;
            type E = f32;
            $(
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
                pub(super) unsafe fn $name($($arg: $type),*) {
                    // SAFETY: this function enables the instruction set; the caller guarantees the rest.
                    unsafe { $module::$name::<Avx512>($($arg),*) }
                }
            )*
        }

        #[cfg(target_arch = "x86_64")]
        mod avx2 {
            use super::*;
            use crate::simd::Avx2;
            type E = f32;
            $(
                #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
                pub(super) unsafe fn $name($($arg: $type),*) {
                    // SAFETY: this function enables the instruction set; the caller guarantees the rest.
                    unsafe { $module::$name::<Avx2>($($arg),*) }
                }
            )*
        }

        /// Not inlined: the portable kernels would otherwise be copied into each of their callers.
        mod portable {
            use super::*;
            $(
                #[inline(never)]
                pub(super) unsafe fn $name<E: Element>($($arg: $type),*) {
                    // SAFETY: guaranteed by the caller.
                    unsafe { $module::$name::<Portable<E>>($($arg),*) }
                }
            )*
        }

        mod single {
            use super::*;
            type E = f32;

            #[expect(private_interfaces, reason = "only this crate calls the methods")]
            impl Kernels<E> for Single {
                $(
                    #[inline]
                    unsafe fn $name(self, $($arg: $type),*) {
                        match self.0 {
                            #[cfg(target_arch = "x86_64")]
                            // SAFETY: the processor has the instruction set, see `available`; the caller guarantees
                            // the rest.
                            Isa::Avx512 => unsafe { avx512::$name($($arg),*) },
                            #[cfg(target_arch = "x86_64")]
                            // SAFETY: the same.
                            Isa::Avx2 => unsafe { avx2::$name($($arg),*) },
                            // SAFETY: guaranteed by the caller.
                            Isa::Portable => unsafe { portable::$name::<E>($($arg),*) },
                        }
                    }
                )*
            }
        }

        mod double {
            use super::*;
            type E = f64;

            #[expect(private_interfaces, reason = "only this crate calls the methods")]
            impl Kernels<E> for Double {
                $(
                    #[inline]
                    unsafe fn $name(self, $($arg: $type),*) {
                        // SAFETY: guaranteed by the caller.
                        unsafe { portable::$name::<E>($($arg),*) }
                    }
                )*
            }
        }
    };
}

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Isa {
    /// Its name in `MIMO_ISA`.
    #[cfg(any(feature = "std", feature = "forced", test))]
    const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "avx2",
            Isa::Portable => "portable",
        }
    }
}

/// The `f32` kernels of an instruction set that this processor has.
#[derive(Clone, Copy, Debug)]
pub struct Single(Isa);

/// The `f64` kernels, which run everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Double;

kernels! {
    product::product(product: &Product<E>);
    skinny::transposed(product: &Product<E>);
    product::correlation(correlation: &Correlation<E>);
    product::column_sums(correlation: &Correlation<E>);
    packing::pack(packing: &Packing<E>);
    windows::windows(windows: &windows::Windows<E>);
    pooled::pool_products(work: &Pooled<E>);
    pooled::correlate(work: &Pooled<E>, transposed: &mut bool);
    pooled::spread(work: &Pooled<E>);
    taps::taps(taps: &Taps<E>);
    taps::tap_gradient(gradient: &TapGradient<E>);
    activation::forward(activation: Activation, operands: &Operands<E, 1, 1>);
    activation::backward(activation: Activation, operands: &Operands<E, 2, 1>);
    softmax::softmax(softmax: &Softmax<E>);
    softmax::softmax_gradient(softmax: &Softmax<E>);
    scores::exponentials(scores: &scores::Scores<E>);
    scores::probabilities(scores: &scores::Scores<E>);
    scores::score_gradient(gradient: &scores::ScoreGradient<E>);
    scores::scale_rows(rows: &scores::RowFactors<E>);
    scores::tangents(tangents: &scores::Tangents<E>);
    scores::tangents_gradient(tangents: &scores::Tangents<E>);
    arithmetic::elementwise(op: Binary, operands: &Operands<E, 2, 1>);
    arithmetic::scaled(alpha: E, operands: &Operands<E, 1, 1>);
    batch_norm::sums(block: ChannelBlock, x: &[E], sums: &mut [f64]);
    batch_norm::squares(block: ChannelBlock, x: &[E], mean: &[f64], sums: &mut [f64]);
    batch_norm::affine(block: ChannelBlock, by_channel: &[[E; BLOCK]; 3], x: &[E], y: &mut [E]);
    batch_norm::gradient_sums(
        block: ChannelBlock, by_channel: &[[E; BLOCK]; 2], x: &[E], dy: &[E], sums: &mut [[f64; BLOCK]; 2]
    );
    batch_norm::gradient(
        block: ChannelBlock, by_channel: &[[E; BLOCK]; 4], x: &[E], dy: &[E], dx: &mut [E], accumulate: bool
    );
    layer_norm::moments(x: &[E], centred: bool, found: &mut [E; 2]);
    layer_norm::normalize(statistics: [E; 2], weights: [Option<&[E]>; 2], x: &[E], y: &mut [E]);
    layer_norm::scale_gradient(statistics: [E; 2], x: &[E], dy: &[E], sums: &mut [E]);
    layer_norm::offset_gradient(dy: &[E], sums: &mut [E]);
    layer_norm::group_sums(
        statistics: [E; 2], gamma: Option<&[E]>, x: &[E], dy: &[E], found: &mut [E; 2]
    );
    layer_norm::group_gradient(
        numbers: [E; 4], gamma: Option<&[E]>, x: &[E], dy: &[E], dx: &mut [E], accumulate: bool
    );
    interleave::interleave_block(block: &Interleaving<E>);
    lstm::step(step: &LstmStep<E>);
    recurrent::lstm(operands: &Operands<E, 5, 6>);
    recurrent::lstm_gradient(operands: &Operands<E, 8, 5>);
    pooling::pool(kind: PoolKind, windows: &Windows, x: &[E], y: &mut [E]);
    pooling::pool_gradient(kind: PoolKind, windows: &Windows, x: &[E], y: &[E], dy: &[E], dx: &mut [E]);
    resize::enlarge(resize: &Resize, x: &[E], y: &mut [E]);
    resize::enlarge_gradient(resize: &Resize, dy: &[E], dx: &mut [E]);
    contraction::contraction(contraction: &Contraction, part: Part, first: &[E], second: &[E], to: &mut [E]);
    elementwise::elementary(function: Function, x: [&[E]; 3], y: &mut [E]);
    elementwise::elementary_gradient(function: Function, place: usize, x: [&[E]; 3], values: [&[E]; 2], dx: &mut [E]);
    elementwise::program(run: &elementwise::Run<'_, E>);
    random::drop_out(dropout: &Dropout<E>);
    optimizer::sgd(step: &SgdStep<E>, sweep: &Sweep<E>);
    optimizer::momentum(step: &MomentumStep<E>, sweep: &Sweep<E>);
    optimizer::adam(step: &AdamStep<E>, sweep: &Sweep<E>);
    optimizer::ams_grad(step: &AmsGradStep<E>, sweep: &Sweep<E>);
    optimizer::rmsprop(step: &RmspropStep<E>, sweep: &Sweep<E>);
    optimizer::adagrad(step: &AdagradStep<E>, sweep: &Sweep<E>);
    optimizer::adadelta(step: &AdadeltaStep<E>, sweep: &Sweep<E>);
    optimizer::adamax(step: &AdamaxStep<E>, sweep: &Sweep<E>);
    optimizer::nadam(step: &NadamStep<E>, sweep: &Sweep<E>);
    optimizer::lion(step: &LionStep<E>, sweep: &Sweep<E>);
}

/// Whether the processor has all of these features: detected with `std`, else true only if the whole program is
/// compiled for them.
#[cfg(target_arch = "x86_64")]
macro_rules! has {
    ($($feature:tt),*) => {{
        #[cfg(any(feature = "std", test))]
        let has = $(std::arch::is_x86_feature_detected!($feature))&&*;
        #[cfg(not(any(feature = "std", test)))]
        let has = $(cfg!(target_feature = $feature))&&*;
        has
    }};
}

/// The instruction sets of this processor, best first.
fn available() -> impl Iterator<Item = Isa> {
    #[cfg(target_arch = "x86_64")]
    let vectors = {
        let avx2 = has!("avx2", "fma", "bmi1", "bmi2", "lzcnt", "popcnt");
        let avx512 = avx2 && has!("avx512f", "avx512bw", "avx512dq", "avx512vl");
        [avx512.then_some(Isa::Avx512), avx2.then_some(Isa::Avx2)]
    };
    #[cfg(not(target_arch = "x86_64"))]
    let vectors = [None; 2];
    vectors.into_iter().flatten().chain([Isa::Portable])
}

/// The `f32` kernels of the best instruction set.
///
/// With `std`, the environment variable `MIMO_ISA` (`avx512`, `avx2` or `portable`), read once, selects one for tests
/// or measurements; it is ignored if the processor does not have it.
#[inline]
pub(crate) fn single() -> Single {
    #[cfg(any(feature = "forced", test))]
    if let Some(isa) = forced::get() {
        return Single(isa);
    }
    #[cfg(any(feature = "std", test))]
    {
        static CHOSEN: OnceLock<Isa> = OnceLock::new();
        Single(*CHOSEN.get_or_init(|| {
            let wanted = std::env::var("MIMO_ISA").unwrap_or_default();
            let named = available().find(|isa| isa.name() == wanted);
            named.or_else(|| available().next()).unwrap_or(Isa::Portable)
        }))
    }
    #[cfg(not(any(feature = "std", test)))]
    Single(available().next().unwrap_or(Isa::Portable))
}

/// Test support, for this and other crates: runs a test with every instruction set of this processor, on the test's
/// thread.
#[cfg(any(feature = "forced", test))]
pub mod forced {
    use super::{Isa, available};
    use core::cell::Cell;

    std::thread_local! {
        static ISA: Cell<Option<Isa>> = const { Cell::new(None) };
    }

    /// The instruction set that [`each`] selects on this thread.
    pub(super) fn get() -> Option<Isa> {
        ISA.get()
    }

    /// Calls `test` once per instruction set, with its name, while it is selected.
    pub fn each(mut test: impl FnMut(&str)) {
        for isa in available() {
            ISA.set(Some(isa));
            test(isa.name());
        }
        ISA.set(None);
    }
}
