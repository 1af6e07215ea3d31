//! Tests of functions of the block and loops.

use super::*;

/// Names and shapes of the tensors of a valid model, in order.
#[track_caller]
fn made(source: &str) -> Vec<String> {
    let told = told(source);
    assert!(told.is_empty(), "{}", told.join("\n---\n"));
    let mut parser = parse::Parser::default();
    let ast = parser.model(source.parse().unwrap());
    let lower::Outcome { lowered, .. } = lower::model(&ast, parser.spans, parser.diags);
    let graph = lowered.unwrap().graph;
    let shown = |tensor: &mimo_graph::graph::Tensor| {
        let name = tensor.producer.map(|node| graph.layer(graph.node(node).layer).name.clone());
        let shape = tensor.shape.as_ref().unwrap().display(&graph.consts).to_string();
        format!("{} {shape}", name.unwrap_or("input".into()))
    };
    graph.tensors.iter().map(shown).collect()
}

const RESIDUAL: &str = "fn residual(x, units, activation = relu) {
    let h = Dense(units, activation = activation)(x);
    let h = Dense(units)(h);
    add([x, h])
}";

#[test]
fn a_function_is_expanded_at_each_call() {
    let source = format!(
        "Net {{ {RESIDUAL}
        let x = Input(shape = [8]);
        let a = residual(x, 8);
        let b = residual(a, units = 8, activation = \"tanh\");
        Model(inputs = [x], outputs = [b]) }}"
    );
    let wanted = ["input [8]", "dense [8]", "dense_1 [8]", "add [8]", "dense_2 [8]", "dense_3 [8]", "b [8]"];
    assert_eq!(made(&source), wanted);
}

#[test]
fn a_function_gives_several_tensors_or_a_layer_and_calls_others() {
    let source = "Net {
        fn split(x, units) { (Dense(units)(x), Dense(units * 2)(x)) }
        fn joined(x, units) { let (a, b) = split(x, units); concatenate([a, b]) }
        fn head(units) { Dense(units, activation = sigmoid) }
        fn merged(tensors, rate) { let x = concatenate(tensors); Dropout(rate)(x) }
        let x = Input(shape = [8]);
        let y = joined(x, 2 + 1);
        let y = merged([x, y], 0.5);
        let y = head(1)(y);
        Model(inputs = [x], outputs = [y]) }";
    let wanted = [
        "input [8]",
        "dense [3]",
        "dense_1 [6]",
        "concatenate [9]",
        "concatenate_1 [17]",
        "dropout [17]",
        "y [1]",
    ];
    assert_eq!(made(source), wanted);
}

