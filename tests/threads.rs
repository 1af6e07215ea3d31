//! Weights, losses, metrics, gradients and predictions are bit-identical for any number of threads.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

const THREADS: [usize; 4] = [1, 2, 3, 8];
/// Smaller and larger than a chunk, odd, and not a multiple of anything.
const BATCHES: [usize; 5] = [1, 31, 32, 33, 257];
const ROWS: usize = 300;

// From batches of 31 on its steps are shared: 90 k multiplications and additions per sample forward, three times as
// many in a step, and a step of less than 4 M stays on one thread.
macro_rules! wide {
    ($name:ident, $($losses:tt)*) => {
        model! {
            $name {
                let image = Input(shape = [12, 10]);
                let age = Input(shape = [1]);
                let x = Flatten()(image);
                let x = GaussianNoise(0.1)(x);
                let x = Dense(512, activation = relu, kernel_regularizer = L2(1e-4))(x);
                let x = Dropout(0.25)(x);
                let x = concatenate([x, age]);
                let left = Dense(32, activation = tanh)(x);
                let right = Dense(32, activation = relu, kernel_constraint = MaxNorm(1.0))(x);
                let x = left + right;
                let kind = Dense(5, activation = softmax)(x);
                let tags = Dense(3, activation = sigmoid)(x);
                let value = Dense(2)(x);

                Model(inputs = [image, age], outputs = [kind, tags, value]).compile(
                    optimizer = AdamW(learning_rate = 0.01, global_clipnorm = 1.0),
                    loss = { kind: sparse_categorical_crossentropy, $($losses)* },
                    loss_weights = { kind: 0.5 },
                    metrics = { kind: [accuracy], tags: [auc], value: [mae, r2] },
                )
            }
        }
    };
}
wide!(Wide, tags: hinge, value: mse);
wide!(Joint, tags: custom, value: custom);

// Weights updated as a whole, a normalized kernel, and several optimizers. Two dense layers of one input have
// different ones.
model! {
    Keyed {
        let image = Input(shape = [12, 10]);
        let x = Flatten()(image);
        let x = SpectralNormalization(Dense(512, activation = relu, kernel_regularizer = L2(1e-4)), name = "trunk")(x);
        let left = Dense(32, activation = tanh, name = "left")(x);
        let right = Dense(32, activation = relu, kernel_constraint = MaxNorm(1.0), name = "right")(x);
        let value = Dense(2)(left + right);

        Model(inputs = [image], outputs = [value]).compile(
            optimizer = {
                left: Adafactor(0.01),
                right: Lamb(0.01, clipnorm = 0.5),
                trunk: Muon(0.01, global_clipnorm = 1.0),
                rest: AdamW(0.01),
            },
            loss = mse,
        )
    }
}

// Never shared: even 257 rows are too little.
model! {
    Narrow {
        let x = Input(shape = [7]);
        let h = Dense(16, activation = relu)(x);
        let h = Dropout(0.25)(h);
        let h = Dense(9, activation = tanh)(h);
        let kind = Dense(5, activation = softmax)(h);
        let value = Dense(2)(h);

        Model(inputs = [x], outputs = [kind, value]).compile(
            optimizer = SGD(learning_rate = 0.05, momentum = 0.9),
            loss = { kind: sparse_categorical_crossentropy, value: mae },
            metrics = [[accuracy], [mae]],
        )
    }
}

/// Any numbers below 1.
fn values<E: mimo::Float>(count: usize) -> Vec<E> {
    (0..count).map(|at| E::of((at * 7919 % 1009) as f64 / 1009.0)).collect()
}

fn classes(count: usize) -> Vec<usize> {
    (0..count).map(|at| at * 31 % 5).collect()
}

fn wide<E: mimo::Float>(rows: usize) -> (WideInputs<usize, E>, WideTargets<usize, E>) {
    let tags = values(rows * 3).into_iter().map(f64::round).map(E::of).collect::<Vec<E>>();
    (
        WideInputs { image: tensor(values(rows * 120)).unwrap(), age: tensor(values(rows)).unwrap() },
        WideTargets {
            kind: tensor(classes(rows)).unwrap(),
            tags: tensor(tags).unwrap(),
            value: tensor(values(rows * 2)).unwrap(),
        },
    )
}

