//! Recurrent layers and embeddings against Keras's numbers, and their gradients against differences of losses.
//!
//! As in `golden_layers.rs`, each input goes through a `Dense` with the identity as its kernel: in a batch of one sample
//! the gradient of its bias is the gradient of the input.

mod support;

use mimo::TrainerOptions;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Model, Trainer, model, tensor};
use serde_json::Value;
use support::{
    Check, Data, F32, F64, Real, Tolerance, assert_close, check_gradients, check_gradients_on, entry, golden,
    narrow, numbers, rows, set_weights, step, wide,
};

/// The identity of the layer before the input, or the weight of the layer under test.
fn weight(case: &Value, name: &str, shape: &[usize]) -> Vec<f64> {
    if let Some(path) = name.strip_prefix("layer/") {
        return numbers(entry(&case["weights"], "path", path));
    }
    let mut values = vec![0.0; shape.iter().product()];
    if let &[rows, _] = shape {
        values.iter_mut().step_by(rows + 1).for_each(|value| *value = 1.0);
    }
    values
}

macro_rules! layers {
    ($($test:ident: $tag:literal, $model:ident, $inputs:ident, $targets:ident, $x:ident: $len:literal { $($body:tt)* })+) => {$(
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
                let cases = golden("recurrent.json");
                let case = entry(&cases, "tag", $tag);
                let (all, y, dy) = (rows(&case["inputs"][0]), numbers(&case["outputs"][0]), numbers(&case["dy"][0]));
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, shape| weight(case, name, shape));

                // A batch of all samples gives the gradients of weights, each sample alone those of inputs.
                let batches = [(0, all)].into_iter().chain((0..all).map(|row| (row, 1)));
                for (from, count) in batches {
                    let part = |column: &[f64]| {
                        let len = column.len() / all;
                        column[from * len..(from + count) * len].to_vec()
                    };
                    let input = narrow::<E>(&part(&numbers(&case["inputs"][0])));
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
                    let gradient = |name: &str| wide(&trainer.gradient(name).expect("a gradient"));
                    if count == all {
                        let weights = case["weights"].as_array().expect("weights").iter();
                        for (weight, wanted) in weights.zip(case["grad_weights"].as_array().expect("gradients")) {
                            let path = weight["path"].as_str().expect("a path");
                            let found = gradient(&format!("layer/{path}"));
                            assert_close(&format!("{}: gradient of {path}", $tag), &found, &numbers(wanted), tolerance);
                        }
                    }
                    if count == 1 {
                        let wanted = part(&numbers(&case["grad_inputs"][0]));
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

layers! {
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
}

mod embedding {
    use super::*;

    model! {
        Embedded {
            let words = Input(shape = [4], dtype = "int32");
            let y = Embedding(6, 3, name = "layer")(words);
            Model(inputs = [words], outputs = [y])
                .compile(optimizer = SGD(learning_rate = 0.0), loss = custom)
        }
    }

    fn words(rows: &[[usize; 4]]) -> EmbeddedInputs {
        let words = Cpu::default().tensor_from_vec(rows.concat(), (rows.len(), Const));
        EmbeddedInputs { words }
    }

    #[test]
    fn is_keras_s() {
        let cases = golden("recurrent.json");
        let case = entry(&cases, "tag", "embedding");
        let mut model = Embedded::new(1);
        set_weights(&mut model, |name, shape| weight(case, name, shape));
        let ids: Vec<usize> = numbers(&case["inputs"][0]).iter().map(|id| *id as usize).collect();
        let ids: Vec<[usize; 4]> = ids.chunks(4).map(|ids| ids.try_into().expect("four")).collect();
        let inputs = words(&ids);
        let found = model.forward(&inputs).expect("outputs").y;
        assert_close("output", &wide(&found.as_vec()), &numbers(&case["outputs"][0]), F32);
        let dy = narrow::<f32>(&numbers(&case["dy"][0]));
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.set_loss(move |outputs, _| {
            let dy = Cpu::default().tensor_from_vec(dy.clone(), *outputs.y.shape());
            Ok((outputs.y * dy).sum())
        });
        trainer.train_on_batch(&inputs, &EmbeddedTargets { y: found }).expect("a step");
        let gradient = trainer.gradient("layer/embeddings").expect("a gradient");
        assert_close("gradient", &wide(&gradient), &numbers(&case["grad_weights"][0]), F32);
    }

    #[test]
    fn a_number_without_a_vector_is_an_error_wherever_it_comes_from() {
        let mut model = Embedded::new(1);
        let wrong = words(&[[0, 1, 2, 3], [4, 5, 6, 0]]);
        let told = "`words` holds 6 in sample 1, but its embedding has 6 vectors, numbered from 0";
        assert_eq!(model.forward(&wrong).expect_err("no vector").to_string(), told);
        let y = model.forward(&words(&[[0, 1, 2, 5]; 2])).expect("outputs").y;
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.set_loss(|outputs, _| Ok(outputs.y.sum()));
        assert_eq!(trainer.predict(&wrong).expect_err("no vector").to_string(), told);
        let targets = EmbeddedTargets { y };
        assert_eq!(trainer.train_on_batch(&wrong, &targets).expect_err("no vector").to_string(), told);
        for number in [6.0, -1.0, 0.5, f32::NAN] {
            let data = mimo::data::from_fn::<Embedded, _>(3, |_, batch| {
                batch.input(0).fill(number);
                batch.target(0).fill(0.0);
                Ok(())
            });
            let told = format!(
                "`words` holds {number} in sample 0, but its embedding has 6 vectors, numbered from 0"
            );
            assert_eq!(trainer.train_on_rows(&data, &[0, 1]).expect_err("no vector").to_string(), told);
        }
    }
}

/// Sequences of words through one of everything, large enough to be shared by threads.
mod words {
    use super::*;

    model! {
        Reader {
            let words = Input(shape = [20], dtype = "int32");
            let x = Embedding(50, 16)(words);
            let h = LSTM(32, return_sequences = true)(x);
            let a = GRU(16)(h);
            let b = GRU(8, reset_after = false, go_backwards = true)(h);
            let c = SimpleRNN(8)(x);
            let kind = Dense(3, activation = softmax)(concatenate([a, b, c]));
            Model(inputs = [words], outputs = [kind])
                .compile(optimizer = Adam(learning_rate = 0.01), loss = categorical_crossentropy)
        }
    }

    /// No multiple of anything: the last chunk is smaller than the others.
    const ROWS: usize = 37;

    fn data() -> Data {
        let words = (0..ROWS * 20).map(|at| (at * 7919 % 49) as f64).collect();
        let kinds = (0..ROWS * 3).map(|at| if at % 3 == at / 3 % 3 { 1.0 } else { 0.0 }).collect();
        Data { rows: ROWS, inputs: vec![words], targets: vec![kinds], weights: vec![] }
    }

    /// The gradients of a first step, and the weights after a few.
    fn trained<E: Real>(data: &Data, threads: usize, steps: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>)
    where
        Cpu: Device<E>,
    {
        let mut model = Reader::<E>::build(3);
        let options = TrainerOptions::new().threads(threads);
        let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
        let mut first = vec![];
        for _ in 0..steps {
            step(&mut trainer, data).expect("a step");
            if first.is_empty() {
                let weights = <Reader<E> as Model>::SPEC.weights.iter();
                first =
                    weights.map(|weight| wide(&trainer.gradient(weight.name).expect("a gradient"))).collect();
            }
        }
        (first, trainer.weights().iter().map(|weight| wide(weight)).collect())
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let data = data();
        let alone = trained::<f32>(&data, 1, 3);
        for threads in [2, 3] {
            assert_eq!(alone, trained::<f32>(&data, threads, 3));
        }
    }

    #[test]
    fn the_gradient_of_a_batch_is_the_mean_of_those_of_its_samples() {
        let data = data();
        let (whole, _) = trained::<f64>(&data, 2, 1);
        let mut sums: Vec<Vec<f64>> = whole.iter().map(|gradient| vec![0.0; gradient.len()]).collect();
        for row in 0..ROWS {
            let (one, _) = trained::<f64>(&data.take(row..row + 1), 1, 1);
            for (sums, gradient) in sums.iter_mut().zip(one) {
                sums.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g / ROWS as f64);
            }
        }
        let weights = <Reader as Model>::SPEC.weights.iter();
        for (weight, (found, wanted)) in weights.zip(whole.iter().zip(&sums)) {
            assert_close(weight.name, found, wanted, Tolerance { rel: 1e-9, abs: 1e-12 });
        }
    }

    #[test]
    fn a_sample_is_predicted_as_it_is_in_any_batch() {
        let data = data();
        let model = Reader::new(3);
        let predict = |ids: &[f64]| {
            let ids: Vec<usize> = ids.iter().map(|id| *id as usize).collect();
            let rows = ids.len() / 20;
            let words = Cpu::default().tensor_from_vec(ids, (rows, Const));
            wide(&model.forward(&ReaderInputs { words }).expect("outputs").kind.as_vec())
        };
        let all = predict(&data.inputs[0]);
        for row in [0, 9, 10, ROWS - 1] {
            let one = predict(&data.inputs[0][row * 20..(row + 1) * 20]);
            assert_close("a sample", &one, &all[row * 3..(row + 1) * 3], F32);
        }
    }

    model! {
        Short {
            let words = Input(shape = [2, 3], dtype = "int32");
            let first = Embedding(5, 3, embeddings_regularizer = L2(0.1));
            let x = first(Reshape([6])(words));
            let y = first(Flatten()(Permute([2, 1])(words)));
            let h = LSTM(4)(concatenate([x, y]));
            let fixed = Embedding(5, 2, trainable = false)(words);
            let out = Dense(2)(concatenate([h, Flatten()(fixed)]));
            Model(inputs = [words], outputs = [out]).compile(optimizer = SGD(0.0), loss = mse)
        }
    }

    #[test]
    fn embeddings_share_and_sum() {
        let inputs = vec![(0..30).map(|at| (at * 7 % 5) as f64).collect()];
        let targets = vec![(0..10).map(|at| f64::from(at) / 8.0).collect()];
        let data = Data { rows: 5, inputs, targets, weights: vec![] };
        let mut model = Short::<f64>::build(1);
        check_gradients_on(&mut model, &data, Check::default());
        assert_eq!(Short::INPUTS[0].below, Some(5));
    }
}

/// One test per model; fields of [`Check`] may be given.
macro_rules! gradients {
    ($($test:ident $model:ident $(, $field:ident = $value:expr)*; { $($body:tt)* })+) => {$(
        model! { $model { $($body)* } }

        #[test]
        fn $test() {
            check_gradients(&mut $model::<f64>::build(1), Check { $($field: $value,)* ..Check::default() });
        }
    )+};
}

gradients! {
    lstms_in_a_stack Stack; {
        let x = Input(shape = [5, 3]);
        let a = Dense(4, activation = relu)(x);
        let b = LSTM(7, return_sequences = true)(a);
        let c = LSTM(5, go_backwards = true, return_sequences = true)(b);
        let d = LSTM(3)(c);
        let y = Dense(2)(d);
        let z = Dense(1)(a);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    an_lstm_of_one_step OneStep; {
        let x = Input(shape = [3]);
        let h = Dense(3, activation = tanh)(x);
        let h = LSTM(4)(Reshape([1, 3])(h));
        let h = LSTM(2, return_sequences = true, use_bias = false)(Reshape([1, 4])(h));
        let y = Dense(2)(Flatten()(h));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_shared_lstm Shared; {
        let p = Input(shape = [4, 3]);
        let q = Input(shape = [2, 3]);
        let first = Dense(3);
        let shared = LSTM(5);
        let a = shared(first(p));
        let b = shared(first(q));
        let y = Dense(2)(concatenate([a, b, a - b]));
        Model(inputs = [p, q], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    other_activations Others; {
        let x = Input(shape = [4, 2]);
        let h = Dense(3)(x);
        let h = LSTM(3, activation = softsign, recurrent_activation = hard_sigmoid, return_sequences = true)(h);
        let h = LSTM(2, activation = elu, recurrent_activation = softplus)(h);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    frozen_and_penalized Held; {
        let x = Input(shape = [3, 2]);
        let h = Dense(3)(x);
        let a = LSTM(4, trainable = false, return_sequences = true)(h);
        let b = LSTM(3, kernel_regularizer = L2(0.1), recurrent_regularizer = L1(0.2), bias_regularizer = L2(0.3))(a);
        let c = LSTM(2, trainable = false)(x);
        let y = Dense(1)(concatenate([b, c]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    grus_in_a_stack Grus; {
        let x = Input(shape = [4, 3]);
        let a = Dense(3, activation = relu)(x);
        let b = GRU(7, return_sequences = true)(a);
        let c = GRU(5, go_backwards = true, return_sequences = true, reset_after = false)(b);
        let d = GRU(3, use_bias = false)(c);
        let e = GRU(2, use_bias = false, reset_after = false)(c);
        let y = Dense(2)(concatenate([d, e]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    grus_with_other_activations OtherGrus; {
        let x = Input(shape = [3, 2]);
        let h = Dense(3)(x);
        let h = GRU(3, activation = softsign, recurrent_activation = hard_sigmoid, return_sequences = true)(h);
        let h = GRU(2, activation = elu, recurrent_activation = softplus, reset_after = false)(h);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    shared_recurrent_layers SharedAll; {
        let left = Input(shape = [3, 2]);
        let right = Input(shape = [1, 2]);
        let first = Dense(2);
        let p = first(left);
        let q = first(right);
        let gru = GRU(3);
        let before = GRU(3, reset_after = false);
        let rnn = SimpleRNN(3);
        let a = gru(p) + gru(q);
        let b = before(p) - before(q);
        let c = rnn(p) * rnn(q);
        let y = Dense(2)(concatenate([a, b, c]));
        Model(inputs = [left, right], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    simple_rnns Rnns; {
        let x = Input(shape = [4, 3]);
        let a = Dense(3)(x);
        let b = SimpleRNN(5, return_sequences = true)(a);
        let c = SimpleRNN(3, activation = relu, go_backwards = true, return_sequences = true)(b);
        let d = SimpleRNN(2, use_bias = false)(c);
        let y = Dense(1)(d);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_sequence_read_by_two Two; {
        let x = Input(shape = [3, 2]);
        let h = Dense(3, activation = relu)(x);
        let a = LSTM(4)(h);
        let b = LSTM(4, go_backwards = true)(h);
        let y = Dense(1)(a + b);
        let z = LSTM(2, return_sequences = true)(h);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
}
