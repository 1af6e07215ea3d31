//! Number types of models.

use super::dispatch::{self, Double, Kernels, Single};
use core::fmt::{Debug, Display};
use core::iter::Sum;
use num_traits::{Float, NumAssign};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`.
///
/// `f32` has vector kernels and is the type to train in. `f64` runs the portable kernels, and serves to check
/// gradients by finite differences.
pub trait Element:
    Float + NumAssign + Default + Debug + Display + Send + Sync + Sum + sealed::Sealed + 'static
{
    /// A NaN with a payload that no arithmetic produces from other numbers. It marks memory that must be written;
    /// payloads of NaNs survive copies.
    const UNFILLED: Self;

    /// Whether this is [`UNFILLED`](Self::UNFILLED). (A NaN cannot be compared with `==`.)
    fn is_unfilled(self) -> bool;

    /// Another such NaN: as the weight of a target, it marks the target as missing.
    const MISSING: Self;

    /// Whether this is [`MISSING`](Self::MISSING).
    fn is_missing(self) -> bool;

    /// The nearest value of this type.
    fn of(x: f64) -> Self;

    /// This value, exactly, in double precision.
    fn f64(self) -> f64;

    /// The kernels of the type.
    type Kernels: Kernels<Self>;

    /// The kernels for the processor this program runs on, chosen at the first call.
    fn kernels() -> Self::Kernels;

    /// The error function.
    fn erf(self) -> Self;

    /// `1 - erf(self)`, with full relative precision where `erf` is nearly one.
    fn erfc(self) -> Self;
}

impl Element for f32 {
    type Kernels = Single;
    const UNFILLED: Self = f32::from_bits(0x7FC4_D4D0);
    const MISSING: Self = f32::from_bits(0x7FC4_D4D1);

    #[inline]
    fn is_unfilled(self) -> bool {
        self.to_bits() == Self::UNFILLED.to_bits()
    }
    #[inline]
    fn is_missing(self) -> bool {
        self.to_bits() == Self::MISSING.to_bits()
    }
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
    fn kernels() -> Single {
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
    type Kernels = Double;
    const UNFILLED: Self = f64::from_bits(0x7FF8_4D49_4D4F_0001);
    const MISSING: Self = f64::from_bits(0x7FF8_4D49_4D4F_0002);

    #[inline]
    fn is_unfilled(self) -> bool {
        self.to_bits() == Self::UNFILLED.to_bits()
    }
    #[inline]
    fn is_missing(self) -> bool {
        self.to_bits() == Self::MISSING.to_bits()
    }
    #[inline]
    fn of(x: f64) -> Self {
        x
    }
    #[inline]
    fn f64(self) -> f64 {
        self
    }
    #[inline]
    fn kernels() -> Double {
        Double
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn erfc(self) -> Self {
        libm::erfc(self)
    }
}
