//! Products of tensors, and functions over axes.

use super::{Growing, Tensor};

/// Largest number of values of a result: differences are computed for every weight.
const MOST_VALUES: usize = 400;

impl Growing<'_, '_> {
    /// A product of a tensor with another one of the same number of axes, or with itself.
    pub(super) fn product(&mut self, x: &Tensor) {
        let fits: Vec<usize> = (0..self.tensors.len())
            .filter(|&at| {
                let other = &self.tensors[at].shape;
                other.len() == x.shape.len() && other.last() == x.shape.last() && other.len() > 1
            })
            .collect();
        let Some(other) = (!fits.is_empty()).then(|| self.choices.pick(&fits)) else {
            return self.over_axes(x);
        };
        let other = self.reading(other);
        let (t, o) = (&x.name, &other.name);
        let (form, shape) = match (&x.shape[..], &other.shape[..]) {
            (&[a, n], &[b, _]) => match self.choices.below(6) {
                0 => (format!("matmul({t}, einsum(\"bij->bji\", {o}))"), vec![a, b]),
                1 => (format!("einsum(\"bij,bkj->bki\", {t}, {o})"), vec![b, a]),
                2 => (format!("matmul(softmax(einsum(\"...in,...jn->...ij\", {t}, {o})), {o})"), vec![a, n]),
                3 => (format!("einsum(\"bik,bjk->bk\", {t}, {o})"), vec![n]),
                4 => (format!("matmul({t}, mean({o}, axis = 1))"), vec![a]),
                _ => (format!("einsum(\"bij,bkl->bjl\", {t}, {o})"), vec![n, n]),
            },
            (&[a, b, n], &[c, d, _]) => match self.choices.below(5) {
                0 if a == c => (format!("einsum(\"bhqd,bhkd->bhqk\", {t}, {o})"), vec![a, b, d]),
                1 if b == d => (format!("einsum(\"bqhd,bkhd->bhqk\", {t}, {o})"), vec![b, a, c]),
                2 if a == c => (format!("matmul({t}, einsum(\"bxyz->bxzy\", {o}))"), vec![a, b, d]),
                3 => (format!("einsum(\"bxyn,bvwn->bxw\", {t}, {o})"), vec![a, d]),
                _ => (format!("einsum(\"bxyn,bvwm->bnm\", {t}, {o})"), vec![n, n]),
            },
            _ => return self.over_axes(x),
        };
        if shape.iter().product::<usize>() > MOST_VALUES {
            return self.over_axes(x);
        }
        // Products of products grow fast.
        self.give(format!("tanh(0.3 * {form})"), shape);
    }

    /// A function of the values along an axis.
    pub(super) fn over_axes(&mut self, x: &Tensor) {
        let axis = 1 + self.choices.below(x.shape.len());
        let form = self.choices.pick(&[
            "1.0 * softmax({t}, axis = {a})",
            "0.2 * log_softmax({t}, axis = {a})",
            "tanh(0.3 * cumsum({t}, axis = {a}))",
            "{t} / (0.5 + var({t}, axis = {a}, keepdims = true))",
            "{t} / (0.5 + norm({t}, axis = {a}, keepdims = true))",
            "{t} - logsumexp({t}, axis = {a}, keepdims = true)",
            "{t} * tanh(prod({t}, axis = {a}, keepdims = true))",
            "{t} * (0.5 + any({t} > 0.4, axis = {a}, keepdims = true))",
            "{t} * (0.1 * argmax({t}, axis = {a}, keepdims = true))",
            "mish({t})",
            "gelu({t}, approximate = true)",
            "leaky_relu({t}, 0.3)",
        ]);
        let expression = form.replace("{t}", &x.name).replace("{a}", &axis.to_string());
        self.give(expression, x.shape.clone());
    }
}
