//! `Multiply`, `Maximum` and `Minimum` of tensors with masks: masked values do not take part, as in Keras.
//!
//! Calls of `where` are added before and after that of the layer. A nested model is copied without them, as without
//! its masks; they are added again for the masks that its tensors have where it is called.

use super::{Builder, Given};
use crate::diag::Loc;
use crate::ids::{LayerId, TensorId};
use crate::layers::LayerKind;
use crate::layers::merge::Merge;
use crate::operation::MergeOp;
use crate::value::{Value, ValueKind};

impl Builder {
    /// Marks a layer as an operator, `a * b`, which computes with all values.
    pub fn as_operator(&mut self, layer: LayerId) {
        let kind = self.graph.layers.get_mut(layer.index()).map(|layer| &mut layer.kind);
        if let Some(LayerKind::Merge(merge)) = kind {
            merge.is_operator = true;
        }
    }

    /// Replaces the tensors of a call by those that it computes with.
    pub(super) fn left_out(
        &mut self,
        kind: &LayerKind,
        given: Vec<Given>,
        steps: usize,
        call: Loc,
    ) -> Vec<Given> {
        let LayerKind::Merge(merge) = kind else { return given };
        if !merge.leaves_out() {
            return given;
        }
        let rank = |this: &Self, x: &Given| this.graph.tensor(x.tensor).shape.as_ref().map(|x| x.rank());
        // Keras reshapes tensors of fewer axes than the others', and reshaped tensors have no masks.
        let most = given.iter().filter_map(|x| rank(self, x)).max();
        let mut masks = vec![];
        for x in &given {
            let whole = rank(self, x) == most;
            masks.push(if whole { self.wide_mask(x.tensor, steps, call) } else { None });
        }
        if masks.iter().all(Option::is_none) {
            return given;
        }
        let tensors: Vec<TensorId> = given.iter().map(|x| x.tensor).collect();
        let inputs = match (self.all_alike(&tensors), merge.op) {
            // A value that is 0 at the end need not be 1 before.
            (true, MergeOp::Multiply) => tensors,
            (false, MergeOp::Multiply) => {
                let one = |(tensor, mask)| self.chosen(mask, tensor, Other::Number(1), call);
                tensors.iter().copied().zip(masks).map(one).collect()
            }
            (alike, _) => self.counted(&tensors, &masks, alike, call),
        };
        given.into_iter().zip(inputs).map(|(x, tensor)| Given { tensor, ..x }).collect()
    }

    /// Replaces the outputs that the layer computed by those of the call.
    pub(super) fn without_left_out(
        &mut self,
        kind: &LayerKind,
        given: Vec<TensorId>,
        steps: usize,
        call: Loc,
    ) -> Vec<TensorId> {
        match kind {
            LayerKind::Merge(merge @ Merge { op: MergeOp::Multiply, .. }) if merge.leaves_out() => {
                let zero = |tensor| {
                    let mask = self.wide_mask(tensor, steps, call);
                    self.chosen(mask, tensor, Other::Number(0), call)
                };
                given.into_iter().map(zero).collect()
            }
            _ => given,
        }
    }

    /// Tensors of a maximum or minimum, with each masked value replaced by an unmasked one. Where all are masked, the
    /// values of the first tensor are used.
    fn counted(
        &mut self,
        tensors: &[TensorId],
        masks: &[Option<TensorId>],
        alike: bool,
        call: Loc,
    ) -> Vec<TensorId> {
        let (Some((&first, rest)), Some((&mask, masks))) = (tensors.split_first(), masks.split_first())
        else {
            return tensors.to_vec();
        };
        let mut counts = first;
        if mask.is_some() && !alike {
            for (&tensor, &mask) in rest.iter().zip(masks).rev() {
                counts = self.chosen(mask, tensor, Other::Tensor(counts), call);
            }
            counts = self.chosen(mask, first, Other::Tensor(counts), call);
        }
        let mut inputs = vec![counts];
        for (&tensor, &mask) in rest.iter().zip(masks) {
            inputs.push(self.chosen(mask, tensor, Other::Tensor(counts), call));
        }
        inputs
    }

    /// Whether all tensors have the same mask and shape, except for weights.
    fn all_alike(&self, tensors: &[TensorId]) -> bool {
        let mut counted = tensors.iter().filter(|&&tensor| !self.is_constant(tensor));
        let of = |tensor: &TensorId| {
            let tensor = self.graph.tensor(*tensor);
            (tensor.mask, tensor.shape.clone())
        };
        let Some(first) = counted.next().map(of) else { return false };
        first.0.is_some() && counted.all(|tensor| of(tensor) == first)
    }

    /// The mask of a tensor with as many axes as the tensor has.
    fn wide_mask(&mut self, tensor: TensorId, steps: usize, call: Loc) -> Option<TensorId> {
        let mut mask = self.mask_of(tensor, steps, call)?;
        let rank = |this: &Self, tensor| this.graph.tensor(tensor).shape.as_ref().map(|shape| shape.rank());
        let missing = rank(self, tensor)?.saturating_sub(rank(self, mask)?);
        for _ in 0..missing {
            let last = Value { kind: ValueKind::Int(-1), loc: call };
            mask = self.mask_call("expand_dims", &[mask], &[(Some("axis"), last)], call)?;
        }
        Some(mask)
    }

    /// Replaces the masked values of a tensor. It keeps its mask.
    fn chosen(&mut self, mask: Option<TensorId>, tensor: TensorId, other: Other, call: Loc) -> TensorId {
        let Some(mask) = mask else { return tensor };
        let chosen = match other {
            Other::Tensor(other) => self.mask_call("where", &[mask, tensor, other], &[], call),
            Other::Number(number) => {
                let number = Value { kind: ValueKind::Int(number), loc: call };
                self.mask_call("where", &[mask, tensor], &[(None, number)], call)
            }
        };
        // An error of the tensors is an error of the call.
        let Some(chosen) = chosen else { return tensor };
        let of_tensor = self.graph.tensor(tensor).mask;
        if let Some(chosen) = self.graph.tensors.get_mut(chosen.index()) {
            chosen.mask = of_tensor;
        }
        chosen
    }
}

/// Replacement of a masked value.
#[derive(Clone, Copy)]
enum Other {
    Tensor(TensorId),
    Number(i64),
}
