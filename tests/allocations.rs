//! A training step after the first allocates nothing, nor does a prediction into existing tensors or arrays.
//!
//! Every allocation of the process counts, on every thread, so this file has only one test.
#![allow(
    unsafe_code,
    missing_docs,
    reason = "an allocator that counts has to be an allocator; models of tests need no documentation"
)]

#[path = "support/counting.rs"]
mod counting;

use mimo::PerOutput;
use mimo::TrainerOptions;
use mimo::data::{ArrayDataset, PerPosition};
use mimo::prelude::*;

use counting::allocations;

/// Wide enough that threads share batches of 32 and more, with everything that a step can contain: siblings, a merge,
/// dropout, noise, steps of a sequence, sparse and dense targets, metrics with states, penalties, batch statistics,
/// normalized kernels.
macro_rules! net {
    ($name:ident, $constraint:ident, $($optimizer:tt)+) => {
        model! {
            $name {
                let image = Input(shape = [12, 10]);
                let age = Input(shape = [1]);
                let x = Flatten()(image);
                let x = GaussianNoise(0.1)(x);
                let x = Dense(256, activation = relu, kernel_regularizer = L2(1e-4))(x);
                let x = Dropout(0.25)(x);
                let read = LSTM(8, return_sequences = true, dropout = 0.1, recurrent_dropout = 0.1);
                let (read, h, _) = Bidirectional(GRU(4, return_sequences = true, return_state = true))(read(image));
                let read = TimeDistributed(Dense(4, activation = relu))(read);
                let read = GRU(8)(read, initial_state = Dense(8)(h));
                let normal = SpectralNormalization(Dense(8, activation = tanh));
                let read = normal(normal(read));
                let x = concatenate([x, age, read]);
                let left = Dense(64, activation = tanh, kernel_constraint = $constraint)(x);
                // Not a sibling of the other one, so that a prediction folds the normalization.
                let right = Activation(relu)(BatchNormalization()(Dense(64, use_bias = false)(x + x)));
                let x = left + right;
                let kind = Dense(5, activation = softmax)(x);
                let tags = Dense(3, activation = sigmoid)(x);
                let value = Dense(2)(x);

                Model(inputs = [image, age], outputs = [kind, tags, value]).compile(
                    optimizer = $($optimizer)+,
                    loss = { kind: sparse_categorical_crossentropy, tags: binary_crossentropy, value: mse },
                    loss_weights = { tags: 0.5 },
                    metrics = { kind: [accuracy], tags: [binary_accuracy, auc], value: [mae, r2] },
                )
            }
        }
    };
}

// Masked steps, in a loss of steps and in one over the whole batch.
model! {
    Tagged {
        let words = Input(shape = [12], dtype = int32);
        let x = Embedding(50, 64, mask_zero = true)(words);
        let x = Dense(256, activation = relu)(x);
        let tag = Dense(5, activation = softmax)(x);
        let share = Dense(2, activation = sigmoid)(x);

        Model(inputs = [words], outputs = [tag, share]).compile(
            optimizer = SGD(learning_rate = 0.01),
            loss = { tag: sparse_categorical_crossentropy, share: dice },
            metrics = { tag: [accuracy] },
        )
    }
}

/// A custom loss.
fn squared(prediction: &[f32], target: &[f32], gradient: &mut [f32]) -> f32 {
    let errors = prediction.iter().zip(target).map(|(p, t)| p - t);
    gradient.iter_mut().zip(errors.clone()).for_each(|(to, error)| *to = 2.0 * error);
    errors.map(|error| error * error).sum()
}

/// A custom metric.
struct LargestError;

impl mimo::Metric<1> for LargestError {
    fn update<E: mimo::Float>([largest]: &mut [f64; 1], prediction: &[E], target: &[E], _: f64) {
        let errors = prediction.iter().zip(target).map(|(p, t)| (p.f64() - t.f64()).abs());
        *largest = errors.fold(*largest, f64::max);
    }

    fn merge([largest]: &mut [f64; 1], [later]: &[f64; 1]) {
        *largest = largest.max(*later);
    }

    fn result([largest]: &[f64; 1]) -> f64 {
        *largest
    }
}

model! {
    Own {
        let x = Input(shape = [120]);
        let h = Dense(512, activation = relu)(x);
        let y = Dense(3)(h);

        Model(inputs = [x], outputs = [y]).compile(
            optimizer = SGD(learning_rate = 0.001),
            loss = self::squared,
            metrics = [self::LargestError],
            weighted_metrics = [self::LargestError],
        )
    }
}

