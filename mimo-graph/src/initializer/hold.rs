//! Names of regularizers and constraints, as words and as calls.

use super::{Constraint, Regularizer};
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::named::read_named;
use crate::value::Value;

vocabulary! {
    mod regularizers;
    const REGULARIZERS: Regularizer;

    /// A penalty of `l1 · Σ |w|`.
    ///
    /// Keras: [`L1`](https://keras.io/api/layers/regularizers/)
    "`L1(l1 = 0.01)`"
    L1 | l1 => |args, cx| Regularizer::Norms { l1: args.float("l1", cx), l2: 0.0 };
    takes {
        /// The factor of the sum of absolute values.
        l1: f64 = "0.01" in [0.0..],
    }

    /// A penalty of `l2 · Σ w²`.
    ///
    /// Keras: [`L2`](https://keras.io/api/layers/regularizers/)
    "`L2(l2 = 0.01)`"
    L2 | l2 => |args, cx| Regularizer::Norms { l1: 0.0, l2: args.float("l2", cx) };
    takes {
        /// The factor of the sum of squares.
        l2: f64 = "0.01" in [0.0..],
    }

    /// A penalty of `l1 · Σ |w| + l2 · Σ w²`.
    ///
    /// Keras: [`L1L2`](https://keras.io/api/layers/regularizers/)
    "`L1L2(l1 = 0, l2 = 0)`"
    L1L2 | l1_l2 => |args, cx| Regularizer::Norms { l1: args.float("l1", cx), l2: args.float("l2", cx) };
    takes {
        /// The factor of the sum of absolute values.
        l1: f64 = "0" in [0.0..],
        /// The factor of the sum of squares.
        l2: f64 = "0" in [0.0..],
    }

    /// A penalty on rows or columns of a matrix that are not orthogonal: `factor` times the mean of `|cos(a, b)|`
    /// over all pairs of them. For weights with two axes.
    ///
    /// Keras: [`OrthogonalRegularizer`](https://keras.io/api/layers/regularizers/)
    "`OrthogonalRegularizer(factor = 0.01, mode = rows)`"
    OrthogonalRegularizer | orthogonal_regularizer => |args, cx| {
        let (factor, mode) = (args.float("factor", cx), args.word("mode", cx));
        Regularizer::Orthogonal { factor, columns: mode == "columns" }
    };
    takes {
        /// The factor of the mean.
        factor: f64 = "0.01" in [0.0..],
        /// The vectors of the matrix that are compared.
        mode: OrthogonalMode = "rows",
    }
}

vocabulary! {
    mod constraints;
    const CONSTRAINTS: Constraint;

    /// Scales vectors along an axis down to a norm of at most `max_value`.
    ///
    /// Keras: [`MaxNorm`](https://keras.io/api/layers/weight_constraints/)
    "`MaxNorm(max_value = 2, axis = 0)`"
    MaxNorm | max_norm => max_norm;
    takes {
        /// The largest norm.
        max_value: f64 = "2" in [0.0..],
        /// The axis over which norms are taken.
        axis: Axis = "0",
    }

    /// Sets negative values to 0.
    ///
    /// Keras: [`NonNeg`](https://keras.io/api/layers/weight_constraints/)
    "`NonNeg()`"
    NonNeg | non_neg => |_, _| Constraint::NonNeg;
    takes {}

    /// Scales vectors along an axis to norm 1.
    ///
    /// Keras: [`UnitNorm`](https://keras.io/api/layers/weight_constraints/)
    "`UnitNorm(axis = 0)`"
    UnitNorm | unit_norm => |args, cx| Constraint::UnitNorm { axis: args.unsigned("axis", cx) };
    takes {
        /// The axis over which norms are taken.
        axis: Axis = "0",
    }

    /// Scales vectors along an axis towards norms between `min_value` and `max_value`.
    ///
    /// Keras: [`MinMaxNorm`](https://keras.io/api/layers/weight_constraints/)
    "`MinMaxNorm(min_value = 0, max_value = 1, rate = 1, axis = 0)`"
    MinMaxNorm | min_max_norm => min_max_norm;
    takes {
        /// The smallest norm.
        min_value: f64 = "0" in [0.0..],
        /// The largest norm.
        max_value: f64 = "1" in [0.0..],
        /// Fraction of the correction that is applied at each step, from 0 to 1.
        rate: f64 = "1" in [0.0..=1.0],
        /// The axis over which norms are taken.
        axis: Axis = "0",
    }
}

fn max_norm(args: &Bound<'_>, cx: &mut Cx<'_>) -> Constraint {
    Constraint::MaxNorm { max_value: args.float("max_value", cx), axis: args.unsigned("axis", cx) }
}

