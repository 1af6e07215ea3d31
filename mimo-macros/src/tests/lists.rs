//! Lists of tensors: loops that give them, their indices, their outputs.

use super::*;

/// What is said about a line before heads `heads` of a loop.
fn heads(line: &str) -> Vec<String> {
    told(&format!(
        "pub Net {{ const N: usize = 3; let x = Input(shape = [4]);\n{line}\n\
         Model(inputs = [x], outputs = [y]) }}"
    ))
}

#[test]
fn scratch() {
    for line in [
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { let h = Dense(4)(x); Dense(2)(h) }; let y = add(heads);",
        "let heads = for i in 0..N { Dense(2)(x) }; let y = add([heads[0], heads[-1], heads[N - 2]]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = maximum(heads[1..]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = concatenate([x, heads]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let more = for h in heads { Dense(1)(h) }; let y = concatenate(more);",
        "let heads = for i in 0..3 { Dense(2)(x) }; for h in heads { let y = Dense(1)(h); }",
        "fn join(list) { let some = list[0..2]; concatenate(some) } let heads = for i in 0..3 { Dense(2)(x) }; let y = join(heads);",
        "fn many(x) { let hs = for i in 0..3 { Dense(2)(x) }; hs } let heads = many(x); let y = concatenate(heads); ",
        "fn many(x) { let hs = for i in 0..3 { Dense(2)(x) }; hs } let y = concatenate(many(x)); ",
        "let heads = for i in 0..3 { Dense(2)(x) }; let (a, b, c) = heads; let y = add([a, b, c]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = Dense(2)(x);",
        "let _heads = for i in 0..3 { Dense(2)(x) }; let y = Dense(2)(x);",
        "let heads = for i in (0..3).rev() { Dense(i + 1)(x) }; let y = concatenate((heads)[0..2]);",
        // mistakes
        "let heads = for i in 0..3 { Dense(2)(x); }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { let h = Dense(2)(x); }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { }; let y = concatenate(heads);",
        "let heads = for i in 0..3; let y = concatenate(heads);",
        "let heads = for i in 0..3 let y = concatenate(heads);",
        "let heads = for i in let y = concatenate(heads);",
        "let heads = for i let y = concatenate(heads);",
        "let heads = for let y = concatenate(heads);",
        "let heads = for; let y = concatenate(heads);",
        "let heads = for i; let y = concatenate(heads);",
        "let heads = for i in; let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dense(2)(x) } let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dens }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dense( }; let y = concatenate(heads);"
            .replace("Dense( }", "Dense() }")
            .as_str(),
        "let heads = for i in 0..3 { Dense(2 }; let y = concatenate(heads);"
            .replace("Dense(2 }", "Dense(2)(x }")
            .replace("(x }", "() }")
            .as_str(),
        "let heads = for i in 0..3 { return Dense(2)(x) }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { h = Dense(2)(x) }; let y = concatenate(heads);",
        "heads = for i in 0..3 { Dense(2)(x) }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dense(2)(x) }[0]; let y = concatenate(heads);",
        "let heads = for i in 0..3 { LSTM(2, return_state = true)(Reshape([4, 1])(x)) }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { (x, x) }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dense(2) }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { let inner = for j in 0..2 { Dense(1)(x) }; inner }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { for j in 0..2 { Dense(1)(x) } }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { for j in 0..2 { let h = Dense(1)(x); } }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dense(2)(xx) }; let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = concatenate(headss);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = Dense(1)(heads[3]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = Dense(1)(heads[-4]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = add(heads[1..9]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = add(heads[1:3]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = Dense(1)(heads[k]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = Dense(1)(headz[0]);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = Dense(1)(heads);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = heads + x;",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = exp(heads);",
        "let heads = for i in 0..3 { Dense(2)(x) }; let y = heads(x);",
        "let heads: [2] = for i in 0..3 { Dense(2)(x) }; let y = concatenate(heads);",
        "let (a, b) = for i in 0..3 { Dense(2)(x) }; let y = add([a, b]);",
        "let heads = for i in 0..0 { Dense(2)(x) }; let y = concatenate([x, heads]);",
        "let heads = for i in 0..0 { Dense(2)(x) }; let y = concatenate(heads);",
        "let y = concatenate(for i in 0..3 { Dense(2)(x) });",
        "let y = concatenate([Dense(2)(x) for i in range(3)]);",
        "let heads = [Dense(2)(x) for i in range(3)]; let y = concatenate(heads);",
        "let heads = for i in 0..3 { Dense(2)(x) }; for (a, b) in heads { let y = Dense(1)(a); }",
        "let heads = for i in 0..3 { Dense(2)(x) }; for h in heds { let y = Dense(1)(h); }",
        "let heads = for i in 0..3 { Dense(2)(x) }; for h in enumerate(heads) { let y = Dense(1)(h); }",
        "let y = for i in 0..3 { Dense(2)(x) };",
        "let y = for i in 0..3 { Dense(2, name = \"digit_{i}\")(x) };",
        "let y = for i in 0..3 { Dense(2, name = \"digit\")(x) };",
        "let d = Dense(2, name = \"digit\"); let y = for i in 0..3 { d(x) };",
        "let y = for i in 0..3 { exp(x) };",
        "let y = for i in 0..3 { x };",
        "let y = for i in 0..3 { let h = Dense(2)(x); h + 1.0 };",
    ] {
        println!("### {line}");
        for told in heads(line) {
            println!("    {}", told.replace('\n', "\n    "));
        }
    }
}
