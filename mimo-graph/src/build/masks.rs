//! Masks: finds out which tensors have one, and adds the calls that compute the masks that are read.

use super::{Builder, Given, id};
use crate::diag::{Diags, Loc};
use crate::graph::{Mask, MaskId, MaskSource, NodeId, TensorId};
use crate::layers::layer::sample_axis;
use crate::layers::{Effect, LayerKind, Masks};
use crate::shape::Shape;
use crate::value::{Arg, Value, ValueKind};

impl Builder {
    /// The mask of a tensor, as a tensor. The calls that compute it are added at the first use.
    ///
    /// Inside of `steps` levels of `TimeDistributed`, a mask of the steps themselves does not apply to a single step.
    pub(super) fn mask_of(&mut self, tensor: TensorId, steps: usize, call: Loc) -> Option<TensorId> {
        let mask = self.graph.tensor(tensor).mask?;
        let tensor = self.mask_tensor(mask, call)?;
        let rank = self.graph.tensor(tensor).shape.as_ref()?.rank();
        (steps == 0 || rank > steps).then_some(tensor)
    }

    /// Computes the masks of outputs for the losses that weigh by them.
    pub fn mask_of_output(&mut self, tensor: TensorId) -> Option<TensorId> {
        let loc = self.graph.tensor(tensor).loc;
        self.mask_of(tensor, 0, loc)
    }

    fn mask_tensor(&mut self, id: MaskId, call: Loc) -> Option<TensorId> {
        let Mask { source, tensor } = self.graph.mask(id).clone();
        if tensor.is_some() {
            return tensor;
        }
        let tensor = match source {
            MaskSource::Given(tensor) => Some(tensor),
            MaskSource::NonZero(numbers) => {
                let float = Value::of_default("float32", call);
                let numbers = self.mask_call("cast", &[numbers], &[(None, float)], call)?;
                self.differing(numbers, 0.0, call)
            }
            MaskSource::Differs(values, value) => {
                let differs = self.differing(values, value, call)?;
                self.mask_call("any", &[differs], &[(Some("axis"), int(-1, call))], call)
            }
            MaskSource::Any(masks) => {
                let mut masks = masks.into_iter();
                let mut any = self.mask_tensor(masks.next()?, call)?;
                for mask in masks {
                    let mask = self.mask_tensor(mask, call)?;
                    any = self.mask_call("logical_or", &[any, mask], &[], call)?;
                }
                Some(any)
            }
            MaskSource::Concatenated(masks, axis) => {
                let mut parts = vec![];
                for mask in masks {
                    parts.push(match mask {
                        Ok(mask) => self.mask_tensor(mask, call)?,
                        Err(whole) => self.all_of(whole, axis, call)?,
                    });
                }
                // A rank is the length of a list in the source: it fits.
                let axis = int(axis as i64 + 1, call);
                self.mask_call("Concatenate", &parts, &[(Some("axis"), axis)], call)
            }
        };
        if let Some(mask) = self.graph.masks.get_mut(id.index()) {
            mask.tensor = tensor;
        }
        tensor
    }

    /// The mask of a tensor without one: 1 for every position up to this axis.
    fn all_of(&mut self, tensor: TensorId, axis: usize, call: Loc) -> Option<TensorId> {
        let rank = self.graph.tensor(tensor).shape.as_ref()?.rank();
        // No meaningful value is this large.
        let one = self.differing(tensor, 3.0e38, call)?;
        let later: Vec<Value> = (axis + 1..rank).map(|axis| int(axis as i64 + 1, call)).collect();
        if later.is_empty() {
            return Some(one);
        }
        let later = Value { kind: ValueKind::List(later), loc: call };
        self.mask_call("any", &[one], &[(Some("axis"), later)], call)
    }

    fn differing(&mut self, tensor: TensorId, value: f64, call: Loc) -> Option<TensorId> {
        let value = Value { kind: ValueKind::Float(value), loc: call };
        self.mask_call("not_equal", &[tensor], &[(None, value)], call)
    }

