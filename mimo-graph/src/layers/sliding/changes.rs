//! Changes of a convolution's settings that output a wanted shape, or accept the input.

use super::{Class, Padding, Sliding};
use crate::dim::{Dim, Same};
use crate::layers::change::{Change, Settings, Written};
use crate::shape::Shape;

/// Largest stride that is tried.
const STRIDES: usize = 16;

impl Class {
    /// The class for images instead of sequences, or the reverse.
    fn other(self) -> Self {
        match self {
            Class::Conv1D => Class::Conv2D,
            Class::Conv2D => Class::Conv1D,
            Class::Conv1DTranspose => Class::Conv2DTranspose,
            Class::Conv2DTranspose => Class::Conv1DTranspose,
            Class::DepthwiseConv1D => Class::DepthwiseConv2D,
            Class::DepthwiseConv2D => Class::DepthwiseConv1D,
            Class::SeparableConv1D => Class::SeparableConv2D,
            Class::SeparableConv2D => Class::SeparableConv1D,
        }
    }
}

impl Sliding {
    /// With `wanted`: the other padding, then other strides. Otherwise a kernel that fits, or another class.
    pub(in crate::layers) fn changed(&self, shape: &Shape, wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        if shape.rank() != self.class.rank() + 1 {
            return self.of_other_axes().into_iter().collect();
        }
        let padded = |padding, change| (Sliding { padding, ..self.clone() }, change);
        match wanted {
            Some(wanted) => {
                let padded = match self.padding {
                    Padding::Valid => padded(Padding::Same, Change::PaddingSame),
                    Padding::Same | Padding::Causal => padded(Padding::Valid, Change::PaddingValid),
                };
                std::iter::once(padded).chain(self.with_strides(shape, wanted)).collect()
            }
            None if self.padding == Padding::Valid => {
                let padded = padded(Padding::Same, Change::PaddingSame);
                std::iter::once(padded).chain(self.with_smaller_kernel(shape)).collect()
            }
            None => Vec::new(),
        }
    }

    /// The same layer for images instead of sequences, or the reverse.
    fn of_other_axes(&self) -> Option<(Self, Change)> {
        let class = self.class.other();
        if self.padding == Padding::Causal && class != Class::Conv1D {
            return None;
        }
        fn each<T: Clone>(values: &[T], rank: usize) -> Vec<T> {
            values.iter().cycle().take(rank).cloned().collect()
        }
        let rank = class.rank();
        let changed = Sliding {
            class,
            kernel_size: each(&self.kernel_size, rank),
            strides: each(&self.strides, rank),
            padding: self.padding,
            dilation_rate: each(&self.dilation_rate, rank),
            output_padding: self.output_padding.as_ref().map(|padding| each(padding, rank)),
        };
        Some((changed, Change::Layer(class.name(), Settings::Same)))
    }

    /// The largest kernel that is no larger than the input.
    fn with_smaller_kernel(&self, shape: &Shape) -> Option<(Self, Change)> {
        let axes = self.kernel_size.iter().zip(&self.dilation_rate).zip(&shape.0);
        let fitting = axes.map(|((taps, &dilation), n)| {
            let most = n.known()?.checked_sub(1)? / dilation + 1;
            taps.known().map(|taps| taps.min(most))
        });
        let fitting = fitting.collect::<Option<Vec<usize>>>()?;
        let kernel_size: Vec<Dim> = fitting.iter().copied().map(Dim::Known).collect();
        if kernel_size == self.kernel_size {
            return None;
        }
        let change = Change::Setting("kernel_size", Written::numbers(&fitting));
        Some((Sliding { kernel_size, ..self.clone() }, change))
    }

    /// Lengths of the output.
    pub(super) fn given(&self, shape: &Shape) -> Vec<Dim> {
        let axes = self.axes(shape).into_iter();
        axes.map(|axis| if self.class.transposed() { axis.input } else { axis.output }).collect()
    }

    /// The smallest strides with the wanted length of every axis. Axes are independent.
    fn with_strides(&self, shape: &Shape, wanted: &Shape) -> Option<(Self, Change)> {
        let mut strides = vec![None; self.class.rank()];
        for stride in 1..=STRIDES {
            let strided = Sliding { strides: vec![stride; self.class.rank()], ..self.clone() };
            let lengths = strided.given(shape);
            for ((found, length), wanted) in strides.iter_mut().zip(&lengths).zip(&wanted.0) {
                if found.is_none() && length.same(wanted) == Same::Yes {
                    *found = Some(stride);
                }
            }
        }
        let strides = strides.into_iter().collect::<Option<Vec<usize>>>()?;
        // The shape rule does not check which arguments exclude each other.
        let dilated = self.dilation_rate.iter().any(|&rate| rate > 1) && strides.iter().any(|&it| it > 1);
        let padded = self.output_padding.iter().flatten().zip(&strides).any(|(padding, it)| padding >= it);
        if dilated || padded {
            return None;
        }
        let written = match &strides[..] {
            [one] => Written::Number(*one),
            several => Written::Tuple(several.iter().copied().map(Written::Number).collect()),
        };
        Some((Sliding { strides, ..self.clone() }, Change::Setting("strides", written)))
    }
}
