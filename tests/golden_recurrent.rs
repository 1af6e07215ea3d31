//! Recurrent layers and their wrappers against Keras's numbers.
//!
//! As in `golden_layers.rs`, each input goes through a `Dense` with the identity as its kernel: in a batch of one
//! sample the gradient of its bias is the gradient of the input. Initial states follow the sequence, and are
//! extracted from there; the outputs of a layer are concatenated.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use serde_json::Value;
use support::{
    F32, F64, Real, Tolerance, assert_close, entry, golden, narrow, numbers, rows, set_weights, wide,
};

/// The weights of a case by their names in the model: the tested layer is `layer`. A `Dense` called `take_n` extracts
/// values from the n-th on; any other is the identity.
fn weight(case: &Value, name: &str, shape: &[usize]) -> Vec<f64> {
    let name = &called(name);
    let (layer, weight) = name.split_once('/').expect("a layer and its weight");
    if layer.contains("layer") {
        let weights = case["weights"].as_array().expect("weights").iter();
        let mut found = weights.filter(|entry| name_of(entry) == format!("{layer}/{weight}"));
        return numbers(found.next().unwrap_or_else(|| panic!("no weight `{name}`")));
    }
    let first = layer.strip_prefix("take_").map_or(0, |first| first.parse::<usize>().expect("a place"));
    let mut values = vec![0.0; shape.iter().product()];
    if let &[_, units] = shape {
        (0..units).for_each(|unit| values[(first + unit) * units + unit] = 1.0);
    }
    values
}

/// A weight without the names of the enclosing layers: `forward_layer/kernel` for `y/forward_layer/kernel`, and
/// `layer/kernel` for `layer/dense/kernel`.
fn called(name: &str) -> String {
    let (path, weight) = name.rsplit_once('/').expect("a layer and its weight");
    let layer = path.split('/').rfind(|name| name.contains("layer")).unwrap_or(path);
    format!("{layer}/{weight}")
}

/// The name in mimo of a weight of Keras: `forward_layer/kernel` for `forward_lstm_3/lstm_cell/kernel`.
fn name_of(weight: &Value) -> String {
    let path = weight["path"].as_str().expect("a path");
    let last = path.rsplit('/').next().expect("a name");
    // The layer that reads the sequence from its end has its own name if the user created it.
    let made = matches!(path.split('/').next(), Some("lstm_8" | "gru_5"));
    let layer = match path.split('_').next() {
        Some("forward") => "forward_layer",
        Some("backward") => "backward_layer",
        _ if made => "backward_layer",
        _ => "layer",
    };
    format!("{layer}/{last}")
}

/// Concatenates several tensors, sample by sample.
fn joined(tensors: &Value) -> Vec<f64> {
    let tensors = tensors.as_array().expect("tensors");
    let all = rows(&tensors[0]);
    let columns: Vec<Vec<f64>> = tensors.iter().map(numbers).collect();
    let row = |row: usize| {
        columns.iter().flat_map(move |column| {
            let len = column.len() / all;
            column[row * len..(row + 1) * len].to_vec()
        })
    };
    (0..all).flat_map(row).collect()
}

