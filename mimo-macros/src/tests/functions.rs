//! Tests of custom layers: `Weight`, functions as layers, and switches between training and inference.

use super::*;

/// Diagnostics of a line before the output `y`, in a model with the inputs `x` and `z` and two functions.
fn said(line: &str) -> Vec<String> {
    told(&format!(
        "pub Net {{ let x = Input(shape = [4]); let z = Input(shape = [3, 4]);\n{line}\n\
         fn scale(x, dim, start = 1.0) {{ x * Weight([dim], initializer = Constant(start)) }} \
         fn join(list, units) {{ let parts = for t in list {{ Dense(units)(t) }}; concatenate(parts) }} \
         let _z = x + z + scale(z, 4) + join([z], units = 4); Model(inputs = [x, z], outputs = [y, _z]) }}"
    ))
}

#[test]
fn what_fits_is_no_mistake() {
    for line in [
        "let y = x * Weight([4]);",
        "let w = Weight([3, 4], initializer = zeros, regularizer = L2(0.1)); let y = z + w;",
        "let y = x * Weight([], initializer = ones, constraint = NonNeg(), name = \"t\");",
        "let y = Weight([4], trainable = false) + x;",
        "const N: usize = 4; let y = x + Weight([N]);",
        "let y = z - exp(Weight(shape = [3, 1]));",
        "let s = scale(dim = 4); let y = s(x) + s(s(x));",
        "let s = scale(dim = 4); let y = s(x) + s(z);",
        "let s = scale(start = 0.5, dim = 4); let y = s(x = x) + s(x);",
        "let y = scale(dim = 4)(x);",
        "let j = join(units = 2); let y = j([x, z + 1.0][0..0]);",
        "fn inner(x) { Dense(3)(x) } fn outer(x, n) { let i = inner(); let h = i(x) + i(x); Dense(n)(h) } \
         let o = outer(n = 4); let y = o(o(x));",
        "fn both(a, b, act = relu) { Activation(act)(a + b) } let f = both(); let y = f(x, z) + f(x, b = x);",
        "fn use_it(f, x) { f(x) } let y = use_it(scale(dim = 4), x);",
        "let y = if training { x * 2.0 } else { x };",
        "let y = if training { let h = Dense(4)(x); h + x } else { 0.0 };",
        "fn noisy(x) { if training { GaussianNoise(0.1)(x) } else { x } } let y = noisy(x);",
        "let y = if training { if training { x } else { z } } else { z };",
        "let list = for i in 0..2 { if training { Dense(4)(x) } else { x } }; let y = add(list);",
    ] {
        let told = said(line);
        let wanted = usize::from(line.contains("[0..0]"));
        assert_eq!(told.len(), wanted, "{line}\n{told:?}");
    }
}

#[test]
fn what_looks_right_in_other_languages_is_told() {
    for (line, wanted) in [
        ("let y = where(0 < x < 1, x, 0);", "comparisons do not follow each other"),
        ("let y = clip(x, 1.0, 0.0);", "`clip` holds values from `x_min` to `x_max`, but 1 is above 0"),
        ("let y = x; let _s = scale(dim = 4);", "warning: the layer `scale(dim = 4)` is never called"),
        ("let y = mean(x);", "write `mean(x, axis = …)`"),
        ("const R: bool = true; let y = x * R;", "`R` is a constant, and a tensor is needed here"),
        ("let y = x * f32::sqrt(3.0);", "write `sqrt(3.0)`"),
        ("let y = max(x, 0.5);", "write `maximum(x, 0.5)`"),
        ("let y = max(x, 0.0);", "write `maximum(x, 0.0)`"),
        ("let y = min(x, 2.0 * x);", "write `minimum(x, 2.0 * x)`"),
        ("let y = Dense(3)(argmax(z, axis = -1));", "`argmax(…)` holds integers"),
        ("let s = scale(4); let y = s(x);", "`scale(dim = 4)`"),
        ("let y = Embedding(3, 4)(argmax(z, axis = -1) * 0.5);", "`cast(multiply(…), int32)`"),
        ("let y = x @ x;", "`@` is Python's matrix product"),
        ("let y = x * sqrt(-1.0);", "of numbers is a number"),
        ("let y = x * (1.0 / 0.0);", "found the number inf"),
    ] {
        let told = said(line);
        assert_eq!(told.len(), 1, "{line}\n{told:?}");
        assert!(told.iter().all(|text| text.contains(wanted)), "{line}\n{told:?}");
    }
}

