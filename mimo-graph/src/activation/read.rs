//! Names of activations, as words and as calls.

use super::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::item::{Item, Word};
use crate::layers;
use crate::named::{Named, read_named};
use crate::value::{Value, ValueKind};

vocabulary! {
    mod words;
    const FUNCTIONS: Activation;

    /// `x`
    ///
    /// Keras: [`linear`](https://keras.io/api/layers/activations/)
    "`linear()`"
    linear => |_, _| Activation::Linear;
    takes {}

    /// `max(x, 0)`; with arguments `min(x, max_value)` above `threshold`, and `negative_slope · (x − threshold)` elsewhere.
    ///
    /// Keras: [`relu`](https://keras.io/api/layers/activations/)
    "`relu(negative_slope = 0, max_value = none, threshold = 0)`"
    relu => Activation::rectifier;
    takes {
        /// The slope up to the threshold.
        negative_slope: f64 = "0" in [0.0..],
        /// The largest value of the function; `none` for no limit.
        max_value: f64 = "none" in [0.0..],
        /// Inputs up to this value use the slope.
        threshold: f64 = "0" in [0.0..],
    }

    /// `min(max(x, 0), 6)`
    ///
    /// Keras: [`relu6`](https://keras.io/api/layers/activations/)
    "`relu6()`"
    relu6 => |_, _| Activation::Relu6;
    takes {}

    /// `x` where it is positive, `negative_slope · x` elsewhere.
    ///
    /// Keras: [`leaky_relu`](https://keras.io/api/layers/activations/)
    "`leaky_relu(negative_slope = 0.2)`"
    leaky_relu => Activation::leaky;
    takes {
        /// The slope for negative values.
        negative_slope: f64 = "0.2" in [0.0..],
    }

    /// `x` where it is positive, `alpha · (eˣ − 1)` elsewhere.
    ///
    /// Keras: [`elu`](https://keras.io/api/layers/activations/)
    "`elu(alpha = 1)`"
    elu | ELU => Activation::exponential_linear;
    takes {
        /// The scale for negative values.
        alpha: f64 = "1" in [0.0..],
    }

    /// The scaled ELU of self-normalising networks.
    ///
    /// Keras: [`selu`](https://keras.io/api/layers/activations/)
    "`selu()`"
    selu => |_, _| Activation::Selu;
    takes {}

    /// `max(x, 0) + min(0, alpha · (e^(x/alpha) − 1))`
    ///
    /// Keras: [`celu`](https://keras.io/api/layers/activations/)
    "`celu(alpha = 1)`"
    celu => |args, cx| Activation::Celu { alpha: args.float("alpha", cx) };
    takes {
        /// The scale for negative values.
        alpha: f64 = "1" in [> 0.0],
    }

    /// `1 / (1 + e⁻ˣ)`, between 0 and 1: for binary outputs, with `binary_crossentropy`.
    ///
    /// Keras: [`sigmoid`](https://keras.io/api/layers/activations/)
    "`sigmoid()`"
    sigmoid => |_, _| Activation::Sigmoid;

    /// `ln(1 / (1 + e⁻ˣ))`
    ///
    /// Keras: [`log_sigmoid`](https://keras.io/api/layers/activations/)
    "`log_sigmoid()`"
    log_sigmoid => |_, _| Activation::LogSigmoid;

    /// `ln(1 + eˣ)`
    ///
    /// Keras: [`softplus`](https://keras.io/api/layers/activations/)
    "`softplus()`"
    softplus => |_, _| Activation::Softplus;

    /// `x / (1 + |x|)`
    ///
    /// Keras: [`softsign`](https://keras.io/api/layers/activations/)
    "`softsign()`"
    softsign => |_, _| Activation::Softsign;
    takes {}

    /// `eˣ / Σ eˣ` over the last axis, which sums to 1: for exclusive classes, with `categorical_crossentropy`.
    ///
    /// Keras: [`softmax`](https://keras.io/api/layers/activations/)
    "`softmax(axis = -1)`"
    softmax | Softmax => |args, cx| Activation::last_axis(Activation::Softmax, args, cx);

    /// The logarithm of `softmax`.
    ///
    /// Keras: [`log_softmax`](https://keras.io/api/layers/activations/)
    "`log_softmax(axis = -1)`"
    log_softmax => |args, cx| Activation::last_axis(Activation::LogSoftmax, args, cx);
    takes {
        /// The axis over which it runs: only the last.
        axis: Axis = "-1",
    }

    /// `max(x − t, 0)` over the last axis, with `t` such that the sum is 1: like `softmax`, with zeros.
    ///
    /// Keras 3.15 uses too large a `t` if several values stay positive, so that its results sum to less than 1.
    ///
    /// Keras: [`sparsemax`](https://keras.io/api/layers/activations/)
    "`sparsemax(axis = -1)`"
    sparsemax => |args, cx| Activation::last_axis(Activation::Sparsemax, args, cx);

    /// One half of the last axis, times the sigmoid of the other half: `[…, 2n] → […, n]`. As a layer only, `Activation(glu)(x)`.
    ///
    /// Keras: [`glu`](https://keras.io/api/layers/activations/)
    "`glu(axis = -1)`"
    glu => |args, cx| Activation::last_axis(Activation::Glu, args, cx);
    takes {
        /// The axis over which it runs: only the last.
        axis: Axis = "-1",
    }

    /// The hyperbolic tangent.
    ///
    /// Keras: [`tanh`](https://keras.io/api/layers/activations/)
    "`tanh()`"
    tanh => |_, _| Activation::Tanh;

    /// `x − tanh x`
    ///
    /// Keras: [`tanh_shrink`](https://keras.io/api/layers/activations/)
    "`tanh_shrink()`"
    tanh_shrink => |_, _| Activation::TanhShrink;

    /// `eˣ`
    ///
    /// Keras: [`exponential`](https://keras.io/api/layers/activations/)
    "`exponential()`"
    exponential => |_, _| Activation::Exponential;

    /// `x/6 + 1/2`, clipped to 0..1.
    ///
    /// Keras: [`hard_sigmoid`](https://keras.io/api/layers/activations/)
    "`hard_sigmoid()`"
    hard_sigmoid => |_, _| Activation::HardSigmoid;

    /// `x · hard_sigmoid(x)`
    ///
    /// Keras: [`hard_silu`](https://keras.io/api/layers/activations/)
    "`hard_silu()`"
    hard_silu | hard_swish => |_, _| Activation::HardSilu;

    /// `x`, clipped to −1..1.
    ///
    /// Keras: [`hard_tanh`](https://keras.io/api/layers/activations/)
    "`hard_tanh()`"
    hard_tanh => |_, _| Activation::HardTanh;

    /// `x · sigmoid(x)`
    ///
    /// Keras: [`silu`](https://keras.io/api/layers/activations/)
    "`silu()`"
    silu | swish => |_, _| Activation::Silu;
    takes {}

    /// `x · Φ(x)`, with Φ the normal distribution function.
    ///
    /// Keras: [`gelu`](https://keras.io/api/layers/activations/)
    "`gelu(approximate = false)`"
    gelu | Gelu | GELU => |args, cx| Activation::Gelu { approximate: args.boolean("approximate", cx) };
    takes {
        /// Whether the normal distribution function is approximated by a hyperbolic tangent.
        approximate: bool = "false",
    }

    /// `x · tanh(softplus(x))`
    ///
    /// Keras: [`mish`](https://keras.io/api/layers/activations/)
    "`mish()`"
    mish => |_, _| Activation::Mish;
    takes {}

    /// `x` above `threshold`, `default_value` elsewhere.
    ///
    /// Keras: [`threshold`](https://keras.io/api/layers/activations/)
    "`threshold(threshold, default_value)`"
    threshold => |args, cx| Activation::Threshold {
        threshold: args.float("threshold", cx),
        default_value: args.float("default_value", cx),
    };
    takes {
        /// Inputs up to this value are replaced.
        threshold: f64,
        /// Replacement value.
        default_value: f64,
    }

    /// `x` where `|x| > threshold`, 0 elsewhere.
    ///
    /// Keras: [`hard_shrink`](https://keras.io/api/layers/activations/)
    "`hard_shrink(threshold = 0.5)`"
    hard_shrink => |args, cx| Activation::HardShrink { threshold: args.float("threshold", cx) };

    /// `x` moved by `threshold` towards 0, and 0 within `threshold` of it.
    ///
    /// Keras: [`soft_shrink`](https://keras.io/api/layers/activations/)
    "`soft_shrink(threshold = 0.5)`"
    soft_shrink => |args, cx| Activation::SoftShrink { threshold: args.float("threshold", cx) };
    takes {
        /// The largest distance from 0 that becomes 0.
        threshold: f64 = "0.5" in [0.0..],
    }

    /// `(x + √(x² + b)) / 2`
    ///
    /// Keras: [`squareplus`](https://keras.io/api/layers/activations/)
    "`squareplus(b = 4)`"
    squareplus => |args, cx| Activation::Squareplus { b: args.float("b", cx) };
    takes {
        /// The width of the bend at 0.
        b: f64 = "4" in [> 0.0],
    }

    /// 0 below −1, `(x + 1)² / 4` up to 1, `x` above.
    ///
    /// Keras: [`sparse_plus`](https://keras.io/api/layers/activations/)
    "`sparse_plus()`"
    sparse_plus => |_, _| Activation::SparsePlus;

    /// `(x + 1) / 2`, clipped to 0..1.
    ///
    /// Keras: [`sparse_sigmoid`](https://keras.io/api/layers/activations/)
    "`sparse_sigmoid()`"
    sparse_sigmoid => |_, _| Activation::SparseSigmoid;
    takes {}
}

