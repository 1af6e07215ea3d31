//! Expressions as programs: instructions that pass a block of values to each other in vector registers.
//!
//! A kernel per step and tile would load and store each intermediate value: 16 loads and 16 stores of AVX-512 per
//! step, and about 20 ns of calls and look-ups, for 16 additions. Here the result of an instruction stays in the
//! registers for the next one:
//!
//! ```text
//! for each block of values                    16 vectors of AVX-512 (a tile), 8 of AVX2
//!     for each instruction                    one indirect jump
//!         last = f(last, number or memory)    without a loop, in registers
//!         store last, if it is read later
//! ```
//!
//! The remainder of a run is computed in blocks of two vectors. The portable vectors are arrays, which the compiler
//! would not keep in registers: their block is a tile in memory, and instructions are loops over single values, which
//! the compiler vectorizes.
//!
//! Functions with many instructions of their own (`sin`, `pow`, comparisons, …) are *slow*: they read and write
//! memory by the kernels of [`elementary`](super::elementary), and the registers are lost.

use core::mem::MaybeUninit;

use super::{Function, TILE, Tile};
use crate::dispatch::Kernels;
use crate::element::Element;
use crate::simd::{Portable, Simd};

/// Distance of tiles, in values.
const STRIDE: usize = size_of::<Tile<f32>>() / size_of::<f32>();
const _: () = assert!(size_of::<Tile<f64>>() == STRIDE * size_of::<f64>());

/// Place of values in the arena or in a tile: the index of the first value, and its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(usize);

impl Place {
    /// Place in the arena from `at` on; it moves with the run.
    pub(super) fn arena(at: usize) -> Self {
        Place(2 * at)
    }

    /// A tile.
    pub(super) fn tile(tile: usize) -> Self {
        Place(2 * tile * STRIDE + 1)
    }

    /// Index in the arena, if the place is there.
    pub(super) fn in_arena(self) -> Option<usize> {
        self.0.is_multiple_of(2).then_some(self.0 / 2)
    }

    /// Address, from the addresses of the arena and of the tiles.
    #[inline(always)]
    fn pointer<E>(self, bases: [*mut E; 2]) -> *mut E {
        bases[self.0 % 2].wrapping_add(self.0 / 2)
    }
}

/// Declares the quick operations: the new last result from the last result `y`, values `x` from memory if they are
/// named, and two numbers.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($y:ident $(, $x:ident)?; $n:ident, $m:ident) = $value:expr;)*) => {
        /// Operation of an instruction on the last result.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Quick {
            $($(#[$doc])* $name,)*
        }

        /// Computes `last = f(last, …)` for `n` vectors.
        ///
        /// # Safety
        ///
        /// The processor must have the instruction set `S`; what `operation` reads must be there: `last`, and as many vectors at `x`.
        #[inline(always)]
        unsafe fn quick<S: Simd, const N: usize>(
            operation: Quick,
            last: &mut [MaybeUninit<S::V>; N],
            count: usize,
            x: *const S::Elem,
            numbers: [S::Elem; 2],
        ) {
            // SAFETY: passed on to the caller.
            unsafe {
                match operation {
                    $(Quick::$name => {
                        let [$n, $m] = numbers.map(|number| S::splat(number));
                        for i in 0..count {
                            let $y = last[i];
                            $(let $x = S::load(x.add(i * S::LANES));)?
                            last[i] = MaybeUninit::new($value);
                        }
                    })*
                }
            }
        }
    };
}