net!(Plain, none, SGD(learning_rate = 0.01));
net!(Momentum, none, SGD(learning_rate = 0.01, momentum = 0.9, nesterov = true, clipvalue = 0.5));
net!(Adaptive, none, Adam(amsgrad = true));
net!(Clipped, none, Adam(clipnorm = 1.0));
net!(GloballyClipped, none, AdamW(global_clipnorm = 1.0));
net!(Constrained, max_norm, RMSprop(momentum = 0.5, centered = true));
net!(Keyed, max_norm, {
    kind: Lamb(clipnorm = 1.0),
    tags: Adafactor(global_clipnorm = 1.0),
    value: Adam(gradient_accumulation_steps = 3, use_ema = true, ema_overwrite_frequency = 5),
    rest: Muon(exclude_layers = ["gru"]),
});

const ROWS: usize = 1000;

/// Any numbers below 1.
fn values(count: usize) -> Vec<f32> {
    (0..count).map(|at| (at * 7919 % 1009) as f32 / 1009.0).collect()
}

macro_rules! tensors {
    ($inputs:ident, $targets:ident, $rows:expr) => {{
        let rows: usize = $rows;
        let inputs = $inputs::<usize> {
            image: tensor(values(rows * 120)).unwrap(),
            age: tensor(values(rows)).unwrap(),
        };
        let targets = $targets::<usize> {
            kind: tensor((0..rows).map(|row| row % 5).collect::<Vec<usize>>()).unwrap(),
            tags: tensor(values(rows * 3).into_iter().map(f32::round).collect::<Vec<f32>>()).unwrap(),
            value: tensor(values(rows * 2)).unwrap(),
        };
        (inputs, targets)
    }};
}

/// Two epochs in `steps` batches of `batch` rows and a smaller one, after two that are not counted.
fn per_epoch<M: Trainable>(
    trainer: &mut Trainer<'_, M>,
    data: &ArrayDataset<M>,
    rows: usize,
    batch: usize,
) -> usize {
    let data = data.slice(0..rows).unwrap();
    let options = || FitOptions::new().epochs(2).batch_size(batch).verbose(Verbose::Silent);
    trainer.fit(&data, options()).unwrap();
    allocations(|| {
        trainer.fit(&data, options()).unwrap();
    })
}

fn trains_without_allocating<M: Trainable>(name: &str, mut model: M, data: &ArrayDataset<M>) {
    for threads in [1, 2] {
        let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).unwrap();
        // 7 and 14 steps, the last of either with 13 rows. The allocations of a `fit` and an epoch are the same for
        // both.
        for batch in [32, 64] {
            let one = per_epoch(&mut trainer, data, 6 * batch + 13, batch);
            let two = per_epoch(&mut trainer, data, 13 * batch + 13, batch);
            assert_eq!(
                one, two,
                "{name}: an epoch of more steps allocates more, {threads} threads, batches of {batch}"
            );
        }
        // Single steps of changing sizes, each of which has occurred before.
        let rows: Vec<usize> = (0..257).map(|row| row * 3 % ROWS).collect();
        let sizes = [257, 32, 1, 33, 256, 31];
        let mut steps = || {
            for size in sizes {
                trainer.train_on_rows(data, &rows[..size]).unwrap();
            }
        };
        steps();
        assert_eq!(allocations(steps), 0, "{name}: steps, {threads} threads");
    }
}

