//! The shape of one sample: its axes without the batch axis, which is never written.

use std::fmt;

use crate::dim::{ConstEntry, Dim};

/// The element type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// The model's float type.
    Float,
    /// Integers: class indices, word ids.
    Int,
}

/// Axis lengths of one sample, outermost first; channels are last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// A shape of known lengths.
    pub fn known(lengths: &[usize]) -> Self {
        Shape(lengths.iter().map(|&n| Dim::Known(n)).collect())
    }

    /// Number of axes of one sample.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Elements of one sample: the product of all axes, 1 for a scalar.
    pub fn elements(&self) -> Dim {
        self.0.iter().fold(Dim::Known(1), |product, dim| product * dim.clone())
    }

    /// Whether no length is left to const evaluation, except for sums and products that overflow.
    pub fn is_known(&self) -> bool {
        self.0.iter().all(|dim| dim.most().is_some())
    }

    /// The shape without its first axes: that of a step inside of as many `TimeDistributed`.
    pub(crate) fn without_first(&self, axes: usize) -> Shape {
        Shape(self.0.get(axes..).unwrap_or_default().to_vec())
    }

    /// The last axis, if there is one.
    pub fn last(&self) -> Option<&Dim> {
        self.0.last()
    }

    /// The product of all axes but the last: the number of positions per sample of a layer that works on the last
    /// axis.
    pub fn positions(&self) -> Dim {
        let outer = self.0.split_last().map_or(&[][..], |(_, outer)| outer);
        Shape(outer.to_vec()).elements()
    }

    /// Formats the shape for messages, `[28, 28, FILTERS]`.
    pub fn display<'a>(&'a self, consts: &'a [ConstEntry]) -> impl fmt::Display + 'a {
        Shown { shape: self, consts }
    }
}

struct Shown<'a> {
    shape: &'a Shape,
    consts: &'a [ConstEntry],
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, dim) in self.shape.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{}", dim.display(self.consts))?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_leave_the_last_axis_out() {
        let shape = Shape::known(&[4, 3, 2]);
        assert_eq!(shape.elements(), Dim::Known(24));
        assert_eq!(shape.positions(), Dim::Known(12));
        assert_eq!(Shape(vec![]).positions(), Dim::Known(1));
    }
}