operations! {
    /// `x`.
    Load(_y, x; _n, _m) = x;
    /// `n`.
    Fill(_y; n, _m) = n;
    /// The last result itself.
    Same(y; _n, _m) = y.assume_init();
    AddNumber(y; n, _m) = S::add(y.assume_init(), n);
    AddValues(y, x; _n, _m) = S::add(y.assume_init(), x);
    SubtractNumber(y; n, _m) = S::sub(y.assume_init(), n);
    SubtractValues(y, x; _n, _m) = S::sub(y.assume_init(), x);
    NumberSubtract(y; n, _m) = S::sub(n, y.assume_init());
    ValuesSubtract(y, x; _n, _m) = S::sub(x, y.assume_init());
    MultiplyNumber(y; n, _m) = S::mul(y.assume_init(), n);
    MultiplyValues(y, x; _n, _m) = S::mul(y.assume_init(), x);
    DivideNumber(y; n, _m) = S::div(y.assume_init(), n);
    DivideValues(y, x; _n, _m) = S::div(y.assume_init(), x);
    NumberDivide(y; n, _m) = S::div(n, y.assume_init());
    ValuesDivide(y, x; _n, _m) = S::div(x, y.assume_init());
    MaximumNumber(y; n, _m) = S::max(y.assume_init(), n);
    MaximumValues(y, x; _n, _m) = S::max(y.assume_init(), x);
    NumberMaximum(y; n, _m) = S::max(n, y.assume_init());
    ValuesMaximum(y, x; _n, _m) = S::max(x, y.assume_init());
    MinimumNumber(y; n, _m) = S::min(y.assume_init(), n);
    MinimumValues(y, x; _n, _m) = S::min(y.assume_init(), x);
    NumberMinimum(y; n, _m) = S::min(n, y.assume_init());
    ValuesMinimum(y, x; _n, _m) = S::min(x, y.assume_init());
    /// At least `n` and at most `m`; `n` if it is the larger one and the last result is smaller.
    Clip(y; n, m) = S::select_gt(n, y.assume_init(), n, S::min(m, y.assume_init()));
    Negative(y; _n, _m) = S::neg(y.assume_init());
    Abs(y; _n, _m) = S::abs(y.assume_init());
    Square(y; _n, _m) = S::mul(y.assume_init(), y.assume_init());
    Sqrt(y; _n, _m) = S::sqrt(y.assume_init());

    // Gradients: the last result, which is the gradient of a value, is multiplied by a derivative. Adding it to zero
    // turns a negative zero into the zero that a sum would be.
    /// By a number.
    ScaleNumber(y; n, _m) = scaled::<S>(y, n);
    /// By values.
    ScaleValues(y, x; _n, _m) = scaled::<S>(y, x);
    /// By `1 / x`.
    ScaleReciprocal(y, x; _n, _m) = scaled::<S>(y, S::div(one::<S>(), x));
    /// By `2 x`.
    ScaleSquare(y, x; _n, _m) = scaled::<S>(y, S::add(x, x));
    /// By the sign of `x`.
    ScaleAbs(y, x; _n, _m) = {
        let zero = S::splat(S::Elem::default());
        let negative = S::select_gt(zero, x, S::neg(one::<S>()), x);
        scaled::<S>(y, S::select_gt(x, zero, one::<S>(), negative))
    };
    /// By `m` where `x >= n`, else by `1 - m`.
    ScaleFrom(y, x; n, m) = scaled::<S>(y, S::select_ge(x, n, m, S::sub(one::<S>(), m)));
    /// By `m` where `x <= n`, else by `1 - m`.
    ScaleUpTo(y, x; n, m) = scaled::<S>(y, S::select_ge(n, x, m, S::sub(one::<S>(), m)));
    /// By 0 where `x < n` or `x > m`, else by 1.
    ScaleWithin(y, x; n, m) = {
        let zero = S::splat(S::Elem::default());
        let within = S::select_gt(x, m, zero, one::<S>());
        scaled::<S>(y, S::select_gt(n, x, zero, within))
    };
    /// By 1 where `x` is positive, else by 0.
    ScalePositive(y, x; _n, _m) = {
        let zero = S::splat(S::Elem::default());
        scaled::<S>(y, S::select_gt(x, zero, one::<S>(), zero))
    };
    /// By `1 - x²`, for the hyperbolic tangent `x`.
    ScaleTanh(y, x; _n, _m) = scaled::<S>(y, S::sub(one::<S>(), S::mul(x, x)));
    /// By `x (1 - x)`, for the sigmoid `x`.
    ScaleSigmoid(y, x; _n, _m) = scaled::<S>(y, S::mul(x, S::sub(one::<S>(), x)));
}

#[inline(always)]
unsafe fn one<S: Simd>() -> S::V {
    // SAFETY: the caller vouches for the instruction set.
    unsafe { S::splat(S::Elem::of(1.0)) }
}

/// `0 + y · by`.
#[inline(always)]
unsafe fn scaled<S: Simd>(y: MaybeUninit<S::V>, by: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set and for `y`.
    unsafe { S::add(S::splat(S::Elem::default()), S::mul(y.assume_init(), by)) }
}

/// Operation of an instruction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Quick(Quick),
    /// A function of values in memory, whose result is written.
    Slow(Function),
    /// Adds the gradient of the operand with this number of a function to the values at `write`.
    SlowGradient(Function, u8),
}

/// An instruction of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction<E> {
    pub(super) operation: Operation,
    /// Operands in memory; a quick instruction has one.
    pub(super) x: [Place; 3],
    /// Value and gradient of the function of a slow gradient.
    pub(super) values: [Place; 2],
    pub(super) numbers: [E; 2],
    /// Destination of the result if it is read later.
    pub(super) write: Option<Place>,
}

impl<E: Element> Instruction<E> {
    pub(super) fn quick(operation: Quick, x: Place, numbers: [E; 2]) -> Self {
        Instruction {
            operation: Operation::Quick(operation),
            x: [x; 3],
            values: [x; 2],
            numbers,
            write: None,
        }
    }
}

/// Instructions and their memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a, E> {
    pub(super) instructions: &'a [Instruction<E>],
    /// The first value of the run in the arena: places count from it.
    pub(super) arena: *mut E,
    pub(super) tiles: *mut E,
    pub(super) len: usize,
}

