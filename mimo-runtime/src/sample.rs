//! One sample and its prediction as plain arrays: no tensors, and no copies except those into and out of the arena.

use crate::error::Error;
use crate::float::Float;

/// A number or a nested array of numbers: the referenced type of a field of `…Sample`, and the type of a field of
/// `…Prediction`. The shape `[28, 28, 1]` is `[[[f32; 1]; 28]; 28]`.
pub trait Plain: Copy + std::fmt::Debug + 'static {
    /// Type of the numbers: `f32`, `f64`, or `usize` for integers.
    type Number: Copy;
    /// Number of values in the array.
    const LEN: usize;

    /// Returns an array of zeros.
    fn all_zero() -> Self;
    /// Returns the numbers of arrays as a slice, in row-major order.
    fn flat(list: &[Self]) -> &[Self::Number];
    /// Returns the numbers of arrays as a mutable slice.
    fn flat_mut(list: &mut [Self]) -> &mut [Self::Number];
    /// Returns the arrays of these numbers, without a remainder that does not fill one.
    fn nested(numbers: &[Self::Number]) -> &[Self];
}

macro_rules! number {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            type Number = Self;
            const LEN: usize = 1;

            fn all_zero() -> Self {
                Self::default()
            }
            #[inline]
            fn flat(list: &[Self]) -> &[Self] {
                list
            }
            #[inline]
            fn flat_mut(list: &mut [Self]) -> &mut [Self] {
                list
            }
            #[inline]
            fn nested(numbers: &[Self]) -> &[Self] {
                numbers
            }
        }
    )*};
}
number!(f32, f64, usize);

impl<A: Plain, const N: usize> Plain for [A; N] {
    type Number = A::Number;
    const LEN: usize = N * A::LEN;

    fn all_zero() -> Self {
        [A::all_zero(); N]
    }
    #[inline]
    fn flat(list: &[Self]) -> &[A::Number] {
        A::flat(list.as_flattened())
    }
    #[inline]
    fn flat_mut(list: &mut [Self]) -> &mut [A::Number] {
        A::flat_mut(list.as_flattened_mut())
    }
    #[inline]
    fn nested(numbers: &[A::Number]) -> &[Self] {
        A::nested(numbers).as_chunks().0
    }
}

/// Borrows numbers as the array of a field of `…Sample`, without a copy: for flat data, such as the pixels of an
/// image.
///
/// ```
/// # use mimo_runtime::sample::array;
/// let pixels = vec![0.5_f32; 28 * 28];
/// let image: &[[f32; 28]; 28] = array(&pixels)?;
/// assert_eq!(image[27][27], 0.5);
/// assert!(array::<[[f32; 28]; 28]>(&pixels[1..]).is_err());
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
///
/// # Errors
/// [`ArrayLength`](Error::ArrayLength) if there are more or fewer numbers than the array has.
pub fn array<A: Plain>(numbers: &[A::Number]) -> Result<&A, Error> {
    let wrong = Error::ArrayLength { len: numbers.len(), wanted: A::LEN };
    if numbers.len() != A::LEN {
        return Err(wrong);
    }
    A::nested(numbers).first().ok_or(wrong)
}

/// A field of a [`Sample`].
#[derive(Clone, Copy, Debug)]
pub enum Field<'a, E> {
    /// Floats.
    Floats(&'a [E]),
    /// Integers: class indices, word ids.
    Indices(&'a [usize]),
}

impl<'a, E: Float> Field<'a, E> {
    /// Borrows an array of floats.
    #[inline]
    pub fn floats<A: Plain<Number = E>>(array: &'a A) -> Self {
        Field::Floats(A::flat(std::slice::from_ref(array)))
    }

    /// Borrows an array of integers.
    #[inline]
    pub fn indices<A: Plain<Number = usize>>(array: &'a A) -> Self {
        Field::Indices(A::flat(std::slice::from_ref(array)))
    }
}

/// A field of a [`Prediction`].
#[derive(Debug)]
pub enum FieldMut<'a, E> {
    /// Floats.
    Floats(&'a mut [E]),
    /// Integers.
    Indices(&'a mut [usize]),
}

impl<'a, E: Float> FieldMut<'a, E> {
    /// Borrows an array of floats.
    #[inline]
    pub fn floats<A: Plain<Number = E>>(array: &'a mut A) -> Self {
        FieldMut::Floats(A::flat_mut(std::slice::from_mut(array)))
    }

    /// Borrows an array of integers.
    #[inline]
    pub fn indices<A: Plain<Number = usize>>(array: &'a mut A) -> Self {
        FieldMut::Indices(A::flat_mut(std::slice::from_mut(array)))
    }
}

/// The inputs of one sample: the struct `…Sample` of a model, whose fields are references to plain arrays.
pub trait Sample<E> {
    /// Calls `then` with the fields, in order.
    fn fields<R>(&self, then: impl FnOnce(&[Field<'_, E>]) -> R) -> R;
}

/// The outputs for one sample: the struct `…Prediction` of a model, whose fields are plain arrays.
pub trait Prediction<E>: Default {
    /// Calls `then` with the fields, in order, to be written.
    fn fields<R>(&mut self, then: impl FnOnce(&mut [FieldMut<'_, E>]) -> R) -> R;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_arrays_are_the_same_in_the_order_of_the_shape() {
        let numbers: Vec<usize> = (0..24).collect();
        let nested: &[[[usize; 4]; 3]; 2] = array(&numbers).expect("24 numbers");
        assert_eq!(nested[1][2], [20, 21, 22, 23]);
        assert_eq!(Plain::flat(std::slice::from_ref(nested)), numbers);
        let mut zeros = <[[[usize; 4]; 3]; 2]>::all_zero();
        Plain::flat_mut(std::slice::from_mut(&mut zeros)).copy_from_slice(&numbers);
        assert_eq!(&zeros, nested);
        assert_eq!(array::<f32>(&[2.5]).expect("one number"), &2.5);
    }

    #[test]
    fn other_numbers_of_numbers_are_errors() {
        for len in (0..30).filter(|len| *len != 6) {
            let error = array::<[[f64; 3]; 2]>(&vec![0.0; len]).expect_err("another length");
            assert_eq!(error.to_string(), format!("{len} numbers do not make an array of 6"));
        }
    }
}
