//! Embeddings against Keras's numbers; sequences in batches, on threads, and in parts; gradients of recurrent layers against
//! differences of losses.

mod support;

use mimo::TrainerOptions;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Model, Trainer, model};
use support::{
    Check, Data, F32, Real, Tolerance, assert_close, check_gradients, check_gradients_on, entry, golden,
    narrow, numbers, set_weights, step, wide,
};

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
        set_weights(&mut model, |_, _| numbers(entry(&case["weights"], "path", "embeddings")));
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
            let (h, s, _) = LSTM(32, return_sequences = true, return_state = true)(x);
            let a = GRU(16)(h, initial_state = Dense(16)(s));
            let b = GRU(8, reset_after = false, go_backwards = true)(h);
            let c = Bidirectional(SimpleRNN(8, return_sequences = true), merge_mode = sum)(x);
            let c = TimeDistributed(LSTM(6))(Reshape([4, 5, 8])(c));
            let c = Flatten()(TimeDistributed(Dense(4, activation = relu))(c));
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

    model! {
        Dropping {
            let words = Input(shape = [20], dtype = "int32");
            let x = Embedding(50, 16)(words);
            let h = Bidirectional(LSTM(16, dropout = 0.2, recurrent_dropout = 0.3, return_sequences = true))(x);
            let h = TimeDistributed(GRU(8, dropout = 0.2, recurrent_dropout = 0.3))(Reshape([4, 5, 32])(h));
            let h = SimpleRNN(8, recurrent_dropout = 0.5)(TimeDistributed(Dropout(0.2))(h));
            let kind = Dense(3, activation = softmax)(h);
            Model(inputs = [words], outputs = [kind])
                .compile(optimizer = Adam(learning_rate = 0.01), loss = categorical_crossentropy)
        }
    }

    #[test]
    fn what_is_dropped_does_not_depend_on_the_threads() {
        let data = data();
        let trained = |threads: usize, seed: u64| {
            let mut model = Dropping::new(3);
            let options = TrainerOptions::new().threads(threads).seed(seed);
            let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
            for _ in 0..3 {
                step(&mut trainer, &data).expect("a step");
            }
            trainer.weights()
        };
        let alone = trained(1, 1);
        for threads in [2, 3] {
            assert_eq!(alone, trained(threads, 1));
        }
        assert_ne!(alone, trained(1, 2));
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
    states_that_are_given Given; {
        let x = Input(shape = [4, 3]);
        let a = Dense(3, activation = relu)(x);
        let (y, h, c) = LSTM(5, return_sequences = true, return_state = true)(a);
        let (g, s) = GRU(4, return_state = true)(y);
        let (_, r) = SimpleRNN(3, return_state = true)(y);
        let first = Dense(2)(concatenate([h, c, g]));
        let second = Dense(1)(concatenate([s, r, c]));
        Model(inputs = [x], outputs = [first, second]).compile(optimizer = SGD(0.0), loss = mse)
    }
    only_the_states_lead_to_an_output OnlyStates; {
        let x = Input(shape = [3, 2]);
        let (_, _, c) = LSTM(4, return_sequences = true, return_state = true)(x);
        let (_y, h, _) = LSTM(4, return_state = true)(x);
        let (z, s) = GRU(4, return_state = true)(x, initial_state = h);
        Model(inputs = [x], outputs = [c, z, s]).compile(optimizer = SGD(0.0), loss = { c: mse, z: none, s: mse })
    }
    an_encoder_and_a_decoder Translate; {
        let source = Input(shape = [4, 3]);
        let target = Input(shape = [3, 2]);
        let (_, h, c) = LSTM(5, return_state = true)(source);
        let (y, h, _) = LSTM(5, return_sequences = true, return_state = true)(target, initial_state = [h, c]);
        let y = GRU(5, return_sequences = true)(y, initial_state = h);
        let y = GRU(5, reset_after = false, return_sequences = true, go_backwards = true)(y, initial_state = h);
        let y = SimpleRNN(5, return_sequences = true)(y, initial_state = h);
        let y = Dense(2)(y);
        Model(inputs = [source, target], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_state_behind_a_relu_goes_into_several Relus; {
        let x = Input(shape = [3, 2]);
        let h = Dense(4, activation = relu)(Flatten()(x));
        let read = LSTM(4, return_state = true);
        let (a, s, c) = read(x, initial_state = [h, h]);
        let (b, _, _) = read(x, initial_state = [s, c]);
        let y = Dense(1)(concatenate([a, b, h]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_frozen_layer_passes_gradients_on_to_its_state FrozenState; {
        let x = Input(shape = [3, 2]);
        let h = Dense(4)(Flatten()(x));
        let y = LSTM(4, trainable = false)(x, initial_state = [h, h]);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    layers_on_every_step Steps; {
        let x = Input(shape = [3, 4, 4, 2]);
        let h = TimeDistributed(Conv2D(3, 2, activation = relu))(x);
        let h = TimeDistributed(MaxPooling2D(2))(h);
        let h = TimeDistributed(Flatten())(h);
        let h = TimeDistributed(Dense(5, activation = relu))(h);
        let h = TimeDistributed(Reshape([1, 5]))(h);
        let h = TimeDistributed(TimeDistributed(Dense(4, activation = softmax)))(h);
        let h = TimeDistributed(LSTM(3, return_sequences = true))(h);
        let h = TimeDistributed(GRU(3))(h);
        let y = LSTM(2)(h);
        let kinds = TimeDistributed(Dense(3, activation = softmax))(h);
        Model(inputs = [x], outputs = [y, kinds])
            .compile(optimizer = SGD(0.0), loss = { y: mse, kinds: categorical_crossentropy })
    }
    other_layers_on_every_step MoreSteps, rows = 3; {
        let x = Input(shape = [2, 5, 2]);
        let first = Dense(3);
        let a = TimeDistributed(Conv1DTranspose(3, 2, strides = 2, activation = gelu))(first(x));
        let b = TimeDistributed(Permute([2, 1]))(first(x));
        let c = TimeDistributed(UpSampling1D(2))(first(x));
        let d = TimeDistributed(GlobalAveragePooling1D())(a);
        let e = TimeDistributed(RepeatVector(3))(d);
        let f = TimeDistributed(ZeroPadding1D((0, 2)))(b);
        let g = TimeDistributed(Activation(tanh))(TimeDistributed(Cropping1D(1))(c));
        let y = Dense(2)(concatenate([Flatten()(a), Flatten()(e), Flatten()(f), Flatten()(g)]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_shared_layer_on_every_step SharedSteps; {
        let x = Input(shape = [3, 2]);
        let z = Input(shape = [4, 2]);
        let each = TimeDistributed(SimpleRNN(2));
        let wide = TimeDistributed(Reshape([1, 2]));
        let y = LSTM(2)(each(wide(x))) + LSTM(2)(each(wide(z)));
        Model(inputs = [x, z], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    from_both_ends Both; {
        let x = Input(shape = [4, 3]);
        let z = Input(shape = [2, 3]);
        let first = Dense(3, activation = relu);
        let read = Bidirectional(LSTM(3, return_sequences = true, return_state = true));
        let (a, _, c, d, _) = read(first(x));
        let (b, e, _, f, g) = read(first(z));
        let h = Bidirectional(GRU(2, return_sequences = true), merge_mode = ave)(a);
        let (p, q) = Bidirectional(SimpleRNN(3), merge_mode = none)(b, initial_state = [e, f]);
        let s = Bidirectional(GRU(2, reset_after = false), merge_mode = mul)(h);
        let y = Dense(2)(concatenate([c, d, g, s]));
        let v = Dense(1)(p - q);
        Model(inputs = [x, z], outputs = [y, v]).compile(optimizer = SGD(0.0), loss = mse)
    }
    dropped_features_and_states Dropped, training = true; {
        let x = Input(shape = [4, 3]);
        let z = Input(shape = [2, 3, 2]);
        let first = Dense(3, activation = relu)(x);
        let h = Dense(4, activation = tanh)(Flatten()(x));
        let a = LSTM(4, dropout = 0.3, recurrent_dropout = 0.4, return_sequences = true)(first, initial_state = [h, h]);
        let b = GRU(4, recurrent_dropout = 0.5, return_sequences = true)(a, initial_state = h);
        let c = GRU(3, reset_after = false, dropout = 0.2, recurrent_dropout = 0.5, seed = 3)(b);
        let d = SimpleRNN(3, recurrent_dropout = 0.25, dropout = 0.25)(b);
        let e = Bidirectional(LSTM(2, recurrent_dropout = 0.5, activation = softsign))(a);
        let f = LSTM(2)(TimeDistributed(LSTM(3, dropout = 0.4, recurrent_dropout = 0.5))(z));
        let y = Dense(2)(concatenate([c, d, e, f]));
        Model(inputs = [x, z], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

/// What is dropped, seen where nothing else happens: a kernel or a recurrent kernel that is the identity.
mod dropped {
    use std::sync::{Arc, Mutex};

    use mimo::prelude::tensor;

    use super::*;

    const ROWS: usize = 200;

    model! {
        Masks {
            let x = Input(shape = [4, 25]);
            let state = Input(shape = [25]);
            let inputs = SimpleRNN(25, activation = linear, dropout = 0.2, return_sequences = true)(x);
            let states = SimpleRNN(25, activation = linear, recurrent_dropout = 0.2)(x, initial_state = state);
            Model(inputs = [x, state], outputs = [inputs, states]).compile(optimizer = SGD(0.0), loss = custom)
        }
    }

    /// What the two layers give in a step of training, and without.
    fn given(seed: u64) -> [[Vec<f32>; 2]; 2] {
        let mut model = Masks::new(1);
        set_weights(&mut model, |name, shape| {
            let identity = matches!(name, "inputs/kernel" | "states/recurrent_kernel");
            let mut values = vec![0.0; shape.iter().product()];
            if identity {
                values.iter_mut().step_by(26).for_each(|value| *value = 1.0);
            }
            values
        });
        let x = tensor(vec![1.0; ROWS * 100]).expect("sequences");
        let inputs = MasksInputs { x, state: tensor(vec![1.0; ROWS * 25]).expect("states") };
        let plain = model.forward(&inputs).expect("outputs");
        let targets = MasksTargets { inputs: plain.inputs.clone(), states: plain.states.clone() };
        let seen = Arc::new(Mutex::new([vec![], vec![]]));
        let mut trainer =
            Trainer::with_options(&mut model, TrainerOptions::new().seed(seed)).expect("a trainer");
        let watched = Arc::clone(&seen);
        trainer.set_loss(move |outputs, _| {
            *watched.lock().expect("one thread") = [outputs.inputs.as_vec(), outputs.states.as_vec()];
            Ok(outputs.inputs.sum() + outputs.states.sum())
        });
        trainer.train_on_batch(&inputs, &targets).expect("a step");
        let seen = seen.lock().expect("one thread").clone();
        [seen, [plain.inputs.as_vec(), plain.states.as_vec()]]
    }

    #[test]
    fn all_steps_have_one_mask() {
        let [[inputs, states], plain] = given(1);
        assert!(plain.concat().iter().all(|&value| value == 1.0));
        for sample in inputs.chunks(100) {
            let first = &sample[..25];
            assert!(sample.chunks(25).all(|step| step == first));
        }
        assert!(inputs[..25] != inputs[100..125], "each sample has its own");
        // Four steps scale four times, or give 0 where one of them would.
        let (kept, all) = (1.25f32, 1.25f32.powi(4));
        let share = |values: &[f32], kept: f32| {
            assert!(values.iter().all(|&value| value == 0.0 || (value - kept).abs() < 1e-5));
            values.iter().filter(|&&value| value == 0.0).count() as f64 / values.len() as f64
        };
        let mask: Vec<f32> = inputs.chunks(100).flat_map(|sample| sample[..25].to_vec()).collect();
        // Six standard deviations of 5000 draws.
        for share in [share(&mask, kept), share(&states, all)] {
            assert!((share - 0.2).abs() < 0.034, "{share}");
        }
        let places = |values: &[f32]| values.iter().map(|&value| value == 0.0).collect::<Vec<_>>();
        assert_ne!(places(&mask), places(&states), "inputs and states are dropped on their own");
        assert_ne!(given(2)[0], [inputs, states]);
    }
}

#[test]
fn both_directions_are_layers_with_names() {
    let names = Both::<f32>::SPEC.weights.iter().map(|weight| weight.name);
    let lstm: Vec<_> = names.take(6).filter(|name| name.contains("lstm")).collect();
    assert_eq!(
        lstm,
        ["forward_lstm/kernel", "forward_lstm/recurrent_kernel", "forward_lstm/bias", "backward_lstm/kernel",]
    );
    let model = Both::new(1);
    assert_eq!(model.backward_gru_1.kernel.shape().concrete(), [2, 6]);
    assert!(Both::summary().contains("bidirectional (Bidirectional)"), "{}", Both::summary());
}
