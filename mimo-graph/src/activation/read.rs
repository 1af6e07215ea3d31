//! The names of activations, as words and as calls.

use super::Activation;
use crate::args::{Bound, Signature};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::named::{Named, read_named, signatures};
use crate::value::{Value, ValueKind};

type Entry = Named<Activation>;

/// An activation without parameters.
macro_rules! plain {
    ($variant:ident: $name:literal $(, $alias:literal)*) => {
        Entry::new(&[$name $(, $alias)*], Signature::new($name, &[]), |_, _| Activation::$variant)
    };
}

/// Every activation that mimo has. Functions take Keras's function arguments, classes those of the layer.
const TABLE: &[Entry] = &[
    plain!(Linear: "linear"),
    Entry::new(
        &["relu"],
        Signature::new("relu", &["negative_slope", "max_value", "threshold"]),
        Activation::rectifier,
    ),
    Entry::new(
        &["ReLU"],
        Signature::new("ReLU", &["max_value", "negative_slope", "threshold"]),
        Activation::rectifier,
    ),
    plain!(Relu6: "relu6"),
    Entry::new(&["leaky_relu"], Signature::new("leaky_relu", &["negative_slope"]), |args, cx| {
        Activation::leaky(args, 0.2, cx)
    }),
    Entry::new(&["LeakyReLU"], Signature::new("LeakyReLU", &["negative_slope"]), |args, cx| {
        Activation::leaky(args, 0.3, cx)
    }),
    Entry::new(&["elu", "ELU"], Signature::new("elu", &["alpha"]), Activation::exponential_linear),
    plain!(Selu: "selu"),
    Entry::new(&["celu"], Signature::new("celu", &["alpha"]), |args, cx| Activation::Celu {
        alpha: args.float_in("alpha", 1.0, f64::MIN_POSITIVE.., cx),
    }),
    plain!(Sigmoid: "sigmoid"),
    plain!(LogSigmoid: "log_sigmoid"),
    plain!(Softplus: "softplus"),
    plain!(Softsign: "softsign"),
    Entry::new(&["softmax", "Softmax"], Signature::new("softmax", &["axis"]), |args, cx| {
        Activation::last_axis(Activation::Softmax, args, cx)
    }),
    Entry::new(&["log_softmax"], Signature::new("log_softmax", &["axis"]), |args, cx| {
        Activation::last_axis(Activation::LogSoftmax, args, cx)
    }),
    plain!(Tanh: "tanh"),
    plain!(TanhShrink: "tanh_shrink"),
    plain!(Exponential: "exponential"),
    plain!(HardSigmoid: "hard_sigmoid"),
    plain!(HardSilu: "hard_silu", "hard_swish"),
    plain!(HardTanh: "hard_tanh"),
    plain!(Silu: "silu", "swish"),
    Entry::new(&["gelu", "Gelu", "GELU"], Signature::new("gelu", &["approximate"]), |args, cx| {
        Activation::Gelu { approximate: args.boolean("approximate", false, cx) }
    }),
    plain!(Mish: "mish"),
    Entry::new(
        &["hard_shrink"],
        Signature {
            unsupported: &[("threshold", "leave it out: the threshold is 0.5")],
            ..Signature::new("hard_shrink", &["threshold"])
        },
        |_, _| Activation::HardShrink,
    ),
    Entry::new(
        &["soft_shrink"],
        Signature {
            unsupported: &[("threshold", "leave it out: the threshold is 0.5")],
            ..Signature::new("soft_shrink", &["threshold"])
        },
        |_, _| Activation::SoftShrink,
    ),
    Entry::new(
        &["squareplus"],
        Signature { unsupported: &[("b", "leave it out: `b` is 4")], ..Signature::new("squareplus", &["b"]) },
        |_, _| Activation::Squareplus,
    ),
    plain!(SparsePlus: "sparse_plus"),
    plain!(SparseSigmoid: "sparse_sigmoid"),
];

/// Activations of Keras that mimo does not have.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("glu", "write it out: two `Dense` layers, one with `activation = sigmoid`, and `multiply`"),
    ("sparsemax", "use `softmax`"),
    ("threshold", "use `relu`"),
    ("PReLU", "use `LeakyReLU`"),
];

impl Activation {
    /// The spellings and the parameters of each.
    pub(crate) fn signatures() -> Vec<(Vec<&'static str>, Signature)> {
        signatures(TABLE)
    }

