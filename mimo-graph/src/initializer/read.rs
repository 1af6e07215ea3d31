//! The names of initializers, as words and as calls.

use super::{Distribution, Fan, Initializer, InitializerKind};
use crate::args::{Bound, Signature};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::named::{Named, read_named, signatures};
use crate::value::Value;

type Entry = Named<Initializer>;

/// Variance scaling under the name of its inventor, of which only the seed is free.
macro_rules! scaled {
    ($class:literal, $name:literal, $scale:literal, $fan:ident, $distribution:ident) => {
        Entry::new(&[$name, $class], Signature::new($class, &["seed"]), |args, cx| Initializer {
            kind: InitializerKind::VarianceScaling {
                scale: $scale,
                mode: Fan::$fan,
                distribution: Distribution::$distribution,
            },
            seed: args.optional_seed("seed", cx),
        })
    };
}

/// Every initializer that mimo has.
const TABLE: &[Entry] = &[
    Entry::new(&["zeros", "zero", "Zeros"], Signature::new("Zeros", &[]), |_, _| Initializer::ZEROS),
    Entry::new(&["ones", "one", "Ones"], Signature::new("Ones", &[]), |_, _| Initializer::ONES),
    Entry::new(&["constant", "Constant"], Signature::new("Constant", &["value"]), |args, cx| Initializer {
        kind: InitializerKind::Constant(args.float("value", 0.0, cx)),
        seed: None,
    }),
    Entry::new(
        &["identity", "Identity", "IdentityInitializer"],
        Signature::new("Identity", &["gain"]),
        |args, cx| Initializer {
            kind: InitializerKind::Identity { gain: args.float("gain", 1.0, cx) },
            seed: None,
        },
    ),
    Entry::new(
        &["random_normal", "normal", "RandomNormal"],
        Signature::new("RandomNormal", &["mean", "stddev", "seed"]),
        |args, cx| Initializer {
            kind: InitializerKind::RandomNormal {
                mean: args.float("mean", 0.0, cx),
                stddev: args.float_in("stddev", 0.05, 0.0.., cx),
            },
            seed: args.optional_seed("seed", cx),
        },
    ),
    Entry::new(
        &["truncated_normal", "TruncatedNormal"],
        Signature::new("TruncatedNormal", &["mean", "stddev", "seed"]),
        |args, cx| Initializer {
            kind: InitializerKind::TruncatedNormal {
                mean: args.float("mean", 0.0, cx),
                stddev: args.float_in("stddev", 0.05, 0.0.., cx),
            },
            seed: args.optional_seed("seed", cx),
        },
    ),
    Entry::new(
        &["random_uniform", "uniform", "RandomUniform"],
        Signature::new("RandomUniform", &["minval", "maxval", "seed"]),
        uniform,
    ),
    Entry::new(
        &["variance_scaling", "VarianceScaling"],
        Signature::new("VarianceScaling", &["scale", "mode", "distribution", "seed"]),
        variance_scaling,
    ),
    scaled!("GlorotUniform", "glorot_uniform", 1.0, Average, Uniform),
    scaled!("GlorotNormal", "glorot_normal", 1.0, Average, TruncatedNormal),
    scaled!("HeUniform", "he_uniform", 2.0, In, Uniform),
    scaled!("HeNormal", "he_normal", 2.0, In, TruncatedNormal),
    scaled!("LecunUniform", "lecun_uniform", 1.0, In, Uniform),
    scaled!("LecunNormal", "lecun_normal", 1.0, In, TruncatedNormal),
    Entry::new(
        &["orthogonal", "Orthogonal", "OrthogonalInitializer"],
        Signature::new("Orthogonal", &["gain", "seed"]),
        |args, cx| Initializer {
            kind: InitializerKind::Orthogonal { gain: args.float("gain", 1.0, cx) },
            seed: args.optional_seed("seed", cx),
        },
    ),
];

fn uniform(args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    let minval = args.float("minval", -0.05, cx);
    let maxval = args.float("maxval", 0.05, cx);
    if args.all_sound() && minval > maxval {
        args.fail("maxval");
        let message = format!("`minval` of `RandomUniform` is {minval}, above `maxval` {maxval}");
        cx.error(
            Diag::error(Code::BoundsReversed, args.call(), message)
                .help("write the smaller number as `minval`"),
        );
    }
    Initializer {
        kind: InitializerKind::RandomUniform { minval, maxval },
        seed: args.optional_seed("seed", cx),
    }
}