macro_rules! layers {
    ($file:literal: $($test:ident: $tag:literal, $model:ident, $inputs:ident, $targets:ident, $x:ident: $len:literal { $($body:tt)* })+) => {$(
        mod $test {
            use super::*;

            model! {
                $model {
                    let a = Input(shape = [$len]);
                    let $x = Dense($len)(a);
                    $($body)*
                    Model(inputs = [a], outputs = [y])
                        .compile(optimizer = SGD(learning_rate = 0.0), loss = custom)
                }
            }

            fn check<E: Real>(tolerance: Tolerance)
            where
                Cpu: Device<E>,
            {
                let cases = golden($file);
                let case = entry(&cases, "tag", $tag);
                let (all, x) = (rows(&case["inputs"][0]), joined(&case["inputs"]));
                let (y, dy) = (joined(&case["outputs"]), joined(&case["dy"]));
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, shape| weight(case, name, shape));

                // A batch of all samples returns the gradients of weights, each single sample those of inputs.
                let batches = [(0, all)].into_iter().chain((0..all).map(|row| (row, 1)));
                for (from, count) in batches {
                    let part = |column: &[f64]| {
                        let len = column.len() / all;
                        column[from * len..(from + count) * len].to_vec()
                    };
                    let input = narrow::<E>(&part(&x));
                    let inputs = $inputs { a: tensor(input).expect("samples") };
                    let found = model.forward(&inputs).expect("outputs").y;
                    assert_close(concat!($tag, ": output"), &wide(&found.as_vec()), &part(&y), tolerance);

                    let dy = narrow::<E>(&part(&dy));
                    let mut trainer = Trainer::new(&mut model).expect("a trainer");
                    trainer.set_loss(move |outputs, _| {
                        let dy = Cpu::default().tensor_from_vec(dy.clone(), *outputs.y.shape());
                        Ok((outputs.y * dy).sum())
                    });
                    trainer.train_on_batch(&inputs, &$targets { y: found }).expect("a step");
                    let gradient = |name: &str| {
                        let weights = <$model as mimo::Model>::SPEC.weights.iter().map(|weight| weight.name);
                        let mut found = weights.filter(|weight| called(weight) == name);
                        let weight = found.next().unwrap_or_else(|| panic!("no weight `{name}`"));
                        wide(&trainer.gradient(weight).expect("a gradient"))
                    };
                    if count == all {
                        let weights = case["weights"].as_array().expect("weights").iter();
                        for (weight, wanted) in weights.zip(case["grad_weights"].as_array().expect("gradients")) {
                            let name = name_of(weight);
                            let what = format!("{}: gradient of {name}", $tag);
                            assert_close(&what, &gradient(&name), &numbers(wanted), tolerance);
                        }
                    }
                    if count == 1 {
                        let wanted = part(&joined(&case["grad_inputs"]));
                        let what = format!("{}: gradient of sample {from}", $tag);
                        assert_close(&what, &gradient("dense/bias"), &wanted, tolerance);
                    }
                }
            }

            #[test]
            fn in_f32() {
                check::<f32>(F32);
            }

            #[test]
            fn in_f64() {
                check::<f64>(F64);
            }
        }
    )+};
}

layers! { "recurrent.json":
    lstm: "lstm rs=False", Lstm, LstmInputs, LstmTargets, x: 8 {
        let x = Reshape([4, 2])(x);
        let y = LSTM(3, name = "layer")(x);
    }
    lstm_sequences: "lstm rs=True", LstmRs, LstmRsInputs, LstmRsTargets, x: 8 {
        let x = Reshape([4, 2])(x);
        let y = LSTM(3, return_sequences = true, name = "layer")(x);
    }
    lstm_backwards: "lstm go_backwards rs", LstmBack, LstmBackInputs, LstmBackTargets, x: 6 {
        let x = Reshape([3, 2])(x);
        let y = LSTM(2, return_sequences = true, go_backwards = true, name = "layer")(x);
    }
    gru: "gru rs=False", Gru, GruInputs, GruTargets, x: 8 {
        let x = Reshape([4, 2])(x);
        let y = GRU(3, name = "layer")(x);
    }
    gru_sequences: "gru rs=True", GruRs, GruRsInputs, GruRsTargets, x: 8 {
        let x = Reshape([4, 2])(x);
        let y = GRU(3, return_sequences = true, name = "layer")(x);
    }
    gru_that_resets_before: "gru reset_after=False", GruBefore, GruBeforeInputs, GruBeforeTargets, x: 6 {
        let x = Reshape([3, 2])(x);
        let y = GRU(3, reset_after = false, name = "layer")(x);
    }
    simple_rnn: "simplernn rs=False", Rnn, RnnInputs, RnnTargets, x: 8 {
        let x = Reshape([4, 2])(x);
        let y = SimpleRNN(3, name = "layer")(x);
    }
    simple_rnn_sequences: "simplernn rs=True", RnnRs, RnnRsInputs, RnnRsTargets, x: 8 {
        let x = Reshape([4, 2])(x);
        let y = SimpleRNN(3, return_sequences = true, name = "layer")(x);
    }
    lstm_with_states: "lstm return_state", State, StateInputs, StateTargets, x: 6 {
        let (y, h, c) = LSTM(2, return_state = true, name = "layer")(Reshape([3, 2])(x));
        let y = concatenate([y, h, c]);
    }
}