fn narrow(rows: usize) -> (NarrowInputs, NarrowTargets) {
    (
        NarrowInputs { x: tensor(values(rows * 7)).unwrap() },
        NarrowTargets { kind: tensor(classes(rows)).unwrap(), value: tensor(values(rows * 2)).unwrap() },
    )
}

/// Bits in hexadecimal: equal texts are equal bits, and the text shows where they differ.
trait Bits {
    fn bits(&self) -> String;
}

impl<E: mimo::Float> Bits for Vec<E> {
    fn bits(&self) -> String {
        // `f32` to `f64` is exact and keeps the sign of zero.
        self.iter().map(|value| format!("{:x} ", value.f64().to_bits())).collect()
    }
}

/// All results of a few steps and a prediction.
fn run<M: Trainable>(
    mut model: M,
    data: &ArrayDataset<M>,
    batch: usize,
    threads: usize,
    custom: Option<fn(&mut Trainer<'_, M>)>,
) -> Vec<String> {
    let rows: Vec<usize> = (0..batch).map(|row| row * 7 % ROWS).collect();
    let mut trainer =
        Trainer::with_options(&mut model, TrainerOptions::new().threads(threads).seed(3)).unwrap();
    if let Some(custom) = custom {
        custom(&mut trainer);
    }
    let mut seen = vec![];
    for _ in 0..3 {
        // `{:?}` of a float is the shortest text that parses to the same bits.
        seen.push(format!("{:?}", trainer.train_on_rows(data, &rows).unwrap()));
    }
    for weight in M::SPEC.weights {
        seen.push(format!("gradient {} {}", weight.name, trainer.gradient(weight.name).unwrap().bits()));
    }
    let options =
        FitOptions::new().batch_size(batch).epochs(2).validation_split(0.1).verbose(Verbose::Silent);
    let history = trainer.fit(data, options).unwrap();
    seen.extend(history.epochs().iter().map(|epoch| format!("{:?} {:?}", epoch.train, epoch.validation)));
    seen.push(format!("{:?}", trainer.evaluate(data, batch).unwrap()));
    seen.extend(trainer.weights().iter().map(Bits::bits));
    seen
}

/// The outputs of `model`, predicted on some threads.
fn predict<M: Model>(model: &M, inputs: &M::Inputs, threads: usize) -> Vec<String> {
    let outputs = Predictor::with_threads(model, threads).unwrap().predict(inputs).unwrap();
    let mut columns = vec![vec![]; M::SPEC.outputs.len()];
    mimo::__private::Columns::read(&outputs, &mut mimo::__private::Reader::new(&mut columns)).unwrap();
    columns.iter().map(Bits::bits).collect()
}

fn compare(what: &str, run: impl Fn(usize) -> Vec<String>) {
    let wanted = run(THREADS[0]);
    for threads in &THREADS[1..] {
        for (seen, wanted) in run(*threads).iter().zip(&wanted) {
            assert_eq!(seen, wanted, "{what}: {threads} threads, and one");
        }
    }
}

#[test]
fn a_wide_model_trains_the_same_on_any_number_of_threads() {
    let (inputs, targets) = wide(ROWS);
    let data = ArrayDataset::<Wide>::new(&inputs, &targets).unwrap();
    for batch in BATCHES {
        compare(&format!("batches of {batch}"), |threads| run(Wide::new(1), &data, batch, threads, None));
    }
}

#[test]
fn so_it_does_with_several_optimizers() {
    let inputs = KeyedInputs { image: tensor(values(ROWS * 120)).unwrap() };
    let targets = KeyedTargets { value: tensor(values(ROWS * 2)).unwrap() };
    let data = ArrayDataset::<Keyed>::new(&inputs, &targets).unwrap();
    for batch in [1, 33, 257] {
        compare(&format!("batches of {batch}"), |threads| run(Keyed::new(1), &data, batch, threads, None));
    }
}

#[test]
fn so_it_does_in_f64() {
    let (inputs, targets) = wide::<f64>(ROWS);
    let data = ArrayDataset::<Wide<f64>>::new(&inputs, &targets).unwrap();
    for batch in [1, 33] {
        compare(&format!("batches of {batch}"), |threads| {
            run(Wide::<f64>::build(1), &data, batch, threads, None)
        });
    }
}

#[test]
fn so_it_does_with_weighted_samples() {
    let (inputs, targets) = wide(ROWS);
    let weights = WidePerOutput { kind: Some(values(ROWS)), tags: None, value: Some(values(ROWS)) };
    let data = ArrayDataset::<Wide>::new(&inputs, &targets).unwrap().sample_weights(&weights).unwrap();
    for batch in [31, 257] {
        compare(&format!("batches of {batch}"), |threads| run(Wide::new(1), &data, batch, threads, None));
    }
}

#[test]
fn so_it_does_with_a_loss_of_ones_own() {
    use mimo::dfdx::prelude::*;
    let (WideInputs { image, age }, WideTargets { kind, tags, value }) = wide(ROWS);
    let (inputs, targets) = (JointInputs { image, age }, JointTargets { kind, tags, value });
    let data = ArrayDataset::<Joint>::new(&inputs, &targets).unwrap();
    let custom: fn(&mut Trainer<'_, Joint>) = |trainer| {
        trainer.set_loss(|outputs, targets| {
            let value = (outputs.value - targets.value.clone()).square().mean();
            Ok(value + (outputs.tags - targets.tags.clone()).square().mean())
        });
    };
    for batch in [33, 257] {
        compare(&format!("batches of {batch}"), |threads| {
            run(Joint::new(1), &data, batch, threads, Some(custom))
        });
    }
}

#[test]
fn a_narrow_model_trains_the_same_on_any_number_of_threads() {
    let (inputs, targets) = narrow(ROWS);
    let data = ArrayDataset::<Narrow>::new(&inputs, &targets).unwrap();
    for batch in BATCHES {
        compare(&format!("batches of {batch}"), |threads| run(Narrow::new(1), &data, batch, threads, None));
    }
}

#[test]
fn predictions_are_the_same_on_any_number_of_threads() {
    let (wide_model, narrow_model) = (Wide::new(1), Narrow::new(1));
    for rows in BATCHES.into_iter().chain([1000]) {
        compare(&format!("{rows} rows"), |threads| predict(&wide_model, &wide(rows).0, threads));
        compare(&format!("{rows} rows"), |threads| predict(&narrow_model, &narrow(rows).0, threads));
    }
}

/// A row's prediction does not depend on the other rows, except for rounding: the remaining rows at the end of a
/// batch are multiplied in another order than full tiles of rows.
#[test]
fn a_prediction_does_not_depend_on_its_batch() {
    let model = Wide::new(1);
    let (inputs, _) = wide(257);
    let whole = model.forward(&inputs).unwrap();
    let (images, ages) = (inputs.image.as_vec(), inputs.age.as_vec());
    for row in [0, 15, 16, 31, 32, 255, 256] {
        let one = WideInputs::<usize, f32> {
            image: tensor(images[120 * row..][..120].to_vec()).unwrap(),
            age: tensor(ages[row..][..1].to_vec()).unwrap(),
        };
        let one = model.forward(&one).unwrap();
        for (one, whole) in one.kind.as_vec().iter().zip(&whole.kind.as_vec()[5 * row..]) {
            assert!((one - whole).abs() < 1e-6, "row {row}: {one} {whole}");
        }
    }
}

// The basis of the tests above: the engine shares a step from 4 M multiplications and additions on.
const _: () = {
    const SMALL: usize = 4_000_000;
    assert!(3 * 31 * <Wide as Model>::PROGRAM.flops > SMALL);
    assert!(3 * 257 * <Narrow as Model>::PROGRAM.flops < SMALL);
};

// A layer called twice, strides, groups and a transpose; the batch is split, so that chunks have separate sums of
// gradients.
model! {
    Images {
        let image = Input(shape = [12, 11, 2]);
        let x = Conv2D(8, 3, padding = same, activation = relu, kernel_constraint = MaxNorm(0.5))(image);
        let shared = Conv2D(8, [2, 3], padding = same, activation = tanh, kernel_regularizer = L2(1e-4));
        let x = shared(x);
        let x = shared(x);
        let x = Conv2DTranspose(4, 3, strides = 2, activation = relu)(x);
        let x = Conv2D(6, 3, strides = 2, groups = 2, activation = softmax, use_bias = false)(x);
        let x = Flatten()(x);
        let value = Dense(2)(x);

        Model(inputs = [image], outputs = [value]).compile(optimizer = Adam(clipnorm = 1.0), loss = mse)
    }
}

#[test]
fn convolutions_train_the_same_on_any_number_of_threads() {
    let inputs = ImagesInputs { image: tensor(values(ROWS * 264)).unwrap() };
    let targets = ImagesTargets { value: tensor(values(ROWS * 2)).unwrap() };
    let data = ArrayDataset::<Images>::new(&inputs, &targets).unwrap();
    for batch in [1, 31, 33] {
        compare(&format!("batches of {batch}"), |threads| run(Images::new(1), &data, batch, threads, None));
    }
    let model = Images::new(1);
    compare("predictions", |threads| predict(&model, &inputs, threads));
}

// Depthwise kernels, with and without copies of channels, and the parts of separable layers.
model! {
    Channels {
        let image = Input(shape = [12, 11, 3]);
        let x = SeparableConv2D(24, 3, padding = same, activation = relu, depthwise_constraint = MaxNorm(0.5))(image);
        let shared = DepthwiseConv2D([2, 3], padding = same, activation = tanh, depthwise_regularizer = L2(1e-4));
        let x = shared(x);
        let x = shared(x);
        let x = DepthwiseConv2D(3, strides = 2, depth_multiplier = 2, activation = relu)(x);
        let x = Flatten()(x);
        let value = Dense(2)(x);

        Model(inputs = [image], outputs = [value]).compile(optimizer = Adam(clipnorm = 1.0), loss = mse)
    }
}

#[test]
fn depthwise_convolutions_train_the_same_on_any_number_of_threads() {
    const { assert!(3 * 31 * <Channels as Model>::PROGRAM.flops > 4_000_000) };
    let inputs = ChannelsInputs { image: tensor(values(ROWS * 396)).unwrap() };
    let targets = ChannelsTargets { value: tensor(values(ROWS * 2)).unwrap() };
    let data = ArrayDataset::<Channels>::new(&inputs, &targets).unwrap();
    for batch in [1, 31, 33] {
        compare(&format!("batches of {batch}"), |threads| run(Channels::new(1), &data, batch, threads, None));
    }
    let model = Channels::new(1);
    compare("predictions", |threads| predict(&model, &inputs, threads));
}

// Statistics of the whole batch, in branches that share a stage and in sequence, in heads and in the trunk.
model! {
    Normalized {
        let image = Input(shape = [12, 11, 2]);
        let x = Conv2D(12, 3, padding = same)(image);
        let x = Activation(relu)(BatchNormalization(axis = 1)(x));
        let left = BatchNormalization()(Conv2D(12, 3, padding = same)(x));
        let right = BatchNormalization(momentum = 0.9)(Conv2D(12, 1)(x));
        let shared = BatchNormalization();
        let x = shared(left + right);
        let x = shared(Conv2D(12, 3, activation = relu)(x));
        let x = Flatten()(x);
        let value = Dense(2)(BatchNormalization()(Dense(16, activation = relu)(x)));
        let kind = Dense(5, activation = softmax)(x);

        Model(inputs = [image], outputs = [value, kind]).compile(
            optimizer = SGD(0.01),
            loss = { value: hinge, kind: sparse_categorical_crossentropy },
        )
    }
}

#[test]
fn batch_normalizations_train_the_same_on_any_number_of_threads() {
    const { assert!(3 * 31 * <Normalized as Model>::PROGRAM.flops > 4_000_000) };
    let inputs = NormalizedInputs { image: tensor(values(ROWS * 264)).unwrap() };
    let targets = NormalizedTargets {
        value: tensor(values::<f32>(ROWS * 2).into_iter().map(f32::round).collect::<Vec<_>>()).unwrap(),
        kind: tensor(classes(ROWS)).unwrap(),
    };
    let data = ArrayDataset::<Normalized>::new(&inputs, &targets).unwrap();
    for batch in [31, 33, 257] {
        compare(&format!("batches of {batch}"), |threads| {
            run(Normalized::new(1), &data, batch, threads, None)
        });
    }
    let model = Normalized::new(1);
    compare("predictions", |threads| predict(&model, &inputs, threads));
}
