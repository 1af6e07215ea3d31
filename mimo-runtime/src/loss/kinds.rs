//! The pass of each loss as a separate type: a program links only the losses of its models.

use mimo_graph::loss::{Loss, Region};

use super::{
    Form, LossOp, Masked, Pass, Visit, binary, crossentropy, focal, hinge, regions, regression, softmax,
    weighted,
};
use crate::chunk::Chunk;
use crate::float::Float;

/// The pass over the rows of one loss.
///
/// It has a function for each element type, so that it is compiled in this crate and with its optimisation level.
pub trait Kind: Sized {
    /// Returns the output with this loss.
    fn op(&self) -> &'static LossOp;

    /// Adds `Σ w·L` of the chunk's rows to the output's part of the statistics, and in training writes the gradient
    /// of `loss_weight · Σ w·L / batch`. An output with another loss is unchanged.
    fn f32(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, f32>);

    /// The same for `f64`.
    fn f64(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, f64>);

    /// The same for any element type.
    #[inline]
    fn forward<E: Float>(&self, chunk: &mut Chunk<'_, E>) {
        E::loss::<Self>(self.op(), None, chunk);
    }

    /// The same for an output with a mask.
    #[inline]
    fn forward_masked<E: Float>(&self, mask: &Masked, chunk: &mut Chunk<'_, E>) {
        E::loss::<Self>(self.op(), Some(mask), chunk);
    }
}

/// Declares the kinds: the fields of a loss, and the criterion built from them and the form of its head. A custom
/// loss has no kind, because it is computed outside of the chunk; nor has a user's loss, whose function the generated
/// code names.
macro_rules! kinds {
    ($(
        $kind:ident $({ $($field:ident),* })? => |$form:ident, $visitor:ident| $visit:expr;
    )*) => {
        $(
            #[doc = concat!("The pass of [`Loss::", stringify!($kind), "`].")]
            #[derive(Clone, Copy, Debug)]
            pub struct $kind(pub &'static LossOp);

            impl $kind {
                fn visit<E: Float>(loss: Loss, $form: Form, $visitor: impl Visit<E>) {
                    if let Loss::$kind $({ $($field),* })? = loss {
                        $visit;
                    }
                }
            }

            impl Kind for $kind {
                fn op(&self) -> &'static LossOp {
                    self.0
                }

                fn f32(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, f32>) {
                    Pass::over(op, mask, chunk, Self::visit);
                }

                fn f64(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, f64>) {
                    Pass::over(op, mask, chunk, Self::visit);
                }
            }
        )*

        /// Runs the pass of an output's loss, whichever it is. Programs that call it link all losses; generated code
        /// calls the pass of a kind.
        pub fn forward<E: Float>(op: &LossOp, mask: Option<&Masked>, chunk: &mut Chunk<'_, E>) {
            match op.loss {
                $(Some(Loss::$kind { .. }) => E::loss::<$kind>(op, mask, chunk),)*
                Some(Loss::Custom { .. } | Loss::Own { .. }) | None => {}
            }
        }

        /// Calls the visitor with the loss, whichever it is. A loss over the whole batch and a custom one have no
        /// criterion to visit.
        pub(crate) fn visit<E: Float>(loss: Loss, form: Form, visitor: impl Visit<E>) {
            match loss {
                $(Loss::$kind { .. } => $kind::visit(loss, form, visitor),)*
                Loss::Custom { .. } | Loss::Own { .. } => {}
            }
        }
    };
}

