//! Tests of masks and other tensors that calls take by keyword: one error per mistake.

use super::*;

/// Diagnostics of a line that computes the output `y` from the inputs that it names.
fn said(line: &str) -> Vec<String> {
    const INPUTS: [(&str, &str); 6] =
        [("x", "[5, 4]"), ("z", "[7, 4]"), ("m", "[5]"), ("a", "[5, 5]"), ("b", "[7, 5]"), ("q", "[4]")];
    let has = |name: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
    let inputs: Vec<_> = INPUTS.into_iter().filter(|(name, _)| has(name)).collect();
    let bindings: Vec<String> =
        inputs.iter().map(|(name, shape)| format!("let {name} = Input(shape = {shape});")).collect();
    let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
    let (bindings, names) = (bindings.join(" "), names.join(", "));
    told(&format!("pub Net {{ {bindings}\n{line}\nModel(inputs = [{names}], outputs = [y]) }}"))
}

#[test]
fn what_is_none_is_not_given() {
    for line in [
        "let y = LSTM(4)(x, mask = none);",
        "let y = Attention()([x, x], mask = [m, none]);",
        "fn block(x, mask = none) { LSTM(4)(x, mask = mask) } let y = block(x);",
        "fn block(x, mask = none) { LSTM(4)(x, mask = (mask)) } let y = block(x, m) + block(x, none);",
        "fn block(x, mask = none) { LSTM(4)(x, mask = mask) } fn outer(x, mask = none) { block(x, mask = mask) } \
         let y = outer(x, m) + outer(x);",
        "fn block(x, state = none) { GRU(4)(x, initial_state = state) } let y = block(x) + block(x, q);",
        "fn block(x, mask = none) { Attention()([x, x], mask = [mask, mask]) } let y = block(x);",
        "fn block(x, mask = none) { Dense(4)(x, mask = mask) } let y = block(x);",
        "fn block(x, mask = none) { LSTM(4)(x, mask = mask) } let layer = block(); let y = layer(x) + layer(x, mask = m);",
        "fn block(x, causal = none) { MultiHeadAttention(2, 4)(x, x, use_causal_mask = causal) } let y = block(x) + block(x, true);",
        "let y = LSTM(4, zero_output_for_mask = true)(x, mask = m);",
    ] {
        assert_eq!(said(line), [""; 0], "{line}");
    }
}

#[test]
fn one_mistake_in_a_call_is_one_error() {
    for (line, message, help) in [
        ("let y = LSTM(4)(x, mask = [m]);", "`mask` of a call of `LSTM` is one tensor", "write `mask = m`"),
        (
            "let y = Bidirectional(LSTM(4))(x, mask = [m]);",
            "`mask` of a call of `Bidirectional` is one tensor",
            "write `mask = m`",
        ),
        ("let y = LSTM(4)(x, mask = []);", "is one tensor, and this is a list", "write `mask = none`"),
        ("let y = Dense(4)(x, mask = [m]);", "a call of `Dense` takes no `mask`", "leave it out"),
        ("let y = Attention()([x, x], mask = [m]);", "and this one has 1", "or `mask = [m, none]`"),
        (
            "let y = Attention()([x, x], mask = [m, m, m]);",
            "and this one has 3",
            "write `mask = [query_mask, value_mask]`",
        ),
        ("let y = Attention()([x, x], mask = [m, m], mask = [m, m]);", "`mask` is given twice", "remove one"),
        (
            "let y = MultiHeadAttention(2, 4, attention_mask = a)(x, x);",
            "`attention_mask` is not a setting",
            "give it at the call: `MultiHeadAttention(…)(x, attention_mask = …)`",
        ),
        (
            "let y = MultiHeadAttention(2, 4, use_causal_mask = true)(x, x);",
            "`use_causal_mask` is not a setting",
            "give it at the call",
        ),
        (
            "let y = MultiHeadAttention(2, 4, query = z)(x);",
            "`query` is not a setting",
            "give it at the call",
        ),
        ("let y = LSTM(4, mask = m)(x);", "`mask` is not a setting", "`LSTM(…)(x, mask = …)`"),
        (
            "let y = Bidirectional(LSTM(4), mask = m)(x);",
            "`mask` is not a setting",
            "`Bidirectional(…)(x, mask = …)`",
        ),
        (
            "let y = Dense(3, mask = m)(x);",
            "`Dense` has no argument `mask`",
            "calls of `Dense` have no `mask`",
        ),
        (
            "let y = MultiHeadAttention(2, 4)(x, z, attention_mask = b);",
            "`attention_mask` is [7, 5], and queries and keys are [5, 7]",
            "write `attention_mask = transpose(b, axes = [0, 2, 1])`",
        ),
        (
            "let (y, s) = MultiHeadAttention(2, 4)(x, x, mask = m, return_attention_scores = true); add_loss(mean(s, axis = [1, 2, 3]));",
            "a call of `MultiHeadAttention` takes no `mask`",
            "did you mean",
        ),
        (
            "let y = LSTM(4)(x, causal = true);",
            "a call has no argument `causal`",
            "did you mean `use_causal_mask`?",
        ),
        (
            "let y = LSTM(4)(x, attn_mask = m);",
            "a call has no argument `attn_mask`",
            "did you mean `attention_mask`?",
        ),
        (
            "let y = MultiHeadAttention(2, 4)(x, x, use_causal_mask = m);",
            "`use_causal_mask` is `true` or `false`, found `m`",
            "write `use_causal_mask = true`",
        ),
    ] {
        let told = said(line);
        let fits = |told: &String| told.contains(message) && told.contains(help);
        assert!(told.len() == 1 && told.iter().all(fits), "{line}\n{}", told.join("\n"));
    }
}