fn variance_scaling(args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    let mode = match args.word("mode", &["fan_in", "fan_out", "fan_avg"], "fan_in", cx) {
        "fan_out" => Fan::Out,
        "fan_avg" => Fan::Average,
        _ => Fan::In,
    };
    // `normal` is Keras's older word for the truncated one.
    let distributions = &["truncated_normal", "untruncated_normal", "uniform", "normal"];
    let distribution = match args.word("distribution", distributions, "truncated_normal", cx) {
        "untruncated_normal" => Distribution::UntruncatedNormal,
        "uniform" => Distribution::Uniform,
        _ => Distribution::TruncatedNormal,
    };
    let scale = args.float_in("scale", 1.0, f64::MIN_POSITIVE.., cx);
    Initializer {
        kind: InitializerKind::VarianceScaling { scale, mode, distribution },
        seed: args.optional_seed("seed", cx),
    }
}

impl Initializer {
    /// The spellings and the parameters of each.
    pub(crate) fn signatures() -> Vec<(Vec<&'static str>, Signature)> {
        signatures(TABLE)
    }

    /// Reads an initializer: a word, a string or a call with arguments. `what` is how messages call the value.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Initializer> {
        let unsupported = [("STFT", "use `glorot_uniform`"), ("stft", "use `glorot_uniform`")];
        read_named(value, what, "an initializer", Code::UnknownInitializer, TABLE, &unsupported, cx)
    }

    /// Why a weight with `rank` axes cannot start like this, if it cannot.
    pub fn refuses(&self, rank: usize) -> Option<&'static str> {
        match self.kind {
            InitializerKind::Identity { .. } if rank != 2 => Some("an identity is a matrix"),
            InitializerKind::Orthogonal { .. } if rank < 2 => Some("only a matrix is orthogonal"),
            InitializerKind::Constant(_)
            | InitializerKind::Identity { .. }
            | InitializerKind::RandomNormal { .. }
            | InitializerKind::TruncatedNormal { .. }
            | InitializerKind::RandomUniform { .. }
            | InitializerKind::VarianceScaling { .. }
            | InitializerKind::Orthogonal { .. }
            | InitializerKind::UnitForget { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, call, float, int, named, string, word};

    fn read(bench: &mut Bench, value: &Value) -> Option<Initializer> {
        bench.cx(|cx| Initializer::read(value, "`kernel_initializer` of `Dense`", cx))
    }

    #[test]
    fn words_strings_and_calls_name_initializers() {
        let mut bench = Bench::new();
        assert_eq!(read(&mut bench, &word("zeros")), Some(Initializer::ZEROS));
        assert_eq!(read(&mut bench, &string("glorot_uniform")), Some(Initializer::GLOROT_UNIFORM));
        let constant = read(&mut bench, &call("Constant", [(None, float(0.1))]));
        assert_eq!(constant.map(|it| it.kind), Some(InitializerKind::Constant(0.1)));
        let he = read(&mut bench, &call("HeNormal", [named("seed", int(7))]));
        assert_eq!(he.and_then(|it| it.seed), Some(7));
        bench.expect(&[]);
    }

    #[test]
    fn every_name_is_read_once() {
        let names: Vec<_> = TABLE.iter().flat_map(|entry| entry.names).collect();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name}");
            assert!(read(&mut Bench::new(), &word(name)).is_some(), "{name}");
        }
    }

    #[test]
    fn wrong_initializers_are_reported() {
        let mut bench = Bench::new();
        assert_eq!(read(&mut bench, &word("glorot_unifrom")), None);
        let upside_down = call("RandomUniform", [named("minval", int(2)), named("maxval", int(1))]);
        assert_eq!(read(&mut bench, &upside_down), None);
        assert_eq!(read(&mut bench, &call("VarianceScaling", [named("mode", word("fan_inn"))])), None);
        let diags = bench.expect(&[
            "unknown initializer `glorot_unifrom`",
            "`minval` of `RandomUniform` is 2, above `maxval` 1",
            "`mode` of `VarianceScaling` must be one of `fan_in`, `fan_out`, `fan_avg`, found `fan_inn`",
        ]);
        assert_eq!(diags[0].helps[0], "did you mean `glorot_uniform`?");
        assert_eq!(diags[2].helps, ["did you mean `fan_in`?"]);
    }
}
