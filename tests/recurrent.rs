//! Embeddings compared with Keras's numbers; sequences in batches, on threads, and in parts; dropout in them.

mod support;

use mimo::TrainerOptions;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Model, Trainer, model};
use support::{
    Check, Data, F32, Real, Tolerance, assert_close, check_gradients_on, entry, golden, narrow, numbers,
    set_weights, step, wide,
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
        let told = "`words` holds 6 in sample 1, but the layer that reads it takes integers from 0 to 5";
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
                "`words` holds {number} in sample 0, but the layer that reads it takes integers from 0 to 5"
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

/// Dropout, isolated by a kernel or a recurrent kernel that is the identity.
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

    /// The outputs of the two layers in a training step, and in inference.
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
        // Four steps scale four times, or output 0 if one of them drops the value.
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
