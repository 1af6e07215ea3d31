//! Invalid numbers are the same error on every way into a trainer: as tensors, as tensors with weights, from a custom
//! data set, for training, evaluation and validation.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use mimo::data::{ArrayDataset, from_fn};
use mimo::prelude::*;

model! {
    pub Every {
        let words = Input(shape = [2], dtype = "int32");
        let value = Input(shape = [3]);
        let x = concatenate([Flatten()(Embedding(5, 2)(words)), value]);
        let kind = Dense(4, activation = softmax)(x);
        let part = Dense(4, activation = softmax)(x);
        let sick = Dense(1, activation = sigmoid)(x);
        let tags = Dense(2, activation = sigmoid)(x);
        let share = Dense(2, activation = softmax)(x);
        let reward = Dense(2, activation = softmax)(x);
        let count = Dense(1, activation = softplus)(x);
        let side = Dense(1, activation = tanh)(x);
        let amount = Dense(2)(x);
        Model(inputs = [words, value], outputs = [kind, part, sick, tags, share, reward, count, side, amount]).compile(
            optimizer = SGD(0.01),
            loss = {
                kind: sparse_categorical_crossentropy,
                part: SparseCategoricalCrossentropy(ignore_class = 99),
                sick: binary_crossentropy,
                tags: binary_crossentropy,
                share: kl_divergence,
                reward: categorical_crossentropy,
                count: poisson,
                side: hinge,
                amount: mse,
            },
            // Rewards are not probabilities.
            check_targets = { reward: false },
        )
    }
}

const ROWS: usize = 4;
/// The sample with the wrong number.
const BAD: usize = 2;
/// Inputs and outputs, with the values of a sample.
const INPUTS: [(&str, usize); 2] = [("words", 2), ("value", 3)];
const OUTPUTS: [(&str, usize); 9] = [
    ("kind", 1),
    ("part", 1),
    ("sick", 1),
    ("tags", 2),
    ("share", 2),
    ("reward", 2),
    ("count", 1),
    ("side", 1),
    ("amount", 2),
];
const FIELDS: usize = INPUTS.len() + OUTPUTS.len();

/// Whether a number is valid in a field; inputs have the first indices.
fn valid(field: usize, number: f32) -> bool {
    let whole = |end: f32| number.fract() == 0.0 && (0.0..end).contains(&number);
    match field {
        0 => whole(5.0),
        2 => whole(4.0),
        3 => whole(4.0) || number == 99.0,
        4..=6 => (0.0..=1.0).contains(&number),
        8 => number >= 0.0 && number.is_finite(),
        9 => [-1.0, 0.0, 1.0].contains(&number),
        _ => number.is_finite(),
    }
}

/// Columns of samples: inputs, then targets; and weights by output.
#[derive(Clone)]
struct Samples {
    fields: [Vec<f32>; FIELDS],
    weights: Option<[Vec<f32>; OUTPUTS.len()]>,
}

fn name(field: usize) -> &'static str {
    INPUTS.iter().chain(&OUTPUTS).nth(field).expect("a field").0
}

/// Valid samples.
fn sound(weighted: bool) -> Samples {
    Samples {
        fields: std::array::from_fn(|field| {
            let (_, len) = INPUTS.iter().chain(&OUTPUTS).nth(field).expect("a field");
            vec![1.0; ROWS * len]
        }),
        weights: weighted.then(|| std::array::from_fn(|_| vec![1.0; ROWS])),
    }
}

impl Samples {
    /// Sets a field of the bad sample to a number.
    fn with(mut self, field: usize, number: f32) -> Self {
        let column = &mut self.fields[field];
        let len = column.len() / ROWS;
        column[BAD * len + len - 1] = number;
        self
    }

    /// As tensors, if integer tensors can hold the numbers.
    fn tensors(&self) -> Option<(EveryInputs, EveryTargets)> {
        let indices = |field: usize| -> Option<Vec<usize>> {
            let whole = |&class: &f32| class >= 0.0 && class.fract() == 0.0 && class.is_finite();
            self.fields[field].iter().map(|class| whole(class).then_some(*class as usize)).collect()
        };
        let column = |field: usize| self.fields[field].clone();
        let inputs = EveryInputs {
            words: tensor(indices(0)?).expect("samples"),
            value: tensor(column(1)).expect("samples"),
        };
        let targets = EveryTargets {
            kind: tensor(indices(2)?).expect("samples"),
            part: tensor(indices(3)?).expect("samples"),
            sick: tensor(column(4)).expect("samples"),
            tags: tensor(column(5)).expect("samples"),
            share: tensor(column(6)).expect("samples"),
            reward: tensor(column(7)).expect("samples"),
            count: tensor(column(8)).expect("samples"),
            side: tensor(column(9)).expect("samples"),
            amount: tensor(column(10)).expect("samples"),
        };
        Some((inputs, targets))
    }

