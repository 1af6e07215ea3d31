//! Tests the arguments of every class: complete, canonical, and sufficient to create the layer again.

use super::*;
use crate::dim::{ConstId, Expr};
use crate::language;
use crate::layers::{classes, construct};
use crate::testing::{Bench, Given, call, float, int, items, named as keyword, string, value, word};

/// The arguments as a call would pass them.
fn written(item: &ItemSpec) -> Vec<Arg> {
    let written = |(name, value): (&'static str, _)| Arg {
        name: Some((name.to_owned(), Loc(1))),
        value: value_of(value),
    };
    item.arguments().map(written).collect()
}

fn value_of(setting: &Setting) -> Value {
    match setting {
        Setting::None => value(ValueKind::None),
        Setting::Bool(it) => value(ValueKind::Bool(*it)),
        Setting::Whole(Dim::Known(it)) => int(*it as i64),
        Setting::Whole(Dim::Deferred(expr)) => match **expr {
            Expr::Const(id) => value(ValueKind::Expr(id)),
            ref other => panic!("{other:?} is not written as one constant"),
        },
        Setting::Negative(it) => int(*it),
        Setting::Float(Number::Known(it)) => float(*it),
        Setting::Float(Number::Constant(id)) => value(ValueKind::Expr(*id)),
        Setting::Text(it) => string(it),
        Setting::List(all) => items(all.iter().map(value_of)),
        Setting::Item(item) => {
            value(ValueKind::Call { name: item.class.into(), name_loc: Loc(1), args: written(item) })
        }
    }
}

/// Values to try for an argument; a class may refuse some of them.
fn candidates(argument: &item::Argument) -> Vec<Value> {
    let yes = value(ValueKind::Bool(true));
    let constants = [value(ValueKind::Expr(ConstId(1))), word("A")];
    let numbers = [0.25, 0.5, 0.9, 1.5, 6.0].map(float);
    match argument.kind {
        Kind::Float => [&numbers[..], &[int(0), int(1), int(6), value(ValueKind::None)]].concat(),
        Kind::Word(ty) => {
            let (_, words) = WORDS.iter().find(|(name, _)| *name == ty).expect(ty);
            let words = words.iter().map(|it| it.trim_start_matches("r#"));
            words.flat_map(|it| [word(it), string(&it.to_uppercase())]).collect()
        }
        Kind::Item(Module::Layers) => vec![
            call("LSTM", [(None, int(4)), keyword("return_sequences", yes.clone())]),
            call("GRU", [(None, word("A")), keyword("name", string("inner"))]),
            call(
                "GRU",
                [
                    (None, int(3)),
                    keyword("go_backwards", yes.clone()),
                    keyword("return_sequences", yes.clone()),
                ],
            ),
            call("Dense", [(None, int(2)), keyword("activation", word("relu"))]),
            call("TimeDistributed", [(None, call("Conv1D", [(None, int(2)), (None, int(3))]))]),
        ],
        Kind::Item(module) => {
            let names = language::items(module).into_iter().flat_map(|item| item.names);
            let words = names.flat_map(|name| [word(name), string(name)]);
            let calls = [
                call("HeNormal", [keyword("seed", int(7))]),
                call("VarianceScaling", [(None, int(2)), keyword("mode", word("FAN_OUT"))]),
                call("LeakyReLU", [(None, float(0.1))]),
                call("relu", [keyword("max_value", int(6))]),
                call("L1L2", [(None, float(0.1)), (None, int(1))]),
                call("MaxNorm", [(None, int(3))]),
                value(ValueKind::None),
            ];
            words.chain(calls).collect()
        }
        Kind::Plain | Kind::Numbers | Kind::Rate | Kind::Tensors | Kind::TensorList | Kind::Inputs => {
            let pairs = items([items([int(1), int(0)]), items([int(0), int(1)])]);
            let lists = [items([int(2), int(1)]), items([int(1), word("A")]), items([int(1)]), pairs];
            let words = [value(ValueKind::Bool(true)), value(ValueKind::Bool(false)), value(ValueKind::None)];
            let ints = [-2, -1, 0, 1, 2, 3, 4].map(int);
            [&ints[..], &lists, &words, &constants, &["given", "ab,bc->ac", "c"].map(string)].concat()
        }
    }
}

/// The arguments of a valid call of a class, by keyword.
type Call = Vec<Given>;