    /// Adds a call that the user did not write.
    pub(super) fn mask_call(
        &mut self,
        class: &str,
        tensors: &[TensorId],
        settings: &[(Option<&str>, Value)],
        call: Loc,
    ) -> Option<TensorId> {
        let of_tensor =
            |_: &TensorId| Arg { name: None, value: Value { kind: ValueKind::Tensor, loc: call } };
        // The tensors of a layer are not among its settings.
        let operands = tensors.iter().filter(|_| class.starts_with(char::is_lowercase)).map(of_tensor);
        let set = |(name, value): &(Option<&str>, Value)| Arg {
            name: name.map(|name| (name.to_owned(), call)),
            value: value.clone(),
        };
        let args: Vec<Arg> = operands.chain(settings.iter().map(set)).collect();
        // An error of the mask was reported for the tensor.
        let mut silent = Diags::new();
        let layer = self.layer(class, call, &args, call, &mut silent)?;
        self.graph.layers.get_mut(layer.index())?.of_mask = true;
        let inputs: Vec<_> = tensors.iter().map(|&tensor| (tensor, call)).collect();
        self.call(layer, &inputs, call, &mut silent).first().copied()
    }

    /// The masks that a call reads: those passed by keyword, and those of its tensors.
    pub(super) fn masks_read(
        &mut self,
        kind: &LayerKind,
        given: &[Given],
        named: &[Given],
        steps: usize,
        call: Loc,
    ) -> Vec<Given> {
        let mut masks = vec![];
        for &(place, role) in kind.mask_roles() {
            if let Some(named) = named.iter().find(|named| named.role == role) {
                masks.push(*named);
            } else if let Some(&Given { tensor, loc, .. }) = given.get(place)
                && self.reads_mask(kind, tensor)
                && let Some(tensor) = self.mask_of(tensor, steps, call)
            {
                masks.push(Given { tensor, loc, role });
            }
        }
        masks
    }

    /// Whether a layer reads the mask that a tensor has.
    fn reads_mask(&self, kind: &LayerKind, tensor: TensorId) -> bool {
        let of = self.graph.tensor(tensor);
        match (&of.shape, of.mask.and_then(|mask| self.axes_of(mask))) {
            (Some(x), Some(mask)) => kind.reads_mask(x, &mask),
            _ => false,
        }
    }

    /// Sets the masks of the outputs of a call.
    pub(super) fn mask_outputs(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        let (inputs, roles, outputs) = (node.inputs.clone(), node.roles.clone(), node.outputs.clone());
        let of = |this: &Self, tensor: TensorId| this.graph.tensor(tensor).mask;
        let by_place: Vec<TensorId> =
            inputs.iter().zip(&roles).filter(|(_, role)| role.is_empty()).map(|(&input, _)| input).collect();
        let Some(&first) = by_place.first() else { return };
        let (rule, named) = (self.graph.kind(node).masks(), self.graph.kind(node).passed_mask());
        let own = inputs.iter().zip(&roles).find(|(_, role)| **role == named).map(|(&mask, _)| mask);
        let passed = |this: &mut Self| match own {
            // The mask that a call reads for its tensor is that tensor's mask.
            Some(own) => match of(this, first) {
                Some(mask) if this.graph.mask(mask).tensor == Some(own) => Some(mask),
                _ => Some(this.new_mask(MaskSource::Given(own))),
            },
            None => of(this, first),
        };
        let mask = match rule {
            Masks::Keep | Masks::KeepFirst => passed(self),
            Masks::Join => {
                let counted = by_place.iter().filter(|&&tensor| !self.is_constant(tensor));
                let masks: Option<Vec<MaskId>> = counted.map(|&tensor| of(self, tensor)).collect();
                let mut masks = masks.unwrap_or_default();
                let mut seen = vec![];
                masks.retain(|mask| {
                    !seen.contains(mask) && {
                        seen.push(*mask);
                        true
                    }
                });
                match masks[..] {
                    [] => None,
                    [mask] => Some(mask),
                    _ => Some(self.new_mask(MaskSource::Any(masks))),
                }
            }
            Masks::Concatenate(axis) => self.concatenated(&by_place, axis),
            Masks::NonZero => Some(self.new_mask(MaskSource::NonZero(first))),
            Masks::Differs(value) => Some(self.new_mask(MaskSource::Differs(first, value))),
            Masks::Lose => self.kept_mask(id, &by_place),
            Masks::End => None,
        };
        let masked = match rule {
            Masks::KeepFirst => &outputs[..outputs.len().min(1)],
            _ => &outputs[..],
        };
        for &output in masked {
            let fits = mask.is_some_and(|mask| self.masks_axes(mask, output));
            if let Some(tensor) = self.graph.tensors.get_mut(output.index()) {
                tensor.mask = mask.filter(|_| fits);
            }
        }
    }

