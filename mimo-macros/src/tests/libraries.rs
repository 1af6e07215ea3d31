//! Tests of `functions!`: diagnostics of its functions without a call, and of the calls of others.

use super::*;

/// Checks the diagnostics of one function and others around it.
#[track_caller]
fn assert_functions(source: &str, wanted: &[&str]) {
    let told = told_of_functions(source);
    assert_eq!(
        told.iter().map(String::as_str).collect::<Vec<_>>(),
        wanted,
        "{source}\n{}",
        told.join("\n---\n")
    );
}

/// A model that imports functions; its description is as their macro passes it.
fn with(functions: &str, uses: &str, line: &str) -> String {
    let functions = functions.replace('\n', " ");
    format!(
        "@ {{ fn first {{ {functions} }} }} Net {{ {uses} let x = Input(shape = [8, 8, 3]);\n{line}\n\
         Model(inputs = [x], outputs = [y]) }}"
    )
}

const BLOCKS: &str = "const DEPTH: usize = 2; const EPSILON: f32 = 1.001e-5;
    fn norm(x, act = relu) { Activation(act)(BatchNormalization(epsilon = EPSILON)(x)) }
    pub fn block(x, filters, depth = DEPTH) {
        for i in 0..depth { let x = norm(Conv2D(filters, 3, padding = same)(x)); }
        x
    }
    pub fn net(image, include_top = true, classes = 10) {
        let h = block(image, 4);
        let h = block(filters = 8)(h);
        Dense(classes, activation = softmax)(GlobalAveragePooling2D()(h))
    }";

