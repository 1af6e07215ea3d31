//! The element types of models.

use dfdx::shapes::Dtype;
use mimo_graph::operation::BatchNormalization;
use mimo_graph::optimizer::Rule;

use crate::chunk::Chunk;
use crate::engine::Step;
use crate::file::checkpoint::Number;
use crate::kernels::Element;
use crate::loss::{
    BatchLoss, BatchLossSums, LossOp, MaskSums, Masked, MaskedBatch, MaskedBatchSums, MaskedMetrics,
    MaskedRegions, Metrics, OwnLoss, Scan, kinds, own_pass,
};
use crate::own::{self, OwnMetric};
use crate::rules::{self, UpdateRule};
use crate::run::Run;
use crate::sample::Plain;
use crate::stage::{BackwardSums, ForwardSums};

macro_rules! float {
    ($($operation:ident),*) => {
        /// `f32` or `f64`: the element type of a model's weights and data.
        ///
        /// The bounds list everything that a compiled model can execute.
        pub trait Float:
            Dtype
            + Element
            + Number
            + Plain<Number = Self>
            + Step
            $(+ Run<mimo_graph::operation::$operation>)*
            + Run<ForwardSums<BatchNormalization>>
            + Run<BackwardSums<BatchNormalization>>
            + Run<Metrics>
            + Run<Scan>
            + Run<BatchLossSums>
            + Run<MaskSums>
            + Run<MaskedMetrics>
            + Run<MaskedRegions>
            + Run<MaskedBatch>
            + Run<MaskedBatchSums>
            + Run<BatchLoss>
        {
            /// Runs the pass of one loss.
            #[doc(hidden)]
            fn loss<K: kinds::Kind>(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, Self>);

            /// Runs the pass of a user's loss, if there is one for this type.
            #[doc(hidden)]
            fn own_loss(
                op: &LossOp,
                mask: Option<&Masked>,
                of_f32: Option<OwnLoss<'_, f32>>,
                of_f64: Option<OwnLoss<'_, f64>>,
                chunk: &mut Chunk<'_, Self>,
            );

            /// Adds a position to the state of a user's metric.
            #[doc(hidden)]
            fn update_own(metric: &OwnMetric) -> own::Update<Self>;

            /// Creates the rule of an optimizer: a [`MakeRule`](rules::MakeRule) for rules of the kind `K`.
            fn rule<K: rules::Kind>(rule: Rule) -> Option<Box<dyn UpdateRule<Self>>>;
        }
    };
}

mimo_graph::each_operation!(float);

impl Float for f32 {
    #[inline]
    fn loss<K: kinds::Kind>(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, Self>) {
        K::f32(op, mask, chunk);
    }

    fn own_loss(
        op: &LossOp,
        mask: Option<&Masked>,
        of_f32: Option<OwnLoss<'_, f32>>,
        _: Option<OwnLoss<'_, f64>>,
        chunk: &mut Chunk<'_, Self>,
    ) {
        own_pass(op, mask, of_f32, chunk);
    }

    #[inline]
    fn update_own(metric: &OwnMetric) -> own::Update<Self> {
        metric.update_f32
    }

    #[inline]
    fn rule<K: rules::Kind>(rule: Rule) -> Option<Box<dyn UpdateRule<Self>>> {
        K::f32(rule)
    }
}

impl Float for f64 {
    #[inline]
    fn loss<K: kinds::Kind>(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, Self>) {
        K::f64(op, mask, chunk);
    }

    fn own_loss(
        op: &LossOp,
        mask: Option<&Masked>,
        _: Option<OwnLoss<'_, f32>>,
        of_f64: Option<OwnLoss<'_, f64>>,
        chunk: &mut Chunk<'_, Self>,
    ) {
        own_pass(op, mask, of_f64, chunk);
    }

    #[inline]
    fn update_own(metric: &OwnMetric) -> own::Update<Self> {
        metric.update_f64
    }

    #[inline]
    fn rule<K: rules::Kind>(rule: Rule) -> Option<Box<dyn UpdateRule<Self>>> {
        K::f64(rule)
    }
}
