//! Settings of a convolution that would give a shape that the user wrote.

use super::{Padding, Sliding};
use crate::dim::{Dim, Same};
use crate::shape::Shape;

/// The largest stride that is tried.
const STRIDES: usize = 16;

impl Sliding {
    /// The other padding, then other strides.
    pub(in crate::layers) fn changed(&self, shape: &Shape, wanted: &Shape) -> Vec<(Self, String)> {
        let (padding, setting) = match self.padding {
            Padding::Valid => (Padding::Same, "padding = same"),
            Padding::Same | Padding::Causal => (Padding::Valid, "padding = valid"),
        };
        let padded = (Sliding { padding, ..self.clone() }, setting.to_string());
        std::iter::once(padded).chain(self.with_strides(shape, wanted)).collect()
    }

    /// Lengths of what it gives.
    pub(super) fn given(&self, shape: &Shape) -> Vec<Dim> {
        let axes = self.axes(shape).into_iter();
        axes.map(|axis| if self.class.transposed() { axis.input } else { axis.output }).collect()
    }

    /// The smallest strides that give the wanted length of every axis. An axis does not depend on the others' strides.
    fn with_strides(&self, shape: &Shape, wanted: &Shape) -> Option<(Self, String)> {
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
        // What the arguments of a layer forbid is not found out by trying its shape rule.
        let dilated = self.dilation_rate.iter().any(|&rate| rate > 1) && strides.iter().any(|&it| it > 1);
        let padded = self.output_padding.iter().flatten().zip(&strides).any(|(padding, it)| padding >= it);
        if dilated || padded {
            return None;
        }
        let setting = match &strides[..] {
            [stride] => format!("strides = {stride}"),
            several => {
                let several: Vec<String> = several.iter().map(usize::to_string).collect();
                format!("strides = ({})", several.join(", "))
            }
        };
        Some((Sliding { strides, ..self.clone() }, setting))
    }
}
