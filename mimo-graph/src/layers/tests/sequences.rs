//! Recurrent layers, wrappers and `Embedding`.

use super::*;

#[test]
fn recurrent_layers_read_steps() {
    let mut bench = Bench::new();
    for class in ["LSTM", "GRU", "SimpleRNN"] {
        let last = layer(&mut bench, class, [(None, int(7))]);
        assert_eq!(infer(&mut bench, &last, &[known(&[5, 3])]), Some(known(&[7])));
        let given = [(None, word("A")), named("return_sequences", bool(true))];
        let all = layer(&mut bench, class, given);
        assert_eq!(infer(&mut bench, &all, &[Shape(vec![b(), a()])]), Some(Shape(vec![b(), a()])));
    }
    let shapes = |bench: &mut Bench, class: &str, given: Vec<Given>| -> Vec<(&str, Shape)> {
        let made = layer(bench, class, [(None, int(2))].into_iter().chain(given));
        made.weights(&[&known(&[5, 3])]).into_iter().map(|weight| (weight.name, weight.shape)).collect()
    };
    let weights = |gates: usize, bias: &[usize]| {
        let kernels = [("kernel", known(&[3, 2 * gates])), ("recurrent_kernel", known(&[2, 2 * gates]))];
        kernels.into_iter().chain((!bias.is_empty()).then(|| ("bias", known(bias)))).collect::<Vec<_>>()
    };
    assert_eq!(shapes(&mut bench, "LSTM", vec![]), weights(4, &[8]));
    assert_eq!(shapes(&mut bench, "GRU", vec![]), weights(3, &[2, 6]));
    assert_eq!(shapes(&mut bench, "GRU", vec![named("reset_after", bool(false))]), weights(3, &[6]));
    assert_eq!(shapes(&mut bench, "SimpleRNN", vec![named("use_bias", bool(false))]), weights(1, &[]));
}

#[test]
fn recurrent_layers_need_steps_of_floats() {
    let mut bench = Bench::new();
    let lstm = layer(&mut bench, "LSTM", [(None, int(7))]);
    for shape in [&[100][..], &[], &[4, 5, 6]] {
        assert_eq!(infer(&mut bench, &lstm, &[known(shape)]), None);
    }
    assert_eq!(infer_typed(&mut bench, &lstm, &[known(&[100])], Dtype::Int), None);
    assert_eq!(infer_typed(&mut bench, &lstm, &[known(&[100, 2])], Dtype::Int), None);
    let diags = bench.expect(&[
        "an `LSTM` reads [steps, features], but `x` is [100]",
        "an `LSTM` reads [steps, features], but `x` is []",
        "an `LSTM` reads [steps, features], but `x` is [4, 5, 6]",
        "`LSTM` computes with floats, but `x` holds integers",
    ]);
    assert_eq!(diags[0].helps, ["bring it to [steps, features] with `Reshape(…)`"]);
    assert_eq!(diags[1].helps, ["write `shape = [steps, features]` at its `Input`"]);
}

#[test]
fn what_recurrent_layers_have_not_is_told() {
    let mut bench = Bench::new();
    let nothing = [("stateful", bool(false)), ("dropout", float(0.0)), ("unroll", bool(false))];
    let given = nothing.map(|(name, value)| named(name, value));
    assert!(made(&mut bench, "GRU", [(None, int(1))].into_iter().chain(given)).is_some());
    bench.expect(&[]);
    let asked = [("unroll", bool(true)), ("dropout", float(1.5))];
    let given = asked.map(|(name, value)| named(name, value));
    made(&mut bench, "LSTM", [(None, int(1))].into_iter().chain(given));
    made(&mut bench, "LSTM", [(None, int(1)), named("activation", word("softmax"))]);
    made(&mut bench, "SimpleRNN", [(None, int(1)), named("activation", word("gelu"))]);
    made(&mut bench, "LSTM", [(None, int(1)), named("bias_initializer", word("random_normal"))]);
    bench.expect(&[
        "`dropout` of `LSTM` must be at least 0 and below 1, found 1.5",
        "mimo has no `unroll` for `LSTM`",
        "`activation` of `LSTM` has to work value by value, which a softmax does not",
        "`SimpleRNN` cannot compute with this `activation`",
        "a random `bias_initializer` cannot be combined with `unit_forget_bias`",
    ]);
}

