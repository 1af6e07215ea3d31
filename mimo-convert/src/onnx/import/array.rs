//! Numbers that are known while a file is converted: weights, constants, and shapes that the graph computes.

use std::rc::Rc;

use crate::onnx::model::{Data, Tensor};

/// An integer of a shape that the graph computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// A number.
    Known(i64),
    /// So many times the number of samples, which is not known.
    Batch(i64),
}

impl Size {
    /// The number, if it does not depend on the batch.
    pub(super) fn known(self) -> Option<i64> {
        match self {
            Size::Known(n) => Some(n),
            Size::Batch(_) => None,
        }
    }

    /// The product; none if it would have the batch twice, or overflows.
    pub(super) fn times(self, other: Size) -> Option<Size> {
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => a.checked_mul(b).map(Size::Known),
            (Size::Batch(a), Size::Known(b)) | (Size::Known(a), Size::Batch(b)) => {
                a.checked_mul(b).map(Size::Batch)
            }
            (Size::Batch(_), Size::Batch(_)) => None,
        }
    }

    /// The quotient, if it is an integer.
    pub(super) fn over(self, other: Size) -> Option<Size> {
        let divide = |a: i64, b: i64| (a.checked_rem(b)? == 0).then(|| a / b);
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => divide(a, b).map(Size::Known),
            (Size::Batch(a), Size::Known(b)) => divide(a, b).map(Size::Batch),
            (Size::Batch(a), Size::Batch(b)) => divide(a, b).map(Size::Known),
            (Size::Known(_), Size::Batch(_)) => None,
        }
    }
}

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    /// Floats; those of 64 bits are rounded.
    Float(Vec<f32>),
    /// Integers and truth values.
    Whole(Vec<Size>),
}

/// An array that is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    /// Lengths of the axes.
    pub(super) shape: Vec<usize>,
    /// As many values as the shape says.
    pub(super) numbers: Numbers,
    /// The name of the initializer that it was made of.
    pub(super) name: Option<Rc<str>>,
}

impl Array {
    /// An array with a shape and its floats.
    pub(super) fn floats(shape: Vec<usize>, values: Vec<f32>) -> Array {
        Array { shape, numbers: Numbers::Float(values), name: None }
    }

    /// A list of integers.
    pub(super) fn sizes(values: Vec<Size>) -> Array {
        Array { shape: vec![values.len()], numbers: Numbers::Whole(values), name: None }
    }

    /// The values of a tensor of a file.
    pub(super) fn of(tensor: &Tensor, name: Option<&str>) -> Array {
        let whole = |values: &mut dyn Iterator<Item = i64>| Numbers::Whole(values.map(Size::Known).collect());
        let numbers = match &tensor.data {
            Data::F32(values) => Numbers::Float(values.clone()),
            Data::F64(values) => Numbers::Float(values.iter().map(|&it| it as f32).collect()),
            Data::I32(values) => whole(&mut values.iter().map(|&it| i64::from(it))),
            Data::I64(values) => whole(&mut values.iter().copied()),
            Data::Bool(values) => whole(&mut values.iter().map(|&it| i64::from(it))),
        };
        Array { shape: tensor.shape.clone(), numbers, name: name.map(Into::into) }
    }

    /// The number of values.
    pub(super) fn len(&self) -> usize {
        match &self.numbers {
            Numbers::Float(values) => values.len(),
            Numbers::Whole(values) => values.len(),
        }
    }

    /// The values as floats; none if some depend on the batch.
    pub(super) fn to_floats(&self) -> Option<Vec<f32>> {
        match &self.numbers {
            Numbers::Float(values) => Some(values.clone()),
            Numbers::Whole(values) => values.iter().map(|it| it.known().map(|n| n as f32)).collect(),
        }
    }

    /// The values as integers; none if they are floats or depend on the batch.
    pub(super) fn to_whole(&self) -> Option<Vec<i64>> {
        match &self.numbers {
            Numbers::Whole(values) => values.iter().map(|it| it.known()).collect(),
            Numbers::Float(_) => None,
        }
    }

    /// The only value, of an array of any rank.
    pub(super) fn number(&self) -> Option<f32> {
        match (self.len(), &self.numbers) {
            (1, Numbers::Float(values)) => values.first().copied(),
            (1, Numbers::Whole(values)) => values.first()?.known().map(|n| n as f32),
            _ => None,
        }
    }

    /// One number, if all values are equal.
    pub(super) fn uniform(&self) -> Option<f32> {
        let values = match &self.numbers {
            Numbers::Float(values) => values,
            Numbers::Whole(_) => return self.number(),
        };
        let first = values.first().copied()?;
        values.iter().all(|it| it.to_bits() == first.to_bits()).then_some(first)
    }

