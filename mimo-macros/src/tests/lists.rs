//! Tests of lists of tensors: loops that return them, their indices, and their outputs.

use super::*;

/// Diagnostics of a line before the outputs `y`, in a model with the input `x` and the constant `N`.
fn said(line: &str) -> Vec<String> {
    told(&format!(
        "pub Net {{ const N: usize = 3; let x = Input(shape = [4]);\n{line}\n\
         Model(inputs = [x], outputs = [y]) }}"
    ))
}

/// Same after a loop that returns three tensors, `heads`.
fn after_heads(line: &str) -> Vec<String> {
    said(&format!("let heads = for i in 0..N {{ Dense(2)(x) }};\n{line}"))
}

#[test]
fn lists_stand_where_tensors_of_several_do() {
    for line in [
        "let y = concatenate(heads);",
        "let y = add(heads);",
        "let y = maximum(heads[1..]);",
        "let y = add([heads[0], heads[-1], heads[N - 2]]);",
        "let y = concatenate([x, heads, (heads)[0..=1], heads[..2], heads[-2..]]);",
        "let more = for h in heads { Dense(1)(h) }; let y = concatenate(more);",
        "let more = for h in (heads[1..]).rev() { Dense(1)(h) }; let y = concatenate(more);",
        "let more = for i in 0..2 { heads[i] + heads[i + 1] }; let y = add(more);",
        "let more = for (i, h) in [(1, heads[0]), (2, heads[2])] { Dense(i)(h) }; let y = concatenate(more);",
        "let same = heads; let y = concatenate(same);",
        "let (a, b, c) = heads; let y = add([a, b, c]);",
        "fn join(list) { let some = list[0..2]; concatenate(some) } let y = join(heads) + join(heads[1..]);",
        "fn join(list) { concatenate(list) } let y = join([x, heads]);",
        "fn many(x) { let list = for i in 0..2 { Dense(2)(x) }; list } let y = concatenate([many(x), heads]);",
        "fn many(x) { let list = for i in 0..2 { Dense(2)(x) }; list } let list = many(heads[0]); let y = add(list);",
        "let y = Dense(1)(heads[0]); let _rest = heads[1..];",
        "let y = for h in heads { Dense(1, name = \"y\")(h) };",
    ] {
        let told = after_heads(line);
        // One layer name of many is the only mistake.
        let wanted = if line.contains("name =") { 1 } else { 0 };
        assert_eq!(told.len(), wanted, "{line}\n{told:?}");
    }
    let names = "let h = x; let y = for i in 0..2 { let h = Dense(4)(h); h }; let y = concatenate([y, h]);";
    assert_eq!(said(names), [""; 0]);
}

#[test]
fn a_loop_that_is_being_typed_is_one_error_at_its_place() {
    for (line, wanted) in [
        ("let heads = for;", "2:13 [for] expected a name after `for`"),
        ("let heads = for i;", "2:17 [i] expected `in` after this"),
        ("let heads = for i in;", "2:19 [in] expected a range or a list after `in`"),
        ("let heads = for i in 0..3;", "2:13 [for i in 0..3] this loop has no body"),
        ("let heads = for i in 0..3", "2:13 [for i in 0..3] this loop has no body"),
        ("let heads = for i in 0.. { Dense(2)(x) };", "2:22 [0..] the range `0..` has no end"),
        (
            "let heads = for i in 0..3 { };",
            "2:13 [for i in 0..3] the iterations of this loop produce no tensor for the list",
        ),
        ("let heads = for i in 0..3 { De };", "2:29 [De] cannot find a tensor or a layer `De`"),
        ("let heads = for i in 0..3 { Dense() };", "2:29 [Dense()] `Dense` needs `units`"),
        (
            "let heads = for i in 0..3 { Dense(2) };",
            "2:29 [Dense(2)] `Dense(2)` is a layer, and a list holds tensors",
        ),
        (
            "let heads = for i in 0..3 { Dense(2)() };",
            "2:29 [Dense(2)()] a layer is called on a tensor, and none is given",
        ),
        (
            "let heads = for i in 0..3 { Dense(2)(x) }",
            "2:27 [{ Dense(2)(x) }] missing `;` after this statement",
        ),
        (
            "let heads = for i in 0..3 { let h = Dense(2)(x) };",
            "2:13 [for i in 0..3] the iterations of this loop produce no tensor for the list",
        ),
        ("let heads = for i in 0..3 { h = Dense(2)(x) };", "2:29 [h] a binding starts with `let`"),
        ("heads = for i in 0..3 { Dense(2)(x) };", "2:1 [heads] a binding starts with `let`"),
    ] {
        for reads in ["concatenate(heads)", "Dense(1)(heads[1])", "add(heads[0..2])"] {
            let told = said(&format!("{line} let y = {reads};"));
            assert!(told.len() == 1 && told[0].starts_with(wanted), "{line} {reads}\n{told:?}");
        }
    }
}

