//! Masks: gradients, threads, states kept from batch to batch, and padding to different lengths.
#![allow(missing_docs, reason = "models of tests need no documentation")]

mod support;

use mimo::TrainerOptions;
use mimo::prelude::*;
use mimo::{Model, Trainable};
use mimo_runtime::model::{Columns, Reader};
use support::{
    Check, Data, F64, Random, Real, assert_close, check_gradients_on, randomize, set_weights, step, wide,
};

/// Integers from 1 on, with zeros in masked steps: at the end, at the start, in between, or everywhere.
fn padded_words(rows: usize, steps: usize, below: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    let mut words = vec![];
    for row in 0..rows {
        for step in 0..steps {
            let counts = match row % 5 {
                0 => true,
                1 => step < steps.div_ceil(2),
                2 => step >= steps / 2,
                3 => step % 3 != 1,
                _ => false,
            };
            let word = 1 + random.below(below - 1);
            words.push(if counts { word as f64 } else { 0.0 });
        }
    }
    words
}

fn data<M: Model>(rows: usize, steps: usize, below: usize) -> Data {
    let mut data = Data::random::<M>(rows, 3);
    for (column, input) in data.inputs.iter_mut().zip(M::SPEC.inputs) {
        if input.dtype == mimo::graph::graph::Dtype::Int {
            *column = padded_words(rows, steps, below, 5);
        }
    }
    data
}

