use super::*;
use crate::dim::ConstId;
use crate::item::Word;
use crate::testing::{Bench, args, float, int, items, named, string, value, word};

#[allow(dead_code, unreachable_pub)]
mod words {
    items! {
        "`Noise(rate, seed = none, name = none)`"
        Noise;
        takes {
            rate: f64 in [0.0..=1.0],
            noise_shape => "leave it out",
            seed: usize = "none",
            name: Name = "none",
            *,
            dtype => "leave it out",
        }

        "`Flat()`"
        Flat;
        takes {}
    }
}
const NOISE: &Item = &<words::Noise as Word>::ITEM;
const FLAT: &Item = &<words::Flat as Word>::ITEM;
const CALL: Loc = Loc(0);

#[test]
fn positions_and_keywords_reach_their_parameters() {
    let mut bench = Bench::new();
    let given = args([(None, float(0.5)), named("seed", int(3)), named("name", string("n"))]);
    bench.cx(|cx| {
        let bound = bind(NOISE, &given, CALL, cx);
        assert_eq!(bound.float("rate", cx), 0.5);
        assert_eq!(bound.optional_seed("seed", cx), Some(3));
        assert_eq!(bound.optional_string("name", cx).as_deref(), Some("n"));
        assert_eq!(bound.take("noise_shape"), None);
        assert!(bound.all_sound());
        assert_eq!((bound.loc("rate"), bound.loc("noise_shape")), (Loc(1), CALL));
    });
    bench.expect(&[]);
}

#[test]
fn everything_that_cannot_be_bound_is_told_at_once() {
    let mut bench = Bench::new();
    let given = args([
        (None, float(0.5)),
        named("rate", float(0.5)),
        named("noise_shape", int(3)),
        named("sed", int(1)),
        (None, value(ValueKind::None)),
        (None, int(1)),
    ]);
    bench.cx(|cx| assert!(!bind(NOISE, &given, CALL, cx).sound(&[])));
    let diags = bench.expect(&[
        "`rate` of `Noise` is given twice",
        "mimo has no `noise_shape` for `Noise`",
        "`Noise` has no argument `sed`",
        "positional argument after a keyword argument",
    ]);
    assert_eq!(diags[1].helps, ["leave it out"]);
    assert_eq!(diags[2].helps, ["did you mean `seed`?", "its arguments are `rate`, `seed`, `name`"]);
}

#[test]
fn a_missing_argument_is_told_unless_it_was_misspelt() {
    let mut bench = Bench::new();
    bench.cx(|cx| assert!(!bind(NOISE, &[], CALL, cx).sound(&["rate"])));
    let diags = bench.expect(&["`Noise` needs `rate`"]);
    assert_eq!(diags[0].helps, ["write `Noise(rate = …)`"]);
    let given = args([named("rat", float(0.5))]);
    bench.cx(|cx| bind(NOISE, &given, CALL, cx));
    bench.expect(&["`Noise` has no argument `rat`"]);
    let invalid = args([(None, value(ValueKind::Invalid))]);
    bench.cx(|cx| {
        let bound = bind(NOISE, &invalid, CALL, cx);
        assert_eq!(bound.float("rate", cx), 0.0);
        assert!(!bound.sound(&["rate"]));
    });
    bench.expect(&[]);
}

#[test]
fn no_arguments_means_none() {
    let mut bench = Bench::new();
    let given = args([(None, int(1)), named("x", int(1))]);
    bench.cx(|cx| bind(FLAT, &given, CALL, cx));
    let diags =
        bench.expect(&["`Flat` has no argument `x`", "`Flat` takes no positional argument, but 1 is given"]);
    assert_eq!(diags[0].helps, ["write `Flat()`: it takes no arguments"]);
}

#[test]
fn the_words_of_python_are_understood_and_told() {
    let mut bench = Bench::new();
    let given = args([named("rate", word("None")), named("seed", word("None"))]);
    bench.cx(|cx| {
        let bound = bind(NOISE, &given, CALL, cx);
        assert_eq!(bound.optional_seed("seed", cx), None);
        assert!(bound.all_sound());
    });
    // Two errors with the same text at the same place are one mistake.
    let diags = bench.expect(&["`None` is Python"]);
    assert_eq!(diags[0].helps, ["write `none`"]);
    assert!(bench.cx(|cx| read::boolean(&word("True"), "`use_bias` of `Dense`", cx)) == Some(true));
    bench.expect(&["`True` is Python"]);
}

