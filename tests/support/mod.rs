//! Shared by the tests of generated code: Keras's numbers, comparisons, data without typed structs, finite
//! differences.

// Every test file is a separate crate with this module, and uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod random_models;

use mimo::callbacks::{CallbackFault, Origin, TerminateOnNaN};
use mimo::data::{Dataset, from_fn};
use mimo::graph::graph::Dtype;
use mimo::graph::loss::{Loss, ValidTargets};
use mimo::graph::target::Target;
use mimo::{Error, FitOptions, Float, Model, Trainable, Trainer, TrainerOptions, Verbose};
use serde_json::Value;

/// `f32` and `f64`, to and from the numbers of the files.
pub trait Real: Float {
    fn from_wide(value: f64) -> Self;
    fn wide(self) -> f64;
}

impl Real for f32 {
    fn from_wide(value: f64) -> Self {
        value as f32
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn from_wide(value: f64) -> Self {
        value
    }
    fn wide(self) -> f64 {
        self
    }
}

pub fn narrow<E: Real>(values: &[f64]) -> Vec<E> {
    values.iter().map(|&value| E::from_wide(value)).collect()
}

pub fn wide<E: Real>(values: &[E]) -> Vec<f64> {
    values.iter().map(|&value| value.wide()).collect()
}

/// A file of `tests/golden`.
pub fn golden(file: &str) -> Value {
    let path = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The entry of a list whose `key` is `name`.
pub fn entry<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    let entries = list.as_array().expect("a list of cases");
    entries.iter().find(|entry| entry[key] == name).unwrap_or_else(|| panic!("no case `{name}`"))
}

/// The numbers of a tensor, or of a plain list.
pub fn numbers(tensor: &Value) -> Vec<f64> {
    let list = if tensor["data"].is_null() { tensor } else { &tensor["data"] };
    let list = list.as_array().unwrap_or_else(|| panic!("no numbers: {tensor}"));
    list.iter().map(|number| number.as_f64().expect("a number")).collect()
}

/// The first axis of a tensor.
pub fn rows(tensor: &Value) -> usize {
    tensor["shape"][0].as_u64().expect("a tensor of samples") as usize
}

/// Largest difference of two numbers: `abs + rel · |wanted|`.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    pub rel: f64,
    pub abs: f64,
}

/// For one pass through a layer or a loss in `f32`.
pub const F32: Tolerance = Tolerance { rel: 1e-5, abs: 1e-6 };
/// For the same in `f64`; the remaining error is the rounding of Keras's own `f32`.
pub const F64: Tolerance = Tolerance { rel: 1e-6, abs: 5e-7 };
/// For a few steps of training.
pub const TRAINING: Tolerance = Tolerance { rel: 2e-4, abs: 2e-5 };

pub fn assert_close(what: &str, found: &[f64], wanted: &[f64], tolerance: Tolerance) {
    assert_eq!(found.len(), wanted.len(), "{what}: another length");
    for (place, (&found, &wanted)) in found.iter().zip(wanted).enumerate() {
        assert_near(&format!("{what}[{place}]"), found, wanted, tolerance);
    }
}

pub fn assert_near(what: &str, found: f64, wanted: f64, tolerance: Tolerance) {
    // Written so that NaN fails.
    let near = (found - wanted).abs() <= tolerance.abs + tolerance.rel * wanted.abs();
    if std::env::var_os("MIMO_DEVIATIONS").is_some() {
        let deviation = (found - wanted).abs() / (tolerance.abs + tolerance.rel * wanted.abs());
        println!("deviation {deviation:.4} of {tolerance:?} {what}");
    }
    assert!(near, "{what} is {found}, wanted {wanted} ({:e} apart)", (found - wanted).abs());
}

/// Samples as columns, so that a test can use any model without naming its structs.
#[derive(Clone, Debug, Default)]
pub struct Data {
    pub rows: usize,
    /// Column of each input.
    pub inputs: Vec<Vec<f64>>,
    /// Column of each output; empty without targets.
    pub targets: Vec<Vec<f64>>,
    /// Weights of each output, or none at all; empty if every sample has weight 1. A column longer than the number of
    /// samples has the weights of positions. NaN is a missing target.
    pub weights: Vec<Vec<f64>>,
}