#[test]
fn bodies_with_parameters_of_which_nothing_is_known_are_sound() {
    let mut wrong = Vec::new();
    for source in [
        BLOCKS,
        "pub fn f(x) { x }",
        "pub fn f(x, n) { for i in 0..n { let x = Dense(i)(x); } x }",
        "pub fn f(x, n) { for (u, r) in [(n, 0.1), (2, 0.2)] { let x = Dropout(r)(Dense(u, name = \"d_{u}\")(x)); } x }",
        "pub fn f(list, n) { let parts = for t in list { Dense(n)(t) }; concatenate(parts) }",
        "pub fn f(list) { list[0] + list[-1] + concatenate(list[1..3]) }",
        "pub fn f(layer, x) { layer(layer(x)) }",
        "pub fn f(x, s = 0.5) { let g = Weight([s, 4], initializer = Constant(s)); x * g / s - 2.0 * s }",
        "pub fn f(x, a, b) { let (p, q) = split(x, 2, axis = 1); let h = reshape(p, [-1, a * b, a / 2 + 1]); (h, q) }",
        "pub fn f(x, dim) { x / sqrt(dim) + sqrt(x) * power(dim, 0.5) }",
        "pub fn f(x, act) { Dense(3, activation = act, kernel_initializer = act)(x) }",
        "pub fn f(x, act) { relu(x) + Activation(act)(x) }",
        "pub fn f(x, n) { let y: [n, 3] = Dense(3)(x); y }",
        "pub fn f(x, cell) { GRU(cell)(x) + Bidirectional(LSTM(3, name = \"a_{cell}\"))(x) }",
        "pub fn f(x) { if training { 2.0 * x } else { x } }",
        "pub fn f(x, k) { MaxPooling2D(k, strides = (k, 1), padding = same)(Conv2D(2 * k, (k, 3))(x)) }",
        "pub fn f(x, m) { LSTM(4)(x, mask = m) + MultiHeadAttention(2, m)(x, x, use_causal_mask = m) }",
        "pub fn f(x, a, b) { x[.., a..b] + x[a] + sum(x, axis = a) }",
        "pub fn f(q, k) { softmax(einsum(\"bij,bkj->bik\", q, k)) }",
        "pub fn f(x, n) { add_loss(sum(x * n, axis = -1), weight = n, name = \"kl\"); x }",
        "pub fn f(x) { g(x, 3) } fn g(x, n) { Dense(n)(x) } ",
        "pub fn f(x) { let s = g(n = 3); s(s(x)) } fn g(x, n) { Dense(n)(x) } ",
        "const A: [usize; 2] = [3, 4]; const B: usize = A[0] + 1; pub fn f(x) { Dense(B)(Dense(A[1])(x)) }",
        "const A: usize = usize::pow(2, 3); const C: f32 = core::f32::consts::PI; pub fn f(x) { Dense(A)(x) * C }",
        "pub fn f(x, n) { Dense(n.pow(2))(Dense(usize::pow(n, 2))(x)) }",
        "pub fn f() { Input(shape = [4]) }",
        "pub fn f(x, n) { let k = Dense(n); k(k(x)) }",
        "pub fn f(x, n) { concatenate([x, Dense(n)(x)], axis = n) }",
        "pub fn f(x, n) { where(x > n, x, n) + maximum(x, n) + clip(x, 0.0, n) }",
    ] {
        let told = told_of_functions(source);
        if !told.is_empty() {
            wrong.push(format!("{source}\n{}", told.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

/// Errors that do not depend on arguments are reported at the definition, once.
#[test]
fn mistakes_that_need_no_call_are_told_at_the_function() {
    const FORM: &str = "\n\n  = help: write a number, or a `const` of this `functions!` with a number\n  \
                        = help: or give it to the function as a parameter";
    let outsider = |name: &str| {
        format!(
            "`{name}` is not defined in this `functions!`, and the blocks that call it do not see it{FORM}"
        )
    };
    for (source, wanted) in [
        (
            "pub fn f(x) { Dens(3)(x) }",
            &["1:15 [Dens] unknown layer `Dens`\n\n  = help: did you mean `Dense`?"][..],
        ),
        (
            "pub fn f(x, n) { for i in 0..n { let x = Dense(unit = 2)(x); } x }",
            &["1:48 [unit] `Dense` has no argument `unit`\n\n  = help: did you mean `units`?\n  \
               = help: its arguments are `units`, `activation`, `use_bias`, `kernel_initializer`, `bias_initializer`, \
               `kernel_regularizer`, `bias_regularizer`, `activity_regularizer`, `kernel_constraint`, `bias_constraint`, \
               `name`, `trainable`"],
        ),
        (
            "pub fn f(x) { blok(x, 3) } pub fn block(x, n) { Dense(n)(x) }",
            &["1:15 [blok] cannot find a layer or a function `blok`\n\n  \
               = help: write a function of the block, `fn blok(x) { Dense(32)(x) }`, or bind a layer, \
               `let blok = Dense(32);`"],
        ),
        (
            "pub fn f(x) { block(x, m = 3) } pub fn block(x, n) { Dense(n)(x) }",
            &["1:24 [m] `block` has no parameter `m`\n\n  = help: write `block(x, n)`"],
        ),
        (
            "pub fn f(x) { block(x, 3, 4) } pub fn block(x, n) { Dense(n)(x) }",
            &[
                "1:27 [4] `block` has 2 parameters, and this is one argument more\n\n  = help: write `block(x, n)`",
            ],
        ),
        (
            "pub fn f(x) { let h = Dense(3)(y); h }",
            &["1:32 [y] cannot find a tensor or a layer `y`\n\n  = help: bind it first: `let y = …;`"],
        ),
        (
            "pub fn f(x) { Dense(0, activation = rlu)(x) }",
            &[
                "1:21 [0] `units` of `Dense` must be an integer of at least 1, found the number 0\n\n  \
                 = help: write an integer of at least 1, such as `2`",
                "1:37 [rlu] unknown activation `rlu`\n\n  = help: did you mean `relu`?",
            ],
        ),
        (
            "pub fn f(x) { f(x) }",
            &["1:15 [f(x)] `f` calls itself, and its expansion would never end\n\n  \
               = help: write a loop: `for i in 0..4 { … }`"],
        ),
        (
            "pub fn f(x) { g(x) + g(x) } fn g(x) { h(x) } fn h(x) { f(x) }",
            &["1:56 [f(x)] `f` calls itself, and its expansion would never end\n\n  \
               = help: write a loop: `for i in 0..4 { … }`\n  = note: `f` leads to `h`, which calls it here"],
        ),
        (
            "pub fn f(x) { x } fn g(x) { x } fn _h(x) { x }",
            &["1:22 [g] warning: the function `g` is never called, and other blocks do not see it\n\n  \
               = help: write `pub fn g`, or remove it"],
        ),
        (
            "let x = Dense(3); pub fn f(x) { x }",
            &["1:1 [let x = Dense(3)] `functions!` has functions, constants and `use` statements only\n\n  \
               = help: move this into a function: `pub fn name(x) { …; result }`"],
        ),
        ("pub fn f(x) { Dense(WIDTH)(x) }", &[&format!("1:21 [WIDTH] {}", outsider("WIDTH"))]),
        (
            "pub fn f(x, n) { Dense(n * crate::W)(x) }",
            &[&format!("1:24 [n * crate::W] {}", outsider("crate::W"))],
        ),
        ("pub fn f(x) { x * SCALE }", &[&format!("1:19 [SCALE] {}", outsider("SCALE"))]),
        (
            "const N: usize = super::N; pub fn f(x) { Dense(N)(x) }",
            &[&format!("1:18 [super::N] {}", outsider("super::N"))],
        ),
        ("pub fn f(x, n = WIDTH + 1) { Dense(n)(x) }", &[&format!("1:17 [WIDTH + 1] {}", outsider("WIDTH"))]),
        (
            "use a::f; pub fn f(x) { x }",
            &["1:18 [f] `f` is brought in by a `use`, and is defined here once more\n\n  \
               = help: give one of them another name: `use a::f as other;`"],
        ),
        (
            "use a::f as Dense; pub fn g(x) { x }",
            &["1:5 [a::f] `Dense` is a word of the language, and cannot be brought in\n\n  \
               = help: give it another name here: `use a::f as other;`"],
        ),
        (
            "pub const N: usize = 3; pub fn f(x) { Dense(N)(x) }",
            &[
                "1:1 [pub] `pub` does not belong here\n\n  = help: constants are seen in this `functions!` only",
            ],
        ),
    ] {
        assert_functions(source, wanted);
    }
}

#[test]
fn functions_of_others_are_called_as_those_of_the_block() {
    for line in [
        "let y = net(x);",
        "let y = net(x, classes = 3, include_top = false);",
        "let n = net(classes = 4); let y = n(x) + n(x);",
        "let norm = Dense(3); let h = norm(x); let y = net(h);",
        "fn block(x) { net(Conv2D(2, 3)(x)) } let y = block(x);",
        "const DEPTH: usize = 7; let y = net(x, DEPTH > 3);",
        "let y = for i in 0..2 { net(x, classes = i + 1) };",
    ] {
        let line = line
            .replace("let y = for", "let list = for")
            .replace("1) };", "1) }; let y = concatenate(list);");
        let told = told(&with(BLOCKS, "use crate::net;", &line));
        let told: Vec<&String> = told.iter().filter(|told| !told.contains("warning")).collect();
        assert!(told.is_empty(), "{line}\n{told:?}");
    }
    // The same under another name, beside a function of the block with that of the library.
    let source = with(
        BLOCKS,
        "use a::b::block as res;",
        "fn block(x) { res(res(x, 3), filters = 4) } let y = block(x);",
    );
    assert_told(&source, &[]);
}

#[test]
fn mistakes_of_a_call_are_told_at_the_call() {
    let said = |line: &str| {
        told(&with(BLOCKS, "use crate::net; use crate::block;", line).replacen(
            " Net",
            " @ { fn first } Net",
            1,
        ))
    };
    assert_eq!(
        said("let v = Flatten()(x); let y = concatenate([Flatten()(net(v)), Flatten()(block(x, 2))]);"),
        ["2:54 [net(v)] `Conv2D` reads images, [height, width, channels], but `x` is [192]\n\n  \
             = help: call `Reshape([8, 8, 3])` on `x` first if it is an image\n  \
             = note: x [8, 8, 3] → Flatten → x [192]\n  \
             = note: at `let x = norm(Conv2D(filters, 3, padding = same)(x))` in the function `block`\n  \
             = note: in the loop, with `i = 0`\n  \
             = note: in `block(image, 4)`\n  = note: in `net(v)`, which line 2 calls"]
    );
    assert_eq!(
        said("let y = net(x, class = 3) + block(x, filters = 4, 5);"),
        [
            "2:16 [class] `net` has no parameter `class`\n\n  = help: write `net(image, include_top, classes)`",
            "2:51 [5] this argument has no keyword, and stands after one that has\n\n  \
             = help: write arguments without a keyword first",
        ]
    );
    // Items without `pub` are only visible in their block.
    let told = told(&with(&BLOCKS.replace("norm", "own"), "use crate::net;", "let y = net(x) + own(x);"));
    assert_eq!(
        told,
        ["2:18 [own] cannot find a layer or a function `own`\n\n  \
          = help: write a function of the block, `fn own(x) { Dense(32)(x) }`, or bind a layer, `let own = Dense(32);`"]
    );
}

#[test]
fn nothing_follows_from_functions_with_mistakes() {
    let source = "@ { fn } Net { use a::f; let x = Input(shape = [4]); let s = f(n = 3);\n\
                  let y = Dense(1)(f(s(x), units = crate::N)); Model(x, y) }";
    assert_told(source, &[]);
    assert_eq!(told(&source.replace("Dense(1)", "Dense(unit = 1)")).len(), 1);
}

/// A `functions!` is described once, if several paths lead to its functions.
#[test]
fn a_block_is_asked_for_once() {
    let source = "@ { fn first { pub fn f(x) { x } pub fn g(x) { f(x) } } } @ { E { Model(x, y) } } \
                  Net { use a::f; use E; use a::g; let x = Input(shape = [4]); let y = g(f(x)); Model(x, y) }";
    let asked = crate::expand::expand(source.parse().unwrap()).to_string();
    assert!(
        asked.starts_with("a :: g ! { { :: mimo :: __private :: model } first { @ { fn first {"),
        "{asked}"
    );
    let source = "@ { fn first { pub fn f(x) { Dense(2)(x) } pub fn g(x) { f(f(x)) } } } @ { fn first } \
                  Net { use a::f; use a::g; let x = Input(shape = [4]); let y = g(f(x)); Model(x, y) }";
    assert_told(source, &[]);
    // The macro of a re-export does not know the new name.
    let told = told(&source.replace("a::g", "a::h as g"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("[a::h] the `functions!` that this path leads to has no function `h`"),
        "{told:?}"
    );
}

/// Two blocks with helpers and constants of the same name.
#[test]
fn names_mean_what_they_mean_where_they_were_written() {
    let block = |id: &str, name: &str, units: usize| {
        format!(
            "fn {id} {{ const N: usize = {units}; fn helper(x, n = N) {{ Dense(n)(x) }} \
             pub fn {name}(x, layer = Flatten()) {{ let h: [N] = helper(x); layer(h) }} }}"
        )
    };
    let (first, second) = (block("first", "f", 2), block("second", "g", 3));
    // An argument may be a function of the block, which calls others again.
    let source = format!(
        "@ {{ {first} }} @ {{ @ {{ fn first }} {second} }} Net {{ use a::f; use b::g; const N: usize = 5; \
         fn helper(x) {{ let h: [N] = Dense(N)(x); g(h) }} fn again(x) {{ g(helper(x)) }} \
         let x = Input(shape = [4]); let a: [3] = f(x, layer = again()); let b: [3] = g(x); \
         let y: [6] = concatenate([a, b]); Model([x], [y]) }}"
    );
    assert_told(&source, &[]);
}

/// A call in the editor's function is a literal of a struct with the documentation of the function.
#[test]
fn editors_know_functions_of_others() {
    let block = "#[doc = \" Two layers.\"] pub fn net(image, classes = 10) { Dense(classes)(image) }";
    let source = with(block, "use a::net as n;", "let y = n(Flatten()(x), classes = 3);");
    let expanded = crate::expand::expand(source.parse().unwrap()).to_string();
    let item = "# [derive (Clone , Copy)] struct n { image : __l :: values :: Setting , classes : __l :: values :: Setting }";
    assert!(expanded.contains(item), "{expanded}");
    assert!(
        expanded.contains(
            "# [doc = \" Two layers.\"] # [doc = \"\\n\\n```text\\nnet(image, classes = 10)\\n```\"]"
        )
    );
    assert!(expanded.contains("n { image : "), "{expanded}");
}

/// Both branches of an `if` whose condition only a call knows are checked, without an error about the condition.
#[test]
fn sides_of_an_if_are_checked_without_a_call() {
    let of = |body: &str| {
        let source = format!("pub fn f(x, top = true, n = 3, words = none) {{ {body} }}");
        told_of_functions(&source)
    };
    for fine in [
        "let y = if top { Dense(n)(x) } else { x }; y",
        "if n > 2 { let x = Dense(n)(x); } x",
        "if n * 2 + 1 == 5 && top || words != none { let x = Dense(n)(x); } else if n == 1 { let z = x; } x",
        "let (a, b) = if top { (x, x) } else { (x, Dense(2)(x)) }; a + b",
        "if x.shape[-1] != n { let x = Dense(n)(x); } x",
        "for i in 0..n { if i == 0 { let x = Dense(n)(x); } } x",
        // Values that only a call knows.
        "let channels = x.shape[-1]; Dense(4 * channels)(x)",
        "let half = int(n / 2) + max(8, n); Conv2D(half, 1, groups = half, name = \"a{half}\")(x)",
        "let around = ((n / 2, x.shape[1] % 2), (1, n)); ZeroPadding2D(around)(x)",
        "let units = if n > 2 { 4 } else { n }; let w = Weight([units]); x * w",
        "let (a, b) = (n, n + 1); Dense(a * b)(x)",
        "let h = Dense(4)(x); Dense(h.shape[-1])(h)",
        "let n = max(n, 4); Dense(n)(x)",
        "let c = x.shape[-1]; let d = c / 2; Dense(d)(x)",
        "let s = if n == 1 { 2 } else { 1 }; Conv2D(4, 3, strides = s)(x)",
        "let k = if words == relu { he_normal } else { glorot_uniform }; Dense(4, kernel_initializer = k)(x)",
        "let name = if top { \"a{n}\" } else { \"b\" }; Dense(n, name = \"{name}_c\")(x)",
    ] {
        assert_eq!(of(fine), Vec::<String>::new(), "{fine}");
    }
    for wrong in [
        "let y = if top { Dnse(n)(x) } else { x }; y",
        "let y = if top { x } else { Dnse(n)(x) }; y",
        "if n > 2 { let x = Dnse(n)(x); } x",
        "if top { let a = x; } else { let b = Dense(unit = 3)(x); } x",
        "let half = int(n / 2) + units; Dense(half)(x)",
        "let half = n / WIDTH; Dense(half)(x)",
    ] {
        assert_eq!(of(wrong).len(), 1, "{wrong}: {:?}", of(wrong));
    }
}

#[test]
fn functions_of_settings_are_settings_in_functions() {
    let source = "fn twice(n) { 2 * n } fn divisible(v) { let r = max(8, int(v + 4) / 8 * 8); if r < 0.9 * v { r + 8 } else { r } } \
                  fn pad(x) { ((x.shape[1] % 2, 1), (x.shape[2] % 2, 1)) } \
                  pub fn f(x, filters, alpha = 1.0) { let f = twice(filters); let x = ZeroPadding2D(pad(x))(x); \
                  Conv2D(divisible(f * alpha) + twice(2), 3)(x) }";
    assert_functions(source, &[]);
}