/// Runs a program.
///
/// # Safety
///
/// The processor must have the instruction set `S`. `len` values from each place in the arena on, and whole tiles,
/// must be valid. Every value must be written before an instruction reads it, and a slow instruction must not write
/// what it reads.
#[inline(always)]
pub(crate) unsafe fn program<S: Simd>(run: &Run<'_, S::Elem>) {
    let mut done = 0;
    while done < run.len {
        let left = run.len - done;
        let bases = [run.arena.wrapping_add(done), run.tiles.wrapping_add(done % TILE)];
        let instructions = run.instructions;
        // SAFETY: a block ends with the run, and tiles are a multiple of each kind of block. The caller guarantees
        // the rest.
        unsafe {
            if S::REGISTERS >= 32 && left >= 16 * S::LANES {
                block::<S, 16>(instructions, bases, 16, 16 * S::LANES);
                done += 16 * S::LANES;
            } else if S::REGISTERS < 32 && S::LANES > 4 && left >= 8 * S::LANES {
                block::<S, 8>(instructions, bases, 8, 8 * S::LANES);
                done += 8 * S::LANES;
            } else if S::LANES > 4 {
                let len = left.min(2 * S::LANES);
                block::<S, 2>(instructions, bases, 2, len);
                done += len;
            } else {
                let len = left.min(TILE);
                block::<Portable<S::Elem, 1>, TILE>(instructions, bases, len, len);
                done += len;
            }
        }
    }
}

/// Runs a program on the `len` values that `count` of `N` vectors hold.
///
/// # Safety
///
/// As for [`program`], with the arena and the tiles at `bases`.
#[inline(always)]
unsafe fn block<S: Simd, const N: usize>(
    mut instructions: &[Instruction<S::Elem>],
    bases: [*mut S::Elem; 2],
    count: usize,
    len: usize,
) {
    loop {
        // SAFETY: passed on to the caller.
        instructions = unsafe { quick_part::<S, N>(instructions, bases, count, len) };
        let [instruction, rest @ ..] = instructions else { return };
        instructions = rest;
        // SAFETY: the caller vouches for the places, which have `len` values at least, and the written ones are others.
        unsafe { slow(instruction, bases, len) };
    }
}

/// Runs the instructions before the first slow one, and returns the rest.
///
/// # Safety
///
/// As for [`block`].
#[inline(always)]
unsafe fn quick_part<S: Simd, const N: usize>(
    instructions: &[Instruction<S::Elem>],
    bases: [*mut S::Elem; 2],
    count: usize,
    len: usize,
) -> &[Instruction<S::Elem>] {
    let mut last = [MaybeUninit::<S::V>::uninit(); N];
    let whole = len == count * S::LANES;
    // Replaces the end of an arena, where less than a vector may be left.
    let mut end = [MaybeUninit::<S::Elem>::uninit(); TILE];
    let mut left = instructions;
    while let [instruction, rest @ ..] = left
        && let Operation::Quick(operation) = instruction.operation
    {
        left = rest;
        let from = instruction.x[0];
        // SAFETY: the caller guarantees the places, and the values that follow a value that is read. A partial block
        // is copied to and from `end`, whose other values are zeros.
        unsafe {
            let mut x = from.pointer(bases);
            if !whole && from.in_arena().is_some() {
                end[len..].fill(MaybeUninit::new(S::Elem::default()));
                end.as_mut_ptr().cast::<S::Elem>().copy_from_nonoverlapping(x, len);
                x = end.as_mut_ptr().cast();
            }
            quick::<S, N>(operation, &mut last, count, x, instruction.numbers);
            let Some(write) = instruction.write else { continue };
            let to = write.pointer(bases);
            let part = !whole && write.in_arena().is_some();
            let y: *mut S::Elem = if part { end.as_mut_ptr().cast() } else { to };
            #[expect(
                clippy::needless_range_loop,
                reason = "unrolled, as in `quick`, so that the vectors stay in registers"
            )]
            for i in 0..count {
                S::store(y.add(i * S::LANES), last[i].assume_init());
            }
            if part {
                to.copy_from_nonoverlapping(y, len);
            }
        }
    }
    left
}

/// Runs a slow instruction on `len` values.
///
/// # Safety
///
/// As for [`program`], with the arena and the tiles at `bases`.
#[inline(never)]
unsafe fn slow<E: Element>(instruction: &Instruction<E>, bases: [*mut E; 2], len: usize) {
    let Some(write) = instruction.write else { return };
    // SAFETY: the caller guarantees that the places are valid and that written places do not overlap those read; the
    // table of kernels is for this processor.
    unsafe {
        let slice = |x: Place| core::slice::from_raw_parts(x.pointer(bases).cast_const(), len);
        let x = instruction.x.map(slice);
        let y = core::slice::from_raw_parts_mut(write.pointer(bases), len);
        match instruction.operation {
            Operation::Quick(_) => {}
            Operation::Slow(function) => E::kernels().elementary(function, x, y),
            Operation::SlowGradient(function, place) => {
                let values = instruction.values.map(slice);
                E::kernels().elementary_gradient(function, usize::from(place), x, values, y);
            }
        }
    }
}