/// Calls of a class that differ in one argument from the simplest one. The class accepts each of them.
fn calls(class: &str) -> Vec<(Call, Option<&'static str>)> {
    let item = find(Module::Layers, class).unwrap();
    let needed = item.arguments().filter(|argument| argument.is_required());
    // The first values that are accepted together.
    let plain = needed.fold(vec![vec![]], |calls: Vec<Call>, argument| {
        let longer = |call: &Call| {
            let more = candidates(argument)
                .into_iter()
                .map(|it| [&call[..], &[keyword(argument.name, it)]].concat());
            more.collect::<Vec<_>>()
        };
        calls.iter().flat_map(longer).collect()
    });
    let accepted = |call: &Call| made(class, call).is_some();
    let plain =
        plain.into_iter().find(accepted).unwrap_or_else(|| panic!("no call of `{class}` is accepted"));
    let mut calls = vec![(plain.clone(), None)];
    for argument in item.arguments() {
        for candidate in candidates(argument) {
            let mut call: Call =
                plain.iter().filter(|(name, _)| *name != Some(argument.name)).cloned().collect();
            call.push(keyword(argument.name, candidate));
            if accepted(&call) {
                calls.push((call, Some(argument.name)));
            }
        }
    }
    calls
}

/// The layer that a call creates, if it is valid.
fn made(class: &str, given: &[Given]) -> Option<crate::layers::Constructed> {
    made_of(class, &crate::testing::args(given.iter().cloned()))
}

fn made_of(class: &str, args: &[Arg]) -> Option<crate::layers::Constructed> {
    let mut bench = Bench::new();
    let made = bench.cx(|cx| construct(class, Loc(0), args, Loc(0), cx));
    made.filter(|_| !bench.diags.has_errors())
}

#[test]
fn every_layer_is_made_again_of_its_arguments() {
    let mut tried = 0;
    for class in classes() {
        let item = find(Module::Layers, class).unwrap();
        let names: Vec<&str> = item.arguments().map(|argument| argument.name).collect();
        let calls = calls(class);
        for name in &names {
            assert!(
                calls.iter().any(|(_, varied)| varied == &Some(*name)),
                "no value of `{name}` of `{class}`"
            );
        }
        for (call, _) in calls {
            let args = crate::testing::args(call.iter().cloned());
            let made = of_layer(class, &args);
            let stored: Vec<&str> = made.arguments().map(|(name, _)| name).collect();
            let own = names.iter().filter(|name| !["name", "trainable"].contains(name));
            assert_eq!(stored, own.copied().collect::<Vec<_>>(), "{class}");
            let first = made_of(class, &args).unwrap();
            let again = made_of(class, &written(&made)).unwrap_or_else(|| panic!("{class}: {made:?}"));
            assert_eq!(again.kind, first.kind, "{class}: {call:?}");
            match crate::remake::layer_of(&made) {
                Ok(remade) => assert_eq!(remade, first.kind, "{class}: {call:?}"),
                // Tools read graphs whose constants are numbers.
                Err(error) => assert_eq!(error, "a length or a number is not known", "{class}: {call:?}"),
            }
            assert_eq!(first.kind.class_name(), class);
            // Reading the result again changes nothing, so every spelling has one form.
            assert_eq!(of_layer(class, &written(&made)), made, "{class}");
            tried += 1;
        }
    }
    assert!(tried > 3000, "{tried} calls");
}

#[test]
fn operations_keep_their_numbers() {
    let tensor = || (None, value(ValueKind::Tensor));
    let operands = |class: &'static str, given: Vec<Given>| {
        let args = crate::testing::args(given);
        let (made, stored) = (made_of(class, &args).unwrap(), of_layer(class, &args));
        assert_eq!(stored.class, class);
        assert_eq!(crate::remake::layer_of(&stored), Ok(made.kind), "{class}");
        all(&stored)
    };
    let half = Setting::Float(Number::Known(0.5));
    // There are layers that these names call, too.
    for class in ["add", "multiply", "maximum"] {
        let stored = operands(class, vec![tensor(), (None, float(0.5))]);
        assert_eq!(stored, [("x1", Setting::None), ("x2", half.clone())], "{class}");
    }
    let stored = operands("where", vec![tensor(), (None, float(0.5)), tensor()]);
    assert_eq!(stored[1], ("x1", half));
    // The equation decides whether there is a second, optional tensor.
    for (equation, tensors) in [("bij,bjk->bik", 2), ("bij->bji", 1)] {
        let given: Vec<Given> =
            [(None, string(equation))].into_iter().chain((0..tensors).map(|_| tensor())).collect();
        let stored = of_layer("einsum", &crate::testing::args(given));
        assert!(crate::remake::layer_of(&stored).is_ok(), "{equation}");
    }
}