#[test]
fn lengths_are_numbers_or_constants() {
    let mut bench = Bench::new();
    let mut dim = |value: &Value| bench.cx(|cx| read::dim(value, "`units` of `Dense`", cx));
    assert_eq!(dim(&int(3)), Some(Dim::Known(3)));
    assert_eq!(dim(&word("A")), Some(Dim::constant(ConstId(0))));
    for wrong in [int(0), int(-3), float(32.0), string("32"), value(ValueKind::None), items([int(3)])] {
        assert_eq!(dim(&wrong), None);
    }
    assert_eq!(bench.checks(), ["`units` of `Dense`: A AtLeast 1"]);
    let diags = bench.expect(&[
        "`units` of `Dense` must be an integer of at least 1, found the number 0",
        "`units` of `Dense` must be an integer of at least 1, found the number -3",
        "`units` of `Dense` must be an integer of at least 1, found the number 32",
        "`units` of `Dense` must be an integer of at least 1, found the string \"32\"",
        "`units` of `Dense` must be an integer of at least 1, found `none`",
        "`units` of `Dense` must be an integer of at least 1, found a list of 1",
    ]);
    let helps: Vec<_> = diags.iter().map(|diag| diag.helps.join("")).collect();
    let number = "write a number or a constant: `32`, `UNITS`";
    // The intended number cannot be guessed from one that is too small.
    let least = "write an integer of at least 1, such as `2`";
    assert_eq!(helps, [least, least, "write `32`", "write `32`", number, "write `3`"]);
}

#[test]
fn values_of_the_wrong_form_are_told_with_what_to_write() {
    let mut bench = Bench::new();
    bench.cx(|cx| {
        assert_eq!(read::float(&word("A"), "`rate` of `Dropout`", cx), None);
        assert_eq!(read::float(&string("0.5"), "`rate` of `Dropout`", cx), None);
        assert_eq!(read::float_in(&float(1.5), "`rate` of `Dropout`", &(0.0..=1.0), cx), None);
        assert_eq!(read::float_in(&int(1), "`momentum` of `SGD`", &(0.0..1.0), cx), None);
        assert_eq!(read::unsigned(&int(-1), "`seed` of `Dropout`", cx), None);
        assert_eq!(read::boolean(&int(1), "`use_bias` of `Dense`", cx), None);
        assert_eq!(read::string(&word("trunk"), "`name` of `Dense`", cx), None);
        assert_eq!(read::word(&string("Same"), "`padding`", &["valid", "same"], cx), Some("same"));
        assert_eq!(read::word(&word("sane"), "`padding`", &["valid", "same"], cx), None);
    });
    let diags = bench.expect(&[
        "`rate` of `Dropout` must be a number, found `A`",
        "`rate` of `Dropout` must be a number, found the string \"0.5\"",
        "`rate` of `Dropout` must be from 0 to 1, found 1.5",
        "`momentum` of `SGD` must be at least 0 and below 1, found 1",
        "`seed` of `Dropout` must be an integer of at least 0, found the number -1",
        "`use_bias` of `Dense` must be `true` or `false`, found the number 1",
        "`name` of `Dense` must be a string, found `trunk`",
        "`padding` must be one of `valid`, `same`, found `sane`",
    ]);
    let helps: Vec<_> = diags.iter().map(|diag| diag.helps.join("; ")).collect();
    assert_eq!(
        helps,
        [
            "write the number itself, or a `const` of this block with a number as its value",
            "write `0.5`, without quotes",
            "write a share of 1: `0.5` is a half",
            "write a share of 1: `0.5` is a half",
            "write an integer of at least 0",
            "write `true`",
            "write `\"trunk\"`",
            "did you mean `same`?",
        ]
    );
}

/// The messages about a call of a layer.
fn of_layer(class: &str, arguments: &str) -> Vec<String> {
    let model = crate::sketch::Model::heads(&[("y", 3, Activation::Softmax)]);
    let given = crate::sketch::args(arguments);
    let (_, diags, _) = crate::sketch::reported(&model.graph, |cx| {
        crate::layers::construct(class, Loc(0), &given, Loc(0), cx);
    });
    crate::sketch::shown(&diags)
}

#[test]
fn settings_without_effect_warn() {
    for (class, arguments, setting) in [
        (
            "Dense",
            "3, use_bias = false, bias_initializer = ones",
            "`bias_initializer` of `Dense` has no effect with `use_bias = false`",
        ),
        ("Conv2D", "3, 3, use_bias = false, bias_constraint = NonNeg()", "`bias_constraint`"),
        ("LSTM", "3, use_bias = false, unit_forget_bias = false", "`unit_forget_bias`"),
        ("BatchNormalization", "center = false, beta_regularizer = L2()", "`beta_regularizer`"),
        ("LayerNormalization", "scale = false, gamma_initializer = zeros", "with `scale = false`"),
    ] {
        let told = of_layer(class, arguments);
        assert!(told.len() == 1 && told[0].contains("warning") && told[0].contains(setting), "{told:?}");
    }
    for (class, arguments) in [
        ("Dense", "3, bias_initializer = ones"),
        ("Dense", "3, use_bias = false, bias_initializer = \"zeros\""),
        ("Dense", "3, use_bias = false, bias_regularizer = none, kernel_initializer = ones"),
        ("LayerNormalization", "center = false, gamma_initializer = zeros"),
    ] {
        assert_eq!(of_layer(class, arguments), [""; 0], "{class}({arguments})");
    }
}
