//! Common arguments of layers.

use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::initializer::{Initializer, Regularizer};
use crate::layers::layer::WeightOptions;

impl WeightOptions {
    /// Reads `kernel_initializer`, `kernel_regularizer` and `kernel_constraint` for the weight `kernel` of
    /// `rank` axes.
    pub(super) fn from_args(args: &Bound<'_>, weight: &str, rank: usize, cx: &mut Cx<'_>) -> Self {
        let initializer = initializer(args, weight, rank, cx);
        let parameter = format!("{weight}_regularizer");
        let regularizer = args.regularizer(&parameter, cx);
        if !regularizer_fits(regularizer, weight, rank, args.loc(&parameter), cx) {
            args.fail(&parameter);
        }
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

    /// Same as [`WeightOptions::from_args`] for a weight whose number of axes is only known when the layer is called;
    /// [`WeightOptions::fit_rank`] then reports what does not fit.
    pub(super) fn of_any_rank(args: &Bound<'_>, weight: &str, cx: &mut Cx<'_>) -> Self {
        WeightOptions {
            initializer: args.initializer(&format!("{weight}_initializer"), cx),
            regularizer: args.regularizer(&format!("{weight}_regularizer"), cx),
            constraint: args.constraint(&format!("{weight}_constraint"), cx),
            trainable: true,
        }
    }

    /// Reports an initializer or a constraint that does not fit a weight of `rank` axes. Returns whether both fit.
    pub(super) fn fit_rank(&self, weight: &str, rank: usize, call: Loc, cx: &mut Cx<'_>) -> bool {
        let axes = if rank == 1 { "axis" } else { "axes" };
        if let Some(reason) = self.initializer.refuses(rank) {
            let message = format!("`{weight}` has {rank} {axes}, and {reason}");
            cx.error(Diag::error(Code::InitializerRank, call, message).help("use another initializer"));
            return false;
        }
        if !regularizer_fits(self.regularizer, weight, rank, call, cx) {
            return false;
        }
        let axis = self.constraint.and_then(|constraint| constraint.axis()).filter(|&axis| axis >= rank);
        if let Some(axis) = axis {
            let last = rank.saturating_sub(1);
            let message = format!("`{weight}` has no axis {axis}: its axes are 0 to {last}");
            let help = format!("write an `axis` of at most {last} at the constraint");
            cx.error(Diag::error(Code::ConstraintAxis, call, message).help(help));
        }
        axis.is_none()
    }

    /// Reads `moving_mean_initializer` for the weight `moving_mean`, a moving average of `rank` axes.
    pub(super) fn average(args: &Bound<'_>, weight: &str, rank: usize, cx: &mut Cx<'_>) -> Self {
        let initializer = initializer(args, weight, rank, cx);
        WeightOptions { initializer, regularizer: None, constraint: None, trainable: false }
    }
}

/// Reports a regularizer that does not fit a weight of `rank` axes. Returns whether it fits.
fn regularizer_fits(
    regularizer: Option<Regularizer>,
    weight: &str,
    rank: usize,
    loc: Loc,
    cx: &mut Cx<'_>,
) -> bool {
    let Some(reason) = regularizer.and_then(|regularizer| regularizer.refuses(rank)) else { return true };
    let axes = if rank == 1 { "axis" } else { "axes" };
    let message = format!("`{weight}` has {rank} {axes}, and {reason}");
    cx.error(
        Diag::error(Code::RegularizerRank, loc, message).help("write `L2(0.01)`, which fits any weight"),
    );
    false
}

/// Reads the initializer of a weight of `rank` axes.
fn initializer(args: &Bound<'_>, weight: &str, rank: usize, cx: &mut Cx<'_>) -> Initializer {
    let parameter = format!("{weight}_initializer");
    let initializer = args.initializer(&parameter, cx);
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