impl Data {
    pub fn dataset<'a, M: Trainable<Float: Real> + 'a>(&'a self) -> impl Dataset<M> + 'a {
        let weighted = self.weights.iter().any(|weights| !weights.is_empty());
        let outputs = M::SPEC.outputs.len();
        let missing = self.weights.iter().flatten().any(|weight| weight.is_nan());
        let by_position = self.weights.iter().any(|weights| weights.len() > self.rows);
        from_fn::<M, _>(self.rows, move |rows, batch| {
            for (index, column) in self.inputs.iter().enumerate() {
                gather(column, self.rows, rows, batch.input(index));
            }
            for (index, column) in self.targets.iter().enumerate() {
                gather(column, self.rows, rows, batch.target(index));
            }
            for index in 0..outputs {
                let weights = self.weights.get(index).filter(|weights| !weights.is_empty());
                batch.sample_weight(index).fill(M::Float::from_wide(1.0));
                let Some(weights) = weights else { continue };
                if weights.len() == self.rows {
                    gather(weights, self.rows, rows, batch.sample_weight(index));
                } else {
                    gather(weights, self.rows, rows, batch.position_weight(index));
                }
                let of_sample = weights.len() / self.rows;
                for (at, &row) in rows.iter().enumerate() {
                    for place in (0..of_sample).filter(|place| weights[row * of_sample + place].is_nan()) {
                        match of_sample {
                            1 => batch.mark_missing(index, at),
                            _ => batch.mark_position_missing(index, at, place),
                        }
                    }
                }
            }
            Ok(())
        })
        .weighted(weighted)
        .position_weighted(by_position)
        .missing_targets(missing)
    }

    /// Some of the samples.
    pub fn take(&self, rows: std::ops::Range<usize>) -> Data {
        let cut = |column: &Vec<f64>| {
            let len = column.len() / self.rows;
            column[rows.start * len..rows.end * len].to_vec()
        };
        Data {
            rows: rows.len(),
            inputs: self.inputs.iter().map(cut).collect(),
            targets: self.targets.iter().map(cut).collect(),
            weights: self.weights.iter().map(cut).collect(),
        }
    }

    /// Random samples that are valid for a model's inputs and losses.
    pub fn random<M: Model>(rows: usize, seed: u64) -> Data {
        let mut random = Random(seed);
        let spec = M::SPEC;
        let inputs = spec.inputs.iter().map(|input| match (input.dtype, input.below) {
            (Dtype::Float, _) => random.normals(rows * len(input.shape)),
            (Dtype::Int, below) => {
                (0..rows * len(input.shape)).map(|_| random.below(below.unwrap_or(5)) as f64).collect()
            }
        });
        let inputs = inputs.collect();
        let targets = spec.outputs.iter().map(|output| match (output.target(), output.loss) {
            (None, _) => vec![],
            (Some(_), Some(loss)) => random.targets(loss, rows, output.shape),
            // Read by metrics only.
            (Some(Target::Values), None) => random.targets(Loss::Hinge, rows, output.shape),
            (Some(Target::Classes), None) => {
                let loss = Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: None };
                random.targets(loss, rows, output.shape)
            }
        });
        Data { rows, inputs, targets: targets.collect(), weights: vec![] }
    }
}

fn gather<E: Real>(column: &[f64], all: usize, rows: &[usize], to: &mut [E]) {
    let len = column.len() / all.max(1);
    // The written length must be the one that the model reads.
    assert_eq!(to.len(), rows.len() * len, "a column of another length");
    for (to, &row) in to.chunks_exact_mut(len.max(1)).zip(rows) {
        for (to, &from) in to.iter_mut().zip(&column[row * len..]) {
            *to = E::from_wide(from);
        }
    }
}

fn len(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// Random numbers that are the same on every machine.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1, exact in `f32`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 40) as f64 / (1u64 << 24) as f64
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Approximately normal, within ±3, exact in `f32`.
    pub fn normal(&mut self) -> f64 {
        2.0 * (self.unit() + self.unit() + self.unit() - 1.5)
    }

    pub fn normals(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| f64::from(self.normal() as f32)).collect()
    }

    fn targets(&mut self, loss: Loss, rows: usize, shape: &[usize]) -> Vec<f64> {
        let (count, classes) = (rows * len(shape), shape.last().copied().unwrap_or(1));
        match loss {
            _ if loss.sparse() => (0..count / classes).map(|_| self.below(classes) as f64).collect(),
            Loss::CategoricalCrossentropy { .. }
            | Loss::CategoricalFocalCrossentropy { .. }
            | Loss::KlDivergence => {
                let mut values = vec![];
                for _ in 0..count / classes {
                    let position: Vec<f64> = (0..classes).map(|_| 0.05 + self.unit()).collect();
                    let sum: f64 = position.iter().sum();
                    values.extend(position.iter().map(|value| f64::from((value / sum) as f32)));
                }
                values
            }
            _ if matches!(loss.facts().targets, ValidTargets::Probabilities | ValidTargets::Signs) => {
                (0..count).map(|_| self.below(2) as f64).collect()
            }
            Loss::Poisson | Loss::MeanSquaredLogarithmicError => {
                (0..count).map(|_| f64::from((0.1 + 2.0 * self.unit()) as f32)).collect()
            }
            _ => self.normals(count),
        }
    }
}