#[test]
fn nothing_is_allocated_after_the_first_step() {
    macro_rules! check {
        ($($name:ident $inputs:ident $targets:ident),*) => {$({
            let (inputs, targets) = tensors!($inputs, $targets, ROWS);
            let data = ArrayDataset::<$name>::new(&inputs, &targets).unwrap();
            trains_without_allocating(stringify!($name), $name::new(1), &data);
        })*};
    }
    check!(
        Plain PlainInputs PlainTargets,
        Momentum MomentumInputs MomentumTargets,
        Adaptive AdaptiveInputs AdaptiveTargets,
        Clipped ClippedInputs ClippedTargets,
        GloballyClipped GloballyClippedInputs GloballyClippedTargets,
        Constrained ConstrainedInputs ConstrainedTargets,
        Keyed KeyedInputs KeyedTargets
    );

    // Samples with different weights.
    let (inputs, targets) = tensors!(PlainInputs, PlainTargets, ROWS);
    let weights = PlainPerOutput::from_fn(|output| (output > 0).then(|| values(ROWS)));
    let data = ArrayDataset::<Plain>::new(&inputs, &targets).unwrap().sample_weights(&weights).unwrap();
    trains_without_allocating("weighted", Plain::new(1), &data);

    let inputs = OwnInputs { x: tensor(values(ROWS * 120)).unwrap() };
    let targets = OwnTargets { y: tensor(values(ROWS * 3)).unwrap() };
    let data = ArrayDataset::<Own>::new(&inputs, &targets).unwrap();
    trains_without_allocating("own", Own::new(1), &data);

    let words: Vec<usize> =
        (0..ROWS * 12).map(|at| if at % 12 > at / 12 % 13 { 0 } else { at % 50 }).collect();
    let inputs = TaggedInputs { words: tensor(words).unwrap() };
    let targets = TaggedTargets {
        tag: tensor((0..ROWS * 12).map(|at| at % 5).collect::<Vec<usize>>()).unwrap(),
        share: tensor(values(ROWS * 24)).unwrap(),
    };
    let data = ArrayDataset::<Tagged>::new(&inputs, &targets).unwrap();
    trains_without_allocating("masked", Tagged::new(1), &data);

    // Missing targets: in batches of one sample, heads have none.
    let missing = |output: usize| (0..ROWS).map(|row| row % 3 != output).collect::<Vec<bool>>();
    let (inputs, targets) = tensors!(AdaptiveInputs, AdaptiveTargets, ROWS);
    let mask = AdaptivePerOutput::from_fn(|output| Some(missing(output)));
    let some = ArrayDataset::<Adaptive>::with_target_mask(&inputs, &targets, &mask).unwrap();
    trains_without_allocating("missing", Adaptive::new(1), &some);
    let (inputs, targets) = tensors!(KeyedInputs, KeyedTargets, ROWS);
    let mask = KeyedPerOutput::from_fn(|output| Some(missing(output)));
    let some = ArrayDataset::<Keyed>::with_target_mask(&inputs, &targets, &mask).unwrap();
    trains_without_allocating("missing, several optimizers", Keyed::new(1), &some);
    let weights = TaggedPerOutput {
        tag: Some(PerPosition::new(values(ROWS * 12), [ROWS, 12])),
        share: Some(PerPosition::new(values(ROWS), [ROWS])),
    };
    let mask = PerPosition::new((0..ROWS * 12).map(|at| at % 7 != 0).collect::<Vec<bool>>(), [ROWS, 12]);
    let data = data.sample_weights(&weights).unwrap();
    let data = data.target_mask(&TaggedPerOutput { tag: Some(mask.clone()), share: Some(mask) }).unwrap();
    trains_without_allocating("positions", Tagged::new(1), &data);

    let mut model = Adaptive::new(1);
    for threads in [1, 2] {
        let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).unwrap();
        for rows in [1, 32, 100] {
            let (inputs, targets) = tensors!(AdaptiveInputs, AdaptiveTargets, rows);
            let mut step = || {
                trainer.train_on_batch(&inputs, &targets).unwrap();
            };
            step();
            assert_eq!(allocations(step), 0, "train_on_batch, {rows} rows, {threads} threads");
        }
    }

    for threads in [1, 2] {
        let mut predictor = Predictor::with_threads(&model, threads).unwrap();
        for rows in [1, 32, ROWS] {
            let (inputs, _) = tensors!(AdaptiveInputs, AdaptiveTargets, rows);
            let mut outputs = predictor.predict(&inputs).unwrap();
            let mut predict = || predictor.predict_into(&inputs, &mut outputs).unwrap();
            predict();
            assert_eq!(allocations(predict), 0, "predict_into, {rows} rows, {threads} threads");
        }
        // One sample, from plain arrays; also on a clone, and after the weights were replaced.
        let (image, age) = ([[0.5; 10]; 12], [0.25]);
        let sample = AdaptiveSample { image: &image, age: &age };
        let mut into = predictor.predict_one(&sample).unwrap();
        assert_eq!(allocations(|| into = predictor.predict_one(&sample).unwrap()), 0, "predict_one");
        let mut predict = || predictor.predict_one_into(&sample, &mut into).unwrap();
        assert_eq!(allocations(&mut predict), 0, "predict_one_into, {threads} threads");
        let mut clone = predictor.clone();
        clone.predict_one_into(&sample, &mut into).unwrap();
        predictor.replace_weights(&model).unwrap();
        let predict = || clone.predict_one_into(&sample, &mut into).unwrap();
        assert_eq!(allocations(predict), 0, "predict_one_into of a clone, {threads} threads");
        // Alternating sizes, all of which have occurred before.
        let few = tensors!(AdaptiveInputs, AdaptiveTargets, 3).0;
        let many = tensors!(AdaptiveInputs, AdaptiveTargets, ROWS).0;
        let (mut few_outputs, mut many_outputs) =
            (predictor.predict(&few).unwrap(), predictor.predict(&many).unwrap());
        let mut predict = || {
            predictor.predict_into(&few, &mut few_outputs).unwrap();
            predictor.predict_into(&many, &mut many_outputs).unwrap();
        };
        predict();
        assert_eq!(allocations(predict), 0, "predict_into, sizes in turn, {threads} threads");
    }
}
