//! Nested models called on every step of a sequence.

use super::super::sizes::Sized;
use super::{Builder, Instance};
use crate::code::Code;
use crate::diag::{Diag, Diags, Loc};
use crate::dim::Dim;
use crate::graph::{Graph, TensorId};
use crate::layers::LayerKind;
use crate::order::live_nodes;
use crate::shape::Shape;

impl Builder {
    /// Whether the values of a nested model for all steps fit in memory; reports what is too large. One step was
    /// checked where the model was written.
    pub(super) fn holds(
        &mut self,
        instance: &Instance,
        model: &Graph,
        axes: &[Dim],
        call: Loc,
        diags: &mut Diags,
    ) -> bool {
        let class = &self.graph.groups[instance.group.index()].class;
        let mut checks = Vec::new();
        for node in live_nodes(model).into_iter().map(|node| model.node(node)) {
            let layer = model.layer(node.layer);
            let shapes = |tensors: &[TensorId]| -> Vec<Shape> {
                tensors.iter().filter_map(|&tensor| model.tensor(tensor).shape.clone()).collect()
            };
            let (read, given) = (shapes(&node.inputs), shapes(&node.outputs));
            let own = read.first().map(|shape| &shape.0[..node.steps.min(shape.rank())]).unwrap_or_default();
            let steps = |own: &[Dim], shape: &Shape| Shape([axes, own, &shape.0].concat());
            let inner = |shapes: &[Shape]| -> Vec<Shape> {
                shapes.iter().map(|shape| shape.without_first(node.steps)).collect()
            };
            let (inner_read, inner_given) = (inner(&read), inner(&given));
            let scratch = layer
                .kind
                .scratch(&inner_read.iter().collect::<Vec<_>>(), &inner_given.iter().collect::<Vec<_>>());
            let scratch = scratch.iter().filter(|shape| shape.is_known()).map(|shape| steps(own, shape));
            let given: Vec<Shape> = given.iter().map(|shape| steps(&[], shape)).chain(scratch).collect();
            let read: Vec<Shape> = read.iter().map(|shape| steps(&[], shape)).collect();
            let size = Sized {
                what: &format!("`{}` in `{class}`", layer.kind.class_name()),
                read: &read.iter().collect::<Vec<_>>(),
                given: &given.iter().collect::<Vec<_>>(),
                weights: &layer.weights,
                loc: call,
            };
            if let Some(diag) = size.check() {
                diags.push(diag);
                return false;
            }
            checks.extend(size.checks());
        }
        self.checks.append(&mut checks);
        true
    }

    /// Reason why a nested model cannot be called on every step of a sequence, if there is one. `loc` is the location
    /// of the model.
    pub fn not_for_steps(&self, instance: &Instance, model: &Graph, loc: Loc) -> Option<Diag> {
        let class = &self.graph.groups[instance.group.index()].class;
        let refused =
            |message: String, help: String| Some(Diag::error(Code::NotForSteps, loc, message).help(help));
        let (inputs, outputs) = (model.inputs.len(), model.outputs.len());
        if inputs != 1 {
            let message = format!("`TimeDistributed` reads one tensor, and `{class}` takes {inputs}");
            let help = "join the tensors before the model, and take them apart in it with layers of its own";
            return refused(message, help.into());
        }
        if outputs != 1 {
            let message =
                format!("`TimeDistributed` outputs one tensor, and `{class}` has {outputs} outputs");
            let help = format!("`concatenate` the outputs in `{class}`, or use a model for each of them");
            return refused(message, help);
        }
        let layers = || instance.layers.values().map(|&layer| self.graph.layer(layer));
        if let Some(layer) = layers().find(|layer| layer.kind.is_stateful()) {
            let message = format!(
                "`TimeDistributed` begins a sequence at every step, and the `stateful` `{}` in `{class}` continues one",
                layer.name
            );
            return refused(message, format!("leave `stateful` out in `{class}`"));
        }
        if let Some(layer) = layers().find(|layer| layer.kind.added_loss().is_some()) {
            let message =
                format!("`TimeDistributed` has no place for the loss `{}` that `{class}` adds", layer.name);
            let help = format!(
                "leave it out in `{class}`, and write an `add_loss` of what the `TimeDistributed` outputs, summed over its steps"
            );
            return refused(message, help);
        }
        if let Some(layer) = layers().find(|layer| layer.kind.penalizes_activities()) {
            let what = match layer.kind {
                LayerKind::ActivityRegularization(_) => "penalty of the `ActivityRegularization`",
                _ => "`activity_regularizer` of",
            };
            let message =
                format!("`TimeDistributed` has no place for the {what} `{}` in `{class}`", layer.name);
            let help = format!(
                "leave it out in `{class}`, and call an `ActivityRegularization` on what the `TimeDistributed` outputs"
            );
            return refused(message, help);
        }
        if let Some(layer) = layers().find(|layer| matches!(layer.kind, LayerKind::SpectralNormalization(_)))
        {
            let message = format!(
                "`TimeDistributed` uses the same kernels for all steps, and the `SpectralNormalization` `{}` in `{class}` would change \
                 its own before each",
                layer.name
            );
            return refused(message, format!("use the layer without `SpectralNormalization` in `{class}`"));
        }
        let norm = layers().find(|layer| {
            layer.trainable && matches!(layer.kind.core().0, LayerKind::BatchNormalization(_))
        })?;
        // Keras uses the statistics of each step alone and moves the averages once per step.
        let message = format!(
            "`TimeDistributed` runs a model step by step, and the `BatchNormalization` `{}` in `{class}` has one set of \
             averages for all steps",
            norm.name
        );
        refused(
            message,
            format!("use a `LayerNormalization` in `{class}`, or write `{class}(trainable = false)`"),
        )
    }
}
