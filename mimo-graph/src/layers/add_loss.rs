//! `add_loss(expression, name = "kl");`: a loss that is computed from tensors of the model.

use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, floats, operation_facts};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// A loss that is added to the total. As a layer it outputs its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddLoss {
    /// Its weight in the total.
    pub weight: f64,
}

tensor_operations! {
    /// Adds a loss that is computed from tensors of the model to the total loss: one number per sample, averaged over
    /// the batch.
    ///
    /// It is a separate statement, in the block, in a function or in a loop. The logs have the unweighted mean under
    /// its name, here `kl_loss`, in training and in evaluation. Sample weights and `loss_weights` do not change it,
    /// and a prediction does not compute it.
    ///
    /// Keras: [`add_loss`](https://keras.io/api/losses/#the-addloss-api), with which a layer adds a sum over the batch that it
    /// has averaged itself.
    "`add_loss(x, weight = 1, name = none)`"
    add_loss, "let mean = Input(shape = [8]);\nadd_loss(sum(square(mean), axis = -1), weight = 0.1, name = \"kl\");"
        => AddLoss::read;
    takes {
        /// The loss of each sample: one number.
        x: Tensors,
        /// Factor of the loss in the total.
        weight: f64 = "1",
        /// Name in the logs, before `_loss`. Without it the logs have `added_loss`, `added_1_loss`, and so on.
        name: Name = "none",
    }
}

impl AddLoss {
    fn read(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let weight = args.float("weight", cx);
        if args.sound(&["weight"]) && weight <= 0.0 {
            let name = args.take("name").and_then(|value| value.word());
            let loss = name.map_or("an added loss".to_owned(), |name| format!("the added loss `{name}`"));
            cx.error(match weight < 0.0 {
                false => Diag::warning(
                    Code::ZeroLossWeight,
                    args.loc("weight"),
                    format!("{loss} has the weight 0, so that nothing is learned from it"),
                )
                .help("remove `add_loss(…)`")
                .help("`#[allow(mimo::zero_loss_weight)]` if it is only there to be logged"),
                true => Diag::warning(
                    Code::NegativeLossWeight,
                    args.loc("weight"),
                    format!("{loss} has the weight {weight}, so that training makes it larger"),
                )
                .help(format!("write `weight = {}` to make it smaller", -weight))
                .help("`#[allow(mimo::negative_loss_weight)]` for an adversarial loss"),
            });
        }
        Some(AddLoss { weight })
    }
}

impl Layer for AddLoss {
    fn class_name(&self) -> &'static str {
        "add_loss"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::End
    }

    fn effect(&self) -> Effect {
        Effect::Rearranged
    }

    operation_facts!(aliases = true);

    /// The plan creates the operation together with penalties: it writes no value.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !floats("add_loss", x, cx) {
            return None;
        }
        let len = x.shape.elements();
        let axis = match x.shape.rank() {
            0 | 1 => "-1".to_owned(),
            rank => format!("({})", (1..=rank).map(|axis| axis.to_string()).collect::<Vec<_>>().join(", ")),
        };
        let help = format!(
            "sum it, `add_loss(sum(…, axis = {axis}))`, or take the mean, `add_loss(mean(…, axis = {axis}))`"
        );
        match len.known() {
            Some(1) => {}
            Some(_) => {
                let shown = x.shape.display(cx.consts).to_string();
                let message = format!("a loss is one number per sample, but `{}` is {shown}", x.name);
                cx.error(Diag::error(Code::LossPerSample, x.loc, message).about(x.shown()).help(help));
                return None;
            }
            None => cx.checks.push(DimCheck {
                code: Code::LossPerSample,
                loc: x.loc,
                found: len,
                relation: Relation::Equal,
                wanted: Dim::Known(1),
                what: "the number of values of a loss per sample".into(),
                help: Some(help),
                notes: vec![],
                subjects: vec![],
            }),
        }
        Some(vec![(x.shape.clone(), Dtype::Float)])
    }
}
