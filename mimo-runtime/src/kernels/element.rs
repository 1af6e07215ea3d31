//! The number types a model can be made of.

use super::dispatch::{self, Kernels};
use num_traits::{Float, NumAssign};
use std::fmt::{Debug, Display};
use std::iter::Sum;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`.
///
/// `f32` is the type to train in: it has the vector kernels. `f64` runs the portable ones; it is there
/// so that gradients can be checked by finite differences.
pub trait Element:
    Float + NumAssign + Default + Debug + Display + Send + Sync + Sum + sealed::Sealed + 'static
{
    /// The nearest value of this type.
    fn of(x: f64) -> Self;

    /// This value, exactly, in double precision.
    fn f64(self) -> f64;

    /// The kernels for the processor this program runs on, chosen at the first call.
    fn kernels() -> &'static Kernels<Self>;

    /// The error function.
    fn erf(self) -> Self;

    /// `1 - erf(self)`, which keeps its relative precision where `erf` is nearly one.
    fn erfc(self) -> Self;
}

impl Element for f32 {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest f32 is the purpose")]
    fn of(x: f64) -> Self {
        x as f32
    }
    #[inline]
    fn f64(self) -> f64 {
        f64::from(self)
    }
    #[inline]
    fn kernels() -> &'static Kernels<Self> {
        dispatch::single()
    }
    fn erf(self) -> Self {
        libm::erff(self)
    }
    fn erfc(self) -> Self {
        libm::erfcf(self)
    }
}

impl Element for f64 {
    #[inline]
    fn of(x: f64) -> Self {
        x
    }
    #[inline]
    fn f64(self) -> f64 {
        self
    }
    #[inline]
    fn kernels() -> &'static Kernels<Self> {
        dispatch::double()
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn erfc(self) -> Self {
        libm::erfc(self)
    }
}
