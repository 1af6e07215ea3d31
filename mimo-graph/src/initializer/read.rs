//! Names of initializers, as words and as calls.

use super::{Distribution, Fan, Initializer, InitializerKind};
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::named::read_named;
use crate::value::Value;

vocabulary! {
    mod words;
    const INITIALIZERS: Initializer;

    /// All zeros.
    ///
    /// Keras: [`Zeros`](https://keras.io/api/layers/initializers/)
    "`Zeros()`"
    Zeros | zeros | zero => |_, _| Initializer::ZEROS;

    /// All ones.
    ///
    /// Keras: [`Ones`](https://keras.io/api/layers/initializers/)
    "`Ones()`"
    Ones | ones | one => |_, _| Initializer::ONES;
    takes {}

    /// One value everywhere.
    ///
    /// Keras: [`Constant`](https://keras.io/api/layers/initializers/)
    "`Constant(value = 0)`"
    Constant | constant => |args, cx| InitializerKind::Constant(args.float("value", cx)).into();
    takes {
        /// The value.
        value: f64 = "0",
    }

    /// The identity matrix, times `gain`.
    ///
    /// Keras: [`Identity`](https://keras.io/api/layers/initializers/)
    "`Identity(gain = 1)`"
    Identity | identity | IdentityInitializer => |args, cx| InitializerKind::Identity { gain: args.float("gain", cx) }.into();
    takes {
        /// Factor.
        gain: f64 = "1",
    }

    /// Normally distributed values.
    ///
    /// Keras: [`RandomNormal`](https://keras.io/api/layers/initializers/)
    "`RandomNormal(mean = 0, stddev = 0.05, seed = none)`"
    RandomNormal | random_normal | normal => normal;

    /// Normally distributed values, drawn again beyond two standard deviations.
    ///
    /// Keras: [`TruncatedNormal`](https://keras.io/api/layers/initializers/)
    "`TruncatedNormal(mean = 0, stddev = 0.05, seed = none)`"
    TruncatedNormal | truncated_normal => truncated_normal;
    takes {
        /// The mean.
        mean: f64 = "0",
        /// The standard deviation.
        stddev: f64 = "0.05" in [0.0..],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Uniformly distributed values.
    ///
    /// Keras: [`RandomUniform`](https://keras.io/api/layers/initializers/)
    "`RandomUniform(minval = -0.05, maxval = 0.05, seed = none)`"
    RandomUniform | random_uniform | uniform => uniform;
    takes {
        /// The smallest value.
        minval: f64 = "-0.05",
        /// The largest value.
        maxval: f64 = "0.05",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Random values whose variance is `scale` over the number that `mode` names.
    ///
    /// Keras: [`VarianceScaling`](https://keras.io/api/layers/initializers/)
    "`VarianceScaling(scale = 1, mode = fan_in, distribution = truncated_normal, seed = none)`"
    VarianceScaling | variance_scaling => variance_scaling;
    takes {
        /// Factor of the variance.
        scale: f64 = "1" in [> 0.0],
        /// The number in the denominator.
        mode: Fan = "fan_in",
        /// Shape of the distribution.
        distribution: Distribution = "truncated_normal",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Uniformly distributed values of variance `2 / (inputs + outputs)`; also named after Xavier.
    ///
    /// Keras: [`GlorotUniform`](https://keras.io/api/layers/initializers/)
    "`GlorotUniform(seed = none)`"
    GlorotUniform | glorot_uniform => |args, cx| scaled(1.0, Fan::Average, Distribution::Uniform, args, cx);

    /// Truncated normally distributed values of variance `2 / (inputs + outputs)`.
    ///
    /// Keras: [`GlorotNormal`](https://keras.io/api/layers/initializers/)
    "`GlorotNormal(seed = none)`"
    GlorotNormal | glorot_normal => |args, cx| scaled(1.0, Fan::Average, Distribution::TruncatedNormal, args, cx);

    /// Uniformly distributed values of variance `2 / inputs`: for `relu`.
    ///
    /// Keras: [`HeUniform`](https://keras.io/api/layers/initializers/)
    "`HeUniform(seed = none)`"
    HeUniform | he_uniform => |args, cx| scaled(2.0, Fan::In, Distribution::Uniform, args, cx);

    /// Truncated normally distributed values of variance `2 / inputs`: for `relu`.
    ///
    /// Keras: [`HeNormal`](https://keras.io/api/layers/initializers/)
    "`HeNormal(seed = none)`"
    HeNormal | he_normal => |args, cx| scaled(2.0, Fan::In, Distribution::TruncatedNormal, args, cx);

    /// Uniformly distributed values of variance `1 / inputs`.
    ///
    /// Keras: [`LecunUniform`](https://keras.io/api/layers/initializers/)
    "`LecunUniform(seed = none)`"
    LecunUniform | lecun_uniform => |args, cx| scaled(1.0, Fan::In, Distribution::Uniform, args, cx);

    /// Truncated normally distributed values of variance `1 / inputs`: for `selu`.
    ///
    /// Keras: [`LecunNormal`](https://keras.io/api/layers/initializers/)
    "`LecunNormal(seed = none)`"
    LecunNormal | lecun_normal => |args, cx| scaled(1.0, Fan::In, Distribution::TruncatedNormal, args, cx);
    takes {
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// A random orthogonal matrix, times `gain`.
    ///
    /// Keras: [`Orthogonal`](https://keras.io/api/layers/initializers/)
    "`Orthogonal(gain = 1, seed = none)`"
    Orthogonal | orthogonal | OrthogonalInitializer => orthogonal;
    takes {
        /// Factor.
        gain: f64 = "1",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }
}

/// Initializers of Keras that mimo does not have.
const ABSENT: &[(&str, &str)] = &[
    ("Initializer", "set the weights of the model after it was made: `model.dense.kernel = …`"),
    ("STFT", SPECTRUM),
    ("STFTInitializer", SPECTRUM),
    ("stft", SPECTRUM),
];

const SPECTRUM: &str = "compute the spectrum before it is given to the model";

impl From<InitializerKind> for Initializer {
    fn from(kind: InitializerKind) -> Self {
        Initializer { kind, seed: None }
    }
}

/// A distribution with the seed from the call.
fn seeded(kind: InitializerKind, args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    Initializer { kind, seed: args.optional_seed("seed", cx) }
}

/// Variance scaling under the name of its inventor, with the seed as its only argument.
fn scaled(
    scale: f64,
    mode: Fan,
    distribution: Distribution,
    args: &Bound<'_>,
    cx: &mut Cx<'_>,
) -> Initializer {
    seeded(InitializerKind::VarianceScaling { scale, mode, distribution }, args, cx)
}

fn normal(args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    let (mean, stddev) = (args.float("mean", cx), args.float("stddev", cx));
    seeded(InitializerKind::RandomNormal { mean, stddev }, args, cx)
}

fn truncated_normal(args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    let (mean, stddev) = (args.float("mean", cx), args.float("stddev", cx));
    seeded(InitializerKind::TruncatedNormal { mean, stddev }, args, cx)
}

fn orthogonal(args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    seeded(InitializerKind::Orthogonal { gain: args.float("gain", cx) }, args, cx)
}

fn uniform(args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    let minval = args.float("minval", cx);
    let maxval = args.float("maxval", cx);
    if args.all_sound() && minval > maxval {
        args.fail("maxval");
        let message = format!("`minval` of `RandomUniform` is {minval}, above `maxval` {maxval}");
        cx.error(
            Diag::error(Code::BoundsReversed, args.call(), message)
                .help("write the smaller number as `minval`"),
        );
    }
    seeded(InitializerKind::RandomUniform { minval, maxval }, args, cx)
}

fn variance_scaling(args: &Bound<'_>, cx: &mut Cx<'_>) -> Initializer {
    let mode = match args.word("mode", cx) {
        "fan_out" => Fan::Out,
        "fan_avg" => Fan::Average,
        _ => Fan::In,
    };
    // `normal` is Keras's older word for the truncated one.
    let distributions = &["truncated_normal", "untruncated_normal", "uniform", "normal"];
    let distribution = match args.word_of("distribution", distributions, cx) {
        "untruncated_normal" => Distribution::UntruncatedNormal,
        "uniform" => Distribution::Uniform,
        _ => Distribution::TruncatedNormal,
    };
    let scale = args.float("scale", cx);
    scaled(scale, mode, distribution, args, cx)
}

impl Initializer {
    /// Reads an initializer: a word, a string or a call with arguments. `what` names the value in messages.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Initializer> {
        read_named(value, what, "an initializer", Code::UnknownInitializer, INITIALIZERS, ABSENT, cx)
    }

    /// Reason why the initializer does not fit a weight of `rank` axes; `None` if it does.
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
            | InitializerKind::AxesScaling { .. }
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
        let names: Vec<_> = INITIALIZERS.iter().flat_map(|entry| entry.item.names).collect();
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