/// Index of a weight among the fields, by its name (`dense/kernel`).
pub fn weight<M: Model>(name: &str) -> usize {
    let weights = M::SPEC.weights;
    weights.iter().position(|weight| weight.name == name).unwrap_or_else(|| panic!("no weight `{name}`"))
}

/// Sets every weight by its name and shape.
pub fn set_weights<M: Model<Float: Real>>(model: &mut M, mut values: impl FnMut(&str, &[usize]) -> Vec<f64>) {
    model.write_weights(&mut |index, to| {
        let weight = &M::SPEC.weights[index];
        let values = values(weight.name, weight.shape);
        assert_eq!(values.len(), to.len(), "`{}` has another length", weight.name);
        to.copy_from_slice(&narrow(&values));
    });
}

/// Checks that dfdx's visitors see every weight in the order of the model's description: their reset equals a new
/// model's, seed 0.
pub fn assert_reset<M>(new: &M, mut changed: M)
where
    M: Model<Float = f32> + mimo::dfdx::nn::ResetParams<f32, mimo::dfdx::tensor::Cpu>,
{
    changed.write_weights(&mut |_, values| values.fill(7.0));
    changed.reset_params();
    let read = |model: &M| {
        let mut weights = vec![];
        model.read_weights(&mut |_, values| weights.push(values));
        weights
    };
    for (weight, (found, wanted)) in M::SPEC.weights.iter().zip(read(&changed).iter().zip(read(new))) {
        assert_eq!(found, &wanted, "`{}` is reset to something else", weight.name);
    }
}

/// Sets the learning rate of all optimizers.
pub fn set_learning_rates<M: Trainable>(trainer: &mut Trainer<'_, M>, rate: f64) {
    for optimizer in M::SPEC.optimizers {
        match optimizer.key {
            None => trainer.set_learning_rate(rate),
            Some(key) => trainer.set_learning_rate_of(key, rate),
        }
        .expect("a rate");
    }
}

/// Randomizes weights: none is 0, also of biases, and no kernel is so large that activations saturate.
pub fn randomize<M: Model<Float: Real>>(model: &mut M, seed: u64) {
    let mut random = Random(seed);
    set_weights(model, |name, shape| {
        let fan = if shape.len() > 1 { shape[0] } else { 8 };
        let scale = (1.5 / fan as f64).sqrt();
        // Of `BatchNormalization` and of `Normalization`.
        let variance = name.ends_with("variance");
        let value = |value: f64| f64::from((if variance { 0.5 + value.abs() } else { scale * value }) as f32);
        random.normals(len(shape)).into_iter().map(value).collect()
    });
}

/// Makes one step on all samples as one batch, in the given order; returns its logs by Keras's keys.
pub fn step<M: Trainable<Float: Real>>(
    trainer: &mut Trainer<'_, M>,
    data: &Data,
) -> Result<Vec<(String, f64)>, Error> {
    let options = FitOptions::new().batch_size(data.rows).shuffle(false).verbose(Verbose::Silent);
    let history = trainer.fit(&data.dataset::<M>(), options)?;
    Ok(history.last().expect("one epoch").pairs())
}

/// The total loss with dropout and noise off.
pub fn total<M: Trainable<Float: Real>>(trainer: &mut Trainer<'_, M>, data: &Data) -> f64 {
    let evaluation = trainer.evaluate(&data.dataset::<M>(), data.rows).expect("an evaluation");
    evaluation.get("loss").expect("a total")
}

/// The weights that [`check_gradients`] changes, and how.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub rows: usize,
    pub seed: u64,
    /// Largest number of values of every weight.
    pub values: usize,
    /// Whether the loss is that of a training step: dropout and noise are on, and drawn equally for every loss.
    pub training: bool,
}

impl Default for Check {
    fn default() -> Self {
        Check { rows: 5, seed: 1, values: usize::MAX, training: false }
    }
}

/// The total loss as a function of the weights.
type TotalAt<'a> = dyn FnMut(&[Vec<f64>]) -> f64 + 'a;

/// Compares every gradient of a step with differences of the total loss.
pub fn check_gradients<M: Trainable<Float = f64>>(model: &mut M, check: Check) {
    randomize(model, check.seed);
    let data = Data::random::<M>(check.rows, check.seed ^ 0x5EED);
    check_gradients_on(model, &data, check);
}

/// The same, on given data.
pub fn check_gradients_on<M: Trainable<Float = f64>>(model: &mut M, data: &Data, check: Check) {
    check_gradients_with(model, data, check, &|_| {});
}