/// Layers accepted in the place of an activation. They have no name there.
const LAYERS: &[Named<Activation>] = &[
    Named {
        item: &Item { common: &[], ..<layers::words::ReLU as Word>::ITEM },
        build: Activation::rectifier,
    },
    Named {
        item: &Item { common: &[], ..<layers::words::LeakyReLU as Word>::ITEM },
        build: Activation::leaky,
    },
];

/// Activations of Keras that mimo does not have.
const UNSUPPORTED: &[(&str, &str)] = &[("PReLU", "it has weights: write `PReLU()(x)`, a layer of its own")];

impl Activation {
    /// Every activation. Functions take the arguments of Keras's function, classes those of the layer.
    pub(crate) fn table() -> Vec<Named<Activation>> {
        [FUNCTIONS, LAYERS].concat()
    }

    /// Reads an activation: a word, a string, a call with arguments, or `none` for `linear`. `what` names the value
    /// in messages.
    pub fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Activation> {
        match value.kind {
            ValueKind::None => Some(Activation::Linear),
            _ => read_named(
                value,
                what,
                "an activation",
                Code::UnknownActivation,
                &Self::table(),
                UNSUPPORTED,
                cx,
            ),
        }
    }

    /// Reads Keras's `ReLU(max_value, negative_slope, threshold)` as the simplest equal function.
    pub(crate) fn rectifier(args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
        let max_value = args.optional_float("max_value", cx);
        let negative_slope = args.float("negative_slope", cx);
        let threshold = args.float("threshold", cx);
        match max_value {
            None if threshold == 0.0 && negative_slope == 0.0 => Activation::Relu,
            None if threshold == 0.0 => Activation::LeakyRelu { negative_slope },
            Some(6.0) if threshold == 0.0 && negative_slope == 0.0 => Activation::Relu6,
            _ => Activation::Rectifier { negative_slope, max_value, threshold },
        }
    }

