//! Custom losses and metrics of the user in a step.

use mimo_graph::loss::Loss;
use mimo_graph::spec::{ModelSpec, OutputSpec};

use super::Engine;
use crate::error::Error;
use crate::float::Float;
use crate::loss::LossFault;
use crate::own::{OwnMetric, OwnParts, Place, places};

pub(super) use crate::own::add;

/// State of this module.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub metrics: &'static [OwnMetric],
    /// Offsets of the metrics' states among the statistics, in order.
    pub places: Vec<Place>,
    /// Whether the gradients of losses are compared with finite differences in the first step.
    pub check_gradients: bool,
    outputs: &'static [OutputSpec],
}

impl Own {
    /// Data for the chunks after `steps` steps.
    pub(super) fn parts(&self, steps: u64) -> OwnParts<'_> {
        OwnParts { metrics: self.metrics, check_gradients: self.check_gradients && steps == 0, fault: None }
    }

    /// The error for a fault, with names.
    pub(super) fn error(&self, fault: LossFault) -> Error {
        let (LossFault::Element { output }
        | LossFault::Positions { output }
        | LossFault::Gradient { output, .. }
        | LossFault::Mixed { output, .. }) = fault;
        let output = self.outputs.get(output);
        let loss = match output.and_then(|output| output.loss) {
            Some(Loss::Own { path, .. }) => path,
            _ => "",
        };
        Error::OwnLoss { output: output.map_or("", |output| output.name), loss, fault }
    }
}

impl<E: Float> Engine<E> {
    /// Sets the user's metrics, and whether the gradients of the user's losses are checked in the first step.
    pub fn set_own(
        &mut self,
        spec: &'static ModelSpec,
        metrics: &'static [OwnMetric],
        check_gradients: bool,
    ) {
        let added = self.program.statistics.saturating_sub(spec_states(spec));
        self.own =
            Own { metrics, places: places(spec, added, metrics), check_gradients, outputs: spec.outputs };
    }
}

/// Total size of the states of all metrics.
fn spec_states(spec: &ModelSpec) -> usize {
    let metrics = spec.outputs.iter().flat_map(|output| {
        let classes = output.shape.last().copied().unwrap_or(1);
        output.metrics.iter().map(move |&(_, metric)| crate::metric::state_len(metric, classes))
    });
    metrics.sum()
}