layers! { "recurrent.json":
    bidirectional_lstm: "bi-lstm concat rs=False", BiLstm, BiLstmInputs, BiLstmTargets, x: 6 {
        let y = Bidirectional(LSTM(2, name = "layer"))(Reshape([3, 2])(x));
    }
    bidirectional_lstm_sequences: "bi-lstm concat rs=True", BiLstmRs, BiLstmRsInputs, BiLstmRsTargets, x: 6 {
        let y = Bidirectional(LSTM(2, return_sequences = true, name = "layer"))(Reshape([3, 2])(x));
    }
    bidirectional_gru_sum: "bi-gru sum rs", BiGru, BiGruInputs, BiGruTargets, x: 6 {
        let y = Bidirectional(GRU(2, return_sequences = true, name = "layer"), merge_mode = "sum")(Reshape([3, 2])(x));
    }
    time_distributed_dense: "td dense", TdDense, TdDenseInputs, TdDenseTargets, x: 6 {
        let y = TimeDistributed(Dense(2), name = "layer")(Reshape([3, 2])(x));
    }
}

layers! { "recurrent_more.json":
    bidirectional_mul: "bi-lstm mul", BiMul, BiMulInputs, BiMulTargets, x: 6 {
        let y = Bidirectional(LSTM(3, return_sequences = true, name = "layer"), merge_mode = mul)(Reshape([3, 2])(x));
    }
    bidirectional_ave: "bi-lstm ave", BiAve, BiAveInputs, BiAveTargets, x: 6 {
        let y = Bidirectional(LSTM(3, name = "layer"), merge_mode = ave)(Reshape([3, 2])(x));
    }
    bidirectional_none: "bi-gru none", BiNone, BiNoneInputs, BiNoneTargets, x: 6 {
        let both = Bidirectional(GRU(3, return_sequences = true, name = "layer"), merge_mode = none);
        let (forward, backward) = both(Reshape([3, 2])(x));
        let y = concatenate([Flatten()(forward), Flatten()(backward)]);
    }
    bidirectional_states: "bi-lstm states", BiStates, BiStatesInputs, BiStatesTargets, x: 6 {
        let both = Bidirectional(LSTM(3, return_sequences = true, return_state = true, name = "layer"));
        let (y, forward_h, forward_c, backward_h, backward_c) = both(Reshape([3, 2])(x));
        let y = concatenate([Flatten()(y), forward_h, forward_c, backward_h, backward_c]);
    }
    bidirectional_none_states: "bi-rnn none states", BiNoneStates, BiNoneStatesInputs, BiNoneStatesTargets, x: 6 {
        let both = Bidirectional(
            SimpleRNN(3, return_sequences = true, return_state = true, name = "layer"), merge_mode = none,
        );
        let (forward, backward, forward_h, backward_h) = both(Reshape([3, 2])(x));
        let y = concatenate([Flatten()(forward), Flatten()(backward), forward_h, backward_h]);
    }
    bidirectional_from_states: "bi-lstm initial_state", BiFrom, BiFromInputs, BiFromTargets, x: 18 {
        let p = Dense(3, name = "take_6")(x);
        let q = Dense(3, name = "take_9")(x);
        let r = Dense(3, name = "take_12")(x);
        let s = Dense(3, name = "take_15")(x);
        let x = Reshape([3, 2])(Dense(6, name = "take_0")(x));
        let y = Bidirectional(LSTM(3, return_sequences = true, name = "layer"))(x, initial_state = [p, q, r, s]);
    }
    bidirectional_backwards_first: "bi-lstm go_backwards", BiTurned, BiTurnedInputs, BiTurnedTargets, x: 6 {
        let y = Bidirectional(
            LSTM(3, return_sequences = true, go_backwards = true, name = "layer"),
            backward_layer = LSTM(3, return_sequences = true, name = "backward_layer"),
        )(Reshape([3, 2])(x));
    }
    bidirectional_of_two: "bi-lstm backward_layer", BiTwo, BiTwoInputs, BiTwoTargets, x: 6 {
        let y = Bidirectional(
            LSTM(3, return_sequences = true, name = "layer"),
            backward_layer = GRU(2, return_sequences = true, go_backwards = true, name = "backward_layer"),
        )(Reshape([3, 2])(x));
    }
    time_distributed_conv1d: "td conv1d", TdConv1D, TdConv1DInputs, TdConv1DTargets, x: 24 {
        let y = TimeDistributed(Conv1D(3, 2, activation = tanh), name = "layer")(Reshape([3, 4, 2])(x));
    }
    time_distributed_conv2d: "td conv2d", TdConv2D, TdConv2DInputs, TdConv2DTargets, x: 36 {
        let y = TimeDistributed(Conv2D(2, 2, padding = same), name = "layer")(Reshape([2, 3, 3, 2])(x));
    }
    time_distributed_lstm: "td lstm", TdLstm, TdLstmInputs, TdLstmTargets, x: 12 {
        let y = TimeDistributed(LSTM(3), name = "layer")(Reshape([2, 3, 2])(x));
    }
    time_distributed_softmax: "td softmax", TdSoftmax, TdSoftmaxInputs, TdSoftmaxTargets, x: 6 {
        let y = TimeDistributed(Dense(3, activation = softmax), name = "layer")(Reshape([3, 2])(x));
    }
    lstm_sequences_with_states: "lstm sequences and states", LstmBoth, LstmBothInputs, LstmBothTargets, x: 6 {
        let (y, h, c) = LSTM(3, return_sequences = true, return_state = true, name = "layer")(Reshape([3, 2])(x));
        let y = concatenate([Flatten()(y), h, c]);
    }
    lstm_backwards_with_states: "lstm backwards with states", BackBoth, BackBothInputs, BackBothTargets, x: 6 {
        let x = Reshape([3, 2])(x);
        let (y, h, c) =
            LSTM(3, return_sequences = true, return_state = true, go_backwards = true, name = "layer")(x);
        let y = concatenate([Flatten()(y), h, c]);
    }
    gru_sequences_with_state: "gru sequences and state", GruBoth, GruBothInputs, GruBothTargets, x: 6 {
        let (y, h) = GRU(3, return_sequences = true, return_state = true, name = "layer")(Reshape([3, 2])(x));
        let y = concatenate([Flatten()(y), h]);
    }
    gru_before_with_state: "gru reset_after=False state", BeforeState, BeforeStateInputs, BeforeStateTargets, x: 6 {
        let (y, h) = GRU(3, reset_after = false, return_state = true, name = "layer")(Reshape([3, 2])(x));
        let y = concatenate([y, h]);
    }
    rnn_sequences_with_state: "simplernn sequences and state", RnnBoth, RnnBothInputs, RnnBothTargets, x: 6 {
        let (y, h) = SimpleRNN(3, return_sequences = true, return_state = true, name = "layer")(Reshape([3, 2])(x));
        let y = concatenate([Flatten()(y), h]);
    }
    lstm_from_states: "lstm initial_state", LstmFrom, LstmFromInputs, LstmFromTargets, x: 12 {
        let h = Dense(3, name = "take_6")(x);
        let c = Dense(3, name = "take_9")(x);
        let x = Reshape([3, 2])(Dense(6, name = "take_0")(x));
        let read = LSTM(3, return_sequences = true, return_state = true, name = "layer");
        let (y, h, c) = read(x, initial_state = [h, c]);
        let y = concatenate([Flatten()(y), h, c]);
    }
    gru_from_state: "gru initial_state", GruFrom, GruFromInputs, GruFromTargets, x: 9 {
        let h = Dense(3, name = "take_6")(x);
        let x = Reshape([3, 2])(Dense(6, name = "take_0")(x));
        let (y, h) = GRU(3, return_sequences = true, return_state = true, name = "layer")(x, initial_state = h);
        let y = concatenate([Flatten()(y), h]);
    }
    gru_before_from_state: "gru reset_after=False initial_state", BeforeFrom, BeforeFromInputs, BeforeFromTargets, x: 9 {
        let h = Dense(3, name = "take_6")(x);
        let x = Reshape([3, 2])(Dense(6, name = "take_0")(x));
        let read = GRU(3, reset_after = false, return_sequences = true, return_state = true, name = "layer");
        let (y, h) = read(x, initial_state = [h]);
        let y = concatenate([Flatten()(y), h]);
    }
    rnn_from_state: "simplernn initial_state", RnnFrom, RnnFromInputs, RnnFromTargets, x: 9 {
        let h = Dense(3, name = "take_6")(x);
        let x = Reshape([3, 2])(Dense(6, name = "take_0")(x));
        let (y, h) = SimpleRNN(3, return_sequences = true, return_state = true, name = "layer")(x, initial_state = h);
        let y = concatenate([Flatten()(y), h]);
    }
}
