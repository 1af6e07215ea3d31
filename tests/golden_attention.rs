//! Attention layers compared with Keras's numbers from `tests/golden/make_attention.py`.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;
use mimo::prelude::{model, tensor};
use support::{F32, Tolerance, assert_close, entry, golden, narrow, numbers, wide};

layers! {
    "attention.json":
    mha: "mha", Mha, MhaInputs, MhaTargets, [in_query => query: 12, in_value => value: 30] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value);
    }
    mha_key: "mha key", MhaKey, MhaKeyInputs, MhaKeyTargets, [in_query => query: 12, in_value => value: 30, in_key => key: 15] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let key = Reshape([5, 3])(key);
        let y = MultiHeadAttention(2, 3, value_dim = 4, output_shape = 5, name = "layer")(query, value, key);
    }
    mha_no_bias: "mha no bias", MhaNoBias, MhaNoBiasInputs, MhaNoBiasTargets, [in_query => query: 12, in_value => value: 30] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(3, 2, use_bias = false, output_shape = (2, 3), name = "layer")(query, value);
    }
    mha_causal: "mha causal", MhaCausal, MhaCausalInputs, MhaCausalTargets, [in_query => query: 12, in_value => value: 30] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, use_causal_mask = true);
    }
    mha_causal_long: "mha causal long", MhaCausalLong, MhaCausalLongInputs, MhaCausalLongTargets, [in_query => query: 74, in_value => value: 74] {
        let query = Reshape([37, 2])(query);
        let value = Reshape([37, 2])(value);
        let y = MultiHeadAttention(2, 2, name = "layer")(query, value, use_causal_mask = true);
    }
    mha_window: "mha window", MhaWindow, MhaWindowInputs, MhaWindowTargets, [in_query => query: 80, in_value => value: 140] {
        let query = Reshape([40, 2])(query);
        let value = Reshape([70, 2])(value);
        let y = MultiHeadAttention(1, 2, sliding_window = 3, name = "layer")(query, value);
    }
    mha_causal_window: "mha causal window", MhaCausalWindow, MhaCausalWindowInputs, MhaCausalWindowTargets, [in_query => query: 12, in_value => value: 12] {
        let query = Reshape([6, 2])(query);
        let value = Reshape([6, 2])(value);
        let y = MultiHeadAttention(2, 2, sliding_window = 2, name = "layer")(query, value, use_causal_mask = true);
    }
    mha_right: "mha right", MhaRight, MhaRightInputs, MhaRightTargets, [in_query => query: 12, in_value => value: 30, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, value_mask = value_mask);
    }
    mha_left: "mha left", MhaLeft, MhaLeftInputs, MhaLeftTargets, [in_query => query: 12, in_value => value: 30, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, value_mask = value_mask);
    }
    mha_left_causal: "mha left causal", MhaLeftCausal, MhaLeftCausalInputs, MhaLeftCausalTargets, [in_query => query: 12, in_value => value: 30, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, value_mask = value_mask, use_causal_mask = true);
    }
    mha_no_key: "mha no key", MhaNoKey, MhaNoKeyInputs, MhaNoKeyTargets, [in_query => query: 12, in_value => value: 30, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, value_mask = value_mask);
    }
    mha_both: "mha both", MhaBoth, MhaBothInputs, MhaBothTargets, [in_query => query: 12, in_value => value: 30, in_key => key: 15, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5, in_key_mask => key_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let key = Reshape([5, 3])(key);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, key, query_mask = query_mask, value_mask = value_mask, key_mask = key_mask);
    }
    mha_no_query: "mha no query", MhaNoQuery, MhaNoQueryInputs, MhaNoQueryTargets, [in_query => query: 12, in_value => value: 30, in_query_mask => query_mask: 4] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, query_mask = query_mask);
    }
    mha_pairs: "mha pairs", MhaPairs, MhaPairsInputs, MhaPairsTargets, [in_query => query: 12, in_value => value: 30, in_attention_mask => attention_mask: 20] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let attention_mask = Reshape([4, 5])(attention_mask);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, attention_mask = attention_mask);
    }
    mha_by_head: "mha by head", MhaByHead, MhaByHeadInputs, MhaByHeadTargets, [in_query => query: 12, in_value => value: 30, in_attention_mask => attention_mask: 40] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let attention_mask = Reshape([2, 4, 5])(attention_mask);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, attention_mask = attention_mask);
    }
    mha_of_keys: "mha of keys", MhaOfKeys, MhaOfKeysInputs, MhaOfKeysTargets, [in_query => query: 12, in_value => value: 30, in_attention_mask => attention_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let attention_mask = Reshape([1, 5])(attention_mask);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, attention_mask = attention_mask);
    }
    mha_of_queries: "mha of queries", MhaOfQueries, MhaOfQueriesInputs, MhaOfQueriesTargets, [in_query => query: 12, in_value => value: 30, in_attention_mask => attention_mask: 4] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let attention_mask = Reshape([4, 1])(attention_mask);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, attention_mask = attention_mask);
    }
    mha_all_masks: "mha all masks", MhaAllMasks, MhaAllMasksInputs, MhaAllMasksTargets, [in_query => query: 12, in_value => value: 30, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5, in_attention_mask => attention_mask: 20] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let attention_mask = Reshape([4, 5])(attention_mask);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value, query_mask = query_mask, value_mask = value_mask, attention_mask = attention_mask, use_causal_mask = true);
    }
    mha_scores: "mha scores", MhaScores, MhaScoresInputs, MhaScoresTargets, [in_query => query: 12, in_value => value: 30, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let (y, scores) = MultiHeadAttention(2, 3, name = "layer")(query, value, query_mask = query_mask, value_mask = value_mask, return_attention_scores = true);
        let y = concatenate([Flatten()(y), Flatten()(scores)]);
    }
    mha_gate: "mha gate", MhaGate, MhaGateInputs, MhaGateTargets, [in_query => query: 12, in_value => value: 30] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, use_gate = true, name = "layer")(query, value);
    }
    mha_gate_no_bias: "mha gate no bias", MhaGateNoBias, MhaGateNoBiasInputs, MhaGateNoBiasTargets, [in_query => query: 12, in_value => value: 30] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let y = MultiHeadAttention(2, 3, use_gate = true, use_bias = false, name = "layer")(query, value);
    }
    mha_image: "mha image", MhaImage, MhaImageInputs, MhaImageTargets, [in_query => query: 24, in_value => value: 16] {
        let query = Reshape([2, 3, 4])(query);
        let value = Reshape([2, 2, 4])(value);
        let y = MultiHeadAttention(2, 3, name = "layer")(query, value);
    }
    mha_first_axis: "mha first axis", MhaFirstAxis, MhaFirstAxisInputs, MhaFirstAxisTargets, [in_query => query: 24, in_value => value: 32] {
        let query = Reshape([3, 2, 4])(query);
        let value = Reshape([4, 2, 4])(value);
        let y = MultiHeadAttention(2, 3, attention_axes = 1, name = "layer")(query, value);
    }
    mha_middle_axis: "mha middle axis", MhaMiddleAxis, MhaMiddleAxisInputs, MhaMiddleAxisTargets, [in_query => query: 24, in_value => value: 40] {
        let query = Reshape([2, 3, 4])(query);
        let value = Reshape([2, 5, 4])(value);
        let (y, scores) = MultiHeadAttention(2, 3, attention_axes = (-2,), name = "layer")(query, value, return_attention_scores = true);
        let y = concatenate([Flatten()(y), Flatten()(scores)]);
    }
    gqa: "gqa", Gqa, GqaInputs, GqaTargets, [in_query => query: 12, in_value => value: 15] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let y = GroupQueryAttention(2, 4, 2, name = "layer")(query, value);
    }
    gqa_one: "gqa one", GqaOne, GqaOneInputs, GqaOneTargets, [in_query => query: 12, in_value => value: 15, in_key => key: 10] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let key = Reshape([5, 2])(key);
        let y = GroupQueryAttention(3, 3, 1, use_bias = false, name = "layer")(query, value, key);
    }
    gqa_masks: "gqa masks", GqaMasks, GqaMasksInputs, GqaMasksTargets, [in_query => query: 18, in_value => value: 18, in_attention_mask => attention_mask: 36] {
        let query = Reshape([6, 3])(query);
        let value = Reshape([6, 3])(value);
        let attention_mask = Reshape([6, 6])(attention_mask);
        let y = GroupQueryAttention(2, 4, 2, sliding_window = 3, name = "layer")(query, value, attention_mask = attention_mask, use_causal_mask = true);
    }
    gqa_scores: "gqa scores", GqaScores, GqaScoresInputs, GqaScoresTargets, [in_query => query: 12, in_value => value: 15, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let (y, scores) = GroupQueryAttention(2, 4, 2, use_gate = true, name = "layer")(query, value, value_mask = value_mask, return_attention_scores = true);
        let y = concatenate([Flatten()(y), Flatten()(scores)]);
    }
    dot: "dot", Dot, DotInputs, DotTargets, [in_query => query: 12, in_value => value: 15] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let y = Attention(name = "layer")([query, value]);
    }
    dot_key: "dot key", DotKey, DotKeyInputs, DotKeyTargets, [in_query => query: 12, in_value => value: 30, in_key => key: 15, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let key = Reshape([5, 3])(key);
        let y = Attention(use_scale = true, name = "layer")([query, value, key], mask = [query_mask, value_mask]);
    }
    dot_left: "dot left", DotLeft, DotLeftInputs, DotLeftTargets, [in_query => query: 12, in_value => value: 15, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let y = Attention(name = "layer")([query, value], mask = [none, value_mask]);
    }
    dot_causal: "dot causal", DotCausal, DotCausalInputs, DotCausalTargets, [in_query => query: 12, in_value => value: 15, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let y = Attention(name = "layer")([query, value], mask = [query_mask, value_mask], use_causal_mask = true);
    }
    dot_scores: "dot scores", DotScores, DotScoresInputs, DotScoresTargets, [in_query => query: 12, in_value => value: 15, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let (y, scores) = Attention(use_scale = true, name = "layer")([query, value], mask = [query_mask, value_mask], return_attention_scores = true);
        let y = concatenate([Flatten()(y), Flatten()(scores)]);
    }
    concat: "concat", Concat, ConcatInputs, ConcatTargets, [in_query => query: 12, in_value => value: 30, in_key => key: 15, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let key = Reshape([5, 3])(key);
        let y = Attention(score_mode = concat, name = "layer")([query, value, key], mask = [query_mask, value_mask]);
    }
    concat_scale: "concat scale", ConcatScale, ConcatScaleInputs, ConcatScaleTargets, [in_query => query: 12, in_value => value: 15] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let y = Attention(use_scale = true, score_mode = concat, name = "layer")([query, value], use_causal_mask = true);
    }
    additive: "additive", Additive, AdditiveInputs, AdditiveTargets, [in_query => query: 12, in_value => value: 30, in_key => key: 15, in_query_mask => query_mask: 4, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 6])(value);
        let key = Reshape([5, 3])(key);
        let y = AdditiveAttention(name = "layer")([query, value, key], mask = [query_mask, value_mask]);
    }
    additive_scores: "additive scores", AdditiveScores, AdditiveScoresInputs, AdditiveScoresTargets, [in_query => query: 76, in_value => value: 95, in_value_mask => value_mask: 5] {
        let query = Reshape([4, 19])(query);
        let value = Reshape([5, 19])(value);
        let (y, scores) = AdditiveAttention(name = "layer")([query, value], mask = [none, value_mask], return_attention_scores = true);
        let y = concatenate([Flatten()(y), Flatten()(scores)]);
    }
    additive_no_scale: "additive no scale", AdditiveNoScale, AdditiveNoScaleInputs, AdditiveNoScaleTargets, [in_query => query: 12, in_value => value: 15] {
        let query = Reshape([4, 3])(query);
        let value = Reshape([5, 3])(value);
        let y = AdditiveAttention(use_scale = false, name = "layer")([query, value], use_causal_mask = true);
    }
}

