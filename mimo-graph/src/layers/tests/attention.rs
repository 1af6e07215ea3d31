//! Attention layers: shapes, weights and messages.

use super::*;

fn weights(kind: &LayerKind, shapes: &[&Shape]) -> Vec<(&'static str, Shape)> {
    kind.weights(shapes).into_iter().map(|weight| (weight.name, weight.shape)).collect()
}

#[test]
fn weights_of_projections_are_keras_s() {
    let mut bench = Bench::new();
    let given = [
        (None, int(4)),
        (None, int(16)),
        named("value_dim", int(8)),
        named("output_shape", list(&[5, 6])),
        named("use_gate", value(ValueKind::Bool(true))),
    ];
    let kind = layer(&mut bench, "MultiHeadAttention", given);
    let (query, value) = (known(&[7, 3]), known(&[9, 2]));
    assert_eq!(infer(&mut bench, &kind, &[query.clone(), value.clone()]), Some(known(&[7, 5, 6])));
    assert_eq!(
        weights(&kind, &[&query, &value]),
        [
            ("query_kernel", known(&[3, 4, 16])),
            ("query_bias", known(&[4, 16])),
            ("key_kernel", known(&[2, 4, 16])),
            ("key_bias", known(&[4, 16])),
            ("gate_kernel", known(&[3, 4, 8])),
            ("gate_bias", known(&[4, 8])),
            ("value_kernel", known(&[2, 4, 8])),
            ("value_bias", known(&[4, 8])),
            ("attention_output_kernel", known(&[4, 8, 5, 6])),
            ("attention_output_bias", known(&[5, 6])),
        ]
    );
    let grouped = [(None, int(4)), (None, int(6)), (None, int(2)), named("use_bias", value_of(false))];
    let kind = layer(&mut bench, "GroupQueryAttention", grouped);
    let key = known(&[9, 5]);
    assert_eq!(infer(&mut bench, &kind, &[query.clone(), value.clone(), key.clone()]), Some(known(&[7, 3])));
    assert_eq!(
        weights(&kind, &[&query, &value, &key]),
        [
            ("query_kernel", known(&[3, 6, 4])),
            ("key_kernel", known(&[5, 2, 4])),
            ("value_kernel", known(&[2, 2, 4])),
            ("attention_output_kernel", known(&[6, 4, 3])),
        ]
    );
    bench.expect(&[]);
}

fn value_of(on: bool) -> Value {
    value(ValueKind::Bool(on))
}

#[test]
fn weights_of_attention_are_keras_s() {
    let mut bench = Bench::new();
    let (query, value) = (known(&[7, 3]), known(&[9, 3]));
    for (class, given, wanted) in [
        ("Attention", vec![], vec![]),
        (
            "Attention",
            vec![named("use_scale", value_of(true)), named("score_mode", word("concat"))],
            vec![("scale", known(&[])), ("concat_score_weight", known(&[]))],
        ),
        ("AdditiveAttention", vec![], vec![("scale", known(&[3]))]),
        ("AdditiveAttention", vec![named("use_scale", value_of(false))], vec![]),
    ] {
        let kind = layer(&mut bench, class, given);
        assert_eq!(
            infer(&mut bench, &kind, &[query.clone(), value.clone()]),
            Some(known(&[7, 3])),
            "{class}"
        );
        assert_eq!(weights(&kind, &[&query, &value]), wanted, "{class}");
    }
    bench.expect(&[]);
}

#[test]
fn settings_that_no_attention_has_are_told() {
    let mut bench = Bench::new();
    for (class, given) in [
        ("GroupQueryAttention", vec![(None, int(4)), (None, int(6)), (None, int(4))]),
        ("MultiHeadAttention", vec![(None, int(4)), (None, int(6)), named("attention_axes", int(0))]),
        ("MultiHeadAttention", vec![(None, int(4)), (None, int(6)), named("output_shape", list(&[1, 2, 3]))]),
    ] {
        assert_eq!(made(&mut bench, class, given), None);
    }
    bench.expect(&[
        "`num_query_heads` must be a multiple of `num_key_value_heads` 4, found 6",
        "axis 0 is the batch: samples do not attend to each other",
        "`output_shape` of `MultiHeadAttention` must be one length or two, found a list of 3",
    ]);
}

#[test]
fn shapes_that_do_not_fit_are_told() {
    let mut bench = Bench::new();
    let heads = || [(None, int(2)), (None, int(3))];
    let kind = layer(&mut bench, "MultiHeadAttention", heads());
    let plain = layer(&mut bench, "Attention", []);
    let two = layer(
        &mut bench,
        "MultiHeadAttention",
        heads().into_iter().chain([named("attention_axes", list(&[1, 3]))]),
    );
    for (kind, shapes) in [
        (&kind, [known(&[7]), known(&[9, 3])]),
        (&kind, [known(&[7, 3]), known(&[9, 3, 2])]),
        (&two, [known(&[7, 3, 2, 5]), known(&[7, 3, 2, 5])]),
        (&plain, [known(&[7, 3]), known(&[9, 4])]),
        (&plain, [known(&[7, 3, 1]), known(&[9, 3])]),
    ] {
        assert_eq!(infer(&mut bench, kind, &shapes), None, "{shapes:?}");
    }
    bench.expect(&[
        "`MultiHeadAttention` reads sequences, [steps, features], but `x` is [7]",
        "`MultiHeadAttention` reads 2 axes, as `x` has, but `y` is [9, 3, 2]",
        "`Attention` reads sequences, [steps, features], but `x` is [7, 3, 1]",
        "mimo has no `MultiHeadAttention` over axes that do not follow each other",
        "`Attention` multiplies axis 2 of `x`, which is 3, and axis 2 of `y`, which is 4",
    ]);
}
