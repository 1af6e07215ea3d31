//! Arguments that many layers have.

use crate::args::{Bound, Signature};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::initializer::Initializer;
use crate::layers::layer::WeightOptions;

/// What every layer takes besides its own parameters.
pub(super) const COMMON: &[&str] = &["name", "trainable", "dtype", "activity_regularizer", "input_shape"];
pub(super) const DTYPE: (&str, &str) = ("dtype", "leave it out: layers compute in the model's float type");
pub(super) const ACTIVITY: (&str, &str) =
    ("activity_regularizer", "regularise weights instead: `kernel_regularizer = L2(1e-4)`");
pub(super) const INPUT_SHAPE: (&str, &str) =
    ("input_shape", "write `let x = Input(shape = …);` and call the layer on `x`");

pub(super) const DATA_FORMAT: (&str, &str) = ("data_format", "leave it out: channels are the last axis");

/// A layer with these parameters, none of which is required, and what every layer takes.
pub(super) const fn layer(class: &'static str, params: &'static [&'static str]) -> Signature {
    Signature {
        keywords: COMMON,
        unsupported: &[DTYPE, ACTIVITY, INPUT_SHAPE],
        ..Signature::new(class, params)
    }
}

/// The same with `data_format` among the parameters: layers over images, and over sequences, which Keras treats alike.
pub(super) const fn image_layer(class: &'static str, params: &'static [&'static str]) -> Signature {
    Signature { unsupported: &[DTYPE, ACTIVITY, INPUT_SHAPE, DATA_FORMAT], ..layer(class, params) }
}

impl WeightOptions {
    /// Reads `kernel_initializer`, `kernel_regularizer` and `kernel_constraint` for the weight `kernel` of
    /// `rank` axes.
    pub(super) fn from_args(
        args: &Bound<'_>,
        weight: &str,
        rank: usize,
        default: Initializer,
        cx: &mut Cx<'_>,
    ) -> Self {
        let initializer = initializer(args, weight, rank, default, cx);
        let regularizer = args.regularizer(&format!("{weight}_regularizer"), cx);
        let parameter = format!("{weight}_constraint");
        let constraint = args.constraint(&parameter, cx);
        if let Some(axis) = constraint.and_then(|constraint| constraint.axis()).filter(|&axis| axis >= rank) {
            let last = rank.saturating_sub(1);
            let message = format!("`{weight}` has no axis {axis}: its axes are 0 to {last}");
            let help = match rank {
                1 => "write `axis = 0`".into(),
                _ => format!("write an `axis` from 0 to {last}"),
            };
            cx.error(Diag::error(Code::ConstraintAxis, args.loc(&parameter), message).help(help));
            args.fail(&parameter);
        }
        WeightOptions { initializer, regularizer, constraint, trainable: true }
    }

    /// Reads `moving_mean_initializer` for the weight `moving_mean`, a moving average of `rank` axes.
    pub(super) fn average(
        args: &Bound<'_>,
        weight: &str,
        rank: usize,
        default: Initializer,
        cx: &mut Cx<'_>,
    ) -> Self {
        let initializer = initializer(args, weight, rank, default, cx);
        WeightOptions { initializer, regularizer: None, constraint: None, trainable: false }
    }
}

/// Reads the initializer of a weight of `rank` axes.
fn initializer(
    args: &Bound<'_>,
    weight: &str,
    rank: usize,
    default: Initializer,
    cx: &mut Cx<'_>,
) -> Initializer {
    let parameter = format!("{weight}_initializer");
    let initializer = args.initializer(&parameter, default, cx);
    if let Some(reason) = initializer.refuses(rank) {
        let s = if rank == 1 { "is" } else { "es" };
        let message = format!("`{weight}` has {rank} ax{s}, and {reason}");
        cx.error(
            Diag::error(Code::InitializerRank, args.loc(&parameter), message).help("use another initializer"),
        );
        args.fail(&parameter);
    }
    initializer
}