    /// Mask of first axes that a call keeps. It is lost if tensors with these axes have other masks or none, and if
    /// it masks axes that are not kept.
    fn kept_mask(&self, id: NodeId, tensors: &[TensorId]) -> Option<MaskId> {
        let node = self.graph.node(id);
        let of = |tensor: TensorId| self.graph.tensor(tensor).mask;
        let mask = tensors.iter().find_map(|&tensor| of(tensor))?;
        let axes = self.axes_of(mask)?.rank();
        let kept = self.graph.kept_axes(node, tensors).into_iter().chain(std::iter::repeat(0));
        let agrees = |(&tensor, kept): (&TensorId, usize)| match of(tensor) {
            Some(other) => other == mask && kept >= axes,
            None => kept < axes || self.is_constant(tensor),
        };
        tensors.iter().zip(kept).all(agrees).then_some(mask)
    }

    /// Mask of tensors that are concatenated. Along an axis that masks do not have, it counts what any of them
    /// counts, and everything if one tensor has no mask.
    fn concatenated(&mut self, tensors: &[TensorId], axis: i64) -> Option<MaskId> {
        let first = *tensors.first()?;
        let rank = self.graph.tensor(first).shape.as_ref()?.rank();
        let axis = sample_axis(axis, rank)?;
        let masks: Vec<Option<MaskId>> =
            tensors.iter().map(|&tensor| self.graph.tensor(tensor).mask).collect();
        let known: Vec<MaskId> = masks.iter().copied().flatten().collect();
        let axes = self.axes_of(*known.first()?)?.rank();
        if axis >= axes {
            let mut different = known.clone();
            different.dedup();
            return match (known.len() == masks.len(), &different[..]) {
                (false, _) => None,
                (true, [mask]) => Some(*mask),
                (true, _) => Some(self.new_mask(MaskSource::Any(different))),
            };
        }
        // Masks of fewer axes than the others do not apply to the further axes.
        if known.iter().any(|&mask| self.axes_of(mask).is_none_or(|shape| shape.rank() != axis + 1)) {
            return None;
        }
        let parts = masks.into_iter().zip(tensors).map(|(mask, &tensor)| mask.ok_or(tensor)).collect();
        Some(self.new_mask(MaskSource::Concatenated(parts, axis)))
    }

    /// The shape of a mask, whether it is computed or not.
    fn axes_of(&self, mask: MaskId) -> Option<Shape> {
        let shape = |tensor: TensorId| self.graph.tensor(tensor).shape.clone();
        match &self.graph.mask(mask).source {
            MaskSource::Given(tensor) | MaskSource::NonZero(tensor) => shape(*tensor),
            MaskSource::Differs(tensor, _) => shape(*tensor).map(|mut shape| {
                shape.0.pop();
                shape
            }),
            // The masks have equal axes: else the tensors would not fit.
            MaskSource::Any(masks) => self.axes_of(*masks.first()?),
            MaskSource::Concatenated(parts, axis) => {
                let lengths = parts.iter().map(|part| match part {
                    Ok(mask) => self.axes_of(*mask),
                    Err(tensor) => shape(*tensor),
                });
                let lengths: Vec<Shape> = lengths.collect::<Option<_>>()?;
                let mut shape = Shape(lengths.first()?.0.iter().take(axis + 1).cloned().collect());
                let along: Option<Vec<_>> = lengths.iter().map(|shape| shape.0.get(*axis).cloned()).collect();
                *shape.0.get_mut(*axis)? = along?.into_iter().reduce(|sum, length| sum + length)?;
                Some(shape)
            }
        }
    }

    /// Whether a mask is one of the first axes of a tensor.
    fn masks_axes(&self, mask: MaskId, tensor: TensorId) -> bool {
        let (Some(mask), Some(shape)) = (self.axes_of(mask), &self.graph.tensor(tensor).shape) else {
            return false;
        };
        shape.0.starts_with(&mask.0)
    }

    /// Whether a tensor does not depend on the inputs: a weight, random numbers, or a value computed from these.
    pub(super) fn is_constant(&self, tensor: TensorId) -> bool {
        match self.graph.tensor(tensor).producer {
            None => false,
            Some(node) => {
                let node = self.graph.node(node);
                self.graph.kind(node).effect() == Effect::Drawn
                    || node.inputs.iter().all(|&input| self.is_constant(input))
            }
        }
    }

    fn new_mask(&mut self, source: MaskSource) -> MaskId {
        self.graph.masks.push(Mask { source, tensor: None });
        MaskId(id(self.graph.masks.len() - 1))
    }
}

fn int(n: i64, loc: Loc) -> Value {
    Value { kind: ValueKind::Int(n), loc }
}