    /// The same values under another shape of as many.
    pub(super) fn reshaped(&self, shape: Vec<usize>) -> Option<Array> {
        let count = shape.iter().try_fold(1_usize, |product, &len| product.checked_mul(len))?;
        (count == self.len()).then(|| Array { shape, ..self.clone() })
    }

    /// The values at places, under a shape.
    pub(super) fn at(&self, shape: Vec<usize>, places: impl Iterator<Item = usize>) -> Option<Array> {
        let numbers = match &self.numbers {
            Numbers::Float(values) => {
                Numbers::Float(places.map(|at| values.get(at).copied()).collect::<Option<_>>()?)
            }
            Numbers::Whole(values) => {
                Numbers::Whole(places.map(|at| values.get(at).copied()).collect::<Option<_>>()?)
            }
        };
        Some(Array { shape, numbers, name: self.name.clone() })
    }

    /// The axes in another order: for each new axis the old one.
    pub(super) fn transposed(&self, order: &[usize]) -> Option<Array> {
        if order.len() != self.shape.len() {
            return None;
        }
        let strides = strides(&self.shape);
        let shape: Vec<usize> =
            order.iter().map(|&axis| self.shape.get(axis).copied()).collect::<Option<_>>()?;
        let steps: Vec<usize> =
            order.iter().map(|&axis| strides.get(axis).copied()).collect::<Option<_>>()?;
        self.at(shape.clone(), Places::new(&shape, steps))
    }

    /// Positions along an axis.
    pub(super) fn taken(&self, axis: usize, positions: &[usize]) -> Option<Array> {
        let len = *self.shape.get(axis)?;
        if positions.iter().any(|&at| at >= len) {
            return None;
        }
        if self.len() == 0 || positions.is_empty() {
            // Without values the other axes may have any length.
            return self.at(vec![0], std::iter::empty());
        }
        let inner = product(self.shape.iter().skip(axis + 1));
        let outer = product(self.shape.iter().take(axis));
        let mut shape = self.shape.clone();
        *shape.get_mut(axis)? = positions.len();
        let places = (0..outer).flat_map(|outer| {
            positions.iter().flat_map(move |&at| {
                let start = outer.saturating_mul(len).saturating_add(at).saturating_mul(inner);
                start..start.saturating_add(inner)
            })
        });
        self.at(shape, places)
    }

    /// Repeated to a shape by ONNX's rules of broadcasting; none if the shapes do not fit.
    pub(super) fn broadcast(&self, shape: &[usize]) -> Option<Array> {
        if self.shape == shape {
            return Some(self.clone());
        }
        // A size that is only declared is no reason to fill memory.
        if product(shape) > self.len().saturating_mul(4).max(MOST_REPEATED) {
            return None;
        }
        let missing = shape.len().checked_sub(self.shape.len())?;
        let own = strides(&self.shape);
        let mut steps = vec![0; shape.len()];
        for (axis, (&len, &stride)) in self.shape.iter().zip(&own).enumerate() {
            let wanted = *shape.get(missing + axis)?;
            match len {
                len if len == wanted => *steps.get_mut(missing + axis)? = stride,
                1 => {}
                _ => return None,
            }
        }
        self.at(shape.to_vec(), Places::new(shape, steps))
    }
}

/// Values that an array may be repeated to, besides a few times its own.
const MOST_REPEATED: usize = 1 << 16;

/// The product of lengths, or the largest number: an array without values may declare any.
pub(super) fn product<'a>(lengths: impl IntoIterator<Item = &'a usize>) -> usize {
    lengths.into_iter().fold(1_usize, |product, &len| product.saturating_mul(len))
}

/// By how much a place moves along each axis.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; shape.len()];
    let mut step = 1_usize;
    for (stride, &len) in strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step = step.saturating_mul(len);
    }
    strides
}

/// The places of the values of an array that is read with other steps.
#[derive(Debug)]
pub(super) struct Places {
    shape: Vec<usize>,
    steps: Vec<usize>,
    index: Vec<usize>,
    left: usize,
    place: usize,
}

impl Places {
    /// Places for each position of a shape, with a step for each axis.
    pub(super) fn new(shape: &[usize], steps: Vec<usize>) -> Places {
        let left = shape.iter().try_fold(1_usize, |product, &len| product.checked_mul(len)).unwrap_or(0);
        Places { shape: shape.to_vec(), steps, index: vec![0; shape.len()], left, place: 0 }
    }
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let place = self.place;
        let axes = self.index.iter_mut().zip(&self.shape).zip(&self.steps);
        for ((at, &len), &step) in axes.rev() {
            *at += 1;
            self.place = self.place.saturating_add(step);
            if *at < len {
                break;
            }
            self.place = self.place.saturating_sub(step.saturating_mul(len));
            *at = 0;
        }
        Some(place)
    }
}
