//! Predictors in a service: one sample from plain arrays, clones on several threads, weights replaced meanwhile.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use std::sync::atomic::{AtomicBool, Ordering};

use mimo::prelude::*;
use mimo::{Float, array};

/// A length of the user's crate.
const WIDTH: usize = 3;

model! {
    /// Every kind of input and output: different numbers of axes, lengths of constants, integers.
    pub Net {
        const CLASSES: usize = 4;

        let image = Input(shape = [5, WIDTH * 2, 3]);
        let words = Input(shape = [7], dtype = int32);
        let age = Input(shape = [1]);

        let x = Conv2D(4, 3, activation = relu)(image);
        let x = Activation(relu)(BatchNormalization()(Dense(6, use_bias = false)(Flatten()(x))));
        let read = GlobalAveragePooling1D()(Embedding(20, 5)(words));
        let h = concatenate([x, read, age]);
        let kind = Dense(CLASSES, activation = softmax)(h);
        let map = Reshape([WIDTH, 2, 2])(Dense(WIDTH * 4)(h));
        let best = argmax(kind, axis = -1, keepdims = true);

        Model(inputs = [image, words, age], outputs = [kind, map, words, best])
    }
}

fn numbers(seed: usize, len: usize) -> Vec<f32> {
    (0..len).map(|at| ((at + 1) * (seed + 3) * 7919 % 1009) as f32 / 1009.0 - 0.5).collect()
}

fn check_one<E: Float>(model: &Net<E>) {
    let mut predictor = Predictor::with_threads(model, 1).expect("a predictor");
    let mut into = NetPrediction::<E>::default();
    for seed in 0..20 {
        let floats = |offset, len| numbers(seed + offset, len).into_iter().map(|x| E::of(x.into())).collect();
        let pixels: Vec<E> = floats(0, 5 * WIDTH * 2 * 3);
        let words: Vec<usize> = (0..7).map(|at| (at * 5 + seed) % 20).collect();
        let age: Vec<E> = floats(9, 1);
        let sample = NetSample {
            image: array(&pixels).expect("an image"),
            words: array(&words).expect("words"),
            age: &[age[0]],
        };
        let one = predictor.predict_one(&sample).expect("a prediction");
        predictor.predict_one_into(&sample, &mut into).expect("a prediction");
        assert_eq!(one, into);

        let inputs = NetInputs {
            image: tensor(pixels).expect("an image"),
            words: tensor(words).expect("words"),
            age: tensor(age).expect("an age"),
        };
        let all = predictor.predict(&inputs).expect("outputs");
        assert_eq!(one.kind.to_vec(), all.kind.as_vec());
        assert_eq!(one.map.as_flattened().as_flattened(), all.map.as_vec());
        assert_eq!(one.words.to_vec(), all.words.as_vec());
        assert_eq!(one.best.to_vec(), all.best.as_vec());
    }
}

#[test]
fn one_sample_is_predicted_as_a_batch_of_one() {
    check_one(&Net::<f32>::build(3));
    check_one(&Net::<f64>::build(3));
}

#[test]
fn samples_are_checked_as_batches_are() {
    let mut predictor = Predictor::new(&Net::new(1)).expect("a predictor");
    let image = [[[0.5; 3]; 6]; 5];
    let mut words = [0; 7];
    words[5] = 20;
    let error = predictor.predict_one(&NetSample { image: &image, words: &words, age: &[0.5] });
    let Err(Error::Vocabulary { input: "words", row: 0, number, vocabulary: 20 }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(number, 20.0);

    // A NaN affects the outputs that depend on it, as in a batch.
    words[5] = 19;
    let kind = predictor.predict_one(&NetSample { image: &image, words: &words, age: &[f32::NAN] });
    assert!(kind.expect("a prediction").kind.iter().all(|chance| chance.is_nan()));
    let kind = predictor.predict_one(&NetSample { image: &image, words: &words, age: &[0.5] });
    assert!(kind.expect("a prediction").kind.iter().all(|chance| chance.is_finite()));

    let error = array::<[[f32; 3]; 2]>(&[0.0; 5]).expect_err("five numbers");
    assert_eq!(error.to_string(), "5 numbers do not make an array of 6");
}

model! {
    /// All outputs are the same number if the weights are.
    pub Constant {
        let x = Input(shape = [8]);
        let h = Dense(64, activation = relu)(x);
        let h = Activation(relu)(BatchNormalization()(Dense(64, use_bias = false)(h)));
        let left = Dense(4)(h);
        let right = Dense(100)(h);
        Model(inputs = [x], outputs = [left, right])
    }
}

/// A model whose outputs are all 64 · 64 · 8 · `value`³. Its normalization is folded, so that it uses other memory
/// than without.
fn constant(value: f32) -> Constant {
    let mut model = Constant::new(0);
    model.write_weights(&mut |index, weights| {
        weights.fill(match <Constant as Model>::SPEC.weights[index].name {
            name if name.ends_with("kernel") => value,
            name if name.ends_with("gamma") || name.ends_with("variance") => 1.0,
            _ => 0.0,
        });
    });
    model
}

#[test]
fn a_clone_predicts_with_the_same_weights_after_the_model_is_gone() {
    fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}

    let mut predictor = {
        let model = constant(1.0);
        Predictor::new(&model).expect("a predictor")
    };
    is_shared(&predictor);
    let mut clone = predictor.clone();
    let wanted = predictor.predict_one(&ConstantSample { x: &[1.0; 8] }).expect("a prediction");
    let found = std::thread::spawn(move || clone.predict_one(&ConstantSample { x: &[1.0; 8] }));
    assert_eq!(found.join().expect("no panic").expect("a prediction"), wanted);
}

