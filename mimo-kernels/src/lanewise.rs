//! Loops that compute every position of some matrices alike.

use super::matrix::Mat;
use super::simd::Simd;

/// Function applied at each position: `IN` values become `OUT` values.
///
/// A trait instead of a closure, because a closure cannot be forced inline, and outside of the function that enables
/// the instruction set each of its vector operations would be a call.
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
    /// The matrices must have been checked: they have equal shapes and lie in the slice at `base`.
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

/// Number of values gathered from short rows at a time; a multiple of every vector length.
const GATHERED: usize = 64;

/// Copies `rows` short rows of `cols` values into `gathered`, one after another.
///
/// # Safety
///
/// `cols` values must be valid at each of the rows from `p` on, and `rows * cols` be at most `GATHERED`.
#[inline(never)]
unsafe fn gather<E: Copy>(
    gathered: &mut [E; GATHERED],
    p: *const E,
    stride: usize,
    rows: usize,
    cols: usize,
) {
    for row in 0..rows {
        for col in 0..cols {
            // SAFETY: a column of a row the caller vouches for.
            gathered[row * cols + col] = unsafe { p.add(row * stride + col).read() };
        }
    }
}

/// Writes the values of `gathered` back to the rows: the reverse of [`gather`].
///
/// # Safety
///
/// As for [`gather`], for writing.
#[inline(never)]
unsafe fn scatter<E: super::Element>(
    gathered: &[E; GATHERED],
    p: *mut E,
    stride: usize,
    rows: usize,
    cols: usize,
    accumulate: bool,
) {
    for row in 0..rows {
        for col in 0..cols {
            let value = gathered[row * cols + col];
            // SAFETY: a column of a row the caller vouches for.
            unsafe {
                let p = p.add(row * stride + col);
                p.write(if accumulate { p.read() + value } else { value });
            }
        }
    }
}

/// Runs `f` over all positions. An output may be the very same matrix as an input: each vector is read from all
/// inputs before it is written.
///
/// Whole vectors are read in place. The rest of a row, and rows shorter than a vector (several at a time), are
/// gathered on the stack: masked vectors on neighbouring rows would overlap, and the processor would finish storing
/// each before it loads the next. It also means that `f` is compiled in one place only.
///
/// # Safety
///
/// The processor must have the instruction set `S`; `cols` values must be valid at every row of every operand, for
/// writing at the outputs.
#[inline(always)]
pub(crate) unsafe fn lanewise<S: Simd, F, const IN: usize, const OUT: usize>(
    operands: &Operands<S::Elem, IN, OUT>,
    f: F,
) where
    F: Lanewise<S, IN, OUT>,
{
    let Operands { rows, cols, inputs, outputs, accumulate } = *operands;
    if cols == 0 {
        return;
    }
    // Columns that whole vectors cover, and how many row remainders fit on the stack.
    let whole = cols - cols % S::LANES;
    let left = cols - whole;
    let group = GATHERED.checked_div(left).unwrap_or(1);
    let mut gathered = [[S::Elem::default(); GATHERED]; IN];
    let mut results = [[S::Elem::default(); GATHERED]; OUT];
    // First each row up to `whole`, then the rest of the rows, in groups.
    let (mut row, mut rest) = (0, whole == 0);
    loop {
        if row >= rows {
            if rest || left == 0 {
                break;
            }
            (row, rest) = (0, true);
            continue;
        }
        let step = if rest { group.min(rows - row) } else { 1 };
        let column = if rest { whole } else { 0 };
        let mut from = inputs.map(|(p, stride)| p.wrapping_add(row * stride + column));
        let mut to = outputs.map(|(p, stride)| p.wrapping_add(row * stride + column));
        let len = if rest { step * left } else { whole };
        // SAFETY: rows row..row + step are below `rows`, and columns column..column + left, or 0..whole, below
        // `cols`: positions that the caller vouches for. A group has at most GATHERED values, the length of the stack
        // arrays; that is a multiple of LANES, so the last vector is inside them too.
        unsafe {
            if rest {
                for i in 0..IN {
                    gather(&mut gathered[i], from[i], inputs[i].1, step, left);
                    from[i] = gathered[i].as_ptr();
                }
                for i in 0..OUT {
                    to[i] = results[i].as_mut_ptr();
                }
            }
            let mut col = 0;
            while col < len {
                let mut x = [S::splat(S::Elem::default()); IN];
                for i in 0..IN {
                    x[i] = S::load(from[i].add(col));
                }
                let y = f.apply(x);
                for i in 0..OUT {
                    let p = to[i].add(col);
                    S::store(p, if accumulate && !rest { S::add(S::load(p), y[i]) } else { y[i] });
                }
                col += S::LANES;
            }
            if rest {
                for i in 0..OUT {
                    let (p, stride) = outputs[i];
                    scatter(&results[i], p.add(row * stride + column), stride, step, left, accumulate);
                }
            }
        }
        row += step;
    }
}

/// Same as [`lanewise`] for a function of single values, where a vector version is not worth its code.
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
        pub(super) struct $name<E> { $($($field: E,)*)? of: core::marker::PhantomData<E> }
        impl<E> $name<E> {
            pub(super) fn new($($($field: E),*)?) -> Self {
                Self { $($($field,)*)? of: core::marker::PhantomData }
            }
        }
        impl<S: $crate::simd::Simd>
            $crate::lanewise::Lanewise<S, { [$(stringify!($x)),*].len() }, $out> for $name<S::Elem>
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