#[test]
fn a_loop_is_written_out() {
    let source = "Net {
        const DEPTH: usize = 2;
        let x = Input(shape = [8]);
        let h = x + x;
        for i in 0..DEPTH { let h = Dense(8 * (i + 1), name = \"step_{i}\")(h); }
        for units in [6, 5] { let h = Dense(units)(h); }
        for (units, rate) in [(4, 0.1), (3, 0.2)] { let h = Dense(units)(h); let h = Dropout(rate)(h); }
        for i in (1..=2).rev() { let h = Dense(i)(h); }
        Model(inputs = [x], outputs = [h]) }";
    let wanted = [
        "input [8]",
        "add [8]",
        "step_0 [8]",
        "step_1 [16]",
        "dense [6]",
        "dense_1 [5]",
        "dense_2 [4]",
        "dropout [4]",
        "dense_3 [3]",
        "dropout_1 [3]",
        "dense_4 [2]",
        "h [1]",
    ];
    assert_eq!(made(source), wanted);
}

#[test]
fn a_loop_in_a_function_goes_over_what_the_function_is_given() {
    let source = "Net {
        fn stack(x, widths, name) {
            for units in widths { let x = Dense(units, name = \"{name}_{units}\")(x); }
            for (n, act) in [(1, relu), (2, tanh)] { let x = Dense(n, activation = act)(x); }
            x
        }
        let x = Input(shape = [8]);
        let y = stack(x, [4, WIDTH], \"first\");
        let y = Dense(1)(y);
        Model(inputs = [x], outputs = [y]) }";
    let source = source.replace("[4, WIDTH]", "[4, 2]");
    let wanted = ["input [8]", "first_4 [4]", "first_2 [2]", "dense [1]", "dense_1 [2]", "y [1]"];
    assert_eq!(made(&source), wanted);
}

#[test]
fn what_rust_alone_knows_goes_through_a_function() {
    let source = "Net {
        fn twice(x, units) { let h = Dense(units)(x); Dense(units * 2)(h) }
        let x = Input(shape = [8]);
        let a = twice(x, crate::WIDTH);
        let b = twice(a, crate::WIDTH + 1);
        Model(inputs = [x], outputs = [a, b]) }";
    let wanted = [
        "input [8]",
        "dense [crate::WIDTH]",
        "a [crate::WIDTH * 2]",
        "dense_1 [crate::WIDTH + 1]",
        "b [(crate::WIDTH + 1) * 2]",
    ];
    assert_eq!(made(source), wanted);
}

/// Each mistake with its diagnostics.
fn table<'a>(cases: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut table = String::new();
    for (case, source) in cases {
        let told = told(&source);
        assert!(!told.is_empty(), "nothing is said about {case}");
        table.push_str(&format!("### {case}\n{}\n\n", told.join("\n")));
    }
    // The lists of all layers and activations are long, and tested elsewhere.
    let lines = table.lines().filter(|line| !line.starts_with("  = help: mimo has"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn mistakes_in_a_body_say_where_it_was_called_and_are_told_once() {
    let source = "Net {
        fn bad(x, units) { let h = Dense(units, activation = rellu)(x); let h = Dens(units)(h); add([x, h]) }
        fn sum(x, units) { let h = Dense(units)(x); add([x, h]) }
        let x = Input(shape = [8]);
        let a = bad(x, 8);
        let b = bad(x, 8);
        let c = sum(x, 8);
        let c = sum(c, 4);
        let c = sum(c, 5);
        for units in [8, 5] { let d = sum(x, units); }
        Model(inputs = [x], outputs = [c, d]) }";
    insta::assert_snapshot!(table([("", source.to_owned())]));
}

#[test]
fn mistakes_of_calls_are_told_at_the_call() {
    let line = |line: &str| {
        format!(
            "Net {{ {RESIDUAL}\nlet x = Input(shape = [8]);\n{line}\nModel(inputs = [x], outputs = [y]) }}"
        )
    };
    let cases = [
        "let y = residual(x);",
        "let y = residual(x, 8, relu, 3);",
        "let y = residual(x, unit = 8);",
        "let y = residual(x, 8, units = 8);",
        "let y = residual(units = 8, x);",
        "let y = residul(x, 8);",
        "let y = residual(y0, 8);",
        "let y = residual(8, 8);",
        "let y = residual(x, 8.5);",
        "let y = residual(x, 8)(x);",
        "let y = residual;",
        "let (y, z) = residual(x, 8);",
    ];
    insta::assert_snapshot!(table(cases.map(|case| (case, line(case)))));
}

#[test]
fn mistakes_of_functions_are_told_at_the_function() {
    let with = |function: &str, call: &str| {
        format!(
            "Net {{\n{function}\nlet x = Input(shape = [8]); let y = {call}; Model(inputs = [x], outputs = [y]) }}"
        )
    };
    let cases = [
        ("fn f(x) { Dense(3)(x); }", "f(x)"),
        ("fn f(x) { let h = Dense(3)(x); }", "f(x)"),
        ("fn f(x) { return Dense(3)(x); }", "f(x)"),
        ("fn f(x: Tensor) -> Tensor { Dense(3)(x) }", "f(x)"),
        ("fn f(x) { Dense(3)(z) }", "f(x)"),
        ("fn f(units) { Dense(units)(x) }", "f(3)"),
        ("fn f(x) { f(x) }", "f(x)"),
        ("fn f(x) { g(x) } fn g(x) { f(x) }", "f(x)"),
        ("fn Dense(x) { x }", "Flatten()(x)"),
        ("fn f(x) { x } fn f(x) { x }", "f(x)"),
        ("fn f(x, x) { x }", "f(x)"),
        ("fn f(x) { Dense(3)(x) }", "Dense(3)(x)"),
        ("fn f { Dense(3) }", "f()(x)"),
        ("fn f(x)", "f(x)"),
        ("fn (x) { x }", "x + x"),
        ("fn f(x) { const N: usize = 3; Dense(N)(x) }", "f(x)"),
        ("fn f(x) { fn g(x) { x } g(x) }", "f(x)"),
        ("fn f(x) { Model(inputs = [x], outputs = [x]) }", "f(x)"),
        ("fn f(x) { h = Dense(3)(x); h }", "f(x)"),
        ("fn f(x) { let h = Dense(3)(x) h }", "f(x)"),
    ];
    insta::assert_snapshot!(table(cases.map(|(function, call)| (function, with(function, call)))));
}

#[test]
fn mistakes_of_loops_are_told_at_the_loop() {
    let with = |looped: &str| {
        format!(
            "Net {{\nlet x = Input(shape = [8]); let y = x + x;\n{looped}\nModel(inputs = [x], outputs = [y]) }}"
        )
    };
    let cases = [
        "for i in 0..N { let y = Dense(i)(y); }",
        "for i in y { let y = Dense(3)(y); }",
        "for i in 0.. { let y = Dense(3)(y); }",
        "for i 0..3 { let y = Dense(3)(y); }",
        "for in 0..3 { let y = Dense(3)(y); }",
        "for i in 0..3 let y = Dense(3)(y);",
        "for (a, b) in [(1, 2), 3] { let y = Dense(a * b)(y); }",
        "for (a, b) in 0..2 { let y = Dense(a)(y); }",
        "for i in 0..1000000 { let y = Dense(3)(y); }",
        "for i in 0..200 { for j in 0..2000 { let y = Dense(3)(y); } }",
        "for i in 0..3 { let y = Dense(i)(y); }",
        "for i in 0..3 { let y = Dense(3)(i); }",
        "for i in 0..3 { y = Dense(3)(y); }",
        "for i in 0..2 { let y = Dense(3, name = \"same\")(y); }",
        "for i in [relu, tan] { let y = Dense(3, activation = i)(y); }",
    ];
    insta::assert_snapshot!(table(cases.map(|case| (case, with(case)))));
}

#[test]
fn functions_that_call_functions_too_deep_are_one_mistake() {
    let functions: String = (0..80).map(|i| format!("fn f{i}(x) {{ f{}(x) }} ", i + 1)).collect();
    let source = format!(
        "Net {{ {functions} fn f80(x) {{ Dense(1)(x) }} let x = Input(shape = [8]); let y = f0(x); \
         Model(inputs = [x], outputs = [y]) }}"
    );
    let told = told(&source);
    let [one] = &told[..] else { panic!("{}", told.join("\n---\n")) };
    assert!(one.contains("functions call functions more than 32 deep"), "{one}");
    assert_eq!(one.matches("= note: in ").count(), 6);
}