    /// Reads an activation: a word, a string, a call with arguments, or `none` for `linear`. `what` is how
    /// messages call the value.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Activation> {
        match value.kind {
            ValueKind::None => Some(Activation::Linear),
            _ => read_named(value, what, "an activation", Code::UnknownActivation, TABLE, UNSUPPORTED, cx),
        }
    }

    /// Keras's `ReLU(max_value, negative_slope, threshold)`, as far as it is one of mimo's functions.
    pub(crate) fn rectifier(args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
        let max_value = args.optional_float_in("max_value", 0.0.., cx);
        let negative_slope = args.float_in("negative_slope", 0.0, 0.0.., cx);
        let threshold = args.float_in("threshold", 0.0, 0.0.., cx);
        if threshold != 0.0 {
            args.fail("threshold");
            cx.error(
                Diag::error(
                    Code::UnavailableSetting,
                    args.loc("threshold"),
                    format!("mimo's `relu` has no threshold of {threshold}"),
                )
                .help("leave `threshold` out"),
            );
        }
        match max_value {
            Some(max_value) if max_value != 6.0 || negative_slope != 0.0 => {
                args.fail("max_value");
                cx.error(
                    Diag::error(
                        Code::UnavailableSetting,
                        args.loc("max_value"),
                        format!("mimo's `relu` cannot end at {max_value} with a slope of {negative_slope}"),
                    )
                    .help("write `max_value = 6` without a slope, or leave `max_value` out"),
                );
                Activation::Relu
            }
            Some(_) => Activation::Relu6,
            None if negative_slope == 0.0 => Activation::Relu,
            None => Activation::LeakyRelu { negative_slope },
        }
    }

    /// Keras's `LeakyReLU(negative_slope)`, whose default the caller knows: the class's is 0.3, the function's 0.2.
    pub(crate) fn leaky(args: &Bound<'_>, default: f64, cx: &mut Cx<'_>) -> Activation {
        Activation::LeakyRelu { negative_slope: args.float_in("negative_slope", default, 0.0.., cx) }
    }

    /// Keras's `ELU(alpha)`. A negative `alpha` would give two inputs for one output, and so no derivative
    /// from the output.
    pub(crate) fn exponential_linear(args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
        Activation::Elu { alpha: args.float_in("alpha", 1.0, 0.0.., cx) }
    }

    /// An activation over an axis, which is the last one in mimo.
    pub(crate) fn last_axis(activation: Activation, args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
        let axis = args.integer("axis", -1, cx);
        if axis != -1 {
            args.fail("axis");
            let diag = Diag::error(
                Code::UnavailableSetting,
                args.loc("axis"),
                format!("the softmax runs over the last axis, so `axis` must be -1, found {axis}"),
            );
            cx.error(diag.help(
                "write `Permute` before it to bring the axis to the end, and after it to bring it back",
            ));
        }
        activation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, call, float, int, named, string, value, word};

    fn read(bench: &mut Bench, value: &Value) -> Option<Activation> {
        bench.cx(|cx| Activation::read(value, "`activation` of `Dense`", cx))
    }

    #[test]
    fn words_strings_and_calls_name_activations() {
        let mut bench = Bench::new();
        assert_eq!(read(&mut bench, &word("relu")), Some(Activation::Relu));
        assert_eq!(read(&mut bench, &string("swish")), Some(Activation::Silu));
        assert_eq!(read(&mut bench, &value(ValueKind::None)), Some(Activation::Linear));
        let slope = |negative_slope| Some(Activation::LeakyRelu { negative_slope });
        assert_eq!(read(&mut bench, &word("leaky_relu")), slope(0.2));
        assert_eq!(read(&mut bench, &call("LeakyReLU", [])), slope(0.3));
        assert_eq!(read(&mut bench, &call("LeakyReLU", [named("negative_slope", float(0.1))])), slope(0.1));
        assert_eq!(read(&mut bench, &call("ReLU", [named("max_value", int(6))])), Some(Activation::Relu6));
        let approximate = call("Gelu", [named("approximate", value(ValueKind::Bool(true)))]);
        assert_eq!(read(&mut bench, &approximate), Some(Activation::Gelu { approximate: true }));
        bench.expect(&[]);
    }

    #[test]
    fn every_name_is_read_once() {
        let names: Vec<_> = TABLE.iter().flat_map(|entry| entry.names).collect();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name}");
            let activation = read(&mut Bench::new(), &word(name)).expect(name);
            let named = read(&mut Bench::new(), &word(activation.name())).expect(name);
            assert_eq!(std::mem::discriminant(&named), std::mem::discriminant(&activation), "{name}");
        }
    }

    #[test]
    fn unknown_names_get_the_near_one_and_the_list() {
        let mut bench = Bench::new();
        assert_eq!(read(&mut bench, &word("rleu")), None);
        assert_eq!(read(&mut bench, &word("glu")), None);
        assert_eq!(read(&mut bench, &call("softmax", [named("axis", int(1))])), None);
        assert_eq!(read(&mut bench, &int(3)), None);
        let diags = bench.expect(&[
            "unknown activation `rleu`",
            "mimo has no activation `glu` yet",
            "the softmax runs over the last axis, so `axis` must be -1, found 1",
            "`activation` of `Dense` must be an activation, found the number 3",
        ]);
        assert_eq!(diags[0].helps[0], "did you mean `relu`?");
        assert_eq!(diags[0].helps.len(), 1, "a near name is enough");
    }
}
