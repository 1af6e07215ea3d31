//! The names of regularizers and constraints, as words and as calls.

use super::{Constraint, Regularizer};
use crate::args::{Bound, Signature};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::named::{Named, read_named, signatures};
use crate::value::Value;

/// Every regularizer that mimo has.
const REGULARIZERS: &[Named<Regularizer>] = &[
    Named::new(&["l1", "L1"], Signature::new("L1", &["l1"]), |args, cx| Regularizer {
        l1: args.float_in("l1", 0.01, 0.0.., cx),
        l2: 0.0,
    }),
    Named::new(&["l2", "L2"], Signature::new("L2", &["l2"]), |args, cx| Regularizer {
        l1: 0.0,
        l2: args.float_in("l2", 0.01, 0.0.., cx),
    }),
    Named::new(&["l1_l2", "L1L2"], Signature::new("L1L2", &["l1", "l2"]), |args, cx| Regularizer {
        l1: args.float_in("l1", 0.0, 0.0.., cx),
        l2: args.float_in("l2", 0.0, 0.0.., cx),
    }),
];

/// Every constraint that mimo has.
const CONSTRAINTS: &[Named<Constraint>] = &[
    Named::new(&["max_norm", "MaxNorm"], Signature::new("MaxNorm", &["max_value", "axis"]), |args, cx| {
        Constraint::MaxNorm {
            max_value: args.float_in("max_value", 2.0, 0.0.., cx),
            axis: args.unsigned("axis", 0, cx),
        }
    }),
    Named::new(&["non_neg", "NonNeg"], Signature::new("NonNeg", &[]), |_, _| Constraint::NonNeg),
    Named::new(&["unit_norm", "UnitNorm"], Signature::new("UnitNorm", &["axis"]), |args, cx| {
        Constraint::UnitNorm { axis: args.unsigned("axis", 0, cx) }
    }),
    Named::new(
        &["min_max_norm", "MinMaxNorm"],
        Signature::new("MinMaxNorm", &["min_value", "max_value", "rate", "axis"]),
        min_max_norm,
    ),
];

fn min_max_norm(args: &Bound<'_>, cx: &mut Cx<'_>) -> Constraint {
    let min_value = args.float_in("min_value", 0.0, 0.0.., cx);
    let max_value = args.float_in("max_value", 1.0, 0.0.., cx);
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
        rate: args.float_in("rate", 1.0, 0.0..=1.0, cx),
        axis: args.unsigned("axis", 0, cx),
    }
}

impl Regularizer {
    /// The spellings and the parameters of each.
    pub(crate) fn signatures() -> Vec<(Vec<&'static str>, Signature)> {
        signatures(REGULARIZERS)
    }

    /// Reads a regularizer: a word, a string or a call with arguments. `what` is how messages call the value.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Regularizer> {
        let unsupported = [
            ("OrthogonalRegularizer", "use `L2(…)`, or start with `orthogonal` weights"),
            ("orthogonal_regularizer", "use `L2(…)`, or start with `orthogonal` weights"),
        ];
        read_named(value, what, "a regularizer", Code::UnknownRegularizer, REGULARIZERS, &unsupported, cx)
    }
}

impl Constraint {
    /// The spellings and the parameters of each.
    pub(crate) fn signatures() -> Vec<(Vec<&'static str>, Signature)> {
        signatures(CONSTRAINTS)
    }

    /// Reads a constraint: a word, a string or a call with arguments. `what` is how messages call the value.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Constraint> {
        read_named(value, what, "a constraint", Code::UnknownConstraint, CONSTRAINTS, &[], cx)
    }

    /// The axis over which norms are taken.
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
        assert_eq!(read(&word("l2")), Some(Regularizer { l1: 0.0, l2: 0.01 }));
        assert_eq!(read(&call("L1", [(None, float(0.5))])), Some(Regularizer { l1: 0.5, l2: 0.0 }));
        let both = call("L1L2", [named("l1", float(0.1)), named("l2", int(2))]);
        assert_eq!(read(&both), Some(Regularizer { l1: 0.1, l2: 2.0 }));
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