model! {
    NoKey {
        let q = Input(shape = [4, 3]);
        let v = Input(shape = [5, 3]);
        let query_mask = Input(shape = [4]);
        let value_mask = Input(shape = [5]);
        let (y, scores) = Attention()([q, v], mask = [query_mask, value_mask], return_attention_scores = true);
        Model(inputs = [q, v, query_mask, value_mask], outputs = [y, scores])
    }
}

/// A fully masked query reads all keys, with the scores that remain after subtracting 1e9: in single precision
/// nothing remains, so that the result is the mean of all values, and in double precision their softmax.
#[test]
fn queries_that_see_no_key() {
    let cases = golden("attention.json");
    let case = entry(&cases, "tag", "dot no key single");
    let column = |at: usize| narrow::<f32>(&numbers(&case["inputs"][at]));
    let inputs = NoKeyInputs {
        q: tensor(column(0)).expect("samples"),
        v: tensor(column(1)).expect("samples"),
        query_mask: tensor(column(2)).expect("samples"),
        value_mask: tensor(column(3)).expect("samples"),
    };
    let found = NoKey::<f32>::build(1).forward(&inputs).expect("outputs");
    check(case, &wide(&found.y.as_vec()), &wide(&found.scores.as_vec()), F32);

    let case = entry(&cases, "tag", "dot no key");
    let column = |at: usize| numbers(&case["inputs"][at]);
    let inputs = NoKeyInputs {
        q: tensor(column(0)).expect("samples"),
        v: tensor(column(1)).expect("samples"),
        query_mask: tensor(column(2)).expect("samples"),
        value_mask: tensor(column(3)).expect("samples"),
    };
    let found = NoKey::<f64>::build(1).forward(&inputs).expect("outputs");
    check(case, &found.y.as_vec(), &found.scores.as_vec(), Tolerance { rel: 1e-6, abs: 5e-7 });
}

