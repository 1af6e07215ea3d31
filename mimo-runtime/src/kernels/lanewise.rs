//! Loops that treat every position of some matrices alike.

use super::matrix::Mat;
use super::simd::Simd;

/// What happens at each position: `IN` values become `OUT` values.
///
/// A trait and not a closure, because a closure cannot be forced inline, and outside the function that enables
/// the instruction set its vector operations would each be a call.
pub(crate) trait Lanewise<S: Simd, const IN: usize, const OUT: usize>: Copy {
    /// # Safety
    ///
    /// The processor must have the instruction set `S`.
    unsafe fn apply(self, inputs: [S::V; IN]) -> [S::V; OUT];
}

/// The matrices of a lane-wise loop: pointers to their first values and their row strides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operands<E, const IN: usize, const OUT: usize> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) inputs: [(*const E, usize); IN],
    pub(crate) outputs: [(*mut E, usize); OUT],
    /// Add to the outputs instead of replacing them.
    pub(crate) accumulate: bool,
}

impl<E, const IN: usize, const OUT: usize> Operands<E, IN, OUT> {
    /// The operands at `base`. Matrices without gaps are joined into one long row.
    ///
    /// The matrices must have been checked: they have one shape and lie in the slice at `base`.
    #[inline]
    pub(crate) fn new(base: *mut E, inputs: [Mat; IN], outputs: [Mat; OUT], accumulate: bool) -> Self {
        let Mat { mut rows, mut cols, .. } = outputs[0];
        if inputs.iter().chain(&outputs).all(|mat| mat.is_contiguous()) {
            cols *= rows;
            rows = 1;
        }
        Self {
            rows,
            cols,
            inputs: inputs.map(|mat| (mat.within(base), mat.stride)),
            outputs: outputs.map(|mat| (mat.within_mut(base), mat.stride)),
            accumulate,
        }
    }

    /// One long row of each stream.
    #[inline]
    pub(crate) fn flat(len: usize, inputs: [*const E; IN], outputs: [*mut E; OUT]) -> Self {
        Self {
            rows: 1,
            cols: len,
            inputs: inputs.map(|p| (p, 0)),
            outputs: outputs.map(|p| (p, 0)),
            accumulate: false,
        }
    }
}

/// Runs `f` over all positions. An output may be the very same matrix as an input: each vector is
/// read from all inputs before it is written.
///
/// # Safety
///
/// The processor must have the instruction set `S`; `cols` values must be valid at every row of every
/// operand, for writing at the outputs.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the vectors in registers")]
pub(crate) unsafe fn lanewise<S: Simd, F, const IN: usize, const OUT: usize>(
    operands: &Operands<S::Elem, IN, OUT>,
    f: F,
) where
    F: Lanewise<S, IN, OUT>,
{
    let Operands { rows, cols, inputs, outputs, accumulate } = *operands;
    for row in 0..rows {
        let mut col = 0;
        // SAFETY: col + LANES <= cols in the first loop and col + (cols - col) in the tail, in rows below
        // `rows`: inside what the caller vouches for.
        unsafe {
            while col + S::LANES <= cols {
                let mut x = [S::splat(S::Elem::default()); IN];
                for i in 0..IN {
                    let (p, stride) = inputs[i];
                    x[i] = S::load(p.add(row * stride + col));
                }
                let y = f.apply(x);
                for i in 0..OUT {
                    let (p, stride) = outputs[i];
                    let p = p.add(row * stride + col);
                    S::store(p, if accumulate { S::add(S::load(p), y[i]) } else { y[i] });
                }
                col += S::LANES;
            }
            if col < cols {
                let n = cols - col;
                let mut x = [S::splat(S::Elem::default()); IN];
                for i in 0..IN {
                    let (p, stride) = inputs[i];
                    x[i] = S::load_first(p.add(row * stride + col), n);
                }
                let y = f.apply(x);
                for i in 0..OUT {
                    let (p, stride) = outputs[i];
                    let p = p.add(row * stride + col);
                    S::store_first(p, n, if accumulate { S::add(S::load_first(p, n), y[i]) } else { y[i] });
                }
            }
        }
    }
}

/// The same for a function of single values, where a vector version is not worth its code.
///
/// # Safety
///
/// As for [`lanewise`], without the instruction set.
#[inline(always)]
pub(crate) unsafe fn scalarwise<E, F, const IN: usize>(operands: &Operands<E, IN, 1>, f: F)
where
    E: super::Element,
    F: Fn([E; IN]) -> E,
{
    let Operands { rows, cols, inputs, outputs: [(to, to_stride)], accumulate } = *operands;
    for row in 0..rows {
        for col in 0..cols {
            // SAFETY: row < rows and col < cols: inside what the caller vouches for.
            unsafe {
                let y = f(inputs.map(|(p, stride)| p.add(row * stride + col).read()));
                let to = to.add(row * to_stride + col);
                to.write(if accumulate { to.read() + y } else { y });
            }
        }
    }
}

/// Defines a [`Lanewise`] rule: `rule! { Name { constant: E } |x, y| [z] }`. In the body, `S` is the
/// instruction set and the fields of the rule are vectors with the constant in every lane.
macro_rules! rule {
    ($(#[$doc:meta])* $name:ident $({ $($field:ident),* })? [$($x:ident),*] -> $out:literal $body:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $name<E> { $($($field: E,)*)? of: std::marker::PhantomData<E> }
        impl<E> $name<E> {
            pub(super) fn new($($($field: E),*)?) -> Self {
                Self { $($($field,)*)? of: std::marker::PhantomData }
            }
        }
        impl<S: $crate::kernels::simd::Simd>
            $crate::kernels::lanewise::Lanewise<S, { [$(stringify!($x)),*].len() }, $out> for $name<S::Elem>
        {
            #[inline(always)]
            unsafe fn apply(
                self,
                [$($x),*]: [S::V; [$(stringify!($x)),*].len()],
            ) -> [S::V; $out] {
                // SAFETY: the caller vouches for the instruction set; a rule touches no memory.
                unsafe {
                    $($(let $field = S::splat(self.$field);)*)?
                    $body
                }
            }
        }
    };
}
pub(crate) use rule;