/// The same, with trainers to which `prepare` adds custom losses.
pub fn check_gradients_with<M: Trainable<Float = f64>>(
    model: &mut M,
    data: &Data,
    check: Check,
    prepare: &dyn Fn(&mut Trainer<'_, M>),
) {
    let name = M::SPEC.name;
    let options = TrainerOptions::new().seed(check.seed).threads(1);
    // A learning rate of 0 does not change the weights, so that the step only measures.
    let measure = |model: &mut M| {
        let mut trainer = Trainer::with_options(model, options).expect("a trainer");
        prepare(&mut trainer);
        set_learning_rates(&mut trainer, 0.0);
        let logs = step(&mut trainer, data).expect("a step");
        let gradients: Vec<_> =
            M::SPEC.weights.iter().map(|weight| trainer.gradient(weight.name).expect("a gradient")).collect();
        let total = logs.iter().find(|(key, _)| key == "loss").expect("a total").1;
        (total, gradients, trainer.weights())
    };
    let (trained, gradients, weights) = measure(model);
    if !check.training {
        let mut trainer = Trainer::with_options(model, options).expect("a trainer");
        prepare(&mut trainer);
        let evaluated = total(&mut trainer, data);
        let tolerance = Tolerance { rel: 1e-12, abs: 1e-12 };
        assert_near(&format!("{name}: total of a step and of an evaluation"), trained, evaluated, tolerance);
    }
    // The total with other weights. A trainer draws the same noise only in the same step, so each gets a new one.
    let mut at: Box<TotalAt<'_>> = if check.training {
        Box::new(|weights| {
            model.write_weights(&mut |index, to| to.copy_from_slice(&weights[index]));
            measure(model).0
        })
    } else {
        let mut trainer = Trainer::with_options(model, options).expect("a trainer");
        prepare(&mut trainer);
        Box::new(move |weights| {
            trainer.set_weights(weights).expect("weights");
            total(&mut trainer, data)
        })
    };
    let mut random = Random(check.seed ^ 0xD1FF);
    for (index, spec) in M::SPEC.weights.iter().enumerate() {
        if !spec.trainable {
            assert!(gradients[index].iter().all(|&g| g == 0.0), "{name}: `{}` is frozen", spec.name);
            continue;
        }
        let len = weights[index].len();
        let places: Vec<usize> = match len <= check.values {
            true => (0..len).collect(),
            false => (0..check.values).map(|_| random.below(len)).collect(),
        };
        for place in places {
            let mut moved = weights.clone();
            let mut loss = |by: f64| {
                moved[index][place] = weights[index][place] + by;
                at(&moved)
            };
            // Five points, so that the error is of the fourth power of the step.
            let slope = |h: f64| (8.0 * (loss(h) - loss(-h)) - (loss(2.0 * h) - loss(-2.0 * h))) / (12.0 * h);
            let (found, tolerance) = (gradients[index][place], Tolerance { rel: 1e-6, abs: 1e-8 });
            let near = |slope: &f64| (found - slope).abs() <= tolerance.abs + tolerance.rel * slope.abs();
            // A shorter step distinguishes the kink of a ReLU from a wrong gradient.
            let mut slopes = [1e-4, 1e-5, 2e-6, 3e-7].into_iter().map(slope).peekable();
            let first = slopes.peek().copied().unwrap_or(f64::NAN);
            let slope = slopes.find(near).unwrap_or(first);
            assert_near(&format!("{name}: gradient of `{}`[{place}]", spec.name), found, slope, tolerance);
        }
    }
    drop(at);
    model.write_weights(&mut |index, to| to.copy_from_slice(&weights[index]));
    traces_nan(model, data, options, prepare);
    model.write_weights(&mut |index, to| to.copy_from_slice(&weights[index]));
}

/// Checks that a NaN of a weight is traced to a layer. The search itself checks (in debug builds) that it has seen
/// every operation of the model.
fn traces_nan<M: Trainable<Float = f64>>(
    model: &mut M,
    data: &Data,
    options: TrainerOptions,
    prepare: &dyn Fn(&mut Trainer<'_, M>),
) {
    let mut trainer = Trainer::with_options(model, options).expect("a trainer");
    prepare(&mut trainer);
    let mut weights = trainer.weights();
    let Some(value) = weights.first_mut().and_then(|values| values.first_mut()) else { return };
    *value = f64::NAN;
    trainer.set_weights(&weights).expect("weights");
    let options = FitOptions::new().batch_size(data.rows).shuffle(false).verbose(Verbose::Silent);
    match trainer.fit(&data.dataset::<M>(), options.callback(TerminateOnNaN)) {
        Err(Error::Callback { fault: CallbackFault::NotFinite(found), .. }) => {
            // A weight may not reach a loss, or only by a penalty.
            let reaches = !found.loss.is_finite() && !found.outputs.is_empty();
            let is_traced = matches!(found.origin, Some(Origin::Layer { is_nan: true, .. }));
            assert!(!reaches || is_traced, "{}: {found:?}", M::SPEC.name);
        }
        // Nothing that is trained reads it.
        Ok(_) => {}
        Err(error) => panic!("{}: {error}", M::SPEC.name),
    }
}