fn min_max_norm(args: &Bound<'_>, cx: &mut Cx<'_>) -> Constraint {
    let min_value = args.float("min_value", cx);
    let max_value = args.float("max_value", cx);
    if args.all_sound() && min_value > max_value {
        args.fail("max_value");
        let message = format!("`min_value` of `MinMaxNorm` is {min_value}, above `max_value` {max_value}");
        cx.error(
            Diag::error(Code::BoundsReversed, args.call(), message)
                .help("write the smaller number as `min_value`"),
        );
    }
    Constraint::MinMaxNorm {
        min_value,
        max_value,
        rate: args.float("rate", cx),
        axis: args.unsigned("axis", cx),
    }
}

/// Regularizers of Keras that mimo does not have.
const ABSENT_REGULARIZERS: &[(&str, &str)] = &[(
    "Regularizer",
    "write a penalty of your own as a loss: `trainer.add_loss(\"penalty\", |outputs, targets| …)`",
)];

/// Constraints of Keras that mimo does not have.
const ABSENT_CONSTRAINTS: &[(&str, &str)] =
    &[("Constraint", "write one of mimo's, or change the weights between steps: `trainer.set_weights(…)`")];

impl Regularizer {
    /// Reads a regularizer: a word, a string or a call with arguments. `what` names the value in messages.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Regularizer> {
        read_named(
            value,
            what,
            "a regularizer",
            Code::UnknownRegularizer,
            REGULARIZERS,
            ABSENT_REGULARIZERS,
            cx,
        )
    }

    /// The reason why the regularizer does not fit a weight of `rank` axes; `None` if it does.
    pub(crate) fn refuses(&self, rank: usize) -> Option<&'static str> {
        match self {
            Regularizer::Orthogonal { .. } if rank != 2 => {
                Some("`OrthogonalRegularizer` compares rows or columns of a matrix")
            }
            Regularizer::Norms { .. } | Regularizer::Orthogonal { .. } => None,
        }
    }
}

impl Constraint {
    /// Reads a constraint: a word, a string or a call with arguments. `what` names the value in messages.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Constraint> {
        read_named(value, what, "a constraint", Code::UnknownConstraint, CONSTRAINTS, ABSENT_CONSTRAINTS, cx)
    }

    /// Axis of the norms.
    pub fn axis(&self) -> Option<usize> {
        match *self {
            Constraint::MaxNorm { axis, .. }
            | Constraint::UnitNorm { axis }
            | Constraint::MinMaxNorm { axis, .. } => Some(axis),
            Constraint::NonNeg => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, call, float, int, named, word};

    #[test]
    fn regularizers_have_the_defaults_of_keras() {
        let mut bench = Bench::new();
        let mut read =
            |value: &Value| bench.cx(|cx| Regularizer::read(value, "`kernel_regularizer` of `Dense`", cx));
        assert_eq!(read(&word("l2")), Some(Regularizer::Norms { l1: 0.0, l2: 0.01 }));
        assert_eq!(read(&call("L1", [(None, float(0.5))])), Some(Regularizer::Norms { l1: 0.5, l2: 0.0 }));
        let both = call("L1L2", [named("l1", float(0.1)), named("l2", int(2))]);
        assert_eq!(read(&both), Some(Regularizer::Norms { l1: 0.1, l2: 2.0 }));
        let rows = Regularizer::Orthogonal { factor: 0.01, columns: false };
        assert_eq!(read(&word("orthogonal_regularizer")), Some(rows));
        let columns = call("OrthogonalRegularizer", [(None, float(0.5)), named("mode", word("columns"))]);
        assert_eq!(read(&columns), Some(Regularizer::Orthogonal { factor: 0.5, columns: true }));
        assert_eq!(read(&call("L2", [(None, float(-1.0))])), None);
        assert_eq!(read(&word("l3")), None);
        bench.expect(&["`l2` of `L2` must be at least 0, found -1", "unknown regularizer `l3`"]);
    }

    #[test]
    fn constraints_have_the_defaults_of_keras() {
        let mut bench = Bench::new();
        let mut read =
            |value: &Value| bench.cx(|cx| Constraint::read(value, "`kernel_constraint` of `Dense`", cx));
        assert_eq!(read(&word("MaxNorm")), Some(Constraint::MaxNorm { max_value: 2.0, axis: 0 }));
        assert_eq!(read(&word("non_neg")), Some(Constraint::NonNeg));
        assert_eq!(read(&call("UnitNorm", [named("axis", int(1))])), Some(Constraint::UnitNorm { axis: 1 }));
        let upside_down = call("MinMaxNorm", [named("min_value", int(2))]);
        assert_eq!(read(&upside_down), None);
        assert_eq!(read(&word("maxnorm")), None);
        let diags = bench.expect(&[
            "`min_value` of `MinMaxNorm` is 2, above `max_value` 1",
            "unknown constraint `maxnorm`",
        ]);
        assert_eq!(diags[1].helps[0], "did you mean `max_norm`?");
    }
}