#[test]
fn a_round_gives_one_tensor() {
    assert_eq!(
        said("let heads = for i in 0..3 { let h = Dense(2)(x); h; }; let y = concatenate(heads);"),
        [
            "2:50 [h] the tensor of a round stands at the end of the body without `;`\n\n  = help: remove the `;`"
        ]
    );
    assert_eq!(
        said(
            "let heads = for i in 0..3 { LSTM(2, return_state = true)(Reshape([4, 1])(x)) }; let y = concatenate(heads);"
        ),
        [
            "2:29 [LSTM(2, return_state = true)(Reshape([4, 1])(x))] an iteration adds one tensor to the list, and this is 3\n\n  \
             = help: write `let (y, h, c) = …; y`\n  = note: in the loop, with `i = 0`"
        ]
    );
    assert_eq!(
        said("let heads = for i in 0..3 { (x, x) }; let y = concatenate(heads);"),
        ["2:29 [(x, x)] an iteration adds one tensor to the list, and this is 2\n\n  \
             = help: bind the others in the body with `let`, and end it with one\n  \
             = help: join them: `concatenate([a, b])`\n  = note: in the loop, with `i = 0`"]
    );
    for nested in [
        "let heads = for i in 0..2 { let inner = for j in 0..2 { Dense(1)(x) }; inner }; let y = concatenate(heads);",
        "let heads = for i in 0..2 { for j in 0..2 { Dense(1)(x) } }; let y = concatenate(heads);",
        "let heads = for i in 0..2 { for j in 0..2 { let h = Dense(1)(x); } }; let y = concatenate(heads);",
    ] {
        let told = said(nested);
        let form = "`for (i, j) in [(0, 0), (0, 1)] { … }`";
        assert!(told.len() == 1 && told[0].contains(form), "{nested}\n{told:?}");
    }
    let told = said("let y = concatenate(for i in 0..3 { Dense(2)(x) });");
    assert!(told.len() == 1 && told[0].contains("only where `let` binds it"), "{told:?}");
}

#[test]
fn indices_are_checked() {
    for (line, wanted) in [
        (
            "let y = Dense(1)(heads[3]);",
            "`heads[3]` is out of range: `heads` has 3 tensors\n\n  = help: the last one is `heads[2]`",
        ),
        (
            "let y = Dense(1)(heads[-4]);",
            "`heads[-4]` is out of range: `heads` has 3 tensors\n\n  = help: the last one is `heads[2]`",
        ),
        (
            "let y = add(heads[1..9]);",
            "`heads[1..9]` is out of range: `heads` has 3 tensors\n\n  = help: write a range within `heads[0..3]`",
        ),
        (
            "let y = add(heads[2..1]);",
            "`heads[2..1]` is out of range: `heads` has 3 tensors\n\n  = help: write a range within `heads[0..3]`",
        ),
        (
            "let y = add(heads[1:3]);",
            "`1:3` is not an index that the macro knows\n\n  = help: write `heads[1..3]`",
        ),
        (
            "let y = Dense(1)(heads[k]);",
            "`k` is not an index that the macro knows\n\n  = help: write `heads[0]`, `heads[-1]` or `heads[0..2]`",
        ),
        (
            "let y = Dense(1)(headz[0]);",
            "cannot find a tensor or a layer `headz`\n\n  = help: did you mean `heads`?",
        ),
        (
            "for h in heds { let y = Dense(1)(h); }",
            "a loop goes over a range or a list, and `heds` is neither\n\n  = help: did you mean `heads`?",
        ),
        (
            "for (a, b) in heads { let y = Dense(1)(a); }",
            "a list of tensors yields one tensor at a time\n\n  = help: go over the numbers: `for a in 0..3 { let b = heads[a]; … }`",
        ),
        (
            "let y = heads + x;",
            "`heads` is a list of 3 tensors, and one tensor is needed here\n\n  = help: take one of them, `heads[0]`, or join them: `concatenate(heads)`",
        ),
        (
            "let y = heads(x);",
            "`heads` is a list of tensors, and only layers are called\n\n  = help: take one of its tensors: `heads[0]`",
        ),
        ("let (a, b) = heads; let y = add([a, b]);", "this returns 3 tensors, but 2 names are bound"),
        ("let y: [2] = heads; let y = add(y);", "a list of tensors has no shape of its own"),
        ("let y = Dense(1)(x);", "the list `heads` is never used"),
    ] {
        let told = after_heads(line);
        assert!(told.len() == 1 && told[0].contains(wanted), "{line}\n{told:?}");
    }
}