type Shown = Vec<(&'static str, Setting)>;

fn shown(class: &'static str, given: impl IntoIterator<Item = Given>) -> Shown {
    all(&of_layer(class, &crate::testing::args(given)))
}

fn all(item: &ItemSpec) -> Shown {
    item.arguments().map(|(name, value)| (name, value.clone())).collect()
}

/// The name and the arguments of an item.
fn item_of(setting: &Setting) -> (&'static str, Shown) {
    let item = setting.item().unwrap_or_else(|| panic!("{setting:?}"));
    (item.class, all(item))
}

#[test]
fn defaults_are_filled_in_and_every_spelling_is_one_item() {
    let relu = vec![
        ("negative_slope", Setting::Float(Number::Known(0.0))),
        ("max_value", Setting::None),
        ("threshold", Setting::Float(Number::Known(0.0))),
    ];
    for activation in [word("relu"), string("relu"), call("relu", [])] {
        for zeros in [word("zero"), string("zeros"), call("Zeros", []), value(ValueKind::None)] {
            let activation = keyword("activation", activation.clone());
            let dense = shown("Dense", [(None, int(3)), keyword("bias_initializer", zeros), activation]);
            assert_eq!(dense[0], ("units", Setting::Whole(Dim::Known(3))));
            assert_eq!((dense[1].0, item_of(&dense[1].1)), ("activation", ("relu", relu.clone())));
            assert_eq!(dense[2], ("use_bias", Setting::Bool(true)));
            let glorot = ("GlorotUniform", vec![("seed", Setting::None)]);
            assert_eq!((dense[3].0, item_of(&dense[3].1)), ("kernel_initializer", glorot));
            assert_eq!((dense[4].0, item_of(&dense[4].1)), ("bias_initializer", ("Zeros", vec![])));
            let regularizers = ["kernel_regularizer", "bias_regularizer", "activity_regularizer"];
            let rest = regularizers.into_iter().chain(["kernel_constraint", "bias_constraint"]);
            assert_eq!(dense[5..], rest.map(|name| (name, Setting::None)).collect::<Vec<_>>());
        }
    }
    let constant = shown("Dense", [(None, word("B"))]);
    assert_eq!(constant[0], ("units", Setting::Whole(Dim::constant(ConstId(1)))));
    assert_eq!(item_of(&constant[1].1), ("linear", vec![]));
    let seeded = keyword("kernel_initializer", call("glorot_uniform", [(None, int(5))]));
    let seeded = shown("Dense", [(None, int(1)), seeded]);
    assert_eq!(item_of(&seeded[3].1), ("GlorotUniform", vec![("seed", Setting::Whole(Dim::Known(5)))]));
    assert_eq!(shown("Softmax", [])[0], ("axis", Setting::Negative(-1)));

    let dense = || [(None, int(3)), keyword("activation", word("relu"))];
    let wrapped = shown("TimeDistributed", [(None, call("Dense", dense()))]);
    let own = [("name", Setting::None), ("trainable", Setting::Bool(true))];
    let inner = shown("Dense", dense()).into_iter().chain(own).collect();
    assert_eq!((wrapped[0].0, item_of(&wrapped[0].1)), ("layer", ("Dense", inner)));
}

#[test]
fn only_other_values_than_defaults_are_given() {
    let dense =
        of_layer("Dense", &crate::testing::args([(None, int(3)), keyword("activation", word("linear"))]));
    assert_eq!(dense.given, [Argument { name: "units", value: Setting::Whole(Dim::Known(3)) }]);
    assert_eq!(dense.defaults[0], Argument { name: "units", value: Setting::None });
}

#[test]
fn directions_have_arguments() {
    let whole = |given: Vec<Given>| of_layer("Bidirectional", &crate::testing::args(given));
    let backwards = |item: &ItemSpec| item.argument("go_backwards") == Some(&Setting::Bool(true));
    let one = whole(vec![(None, call("LSTM", [(None, int(4))]))]);
    let parts = [0, 1].map(|at| of_part(&one, at).unwrap());
    assert_eq!(parts[0], of_layer("LSTM", &crate::testing::args([(None, int(4))])));
    assert_eq!(parts.each_ref().map(backwards), [false, true]);
    let yes = keyword("go_backwards", value(ValueKind::Bool(true)));
    let two = [
        (None, call("LSTM", [(None, int(4))])),
        keyword("backward_layer", call("GRU", [(None, int(5)), yes])),
    ];
    let part = of_part(&whole(two.to_vec()), 1).unwrap();
    assert_eq!((part.class, part.argument("units")), ("GRU", Some(&Setting::Whole(Dim::Known(5)))));
    assert!(backwards(&part));
}
