//! Tests of models as layers: diagnostics of `use` and of the calls, but not of the inside.

use super::{assert_told, told};

const ENCODER: &str = "@ { Encoder {
    let image = Input(shape = [4, 2]);
    let meta = Input(shape = [3], dtype = \"int32\");
    let x = Flatten()(image);
    let y = Dense(8)(concatenate([x, Flatten()(Embedding(10, 2)(meta))]));
    let z = Dense(2)(x);
    let never_used = Dense(2)(x);
    Model(inputs = [image, meta], outputs = [y, z]).compile(optimizer = Adam(), loss = mse)
} }";

/// Checks the diagnostics of one line between the inputs and `Model(…)`; columns count from the line's first
/// character.
#[track_caller]
fn assert_line(line: &str, wanted: &[&str]) {
    let source = format!(
        "{} Outer {{ use crate::Encoder; let image = Input(shape = [4, 2]); let meta = Input(shape = [3], dtype = \"int32\");\n\
         {line}\nlet out = Dense(1)(y); Model(inputs = [image, meta], outputs = [out]) }}",
        ENCODER.replace('\n', " ")
    );
    assert_told(&source, wanted);
}

#[test]
fn a_call_gives_every_output_and_says_nothing_of_the_inside() {
    assert_line("let (y, _) = Encoder()([image, meta]);", &[]);
    assert_line("let e = Encoder(name = \"e\", trainable = false); let (y, _) = e(image, meta);", &[]);
}

#[test]
fn counts_of_tensors() {
    assert_line(
        "let (y, _) = Encoder()(image);",
        &["2:14 [Encoder()(image)] `Encoder` takes 2 tensors, but 1 is given\n\n  \
           = help: call it as `Encoder()([image, meta])`\n  \
           = note: the input `image` of `Encoder` is [4, 2]\n  \
           = note: the input `meta` of `Encoder` is [3]"],
    );
    assert_line(
        "let y = Encoder()(image, meta);",
        &["2:9 [Encoder()(image, meta)] this returns 2 tensors, but 1 name is bound\n\n  \
           = help: write `let (y, z) = …;`\n  = help: `_` stands for a tensor that is not needed"],
    );
}

#[test]
fn shapes_and_types_of_tensors() {
    assert_line(
        "let (y, _) = Encoder()(Reshape([2, 4])(image), meta);",
        &["2:24 [Reshape([2, 4])(image)] `Encoder` takes [4, 2], but `Reshape(…)` is [2, 4]\n\n  \
           = help: `Reshape((4, 2))(Reshape(…))` has that shape\n  \
           = note: the input `image` of `Encoder` is [4, 2]"],
    );
    assert_line(
        "let x = Dense(5)(image); let (y, _) = Encoder()(x, meta);",
        &["2:49 [x] `Encoder` takes [4, 2], but `x` is [4, 5]\n\n  \
           = help: bring `x` to [4, 2] first, or change the `Input` of `Encoder`\n  \
           = note: the input `image` of `Encoder` is [4, 2]"],
    );
    assert_line(
        "let x = Input(shape = [3]); let (y, _) = Encoder()(image, x);",
        &["2:59 [x] the input `meta` of `Encoder` holds integers, but `x` holds floats\n\n  \
           = help: write `dtype = \"int32\"` at the `Input` of `x`"],
    );
}

#[test]
fn settings() {
    const HELP: &str = "a model that is used as a layer is given `name` and `trainable`, if anything";
    assert_line(
        "let (y, _) = Encoder(32, units = 8, train = false, name = 3)(image, meta);",
        &[
            &format!("2:22 [32] the model `Encoder` takes no positional argument\n\n  = help: {HELP}"),
            &format!("2:26 [units] the model `Encoder` has no argument `units`\n\n  = help: {HELP}"),
            &format!("2:37 [train] the model `Encoder` has no argument `train`\n\n  = help: {HELP}"),
            "2:59 [3] `name` of `Encoder` must be a string, found the number 3\n\n  = help: write a name in quotes",
        ],
    );
    assert_line(
        "let (y, _) = Encoder(image, meta);",
        &["2:14 [Encoder] the model `Encoder` has to be made before it is called\n\n  \
           = help: write `Encoder()(image)`"],
    );
    assert_line(
        "let y = Dense(3)(Encoder);",
        &["2:18 [Encoder] `Encoder` is a model, and has to be made before it is called\n\n  \
           = help: write `Encoder()`"],
    );
}