/// Results and scores of both samples in the order of the case: those of a sample are contiguous.
fn check(case: &serde_json::Value, y: &[f64], scores: &[f64], tolerance: Tolerance) {
    let rows = y.chunks(12).zip(scores.chunks(20));
    let found: Vec<f64> = rows.flat_map(|(y, scores)| [y, scores].concat()).collect();
    assert_close("queries that see no key", &found, &numbers(&case["outputs"][0]), tolerance);
}

model! {
    LeftCausal {
        let q = Input(shape = [4, 3]);
        let v = Input(shape = [5, 3]);
        let value_mask = Input(shape = [5]);
        let y = Attention()([q, v], mask = [none, value_mask], use_causal_mask = true);
        Model(inputs = [q, v, value_mask], outputs = [y])
    }
}

/// All keys of the first queries are masked.
#[test]
fn first_queries_of_sequences_that_are_padded_at_the_left() {
    let cases = golden("attention.json");
    let case = entry(&cases, "tag", "dot left causal single");
    let column = |at: usize| narrow::<f32>(&numbers(&case["inputs"][at]));
    let inputs = LeftCausalInputs {
        q: tensor(column(0)).expect("samples"),
        v: tensor(column(1)).expect("samples"),
        value_mask: tensor(column(2)).expect("samples"),
    };
    let found = LeftCausal::<f32>::build(1).forward(&inputs).expect("outputs").y;
    assert_close("left, causal", &wide(&found.as_vec()), &numbers(&case["outputs"][0]), F32);
}