#[test]
fn every_prediction_sees_the_old_weights_or_the_new_ones() {
    const THREADS: usize = 4;
    const SWAPS: usize = 300;

    let models = [1.0_f32, 2.0, 3.0].map(constant);
    let x = [1.0_f32; 8];
    let result = |model: &Constant| {
        let mut predictor = Predictor::with_threads(model, 1).expect("a predictor");
        predictor.predict_one(&ConstantSample { x: &x }).expect("a prediction").left[0]
    };
    let results = models.each_ref().map(result);
    assert!(results[0] < results[1] && results[1] < results[2], "{results:?}");

    let mut predictor = Predictor::with_threads(&models[0], 2).expect("a predictor");
    let done = AtomicBool::new(false);
    // Many samples, so that a prediction takes several rounds on several threads.
    let rows = 700;
    let many = ConstantInputs { x: tensor(vec![1.0; 8 * rows]).expect("samples") };
    std::thread::scope(|scope| {
        let threads = Vec::from_iter((0..THREADS).map(|thread| {
            let mut predictor = predictor.clone();
            let (done, many, results) = (&done, &many, &results);
            scope.spawn(move || {
                let mut seen = [0; 3];
                while !done.load(Ordering::Relaxed) {
                    let values = if thread % 2 == 0 {
                        let one = predictor.predict_one(&ConstantSample { x: &x }).expect("a prediction");
                        [&one.left[..], &one.right].concat()
                    } else {
                        let all = predictor.predict(many).expect("outputs");
                        [all.left.as_vec(), all.right.as_vec()].concat()
                    };
                    let first = values[0];
                    assert!(values.iter().all(|value| *value == first), "a mix of weights");
                    let model = results.iter().position(|result| *result == first).expect("a model's result");
                    seen[model] += 1;
                }
                seen
            })
        }));
        for swap in 1..=SWAPS {
            let model = swap % models.len();
            predictor.replace_weights(&models[model]).expect("memory");
            // The call after the replacement sees it, on this thread and on clones made before and after.
            let found = predictor.predict_one(&ConstantSample { x: &x }).expect("a prediction");
            assert_eq!(found.left[0], results[model]);
            let found = predictor.clone().predict_one(&ConstantSample { x: &x }).expect("a prediction");
            assert_eq!(found.right[99], results[model]);
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
        for thread in threads {
            let seen = thread.join().expect("no panic");
            assert!(seen.iter().sum::<usize>() > 0);
        }
    });
}

#[test]
fn weights_are_replaced_by_those_of_the_model_as_it_is_now() {
    let mut model = constant(1.0);
    let mut predictor = Predictor::new(&model).expect("a predictor");
    let mut clone = predictor.clone();
    let left = |predictor: &mut Predictor<Constant>| {
        predictor.predict_one(&ConstantSample { x: &[1.0; 8] }).expect("a prediction").left[0]
    };
    let before = left(&mut predictor);
    // A change of the model has no effect until the weights are replaced.
    model = constant(2.0);
    assert_eq!(left(&mut clone), before);
    predictor.replace_weights(&model).expect("memory");
    assert_eq!((left(&mut clone), left(&mut predictor)), (before * 8.0, before * 8.0));

    // Weights that cannot be folded: another pass is used.
    model.write_weights(&mut |index, weights| {
        if <Constant as Model>::SPEC.weights[index].name.ends_with("variance") {
            weights.fill(-1.0);
        }
    });
    clone.replace_weights(&model).expect("memory");
    assert!(left(&mut predictor).is_nan() || left(&mut predictor) == 0.0);
    clone.replace_weights(&constant(1.0)).expect("memory");
    assert_eq!(left(&mut predictor), before);
}

model! {
    /// A model with a state.
    pub Counter {
        let x = Input(shape = [1, 2]);
        let y = SimpleRNN(3, stateful = true)(x);
        let noise = random_normal(y);
        Model(inputs = [x], outputs = [y, noise])
    }
}

#[test]
fn a_clone_has_states_and_a_seed_of_its_own() {
    let mut first = Predictor::new(&Counter::new(5)).expect("a predictor");
    let sample = CounterSample { x: &[[0.5, -0.25]] };
    let step = |predictor: &mut Predictor<Counter>| predictor.predict_one(&sample).expect("a prediction");
    let start = step(&mut first);
    // Both continue from the first one's state, with the same numbers.
    let mut second = first.clone();
    let next = step(&mut first);
    assert_ne!(next.y, start.y);
    assert_eq!(step(&mut second), next);
    // Then independently.
    second.reset_state();
    second.set_seed(7);
    let (a, b) = (step(&mut first), step(&mut second));
    assert_eq!(b.y, start.y);
    assert_ne!(a.y, b.y);
    assert_ne!(a.noise, b.noise);
    // States do not change when weights are replaced; the same weights continue as before.
    let mut third = first.clone();
    third.replace_weights(&Counter::new(5)).expect("memory");
    assert_eq!(step(&mut third), step(&mut first));
    // A batch of another size cannot continue from the state of one sample.
    let two = CounterInputs { x: tensor(vec![0.5; 4]).expect("samples") };
    assert!(matches!(first.predict(&two), Err(Error::StatefulRows { rows: 2, wanted: 1 })));
}