#[test]
fn layers_of_models() {
    assert_line(
        "let y = Bidirectional(Encoder())(image);",
        &["2:23 [Encoder()] `Bidirectional` takes a layer, and `Encoder()` is a model\n\n  \
           = help: call the model on tensors itself, or on every step of a sequence with `TimeDistributed(…)`"],
    );
    assert_line(
        "let y = TimeDistributed(Encoder())(image);",
        &["2:25 [Encoder()] `TimeDistributed` reads one tensor, and `Encoder` takes 2\n\n  \
           = help: join the tensors before the model, and take them apart in it with layers of its own"],
    );
}

/// A tensor that fits once may not fit for every step.
#[test]
fn steps_that_no_machine_holds() {
    let source = "@ { E { let x = Input(shape = [1000]); let y = Dense(1000000)(x); let y = Dense(1)(y); Model(x, y) } }\n\
                  Net { use crate::E; let x = Input(shape = [10000000, 1000]); let z = TimeDistributed(E())(x);\n\
                  let y = Dense(1)(Reshape([1000, 10000])(z)); Model(x, y) }";
    let told = told(source);
    assert_eq!(told.len(), 1, "{told:?}");
    let wanted =
        "`Dense` in `E` has 10000000000000 values per sample, but at most 1099511627776 (2^40) are possible";
    assert!(told[0].contains(wanted), "{told:?}");
}

#[test]
fn what_is_made_or_brought_in_for_nothing() {
    assert_line(
        "let e = Encoder(); let y = concatenate([Flatten()(image), Flatten()(Embedding(9, 2)(meta))]);",
        &["2:9 [Encoder()] warning: this `Encoder` is never called\n\n  \
             = help: call it on a tensor, `Encoder()(x)`, or remove it"],
    );
    let source = "@ { E { let x = Input(shape = [4]); let y = Dense(1)(x); Model(x, y) } }\n\
                  Net { use crate::E; let x = Input(shape = [4]); let y = Dense(1)(x); Model(x, y) }";
    assert_told(
        source,
        &["2:11 [crate::E] warning: the model `E` is never used\n\n  \
           = help: make a layer of it, `let … = E();`, or remove the `use`"],
    );
}

#[test]
fn use_statements() {
    let uses = |line: &str| {
        told(&format!("Net {{\n{line}\nlet x = Input(shape = [4]); let y = Dense(1)(x); Model(x, y) }}"))
    };
    const FORM: &str = "write `use path::Name;`, or `use path::Name as Other;`";
    for (line, wanted) in [
        (
            "use crate::{A, B};",
            "2:12 [{A, B}] a `use` names one model or one function\n\n  = help: write one `use` for each"
                .into(),
        ),
        ("use crate::*;", format!("2:12 [*] a `use` names a model or a function\n\n  = help: {FORM}")),
        (
            "use;",
            format!(
                "2:1 [use] expected the path of a model or of a function after `use`\n\n  = help: {FORM}"
            ),
        ),
        ("use crate::A as;", format!("2:14 [as] expected a name after `as`\n\n  = help: {FORM}")),
        ("use crate::A B;", format!("2:14 [B] unexpected tokens after this `use`\n\n  = help: {FORM}")),
        (
            "use crate::self::A::super;",
            format!(
                "2:5 [crate::self::A::super] `crate::self::A::super` is not the path of a model or of a function\n\n  = help: {FORM}"
            ),
        ),
        (
            "use Net;",
            "2:5 [Net] the model `Net` cannot be a layer of itself\n\n  \
            = help: a nested model is another one: move what both share to a model of its own"
                .into(),
        ),
        (
            "use a::A; use a::A;",
            "2:15 [a::A] `A` is brought in twice\n\n  = help: remove one of the two".into(),
        ),
        (
            "use a::A; use b::B as A;",
            "2:15 [b::B] `A` is brought in twice\n\n  \
            = help: give this one another name: `use b::B as Other;`\n  = note: `A` is `a::A` already"
                .into(),
        ),
    ] {
        let found = uses(line);
        let found: Vec<&String> = found.iter().filter(|told| !told.contains("is never used")).collect();
        assert_eq!(found, [&wanted], "{line}");
    }
}