    fn sample_weights(&self) -> EveryPerOutput<Option<Vec<f32>>> {
        let mut weights = self.weights.clone().map_or_else(Vec::new, Vec::from).into_iter();
        mimo::PerOutput::from_fn(|_| weights.next())
    }

    /// As a custom data set, which writes the values that `writes` selects.
    fn dataset(&self, writes: impl Fn(usize, usize) -> bool + Sync) -> impl mimo::data::Dataset<Every> {
        let weights = self.weights.iter().flatten();
        from_fn::<Every, _>(ROWS, move |rows, batch| {
            let columns = self.fields.iter().chain(weights.clone()).enumerate();
            for (field, column) in columns {
                let to = match field {
                    _ if field < INPUTS.len() => batch.input(field),
                    _ if field < FIELDS => batch.target(field - INPUTS.len()),
                    _ => batch.sample_weight(field - FIELDS),
                };
                let len = column.len() / ROWS;
                for (at, to) in to.iter_mut().enumerate() {
                    let place = rows[at / len] * len + at % len;
                    if writes(field, place) {
                        *to = column[place];
                    }
                }
            }
            Ok(())
        })
        .weighted(self.weights.is_some())
    }
}

fn options<'a>() -> FitOptions<'a, Every> {
    FitOptions::new().batch_size(ROWS).shuffle(false).verbose(Verbose::Silent)
}

/// Result of every way to pass the samples, by its name. Each trainer has seen valid samples, so its memory holds
/// some.
fn ways(
    samples: &Samples,
    writes: &(dyn Fn(usize, usize) -> bool + Sync),
) -> Vec<(&'static str, Result<()>)> {
    let mut results = Vec::new();
    let before = sound(samples.weights.is_some());
    let mut run = |name, way: &mut dyn FnMut(&mut Trainer<'_, Every>) -> Result<()>| {
        let mut model = Every::new(3);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.fit(&before.dataset(|_, _| true), options()).expect("sound samples");
        let weights = trainer.weights();
        let result = way(&mut trainer);
        if result.is_err() {
            assert!(trainer.weights() == weights, "{name} changed weights before its error");
        }
        results.push((name, result));
    };
    let user = samples.dataset(writes);
    run("fit of a data set", &mut |trainer| trainer.fit(&user, options()).map(drop));
    run("evaluate of a data set", &mut |trainer| trainer.evaluate(&user, ROWS).map(drop));
    run("train_on_rows of a data set", &mut |trainer| trainer.train_on_rows(&user, &[0, 1, 2, 3]).map(drop));
    let whole = (0..FIELDS + OUTPUTS.len()).all(|field| (0..3 * ROWS).all(|place| writes(field, place)));
    let Some((inputs, targets)) = samples.tensors().filter(|_| whole) else { return results };
    if samples.weights.is_some() {
        let weights = samples.sample_weights();
        run("fit with weights", &mut |trainer| {
            trainer.fit((&inputs, &targets, &weights), options()).map(drop)
        });
        run("evaluate with weights", &mut |trainer| {
            trainer.evaluate((&inputs, &targets, &weights), ROWS).map(drop)
        });
        return results;
    }
    run("fit", &mut |trainer| trainer.fit((&inputs, &targets), options().batch_size(1)).map(drop));
    run("evaluate", &mut |trainer| trainer.evaluate((&inputs, &targets), ROWS).map(drop));
    run("train_on_batch", &mut |trainer| trainer.train_on_batch(&inputs, &targets).map(drop));
    run("train_on_rows", &mut |trainer| {
        let data = ArrayDataset::<Every>::new(&inputs, &targets)?;
        trainer.train_on_rows(&data, &[3, 0, BAD]).map(drop)
    });
    run("check_finite", &mut |_| ArrayDataset::<Every>::new(&inputs, &targets)?.check_finite().map(drop));
    run("validation data", &mut |trainer| {
        let (x, y) = sound(false).tensors().expect("sound samples");
        trainer.fit((&x, &y), options().validation_data((&inputs, &targets))).map(drop)
    });
    results
}

fn everything(_: usize, _: usize) -> bool {
    true
}

const NUMBERS: [f32; 11] =
    [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 4.0, 99.0];

