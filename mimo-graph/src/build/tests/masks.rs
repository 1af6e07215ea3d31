//! Tests which tensors have masks, and what is computed for those that are read.

use super::*;
use crate::graph::MaskSource;

fn bool(on: bool) -> Value {
    value(ValueKind::Bool(on))
}

impl Written {
    fn words(&mut self, name: &str, steps: i64) -> TensorId {
        let args = testing::args([named("shape", list(&[steps])), named("dtype", string("int32"))]);
        let tensor = self.builder.input(&args, Loc(2), &mut self.diags);
        self.builder.bind(tensor, name);
        tensor
    }

    fn embedded(&mut self, words: TensorId) -> TensorId {
        let embedding =
            self.layer("Embedding", [(None, int(9)), (None, int(4)), named("mask_zero", bool(true))]);
        self.call(embedding, &[words])
    }

    fn mask(&self, tensor: TensorId) -> Option<&MaskSource> {
        let graph = self.builder.graph();
        graph.tensor(tensor).mask.map(|mask| &graph.mask(mask).source)
    }

    fn through(
        &mut self,
        class: &str,
        given: impl IntoIterator<Item = testing::Given>,
        inputs: &[TensorId],
    ) -> TensorId {
        let layer = self.layer(class, given);
        self.call(layer, inputs)
    }
}

#[test]
fn a_mask_travels_through_layers_that_keep_it() {
    let mut written = Written::new();
    let words = written.words("words", 5);
    let h = written.embedded(words);
    let source = MaskSource::NonZero(words);
    assert_eq!(written.mask(h), Some(&source));
    let h = written.through("Dense", [(None, int(3))], &[h]);
    let h = written.through("Dropout", [(None, float(0.5))], &[h]);
    assert_eq!(written.mask(h), Some(&source));
    let sequences = [(None, int(2)), named("return_sequences", bool(true))];
    let all = written.through("LSTM", sequences, &[h]);
    assert_eq!(written.mask(all), Some(&source));
    for (class, given) in
        [("LSTM", vec![(None, int(2))]), ("GlobalAveragePooling1D", vec![]), ("Flatten", vec![])]
    {
        let ended = written.through(class, given, &[h]);
        assert_eq!(written.mask(ended), None, "{class}");
    }
    written.expect(&[]);
}

#[test]
fn masks_are_joined_as_merge_layers_join_them() {
    let mut written = Written::new();
    let (one, two) = (written.words("one", 5), written.words("two", 5));
    let (a, b) = (written.embedded(one), written.embedded(two));
    let plain = written.input("plain", list(&[5, 4]));
    let both = written.through("Add", [], &[a, b]);
    assert!(matches!(written.mask(both), Some(MaskSource::Any(masks)) if masks.len() == 2));
    let same = written.through("Add", [], &[a, a]);
    assert_eq!(written.mask(same), Some(&MaskSource::NonZero(one)));
    let without = written.through("Add", [], &[a, plain]);
    assert_eq!(written.mask(without), None);
    let by_features = written.through("Concatenate", [], &[a, plain]);
    assert_eq!(written.mask(by_features), None);
    let by_steps = written.through("Concatenate", [named("axis", int(1))], &[a, plain]);
    assert!(matches!(written.mask(by_steps), Some(MaskSource::Concatenated(parts, 0)) if parts.len() == 2));
    let mask = written.builder.mask_of_output(by_steps).expect("a mask");
    assert_eq!(written.shape(mask), "[10]");
    let mask = written.builder.mask_of_output(both).expect("a mask");
    assert_eq!(written.shape(mask), "[5]");
    written.expect(&[]);
}

#[test]
fn a_mask_is_computed_once_and_only_where_it_is_read() {
    let mut written = Written::new();
    let words = written.words("words", 5);
    let h = written.embedded(words);
    let y = written.through("Dense", [(None, int(3))], &[h]);
    assert_eq!(written.builder.graph().nodes.len(), 2);
    let mask = written.builder.mask_of_output(y);
    assert_eq!(written.builder.mask_of_output(h), mask);
    let graph = written.builder.graph();
    let added: Vec<&str> = graph.nodes[2..].iter().map(|node| graph.kind(node).class_name()).collect();
    assert_eq!(added, ["cast", "not_equal"]);
    assert!(graph.nodes[2..].iter().all(|node| graph.layer(node.layer).of_mask));
    written.expect(&[]);
}

#[test]
fn calls_take_the_keywords_that_their_layer_has() {
    let mut written = Written::new();
    let x = written.input("x", list(&[5, 2]));
    let m = written.input("m", list(&[5]));
    let dense = written.layer("Dense", [(None, int(3))]);
    for (keyword, said) in [
        ("mask", "a call of `Dense` takes no `mask`"),
        ("attention_mask", "a call of `Dense` takes no `attention_mask`"),
    ] {
        let named = [Named { keyword: keyword.into(), keyword_loc: Loc(7), tensor: m, loc: Loc(8) }];
        let further = Further { named: &named, ..Further::default() };
        written.builder.call_with(dense, &[(x, Loc(5))], &further, Loc(6), &mut written.diags);
        written.expect(&[said]);
    }
    let settings = [("use_causal_mask".to_owned(), Loc(7), true)];
    let further = Further { settings: &settings, ..Further::default() };
    written.builder.call_with(dense, &[(x, Loc(5))], &further, Loc(6), &mut written.diags);
    written.expect(&["a call of `Dense` has no setting `use_causal_mask`"]);
}