#[test]
fn outputs_of_whole_numbers_are_told() {
    for (end, wanted) in [
        ("outputs = [y, k])", 0),
        ("outputs = [k])", 1),
        ("outputs = [y, k]).compile(optimizer = Adam(), loss = { y: mse, k: none })", 1),
    ] {
        let told = told(&format!(
            "pub Net {{ let x = Input(shape = [4]); let y = Dense(3)(x); let k = argmax(y, axis = -1); \
             Model(inputs = [x], {end} }}"
        ));
        assert_eq!(told.len(), wanted, "{told:?}");
        assert!(told.iter().all(|text| text.contains("holds integers")), "{told:?}");
    }
}

#[test]
fn each_mistake_is_one_error_at_its_place() {
    for (line, wanted) in [
        ("let y = x * Weight();", "2:13 [Weight()] `Weight` needs `shape`"),
        ("let y = x * Weight(4);", "2:20 [4] `shape` of `Weight` must be a list, found the number 4"),
        (
            "let y = x * Weight([5]);",
            "2:13 [Weight([5])] `Multiply` needs equal shapes, but `x` is [4] and `Weight(…)` is [5]",
        ),
        (
            "let y = x * Weight([4], initializer = orthogonal);",
            "2:20 [[4]] `weight` has 1 axis, and only a matrix is orthogonal",
        ),
        ("let y = x * Weight([4], shape = [3]);", "2:25 [shape] `shape` of `Weight` is given twice"),
        ("let y = x * Weight([none]);", "2:21 [none] an axis of `Weight` cannot be of unknown length"),
        (
            "let y = x * Weight([1, 1, 1, 1, 4]);",
            "2:20 [[1, 1, 1, 1, 4]] mimo has no `Weight` of 5 axes: 4 are the most",
        ),
        (
            "let y = Weight([4])(x);",
            "2:9 [Weight([4])(x)] `Weight([4])` is a tensor, and only layers are called",
        ),
        ("let y = Weight(x);", "2:16 [x] `x` is a tensor, and a `Weight` is the same for every sample"),
        ("let s = scale(dim = 4); let y = s(x, 4);", "2:38 [4] a call takes tensors, and `4` is a setting"),
        (
            "let s = scale(dim = 4); let y = s(x, start = 2.0);",
            "2:38 [start] a call takes tensors, and `start` is a setting",
        ),
        (
            "let s = scale(dim = 4); let y = s(x, x);",
            "2:38 [x] `scale(dim = 4)` is given one tensor too many",
        ),
        ("let s = scale(dim = 4); let y = s(x, dimm = x);", "2:38 [dimm] `scale` has no parameter `dimm`"),
        ("let s = scale(); let y = s(x);", "2:26 [s(x)] `scale()` is not given `dim`"),
        ("let s = scale(dim = 4); let y = s();", "2:33 [s()] `scale(dim = 4)` is not given `x`"),
        ("let s = scale(dim = 4); let y = s;", "3:262 [y] `y` is a layer, and a tensor is needed here"),
        (
            "let s = scale(dim = 4) + x; let y = x;",
            "2:9 [scale(dim = 4)] `scale(dim = 4)` is a layer, and a tensor is needed here",
        ),
        ("let s = scale(dimm = 4); let y = s(x);", "2:15 [dimm] `scale` has no parameter `dimm`"),
        (
            "let y = scale(4)(x);",
            "2:9 [scale(4)(x)] `scale` is a function, which is given its tensors and its settings in one call",
        ),
        ("let s = scale(4); let y = s(x);", "2:9 [scale] `scale` is not given `dim`"),
        (
            "let s = scale(dim = 3); let y = s(x) + s(x);",
            "3:37 [Weight([dim], initializer = Constant(start))] `Multiply` needs equal shapes, but `x` is [4] and `Weight(…)` is [3]",
        ),
        (
            "let j = join(units = 2); let y = j([x]) + j([x, x]);",
            "2:43 [j([x, x])] this call of `join(units = 2)` makes other layers than its first call, with which it shares them",
        ),
        (
            "let j = join(units = 2); let y = concatenate([j([x, x]), j([x])]);",
            "2:58 [j([x])] this call of `join(units = 2)` makes other layers than its first call, with which it shares them",
        ),
        (
            "fn f(x) { g(x) } fn g(x) { let k = f(); k(x) } let y = f(x);",
            "2:41 [k(x)] `f` calls itself, and its expansion would never end",
        ),
        (
            "let y = TimeDistributed(scale(dim = 4))(z);",
            "2:25 [scale(dim = 4)] `TimeDistributed` takes a layer, and `scale(dim = 4)` is a function of the block",
        ),
        ("let y = if training { x };", "2:9 [if training] this switch does not say what inference computes"),
        ("let y = if training { x } else { };", "2:9 [if training] a side of this switch returns no tensor"),
        (
            "let y = if training { x; } else { x };",
            "2:23 [x] the tensor of a branch stands at its end without `;`",
        ),
        (
            "let y = if training { let h = x; } else { x };",
            "2:9 [if training] a side of this switch returns no tensor",
        ),
        (
            "let y = if !training { x } else { x };",
            "2:12 [!training] the condition of a switch is `training` alone",
        ),
        (
            "let y = if training == true { x } else { x };",
            "2:12 [training == true] the condition of a switch is `training` alone",
        ),
        ("let y = if training: x", "2:9 [if training: x] the sides of a switch stand in braces"),
        (
            "let y = if training { x } else if training { x } else { x };",
            "2:27 [else] after `else` stands the other side in braces",
        ),
        (
            "let y = if training { x } else { Dense(3)(x) };",
            "2:34 [Dense(3)(x)] both sides of an `if training` need equal shapes, but `x` is [4] and `Dense(…)` is [3]",
        ),
        (
            "let y = if training { x } else { Dense(3) };",
            "2:34 [Dense(3)] `Dense(3)` is a layer, and a tensor is needed here",
        ),
        ("let y = if training { q } else { x };", "2:23 [q] cannot find a tensor or a layer `q`"),
        ("let y = if training { let q = x; q } else { q };", "2:45 [q] cannot find a tensor or a layer `q`"),
        (
            "if training { let y = x; } let y = x;",
            "2:1 [if training] a switch returns a tensor, and this one is bound to no name",
        ),
        (
            "let y = if training { 1.0 } else { 0.0 };",
            "2:9 [if training { 1.0 } else { 0.0 }] both sides of this switch are numbers, and one of them has to be a tensor",
        ),
        ("let y = x; let _a = if training", "2:21 [if training] the sides of a switch stand in braces"),
        (
            "let y = x; let _a = if training { x } else",
            "2:39 [else] after `else` stands the other side in braces",
        ),
        (
            "let y = x; let _a = if training { x } else;",
            "2:39 [else] after `else` stands the other side in braces",
        ),
        ("let y = x; let _a = if", "2:21 [if] this `if` has no condition"),
    ] {
        let told = said(line);
        let first: Vec<&str> = told.iter().filter_map(|text| text.lines().next()).collect();
        assert_eq!(first, [wanted], "{line}");
    }
}