#[test]
fn every_way_in_refuses_the_same_numbers_and_names_them() {
    for field in 0..FIELDS {
        for number in NUMBERS {
            let samples = sound(false).with(field, number);
            for (way, result) in ways(&samples, &everything) {
                let case = format!("{number} in `{}`, {way}", name(field));
                match result {
                    Ok(()) => assert!(valid(field, number), "{case} is accepted"),
                    Err(error) => {
                        assert!(!valid(field, number), "{case}: {error}");
                        let text = error.to_string();
                        let names = [format!("`{}`", name(field)), format!("sample {BAD}")];
                        assert!(names.iter().all(|name| text.contains(name)), "{case}: {text}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_target_that_weighs_nothing_may_be_anything_and_no_other() {
    for (output, field) in (INPUTS.len()..FIELDS).enumerate() {
        for number in NUMBERS {
            for weight in [0.0, 1.0, -0.5] {
                let mut samples = sound(true).with(field, number);
                samples.weights.as_mut().expect("weights")[output][BAD] = weight;
                for (way, result) in ways(&samples, &everything) {
                    let accepted = weight == 0.0 || valid(field, number);
                    let case = format!("{number} in `{}` with weight {weight}, {way}", name(field));
                    assert_eq!(result.is_ok(), accepted, "{case}: {result:?}");
                }
            }
        }
    }
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    for (output, (name, _)) in OUTPUTS.iter().enumerate() {
        for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -3.0] {
            let mut samples = sound(true);
            samples.weights.as_mut().expect("weights")[output][BAD] = weight;
            for (way, result) in ways(&samples, &everything) {
                let case = format!("weight {weight} of `{name}`, {way}");
                assert_eq!(result.is_ok(), weight.is_finite(), "{case}: {result:?}");
                let text = result.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(weight.is_finite() || text.contains(&format!("`{name}`")), "{case}: {text}");
            }
        }
    }
}

#[test]
fn a_field_that_is_not_filled_is_named() {
    for field in 0..FIELDS + OUTPUTS.len() {
        let named = if field < FIELDS { name(field) } else { OUTPUTS[field - FIELDS].0 };
        let samples = sound(true);
        let len = samples.fields.get(field).map_or(1, |column| column.len() / ROWS);
        // All of it, or one value of it.
        let all = |at: usize, _: usize| at != field;
        let one = |at: usize, place: usize| at != field || place != BAD * len + len - 1;
        for (what, writes, row) in
            [("all", &all as &(dyn Fn(usize, usize) -> bool + Sync), 0), ("one value", &one, BAD)]
        {
            for (way, result) in ways(&samples, writes) {
                let text = result.expect_err("an unfilled field").to_string();
                let expected = ["did not fill".to_owned(), format!("`{named}`"), format!("sample {row}")];
                assert!(expected.iter().all(|part| text.contains(part)), "{what}, {way}: {text}");
            }
        }
        // The target of a sample of weight 0 may be left out.
        if (INPUTS.len()..FIELDS).contains(&field) {
            let mut samples = sound(true);
            samples.weights.as_mut().expect("weights")[field - INPUTS.len()][BAD] = 0.0;
            for (way, result) in ways(&samples, &one) {
                assert!(result.is_ok(), "`{named}`, {way}: {result:?}");
            }
        }
    }
}

#[test]
fn sample_weights_are_asked_for_only_if_there_are_some() {
    let samples = sound(false);
    let mut model = Every::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert!(trainer.fit(&samples.dataset(everything), options()).is_ok());
    let weightless = from_fn::<Every, _>(ROWS, |_, batch| {
        (0..INPUTS.len()).for_each(|input| batch.input(input).fill(1.0));
        (0..OUTPUTS.len()).for_each(|output| batch.target(output).fill(1.0));
        Ok(())
    });
    assert!(trainer.fit(&weightless, options()).is_ok());
    let text = trainer.fit(&weightless.weighted(true), options()).expect_err("no weights").to_string();
    assert!(text.contains("sample weight of `kind`"), "{text}");
}

#[test]
fn classes_have_weights_only_where_a_sample_has_one_class() {
    let (inputs, targets) = sound(false).tensors().expect("sound samples");
    let data = || ArrayDataset::<Every>::new(&inputs, &targets).expect("sound");
    // For each output the number of classes, if there is one class per sample.
    let classes = [Some(4), Some(4), Some(2), None, Some(2), Some(2), None, Some(2), None];
    for (output, classes) in classes.into_iter().enumerate() {
        let weigh = |weights: Vec<f64>| {
            let mut weights = Some(weights);
            let of_outputs: EveryPerOutput<Option<Vec<f64>>> =
                mimo::PerOutput::from_fn(|at| if at == output { weights.take() } else { None });
            data().class_weights(&of_outputs)
        };
        let name = OUTPUTS[output].0;
        let Some(classes) = classes else {
            for count in 1..5 {
                let text = weigh(vec![1.0; count]).expect_err("no classes").to_string();
                assert!(text.contains(&format!("`{name}`")), "{text}");
            }
            continue;
        };
        assert!(weigh(vec![1.0; classes]).is_ok(), "{name}");
        assert!(weigh(vec![-1.0; classes]).is_ok(), "{name}");
        assert!(weigh(vec![1.0; classes + 1]).is_err(), "{name}");
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let text =
                weigh([vec![1.0; classes - 1], vec![wrong]].concat()).expect_err("no number").to_string();
            assert!(text.contains(&format!("class {} of `{name}`", classes - 1)), "{text}");
        }
    }
}