#[test]
fn a_model_that_was_not_brought_in() {
    let told = told("Net { let x = Input(shape = [4]); let y = Encoder()(x); Model(x, y) }");
    assert!(told[0].contains("[Encoder] unknown layer `Encoder`"), "{told:?}");
    assert!(told[0].contains("= help: a model of your own is brought in with `use Encoder;`"), "{told:?}");
    assert_eq!(told.len(), 1);
}

/// Outputs of a model with errors are poisoned, and cause no errors where it is used.
#[test]
fn mistakes_of_a_nested_model_are_its_own() {
    let source = "@ {} Net { use crate::E; let x = Input(shape = [4]); let (a, b) = E()(x);\n\
                  let y = Dense(1)(concatenate([a, b])); Model(x, y) }";
    assert_told(source, &[]);
    let source = source.replace("Dense(1)", "Dense(unit = 1)");
    assert_eq!(told(&source).len(), 1);
}

/// Constants that only const evaluation knows are resolved in the model that wrote them.
#[test]
fn lengths_of_a_nested_model_are_not_those_of_the_outer() {
    let source = "@ { E { const N: usize = crate::A; let x = Input(shape = [N]); \
                  let y = Dense(crate::B)(x); Model(x, y) } }\n\
                  Net { use crate::E; const N: usize = crate::A; let x = Input(shape = [N, 2]); let y = E()(x); Model(x, y) }";
    assert_told(
        source,
        &["2:91 [x] `E` takes [E::N], but `x` is [N, 2]\n\n  \
           = help: bring `x` to [E::N] first, or change the `Input` of `E`\n  \
           = note: the input `x` of `E` is [E::N]"],
    );
}

#[test]
fn names_of_nested_models() {
    assert_line(
        "let a = Encoder(name = \"a\"); let (b, _) = a(image, meta); let y = Dense(2, name = \"a\")(b);",
        &["2:9 [Encoder(name = \"a\")] the layer name `a` is taken by another layer, a `Dense`\n\n  \
           = help: give this layer another name, such as `name = \"a_1\"`"],
    );
}

/// A `use` that could not be parsed is one error, and not a further one at every layer of that name.
#[test]
fn nothing_follows_a_wrong_use() {
    for line in ["use crate::{A, B};", "use crate::A as;", "use crate::A B;", "use a::A; use b::A;"] {
        let source = format!(
            "Net {{ {line} let x = Input(shape = [4]); let h = A()(x); let y = Dense(1)(A()(h)); Model(x, y) }}"
        );
        assert_eq!(told(&source).len(), 1, "{line}");
    }
    let source = "A { use A; let x = Input(shape = [4]); let y = A()(x); Model(x, y) }";
    assert_eq!(told(source).len(), 1);
    // In a function it is misplaced, but still parsed.
    let source =
        "Net { fn f(x) { use crate::A; A()(x) } let x = Input(shape = [4]); let y = f(x); Model(x, y) }";
    assert_eq!(
        told(source),
        [
            "1:17 [use] a `use` does not belong inside a function\n\n  = help: move it to the block of the model"
        ]
    );
}

/// Bodies of functions and loops make models like layers.
#[test]
fn functions_and_loops_use_models() {
    let source = "@ { E { let x = Input(shape = [4]); let y = Dense(4)(x); Model(x, y) } }\n\
                  Net { use crate::E; fn twice(e, x) { e(e(x)) } fn made(x) { E()(x) }\n\
                  let x = Input(shape = [4]); let e = E(); let h = twice(e, x); let h = twice(E(), h);\n\
                  for i in 0..2 { let h = made(h); let h = E(name = \"own_{i}\")(h); }\n\
                  let y = Dense(1)(h); Model(x, y) }";
    assert_told(source, &[]);
}

#[test]
fn a_description_that_nobody_asked_for() {
    let model = "Net { let x = Input(shape = [4]); let y = Dense(1)(x); Model(x, y) }";
    assert_told(
        &format!("@ {{ {model} }} {model}"),
        &["1:1 [@] expected the model's name\n\n  = help: write `pub Name { … }`"],
    );
}
