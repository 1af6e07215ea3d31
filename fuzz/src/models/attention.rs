//! Attention layers.

use super::{Growing, Tensor};

impl Growing<'_, '_> {
    /// An attention between two sequences, or within one.
    pub(super) fn attention(&mut self, x: &Tensor) {
        let &[queries, features] = &x.shape[..] else { return };
        let sequences: Vec<usize> =
            (0..self.tensors.len()).filter(|&at| self.tensors[at].shape.len() == 2).collect();
        let alike: Vec<usize> =
            sequences.iter().copied().filter(|&at| self.tensors[at].shape[1] == features).collect();
        let projects = self.choices.one_in(2);
        let among = if projects { sequences } else { alike };
        let other = match among.is_empty() {
            true => x.clone(),
            false => {
                let at = self.choices.pick(&among);
                self.reading(at)
            }
        };
        let layer = match (projects, self.choices.below(8)) {
            (true, 0) => "MultiHeadAttention(2, 2)",
            (true, 1) => "MultiHeadAttention(1, 3, value_dim = 2, sliding_window = 2)",
            (true, 2) => "MultiHeadAttention(2, 1, dropout = 0.3)",
            (true, 3) => "MultiHeadAttention(2, 2, use_gate = true, activity_regularizer = L2(0.01))",
            (true, 4) => "MultiHeadAttention(2, 2, use_bias = false, kernel_regularizer = L1(0.01))",
            (true, _) => "GroupQueryAttention(2, 2, 1)",
            (false, 0) => "Attention()",
            (false, 1) => "Attention(use_scale = true)",
            (false, 2) => "Attention(score_mode = concat)",
            (false, 3) => "Attention(use_scale = true, score_mode = concat, dropout = 0.2)",
            (false, 4) => "AdditiveAttention(use_scale = false)",
            (false, _) => "AdditiveAttention()",
        };
        let tensors = match projects {
            true => format!("{}, {}", x.name, other.name),
            false => format!("[{}, {}]", x.name, other.name),
        };
        let causal = if self.choices.one_in(3) { ", use_causal_mask = true" } else { "" };
        let values = if projects { features } else { other.shape[1] };
        let call = format!("{layer}({tensors}{causal})");
        match projects {
            true => self.ending(call, vec![queries, values], "linear"),
            false => self.give(call, vec![queries, values]),
        };
    }
}