#[test]
fn layers_leave_values_out_that_operators_compute_with() {
    for (class, layer_calls) in [("Multiply", 3), ("Maximum", 3), ("Minimum", 3), ("Add", 0), ("Average", 0)]
    {
        for as_operator in [false, true] {
            let mut written = Written::new();
            let (one, two) = (written.words("one", 5), written.words("two", 5));
            let (a, b) = (written.embedded(one), written.embedded(two));
            let layer = written.layer(class, []);
            if as_operator {
                written.builder.as_operator(layer);
            }
            let y = written.call(layer, &[a, b]);
            assert!(matches!(written.mask(y), Some(MaskSource::Any(masks)) if masks.len() == 2));
            let graph = written.builder.graph();
            let chosen = graph.nodes.iter().filter(|node| graph.left_out_of(node).is_some()).count();
            assert_eq!(chosen, if as_operator { 0 } else { layer_calls }, "{class}");
            let maker = graph.tensor(graph.written(y)).producer.map(|node| graph.node(node).layer);
            assert_eq!(maker, Some(layer));
            written.expect(&[]);
        }
    }
}

#[test]
fn tensors_of_one_mask_need_one_choice() {
    let mut written = Written::new();
    let words = written.words("words", 5);
    let h = written.embedded(words);
    let gate = written.through("Dense", [(None, int(4))], &[h]);
    for class in ["Multiply", "Maximum"] {
        let before = written.builder.graph().nodes.len();
        written.through(class, [], &[h, gate]);
        let graph = written.builder.graph();
        let chosen = graph.nodes[before..].iter().filter(|node| graph.left_out_of(node).is_some());
        assert_eq!(chosen.count(), 1, "{class}");
    }
    written.expect(&[]);
}

#[test]
fn axes_that_stay_keep_their_mask() {
    let equation = |text: &str| (None, string(text));
    let cases: Vec<(&str, Vec<testing::Given>, bool)> = vec![
        ("cumsum", vec![(None, value(ValueKind::Tensor)), named("axis", int(-1))], true),
        ("cumsum", vec![(None, value(ValueKind::Tensor)), named("axis", int(1))], false),
        ("flip", vec![(None, value(ValueKind::Tensor)), named("axis", int(2))], true),
        ("flip", vec![(None, value(ValueKind::Tensor)), named("axis", list(&[1, 2]))], false),
        ("expand_dims", vec![(None, value(ValueKind::Tensor)), named("axis", int(-1))], true),
        ("expand_dims", vec![(None, value(ValueKind::Tensor)), named("axis", int(2))], true),
        ("expand_dims", vec![(None, value(ValueKind::Tensor)), named("axis", int(1))], false),
        ("softmax", vec![(None, value(ValueKind::Tensor)), named("axis", int(2))], true),
        ("softmax", vec![(None, value(ValueKind::Tensor)), named("axis", int(1))], false),
        ("sum", vec![(None, value(ValueKind::Tensor)), named("axis", int(2))], true),
        ("sum", vec![(None, value(ValueKind::Tensor)), named("axis", int(1))], false),
        ("reshape", vec![(None, value(ValueKind::Tensor)), (None, list(&[-1, 5, 2, 2]))], true),
        ("reshape", vec![(None, value(ValueKind::Tensor)), (None, list(&[-1, 4, 5]))], false),
        ("Reshape", vec![(None, list(&[5, 2, 2]))], true),
        ("transpose", vec![(None, value(ValueKind::Tensor)), (None, list(&[0, 2, 1]))], false),
        ("repeat", vec![(None, value(ValueKind::Tensor)), (None, int(2)), named("axis", int(2))], true),
        ("repeat", vec![(None, value(ValueKind::Tensor)), (None, int(2)), named("axis", int(1))], false),
        ("tile", vec![(None, value(ValueKind::Tensor)), (None, int(2))], true),
        ("tile", vec![(None, value(ValueKind::Tensor)), (None, list(&[2, 1]))], false),
        ("einsum", vec![equation("bij->bi"), (None, value(ValueKind::Tensor))], true),
        ("einsum", vec![equation("bij->bj"), (None, value(ValueKind::Tensor))], false),
        ("EinsumDense", vec![equation("abc,cd->abd"), (None, list(&[5, 7]))], true),
        ("EinsumDense", vec![equation("abc,bd->acd"), (None, list(&[4, 7]))], false),
        ("RMSNormalization", vec![], true),
        ("RMSNormalization", vec![named("axis", int(1))], false),
        ("Permute", vec![(None, list(&[2, 1]))], false),
    ];
    for (class, given, keeps) in cases {
        let mut written = Written::new();
        let words = written.words("words", 5);
        let h = written.embedded(words);
        let shown = format!("{class}({given:?})");
        let y = written.through(class, given, &[h]);
        assert_eq!(written.mask(y).is_some(), keeps, "{shown}");
        written.expect(&[]);
    }
}

#[test]
fn products_keep_the_mask_of_axes_that_only_one_tensor_has() {
    let pair = || [(None, value(ValueKind::Tensor)), (None, value(ValueKind::Tensor))];
    let mut written = Written::new();
    let words = written.words("words", 5);
    let (h, other) = (written.embedded(words), written.embedded(words));
    let weight = written.through("Weight", [(None, list(&[4, 3]))], &[]);
    let plain = written.input("plain", list(&[4, 5]));
    let kept = written.through("matmul", pair(), &[h, weight]);
    assert_eq!(written.mask(kept), Some(&MaskSource::NonZero(words)));
    let scores = written.through("matmul", pair(), &[h, plain]);
    assert_eq!(written.mask(scores), Some(&MaskSource::NonZero(words)));
    // The steps of the second tensor are summed.
    let summed = written.through("matmul", pair(), &[scores, other]);
    assert_eq!(written.mask(summed), None);
}