kinds! {
    MeanSquaredError => |form, visitor| visitor.visit(form.mean(regression::squared_error));
    MeanAbsoluteError => |form, visitor| visitor.visit(form.mean(regression::absolute_error));
    MeanAbsolutePercentageError => |form, visitor| {
        visitor.visit(form.mean(regression::absolute_percentage_error))
    };
    MeanSquaredLogarithmicError => |form, visitor| {
        visitor.visit(form.mean(regression::squared_logarithmic_error))
    };
    Huber { delta } => |form, visitor| visitor.visit(form.mean(regression::huber(delta)));
    LogCosh => |form, visitor| visitor.visit(form.mean(regression::log_cosh));
    Poisson => |form, visitor| visitor.visit(form.mean(regression::poisson));
    Quantile { q } => |form, visitor| visitor.visit(form.mean(regression::quantile(q)));
    CosineSimilarity => |form, visitor| visitor.visit(form.each(regression::CosineSimilarity));
    Hinge => |form, visitor| visitor.visit(form.mean(hinge::hinge(form.binary_labels)));
    SquaredHinge => |form, visitor| visitor.visit(form.mean(hinge::squared_hinge(form.binary_labels)));
    CategoricalHinge => |form, visitor| visitor.visit(form.each(hinge::CategoricalHinge));
    BinaryCrossentropy { from_logits, label_smoothing } => |form, visitor| {
        if form.fused || from_logits {
            visitor.visit(binary::FromLogits::new(label_smoothing, form));
        } else {
            visitor.visit(form.mean(binary::from_probabilities(label_smoothing)));
        }
    };
    CategoricalCrossentropy { from_logits, label_smoothing } => |form, visitor| {
        let labels = crossentropy::Smoothing::new(label_smoothing, form.classes);
        if form.fused {
            visitor.visit(form.each(softmax::Categorical { labels, head: softmax::Computed }));
        } else if from_logits {
            visitor.visit(form.each(softmax::Categorical { labels, head: softmax::Logits }));
        } else {
            visitor.visit(form.each(crossentropy::Categorical { labels }));
        }
    };
    SparseCategoricalCrossentropy { from_logits, ignore_class } => |form, visitor| {
        if form.fused {
            visitor.visit(form.each(softmax::Sparse { ignore_class, head: softmax::Computed }));
        } else if from_logits {
            visitor.visit(form.each(softmax::Sparse { ignore_class, head: softmax::Logits }));
        } else {
            visitor.visit(form.each(crossentropy::Sparse { ignore_class }));
        }
    };
    WeightedBinaryCrossentropy { from_logits, label_smoothing, pos_weight, label_weights } => |form, visitor| {
        let labels = crossentropy::Smoothing::new(label_smoothing, 2);
        let logits = form.fused || from_logits;
        visitor.visit(form.each(weighted::Weighted { labels, pos_weight, label_weights, logits }));
    };
    BinaryFocalCrossentropy { apply_class_balancing, alpha, gamma, from_logits, label_smoothing } => |form, visitor| {
        let focal = focal::Binary::new(label_smoothing, gamma, apply_class_balancing.then_some(alpha));
        if form.fused || from_logits {
            visitor.visit(form.mean(focal.of_logits()));
        } else {
            visitor.visit(form.mean(focal.of_probabilities()));
        }
    };
    CategoricalFocalCrossentropy { alpha, gamma, from_logits, label_smoothing } => |form, visitor| {
        let labels = crossentropy::Smoothing::new(label_smoothing, form.classes);
        let focal = focal::Categorical { labels, alpha, gamma: E::of(gamma) };
        if form.fused {
            visitor.visit(form.each(focal::OfSoftmax { focal, head: softmax::Computed }));
        } else if from_logits {
            visitor.visit(form.each(focal::OfSoftmax { focal, head: softmax::Logits }));
        } else {
            visitor.visit(form.each(focal));
        }
    };
    CategoricalGeneralizedCrossEntropy { q } => |form, visitor| {
        visitor.visit(form.each(focal::Generalized { q: E::of(q) }));
    };
    KlDivergence => |form, visitor| visitor.visit(form.sum(crossentropy::kl_divergence));
    Dice { region } => |form, visitor| {
        over_region(regions::Overlap::Dice, region, form, visitor);
    };
    Tversky { alpha, beta, region } => |form, visitor| {
        over_region(regions::Overlap::Tversky { alpha, beta }, region, form, visitor);
    };
}

fn over_region<E: Float>(overlap: regions::Overlap, region: Region, form: Form, visitor: impl Visit<E>) {
    match region {
        Region::Sample => visitor.visit(regions::Of { overlap, step: 1 }),
        Region::SampleClass => visitor.visit(regions::Of { overlap, step: form.classes }),
        Region::Position => visitor.visit(form.each(regions::Of { overlap, step: 1 })),
        // `BatchLoss` computes it from sums over the batch.
        Region::Batch | Region::BatchClass => {}
    }
}