    /// Reads Keras's `LeakyReLU(negative_slope)`: the default is 0.3 in the class and 0.2 in the function.
    pub(crate) fn leaky(args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
        Activation::LeakyRelu { negative_slope: args.float("negative_slope", cx) }
    }

    /// Reads Keras's `ELU(alpha)`. With a negative `alpha`, two inputs have the same output, so that the output does
    /// not determine the derivative.
    pub(crate) fn exponential_linear(args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
        Activation::Elu { alpha: args.float("alpha", cx) }
    }

    /// Reads an activation over an axis, which has to be the last one.
    pub(crate) fn last_axis(activation: Activation, args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
        let axis = args.integer("axis", cx);
        if axis != -1 {
            args.fail("axis");
            let what = match activation {
                Activation::Sparsemax | Activation::Glu => format!("`{}`", activation.name()),
                _ => "the softmax".into(),
            };
            let diag = Diag::error(
                Code::UnavailableSetting,
                args.loc("axis"),
                format!("{what} runs over the last axis, so `axis` must be -1, found {axis}"),
            );
            cx.error(diag.help(
                "write `axis = -1` if it is the last one; otherwise `Permute` before it brings the axis to the end, and after it \
                 brings it back",
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
    fn a_relu_is_the_plainest_function_of_its_arguments() {
        let mut bench = Bench::new();
        let mut relu = |given: &[(&'static str, f64)]| {
            let given = given.iter().map(|&(name, value)| named(name, float(value)));
            read(&mut bench, &call("ReLU", given)).expect("sound")
        };
        assert_eq!(relu(&[]), Activation::Relu);
        assert_eq!(relu(&[("max_value", 6.0)]), Activation::Relu6);
        assert_eq!(relu(&[("negative_slope", 0.25)]), Activation::LeakyRelu { negative_slope: 0.25 });
        let other = |negative_slope, max_value, threshold| Activation::Rectifier {
            negative_slope,
            max_value,
            threshold,
        };
        assert_eq!(relu(&[("max_value", 2.0)]), other(0.0, Some(2.0), 0.0));
        assert_eq!(relu(&[("max_value", 6.0), ("threshold", 1.0)]), other(0.0, Some(6.0), 1.0));
        assert_eq!(relu(&[("threshold", 1.0)]), other(0.0, None, 1.0));
        let all = [("max_value", 2.0), ("negative_slope", 0.5), ("threshold", 1.0)];
        assert_eq!(relu(&all), other(0.5, Some(2.0), 1.0));
        bench.expect(&[]);
    }

    #[test]
    fn every_name_is_read_once() {
        let names: Vec<_> = Activation::table().iter().flat_map(|entry| entry.item.names).collect();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name}");
            let written = match **name {
                "threshold" => call(name, [(None, float(0.5)), (None, float(0.0))]),
                name => word(name),
            };
            let activation = read(&mut Bench::new(), &written).expect(name);
            let named = match activation {
                Activation::Threshold { .. } => activation,
                other => read(&mut Bench::new(), &word(other.name())).expect(name),
            };
            assert_eq!(std::mem::discriminant(&named), std::mem::discriminant(&activation), "{name}");
        }
    }

    #[test]
    fn unknown_names_get_the_near_one_and_the_list() {
        let mut bench = Bench::new();
        assert_eq!(read(&mut bench, &word("rleu")), None);
        assert_eq!(read(&mut bench, &word("PReLU")), None);
        assert_eq!(read(&mut bench, &call("softmax", [named("axis", int(1))])), None);
        assert_eq!(read(&mut bench, &int(3)), None);
        let diags = bench.expect(&[
            "unknown activation `rleu`",
            "mimo has no activation `PReLU`",
            "the softmax runs over the last axis, so `axis` must be -1, found 1",
            "`activation` of `Dense` must be an activation, found the number 3",
        ]);
        assert_eq!(diags[0].helps[0], "did you mean `relu`?");
        assert_eq!(diags[0].helps.len(), 1, "a near name is enough");
    }
}