#[test]
fn wrappers_run_layers_on_steps_and_from_both_ends() {
    let mut bench = Bench::new();
    let conv = call("Conv1D", [(None, int(3)), (None, int(2))]);
    let each = layer(&mut bench, "TimeDistributed", [(None, conv)]);
    let given = infer(&mut bench, &each, &[Shape(vec![a(), known(&[7]).0[0].clone(), Dim::Known(2)])]);
    assert_eq!(given, Some(Shape(vec![a(), Dim::Known(6), Dim::Known(3)])));
    let weights = each.weights(&[&known(&[5, 7, 2])]);
    assert_eq!(weights[0].shape, known(&[2, 2, 3]));
    assert_eq!(infer(&mut bench, &each, &[known(&[7])]), None);
    assert_eq!(infer(&mut bench, &each, &[known(&[5, 7])]), None);
    bench.expect(&[
        "`TimeDistributed` reads [steps, …], but `x` is [7]",
        "`Conv1D` reads sequences, [steps, channels], but `a step of x` is [7]",
    ]);
    let twice = call("TimeDistributed", [(None, call("Dense", [(None, int(3))]))]);
    let twice = layer(&mut bench, "TimeDistributed", [(None, twice)]);
    assert_eq!(twice.core().1, 2);
    assert_eq!(infer(&mut bench, &twice, &[known(&[5, 7, 2])]), Some(known(&[5, 7, 3])));

    let state = || named("return_state", bool(true));
    let both = |bench: &mut Bench, mode: Value| {
        let lstm = call("LSTM", [(None, int(4)), state()]);
        layer(bench, "Bidirectional", [(None, lstm), named("merge_mode", mode)])
    };
    let merged = both(&mut bench, word("concat"));
    assert_eq!(infer(&mut bench, &merged, &[known(&[4]), known(&[4])]), Some(known(&[8])));
    let summed = both(&mut bench, string("sum"));
    assert_eq!(infer(&mut bench, &summed, &[known(&[4]), known(&[4])]), Some(known(&[4])));
    let apart = both(&mut bench, value(ValueKind::None));
    assert_eq!((merged.outputs().len(), apart.outputs().len(), apart.states().len()), (5, 6, 4));
    let names: Vec<_> = merged.parts().into_iter().map(|part| part.name).collect();
    assert_eq!(names, [("forward_lstm".into(), false), ("backward_lstm".into(), false)]);
    bench.expect(&[]);
}

#[test]
fn both_directions_on_every_step() {
    let mut bench = Bench::new();
    let gru = call("GRU", [(None, int(4)), named("return_sequences", bool(true))]);
    let both = call("Bidirectional", [(None, gru), named("name", string("ends"))]);
    let each = layer(&mut bench, "TimeDistributed", [(None, both)]);
    let given = infer(&mut bench, &each, &[known(&[5, 7, 4]), known(&[5, 7, 4])]);
    assert_eq!(given, Some(known(&[5, 7, 8])));
    let parts = each.parts();
    let names: Vec<_> = parts.iter().map(|part| part.name.0.as_str()).collect();
    assert_eq!(names, ["forward_gru", "backward_gru"]);
    assert!(parts.iter().all(|part| part.kind.core().1 == 1));
    assert_eq!(infer(&mut bench, &parts[0].kind, &[known(&[5, 7, 3])]), Some(known(&[5, 7, 4])));
    bench.expect(&[]);
}

#[test]
fn a_sequence_that_goes_on_has_no_steps() {
    let mut bench = Bench::new();
    let stateful = || named("stateful", bool(true));
    let lstm = || call("LSTM", [(None, int(4)), stateful()]);
    for inner in [lstm(), call("Bidirectional", [(None, lstm())])] {
        made(&mut bench, "TimeDistributed", [(None, inner)]);
    }
    let other = call("LSTM", [(None, int(4)), named("go_backwards", bool(true))]);
    made(&mut bench, "Bidirectional", [(None, lstm()), named("backward_layer", other)]);
    bench.expect(&[
        "`TimeDistributed` begins a sequence at every step, and a `stateful` `LSTM` continues one",
        "`TimeDistributed` begins a sequence at every step, and a `stateful` `Bidirectional` continues one",
        "`layer` and `backward_layer` differ in `stateful`",
    ]);
}

#[test]
fn an_embedding_looks_up_whole_numbers() {
    let mut bench = Bench::new();
    let embedding = layer(&mut bench, "Embedding", [(None, word("A")), (None, int(3))]);
    let given = infer_typed(&mut bench, &embedding, &[known(&[5])], Dtype::Int);
    assert_eq!(given, Some((known(&[5, 3]), Dtype::Float)));
    let given = infer_typed(&mut bench, &embedding, &[known(&[])], Dtype::Int);
    assert_eq!(given, Some((known(&[3]), Dtype::Float)));
    assert_eq!(embedding.weights(&[&known(&[5])])[0].shape, Shape(vec![a(), Dim::Known(3)]));
    bench.expect(&[]);
    assert_eq!(infer(&mut bench, &embedding, &[known(&[5])]), None);
    let diags = bench.expect(&["`Embedding` looks up integers, but `x` holds floats"]);
    assert_eq!(diags[0].helps[0], "write `dtype = \"int32\"` at its `Input`, or `cast(x, int32)`");
}