#[test]
fn outputs_of_a_list_have_the_names_of_their_layers() {
    for line in [
        "let y = for i in 0..3 { Dense(2, name = \"digit_{i}\")(x) };",
        "let y = for i in 0..3 { Identity(name = \"digit_{i}\")(x * 2.0) };",
        "let y = for i in 0..3 { TimeDistributed(Dense(2), name = \"digit_{i}\")(Reshape([4, 1])(x)) };",
    ] {
        assert_eq!(said(line), [""; 0], "{line}");
    }
    for (line, wanted) in [
        (
            "let y = for i in 0..3 { Dense(2)(x) };",
            "write `Dense(…, name = \"y_{i}\")`, with `i` of the loop",
        ),
        ("let y = for i in 0..3 { exp(x) };", "`Identity(name = \"y_{i}\")(…)`, with `i` of the loop"),
        (
            "let y = for i in 0..3 { Dense(2, name = \"digit\")(x) };",
            "put what differs into it: `name = \"digit_{i}\"`",
        ),
        (
            "let d = Dense(2, name = \"d\"); let y = for i in 0..3 { d(x) };",
            "`Identity(name = \"d_{i}\")(…)`, with `i` of the loop",
        ),
    ] {
        let told = said(line);
        assert!(told.len() == 1 && told[0].contains(wanted), "{line}\n{told:?}");
    }
    let net = |ports: &str| {
        told(&format!(
            "Net {{ let xs = for i in 0..2 {{ Input(shape = [4], name = \"x_{{i}}\") }};
                let heads = for x in xs {{ Dense(2)(x) }};
                let named = for i in 0..2 {{ Dense(2, name = \"y_{{i}}\")(heads[i]) }};
                Model({ports}) }}"
        ))
    };
    for ports in [
        "inputs = xs, outputs = named",
        "xs, [named[0], named[1]]",
        "inputs = [xs], outputs = named[0..2]",
        "xs, { a: named[0], b: named[1] }",
        "inputs = xs, outputs = named).compile(loss = { y_*: mse }",
        "inputs = xs, outputs = named).compile(loss = { \"y_*\": mse }",
        "inputs = xs, outputs = named).compile(loss = { y_*: mse, y_1: none }, optimizer = { y_*: sgd }",
    ] {
        let told = net(ports);
        assert!(told.is_empty(), "{ports}\n{told:?}");
    }
    let told = net("xs, { digits: named }");
    let wanted = "`named` is a list of 2 tensors, and `digits` is one\n\n  \
                  = help: write the list without a key, `[named]`: each tensor has the name of its last layer\n  \
                  = help: name one of its tensors: `{ digits: named[0] }`";
    assert!(told.len() == 1 && told[0].contains(wanted), "{told:?}");
    let told = net("xs, named).compile(loss = { digit_*: mse }");
    assert!(told[0].contains("no output has a name that `digit_*` matches"), "{told:?}");
    let told = net("xs, [named, named]");
    assert!(told.len() == 1 && told[0].contains("is listed twice as an output"), "{told:?}");
}