macro_rules! gradients {
    ($($test:ident $model:ident { $($body:tt)* })+) => {$(
        model! { #[allow(mimo::lost_mask)] $model { $($body)* } }

        #[test]
        fn $test() {
            let mut model = $model::<f64>::build(1);
            randomize(&mut model, 1);
            let data = data::<$model<f64>>(6, 5, 7);
            check_gradients_on(&mut model, &data, Check::default());
        }
    )+};
}

gradients! {
    recurrent_layers_in_a_stack Stack {
        let words = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true)(words);
        let a = LSTM(4, return_sequences = true)(h);
        let b = GRU(3, return_sequences = true, go_backwards = true)(a);
        let c = GRU(3, return_sequences = true, reset_after = false)(b);
        let d = SimpleRNN(2)(c);
        let e = Flatten()(Bidirectional(LSTM(2, return_sequences = true, activation = softsign), merge_mode = mul)(c));
        let y = Dense(2)(concatenate([d, e]));
        Model(inputs = [words], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    states_of_an_encoder Encoder {
        let words = Input(shape = [5], dtype = "int32");
        let s = Input(shape = [2]);
        let embedding = Embedding(7, 3, mask_zero = true);
        let (p, h, c) = LSTM(3, return_sequences = true, return_state = true)(embedding(words), initial_state = [Dense(3)(s), Dense(3)(s)]);
        let q = LSTM(3, return_sequences = true)(embedding(words), initial_state = [h, c]);
        let r = SimpleRNN(3, go_backwards = true)(p, initial_state = h);
        let y = Dense(2)(concatenate([Flatten()(p), Flatten()(q), r]));
        Model(inputs = [words, s], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    statistics_over_the_steps_that_count Statistics {
        let words = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true)(words);
        let a = GlobalAveragePooling1D()(Dense(4, activation = tanh)(h));
        let b = Dense(1)(LSTM(3, return_sequences = true)(h));
        let weights = Softmax()(Flatten()(b), mask = cast(words, float32) > 0.5);
        let c = dot([weights, h], axes = (1, 1));
        let y = Dense(2)(concatenate([a, c]));
        Model(inputs = [words], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    masks_of_trained_values Trained {
        let x = Input(shape = [5, 3]);
        let h = Dense(2, activation = relu)(x);
        let gate = sigmoid(sum(h, axis = -1)) > 0.6;
        let a = LSTM(3)(Masking()(h));
        let b = LSTM(3)(h, mask = gate);
        let c = GlobalAveragePooling1D()(Dense(1)(h), mask = Flatten()(Dense(1)(h)));
        let y = Dense(2)(concatenate([a, b, c]));
        let z = Dense(1)(gate + sum(h, axis = -1));
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    steps_of_steps Deep {
        let words = Input(shape = [5], dtype = "int32");
        let x = Input(shape = [2, 5, 2]);
        let m = Input(shape = [2, 5]);
        let h = Dense(2)(x);
        let a = TimeDistributed(LSTM(3))(h, mask = m > 0.0);
        let b = TimeDistributed(Bidirectional(GRU(2)))(h, mask = m > 0.0);
        let c = TimeDistributed(GlobalAveragePooling1D())(h, mask = m > 0.0);
        let d = GRU(2)(Embedding(7, 3, mask_zero = true)(words));
        let y = Dense(2)(concatenate([Flatten()(concatenate([a, b, c])), d]));
        Model(inputs = [words, x, m], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

gradients! {
    values_that_are_left_out LeftOut {
        let words = Input(shape = [5], dtype = "int32");
        let x = Input(shape = [5, 3]);
        let h = Embedding(7, 3, mask_zero = true)(words);
        let g = Masking()(Dense(3, activation = relu)(x));
        let y = Dense(2)(Flatten()(Multiply()([h, Dense(3, activation = tanh)(g), g])));
        let z = LSTM(2)(Maximum()([h, g, Dense(3)(h)]));
        let w = Dense(2)(Flatten()(Minimum()([x, h])));
        Model(inputs = [words, x], outputs = [y, z, w]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

// Its gradients are checked in training steps, whose losses use the batch statistics.
model! {
    #[allow(mimo::lost_mask)]
    Normalized {
        let words = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true)(words);
        let h = BatchNormalization(epsilon = 0.1)(h);
        let h = BatchNormalization(axis = 1, epsilon = 0.1)(Dense(2, activation = tanh)(h));
        let y = Dense(2)(Flatten()(h));
        Model(inputs = [words], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

#[test]
fn batch_statistics_over_the_steps_that_count() {
    let mut model = Normalized::<f64>::build(1);
    randomize(&mut model, 1);
    let data = data::<Normalized<f64>>(37, 5, 7);
    check_gradients_on(&mut model, &data, Check { training: true, values: 6, ..Check::default() });
}

model! {
    #[allow(mimo::lost_mask)]
    Threads {
        let words = Input(shape = [12], dtype = "int32");
        let h = Embedding(50, 32, mask_zero = true)(words);
        let h = BatchNormalization()(h);
        let a = Bidirectional(LSTM(32, return_sequences = true))(h);
        let b = GRU(32, dropout = 0.2, recurrent_dropout = 0.1)(a);
        let c = GlobalAveragePooling1D()(a);
        let y = Dense(3)(concatenate([b, c]));
        Model(inputs = [words], outputs = [y]).compile(optimizer = Adam(0.01), loss = mse)
    }
}

fn trained<M: Trainable<Float = f32>>(mut model: M, threads: usize) -> Vec<u64> {
    let data = data::<M>(133, 12, 50);
    let options = TrainerOptions::new().seed(6).threads(threads);
    let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
    let mut bits = vec![];
    for rows in [133, 7, 1, 64] {
        let logs = step(&mut trainer, &data.take(0..rows)).expect("a step");
        bits.extend(logs.iter().map(|(_, value)| value.to_bits()));
    }
    bits.extend(trainer.weights().iter().flatten().map(|value| value.wide().to_bits()));
    bits
}

#[test]
fn threads_change_nothing() {
    let one = trained(Threads::<f32>::build(1), 1);
    assert!(one.iter().all(|bits| f64::from_bits(*bits).is_finite()));
    for threads in [2, 3] {
        assert!(one == trained(Threads::<f32>::build(1), threads), "{threads} threads");
    }
}

macro_rules! padded {
    ($model:ident, $steps:literal) => {
        model! {
            $model {
                let words = Input(shape = [$steps], dtype = "int32");
                let h = Embedding(20, 6, mask_zero = true, name = "embedding")(words);
                let h = BatchNormalization(name = "norm")(h);
                let a = Bidirectional(LSTM(5, return_sequences = true), name = "both")(h);
                let b = GRU(4, name = "gru")(a);
                let c = GlobalAveragePooling1D()(a);
                let y = Dense(2, name = "last")(concatenate([b, c]));
                Model(inputs = [words], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
            }
        }
    };
}
padded!(Fifty, 50);
padded!(Hundred, 100);

fn whole(words: &[f64]) -> Vec<usize> {
    words.iter().map(|&word| word as usize).collect()
}

/// Predictions, the loss of a step, and the weights after it.
fn padding<M: Trainable<Float = f64>>(
    mut model: M,
    steps: usize,
    inputs: impl Fn(&[f64]) -> M::Inputs,
) -> Vec<Vec<f64>> {
    randomize(&mut model, 4);
    let mut words = vec![];
    // At the start in every other row.
    for (row, real) in padded_words(40, 30, 20, 9).chunks(30).enumerate() {
        let zeros = vec![0.0; steps - 30];
        words.extend(if row % 2 == 0 { [real, &zeros].concat() } else { [&zeros, real].concat() });
    }
    let mut data = Data::random::<M>(40, 2);
    data.inputs = vec![words];
    data.targets = vec![Random(3).normals(80)];
    let outputs =
        Predictor::new(&model).expect("a predictor").predict(&inputs(&data.inputs[0])).expect("outputs");
    let mut columns = vec![vec![]];
    outputs.read(&mut Reader::new(&mut columns)).expect("columns");
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let logs = step(&mut trainer, &data).expect("a step");
    let losses = logs.into_iter().map(|(_, value)| value).collect();
    [columns[0].clone(), losses].into_iter().chain(trainer.weights()).collect()
}

#[test]
fn sequences_may_be_padded_to_any_length() {
    let fifty = padding(Fifty::<f64>::build(1), 50, |words| FiftyInputs {
        words: tensor(whole(words)).expect("words"),
    });
    let hundred = padding(Hundred::<f64>::build(1), 100, |words| HundredInputs {
        words: tensor(whole(words)).expect("words"),
    });
    assert_eq!(fifty.len(), hundred.len());
    for (fifty, hundred) in fifty.iter().zip(&hundred) {
        for (fifty, hundred) in fifty.iter().zip(hundred) {
            assert!((fifty - hundred).abs() < 1e-12, "{fifty} and {hundred}");
        }
    }
}

model! {
    Whole {
        let x = Input(shape = [8, 2]);
        let m = Input(shape = [8]);
        let y = LSTM(3, name = "lstm")(x, mask = m);
        let z = GRU(3, name = "gru")(x, mask = m);
        Model(inputs = [x, m], outputs = [y, z])
    }
}

model! {
    Half {
        let x = Input(shape = [4, 2]);
        let m = Input(shape = [4]);
        let (_, y, _) = LSTM(3, stateful = true, return_state = true, name = "lstm")(x, mask = m);
        let (_, z) = GRU(3, stateful = true, return_state = true, name = "gru")(x, mask = m);
        Model(inputs = [x, m], outputs = [y, z])
    }
}

#[test]
fn states_of_masked_steps_go_on_with_the_next_batch() {
    let (mut whole, mut half) = (Whole::<f64>::build(1), Half::<f64>::build(2));
    randomize(&mut whole, 3);
    let mut weights = vec![];
    whole.read_weights(&mut |_, values| weights.push(values));
    let mut of = 0;
    set_weights(&mut half, |_, _| {
        of += 1;
        weights[of - 1].clone()
    });
    let rows = 5;
    let x = Random(4).normals(rows * 16);
    let m: Vec<f64> = padded_words(rows, 8, 9, 1).into_iter().map(|word| f64::from(word > 0.0)).collect();
    let part = |values: &[f64], len: usize, range: std::ops::Range<usize>| -> Vec<f64> {
        values.chunks(len).flat_map(|row| row[range.clone()].to_vec()).collect()
    };
    let inputs = WholeInputs { x: tensor(x.clone()).expect("x"), m: tensor(m.clone()).expect("m") };
    let wanted = Predictor::new(&whole).expect("a predictor").predict(&inputs).expect("outputs");
    let mut predictor = Predictor::new(&half).expect("a predictor");
    let mut found = None;
    for first in [0, 4] {
        let inputs = HalfInputs {
            x: tensor(part(&x, 16, 2 * first..2 * first + 8)).expect("x"),
            m: tensor(part(&m, 8, first..first + 4)).expect("m"),
        };
        found = Some(predictor.predict(&inputs).expect("outputs"));
    }
    let found = found.expect("two batches");
    assert_close("lstm", &wide(&found.y.as_vec()), &wide(&wanted.y.as_vec()), F64);
    assert_close("gru", &wide(&found.z.as_vec()), &wide(&wanted.z.as_vec()), F64);
}

model! {
    Reading {
        let x = Input(shape = [5, 3]);
        let h = Dense(3, activation = tanh, name = "first")(x);
        let y = GRU(4, name = "gru")(h);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    Nested {
        use Reading;

        let words = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embedding")(words);
        let y = Reading(name = "inside")(h);
        Model(inputs = [words], outputs = [y])
    }
}

model! {
    Inline {
        let words = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embedding")(words);
        let y = GRU(4, name = "gru")(Dense(3, activation = tanh, name = "first")(h));
        Model(inputs = [words], outputs = [y])
    }
}

#[test]
fn a_nested_model_reads_the_mask_of_what_it_is_called_on() {
    let (mut nested, mut inline) = (Nested::<f64>::build(1), Inline::<f64>::build(2));
    randomize(&mut nested, 3);
    randomize(&mut inline, 3);
    let words = || tensor(whole(&padded_words(5, 5, 7, 1))).expect("words");
    let found =
        Predictor::new(&nested).expect("one").predict(&NestedInputs { words: words() }).expect("outputs");
    let wanted =
        Predictor::new(&inline).expect("one").predict(&InlineInputs { words: words() }).expect("outputs");
    assert_close("nested", &wide(&found.y.as_vec()), &wide(&wanted.y.as_vec()), F64);
}

model! {
    #[allow(mimo::lost_mask)]
    Joining {
        let a = Input(shape = [5, 3]);
        let b = Input(shape = [5, 3]);
        let words = Input(shape = [5], dtype = "int32");
        let own = Embedding(7, 3, mask_zero = true, name = "own")(words);
        let most = Maximum()([a, own, b]);
        let y = Flatten()(Multiply()([a, b]));
        Model(inputs = [a, b, words], outputs = [y, most])
    }
}

model! {
    #[allow(mimo::lost_mask)]
    NestedJoins {
        use Joining;

        let words = Input(shape = [5], dtype = "int32");
        let others = Input(shape = [5], dtype = "int32");
        let a = Embedding(7, 3, mask_zero = true, name = "a")(words);
        let b = Embedding(7, 3, mask_zero = true, name = "b")(others);
        let (y, most) = Joining(name = "inside")(a, b, words);
        let z = GRU(4, name = "gru")(most);
        Model(inputs = [words, others], outputs = [y, z])
    }
}

model! {
    #[allow(mimo::lost_mask)]
    InlineJoins {
        let words = Input(shape = [5], dtype = "int32");
        let others = Input(shape = [5], dtype = "int32");
        let a = Embedding(7, 3, mask_zero = true, name = "a")(words);
        let b = Embedding(7, 3, mask_zero = true, name = "b")(others);
        let most = Maximum()([a, Embedding(7, 3, mask_zero = true, name = "own")(words), b]);
        let y = Flatten()(Multiply()([a, b]));
        let z = GRU(4, name = "gru")(most);
        Model(inputs = [words, others], outputs = [y, z])
    }
}

#[test]
fn a_nested_model_leaves_out_what_the_masks_around_it_leave_out() {
    let (mut nested, mut inline) = (NestedJoins::<f64>::build(1), InlineJoins::<f64>::build(2));
    let weight = |name: &str, shape: &[usize]| {
        let name = name.trim_start_matches("inside/");
        Random(name.bytes().map(u64::from).sum()).normals(shape.iter().product())
    };
    set_weights(&mut nested, &weight);
    set_weights(&mut inline, &weight);
    let words = |seed| tensor(whole(&padded_words(5, 5, 7, seed))).expect("words");
    let others = || {
        let words = padded_words(5, 5, 7, 2);
        tensor(whole(&[&words[5..], &words[..5]].concat())).expect("words")
    };
    let mut found = Predictor::new(&nested).expect("one");
    let found = found.predict(&NestedJoinsInputs { words: words(1), others: others() }).expect("outputs");
    let mut wanted = Predictor::new(&inline).expect("one");
    let wanted = wanted.predict(&InlineJoinsInputs { words: words(1), others: others() }).expect("outputs");
    assert_close("product", &wide(&found.y.as_vec()), &wide(&wanted.y.as_vec()), F64);
    assert_close("maximum", &wide(&found.z.as_vec()), &wide(&wanted.z.as_vec()), F64);
    assert!(wide(&found.y.as_vec()).contains(&0.0));
}

model! {
    StepByStep {
        let x = Input(shape = [5, 4]);
        let kernel = Weight([4, 3]);
        let a = matmul(x, kernel);
        let b = cumsum(x, axis = -1);
        let c = einsum("bij,bij->bi", x, x);
        let d = EinsumDense("abc,cde->abde", [none, 2, 3])(x);
        let e = flip(x, axis = -1);
        let f = softmax(expand_dims(x, axis = 2), axis = -1);
        let g = reshape(x, [-1, 5, 2, 2]);
        let h = repeat(x[.., 1..], 2, axis = -1);
        let i = RMSNormalization()(stack([x, -x], axis = -1));
        let j = Permute((1, 3, 2))(Reshape((5, 2, 2))(x));
        Model(inputs = [x], outputs = [a, b, c, d, e, f, g, h, i, j])
    }
}

#[test]
fn steps_with_a_mask_that_stays_are_computed_from_themselves() {
    let mut model = StepByStep::<f64>::build(1);
    randomize(&mut model, 2);
    let mut predictor = Predictor::new(&model).expect("a predictor");
    let mut predict = |x: &[f64]| {
        let outputs = predictor.predict(&StepByStepInputs { x: tensor(x.to_vec()).expect("x") });
        let mut columns = vec![vec![]; 10];
        outputs.expect("outputs").read(&mut Reader::new(&mut columns)).expect("columns");
        columns
    };
    let x = Random(4).normals(20);
    let mut other = x.clone();
    other[8..12].iter_mut().for_each(|value| *value *= 2.0);
    for (output, (before, after)) in predict(&x).iter().zip(predict(&other)).enumerate() {
        let of_step = before.len() / 5;
        let changed = |step: usize| before[step * of_step..][..of_step] != after[step * of_step..][..of_step];
        let changed: Vec<usize> = (0..5).filter(|&step| changed(step)).collect();
        assert_eq!(changed, [2], "output {output}");
    }
}
