//! Missing targets and weights of positions in whole models: steps, logs, optimizers and errors.
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "models of tests need no documentation, and those of a module are seen outside of it"
)]

mod support;

use mimo::TrainerOptions;
use mimo::data::{ArrayDataset, PerPosition, from_fn};
use mimo::prelude::*;
use support::{Check, Data, Random, check_gradients_on, randomize};

/// A model with two heads on separate trunks, and the two models that it consists of.
macro_rules! heads {
    ($module:ident, $($optimizer:tt)+) => {
        mod $module {
            use super::*;
            model! {
                pub Both {
                    let x = Input(shape = [4]);
                    let a = Dense(5, activation = tanh, kernel_regularizer = L2(0.01), name = "trunk_a")(x);
                    let b = Dense(5, activation = tanh, kernel_regularizer = L2(0.01), name = "trunk_b")(x);
                    let a = Dense(2, kernel_constraint = MaxNorm(1.5), bias_regularizer = L1(0.01))(a);
                    let b = Dense(1, activation = sigmoid)(b);
                    Model(inputs = [x], outputs = [a, b]).compile(
                        optimizer = $($optimizer)+,
                        loss = { a: mse, b: binary_crossentropy },
                        metrics = { a: [mae, r2], b: [accuracy, auc] },
                    )
                }
            }
            model! {
                pub First {
                    let x = Input(shape = [4]);
                    let a = Dense(5, activation = tanh, kernel_regularizer = L2(0.01), name = "trunk_a")(x);
                    let a = Dense(2, kernel_constraint = MaxNorm(1.5), bias_regularizer = L1(0.01))(a);
                    Model(inputs = [x], outputs = [a]).compile(
                        optimizer = $($optimizer)+, loss = mse, metrics = [mae, r2],
                    )
                }
            }
            model! {
                pub Second {
                    let x = Input(shape = [4]);
                    let b = Dense(5, activation = tanh, kernel_regularizer = L2(0.01), name = "trunk_b")(x);
                    let b = Dense(1, activation = sigmoid)(b);
                    Model(inputs = [x], outputs = [b]).compile(
                        optimizer = $($optimizer)+, loss = binary_crossentropy, metrics = [accuracy, auc],
                    )
                }
            }

            /// Trains all three from the same weights; the samples `of_a` have targets for `a`, the others for `b`.
            pub fn compare(of_a: impl Fn(usize) -> bool, batch: usize, epochs: usize, tolerance: f64) {
                let rows = 24;
                let mut random = Random(3);
                let x: Vec<f32> = random.normals(rows * 4).iter().map(|x| *x as f32).collect();
                let mut a: Vec<f32> = random.normals(rows * 2).iter().map(|x| *x as f32).collect();
                let mut b: Vec<f32> = (0..rows).map(|_| random.below(2) as f32).collect();
                let has: Vec<bool> = (0..rows).map(&of_a).collect();
                let pick = |values: &[f32], which: bool| -> Vec<f32> {
                    let len = values.len() / rows;
                    let rows = (0..rows).filter(|row| has[*row] == which);
                    rows.flat_map(|row| values[row * len..(row + 1) * len].to_vec()).collect()
                };
                let mut both = Both::new(1);
                randomize(&mut both, 5);
                let (mut first, mut second) = (First::new(1), Second::new(1));
                let weights = read(&both);
                let of = |name: &str| {
                    spec_of::<Both>().weights.iter().position(|it| it.name == name).map(|at| weights[at].clone())
                };
                first.write_weights(&mut |at, to| to.copy_from_slice(&of(spec_of::<First>().weights[at].name).unwrap()));
                second.write_weights(&mut |at, to| to.copy_from_slice(&of(spec_of::<Second>().weights[at].name).unwrap()));

                // The separate models get only their own samples of each batch.
                let separate = |which: bool| -> Vec<usize> {
                    let starts = (0..rows).step_by(batch);
                    starts.map(|start| (start..rows.min(start + batch)).filter(|row| has[*row] == which).count()).collect()
                };
                let data_a = ArrayDataset::<First>::new(
                    &FirstInputs { x: tensor(pick(&x, true)).unwrap() },
                    &FirstTargets { a: tensor(pick(&a, true)).unwrap() },
                ).unwrap();
                let data_b = ArrayDataset::<Second>::new(
                    &SecondInputs { x: tensor(pick(&x, false)).unwrap() },
                    &SecondTargets { b: tensor(pick(&b, false)).unwrap() },
                ).unwrap();
                // What is missing is NaN in one column and nonsense in the other.
                for row in 0..rows {
                    if has[row] { b[row] = 77.0 } else { a[row * 2..row * 2 + 2].fill(f32::NAN) }
                }
                let mask = BothPerOutput { a: None, b: Some(has.iter().map(|has| !has).collect::<Vec<bool>>()) };
                let data = ArrayDataset::<Both>::with_target_mask(
                    &BothInputs { x: tensor(x).unwrap() },
                    &BothTargets { a: tensor(a).unwrap(), b: tensor(b).unwrap() },
                    &mask,
                ).unwrap().nan_is_missing(&BothPerOutput { a: true, b: false }).unwrap();

                let mut trainer = Trainer::new(&mut both).unwrap();
                let mut trainer_a = Trainer::new(&mut first).unwrap();
                let mut trainer_b = Trainer::new(&mut second).unwrap();
                for _ in 0..epochs {
                    let (mut next_a, mut next_b) = (0, 0);
                    for (step, start) in (0..rows).step_by(batch).enumerate() {
                        let chosen: Vec<usize> = (start..rows.min(start + batch)).collect();
                        let logs = trainer.train_on_rows(&data, &chosen).unwrap();
                        let (of_a, of_b) = (separate(true)[step], separate(false)[step]);
                        if of_a > 0 {
                            let chosen: Vec<usize> = (next_a..next_a + of_a).collect();
                            let only = trainer_a.train_on_rows(&data_a, &chosen).unwrap();
                            near("mae", logs.a.mae, only.mae(), 1e-5);
                            near("r2", logs.a.r2, only.r2(), 1e-4);
                            next_a += of_a;
                        }
                        if of_b > 0 {
                            let chosen: Vec<usize> = (next_b..next_b + of_b).collect();
                            let only = trainer_b.train_on_rows(&data_b, &chosen).unwrap();
                            near("accuracy", logs.b.accuracy, only.accuracy(), 1e-6);
                            near("auc", logs.b.auc, only.auc(), 1e-6);
                            next_b += of_b;
                        }
                    }
                }
                // Evaluations, in batches some of which have no target for an output.
                let (all, only) = (trainer.evaluate(&data, 3).unwrap(), trainer_a.evaluate(&data_a, 4).unwrap());
                near("evaluated r2", all.logs.a.r2, only.logs.r2(), 1e-4);
                let of_a = only.get("loss").unwrap() - penalty(&trainer_a.weights(), spec_of::<First>().weights);
                near("evaluated loss", all.get("a_loss").unwrap(), of_a, 1e-5);
                drop((trainer, trainer_a, trainer_b));
                let found = read(&both);
                let separate = spec_of::<First>().weights.iter().zip(read(&first)).chain(spec_of::<Second>().weights.iter().zip(read(&second)));
                for (spec, wanted) in separate {
                    let at = spec_of::<Both>().weights.iter().position(|it| it.name == spec.name).unwrap();
                    for (found, wanted) in found[at].iter().zip(&wanted) {
                        near(spec.name, f64::from(*found), f64::from(*wanted), tolerance);
                    }
                    assert_ne!(wanted, weights[at], "`{}` was trained", spec.name);
                }
            }

            impl FirstLogs {
                fn mae(&self) -> f64 { self.a.mae }
                fn r2(&self) -> f64 { self.a.r2 }
            }
            impl SecondLogs {
                fn accuracy(&self) -> f64 { self.b.accuracy }
                fn auc(&self) -> f64 { self.b.auc }
            }
        }
    };
}

/// The penalties of the weights of the models above.
fn penalty(weights: &[Vec<f32>], specs: &[mimo::graph::spec::WeightSpec]) -> f64 {
    let of = |values: &[f32], name: &str| match name {
        "trunk_a/kernel" | "trunk_b/kernel" => {
            values.iter().map(|w| 0.01 * f64::from(*w) * f64::from(*w)).sum()
        }
        "a/bias" => values.iter().map(|w| 0.01 * f64::from(w.abs())).sum(),
        _ => 0.0,
    };
    weights.iter().zip(specs).map(|(values, spec)| of(values, spec.name)).sum()
}

fn spec_of<M: Model<Float = f32>>() -> mimo::graph::spec::ModelSpec {
    M::SPEC
}

fn read<M: Model<Float = f32>>(model: &M) -> Vec<Vec<f32>> {
    let mut weights = vec![];
    model.read_weights(&mut |_, values| weights.push(values));
    weights
}

fn near(what: &str, found: f64, wanted: f64, tolerance: f64) {
    assert!(
        (found - wanted).abs() <= tolerance * (1.0 + wanted.abs()),
        "{what}: {found} instead of {wanted}"
    );
}

heads!(sgd, SGD(learning_rate = 0.05, momentum = 0.9, nesterov = true, weight_decay = 0.1));
heads!(clipped, SGD(learning_rate = 0.05, momentum = 0.9, clipnorm = 0.5));
heads!(adam, AdamW(learning_rate = 0.01, weight_decay = 0.1));
heads!(
    averaged,
    SGD(
        learning_rate = 0.05,
        momentum = 0.9,
        use_ema = true,
        ema_momentum = 0.8,
        ema_overwrite_frequency = 1
    )
);
heads!(whole, Lamb(learning_rate = 0.01));

#[test]
fn heads_with_disjoint_labels_train_as_two_models_would() {
    // Every batch has both labels.
    let alternating = |row: usize| row % 3 != 1;
    for epochs in [1, 6] {
        sgd::compare(alternating, 8, epochs, 1e-5);
        clipped::compare(alternating, 8, epochs, 1e-5);
        adam::compare(alternating, 8, epochs, 1e-5);
        averaged::compare(alternating, 8, epochs, 1e-5);
        whole::compare(alternating, 8, epochs, 1e-5);
    }
}

#[test]
fn a_head_without_a_label_in_the_batch_does_not_move() {
    // Batches with only one of the labels: the optimizer's state of the other head waits.
    let blocks = |row: usize| (row / 4).is_multiple_of(2);
    sgd::compare(blocks, 4, 5, 1e-5);
    clipped::compare(blocks, 4, 5, 1e-5);
}

// Heads that share the block of their kernels, after a common trunk.
model! {
    Siblings {
        let x = Input(shape = [4]);
        let trunk = Dense(6, activation = tanh)(x);
        let a = Dense(2, kernel_regularizer = L2(0.1))(trunk);
        let b = Dense(3, kernel_regularizer = L2(0.1))(trunk);
        let c = Dense(1)(trunk);
        Model(inputs = [x], outputs = [a, b, c]).compile(
            optimizer = AdamW(learning_rate = 0.01, gradient_accumulation_steps = 2), loss = { a: mse, b: mse, c: none },
        )
    }
}

#[test]
fn heads_in_one_block_move_by_themselves() {
    let rows = 4;
    let inputs =
        SiblingsInputs { x: tensor((0..rows * 4).map(|x| x as f32 / 9.0).collect::<Vec<_>>()).unwrap() };
    let targets =
        SiblingsTargets { a: tensor(vec![0.5; rows * 2]).unwrap(), b: tensor(vec![0.25; rows * 3]).unwrap() };
    let only = |a: bool, b: bool| {
        let column = |there: bool| Some(vec![there; rows]);
        SiblingsPerOutput { a: column(a), b: column(b), c: None }
    };
    let mut model = Siblings::new(1);
    let mut trainer = Trainer::new(&mut model).unwrap();
    let changed = |trainer: &mut Trainer<'_, Siblings>, masks: &[(bool, bool)]| -> Vec<&'static str> {
        let before = trainer.weights();
        for (a, b) in masks {
            let mask = only(*a, *b);
            trainer.train_on_batch_with(&inputs, &targets, |batch| batch.target_mask(&mask)).unwrap();
        }
        let after = trainer.weights();
        let names = spec_of::<Siblings>().weights.iter().map(|spec| spec.name);
        names.zip(before.iter().zip(&after)).filter(|(_, (a, b))| a != b).map(|(name, _)| name).collect()
    };
    let trunk = ["dense/kernel", "dense/bias"];
    let of = |heads: &[&'static str]| -> Vec<&'static str> {
        let heads = heads.iter().flat_map(|head| match *head {
            "a" => ["a/kernel", "a/bias"],
            _ => ["b/kernel", "b/bias"],
        });
        trunk.into_iter().chain(heads).collect()
    };
    assert_eq!(changed(&mut trainer, &[(true, true), (true, true)]), of(&["a", "b"]));
    assert_eq!(changed(&mut trainer, &[(true, false), (true, false)]), of(&["a"]));
    assert_eq!(changed(&mut trainer, &[(false, true), (false, true)]), of(&["b"]));
    // A label in one of the steps whose gradients are accumulated is enough.
    assert_eq!(changed(&mut trainer, &[(true, false), (false, true)]), of(&["a", "b"]));
    assert_eq!(changed(&mut trainer, &[(true, false), (true, true)]), of(&["a", "b"]));
    assert_eq!(changed(&mut trainer, &[(false, false), (false, false)]), Vec::<&str>::new());
    // The update then begins anew.
    assert_eq!(changed(&mut trainer, &[(true, false), (true, false)]), of(&["a"]));
    // Sample weights of 0 are not missing targets: momentum and penalties continue.
    let zeros = SiblingsPerOutput { a: Some(vec![0.0_f32; rows]), b: Some(vec![0.0; rows]), c: None };
    let before = trainer.weights();
    for _ in 0..2 {
        trainer.train_on_batch_with(&inputs, &targets, |batch| batch.sample_weights(&zeros)).unwrap();
    }
    assert!(before.iter().zip(trainer.weights()).take(6).all(|(a, b)| *a != b));
}

// Steps with and without a mask, pixels, and a loss of regions.
model! {
    Positions {
        let words = Input(shape = [5], dtype = int32);
        let image = Input(shape = [2, 3, 2]);
        let x = Embedding(7, 4, mask_zero = true)(words);
        let tag = Dense(3, activation = softmax)(x);
        let score = Dense(2)(x);
        let depth = Dense(1)(image);
        let region = Dense(2, activation = sigmoid)(image);
        Model(inputs = [words, image], outputs = [tag, score, depth, region]).compile(
            optimizer = SGD(0.0),
            loss = { tag: sparse_categorical_crossentropy, score: mse, depth: mae, region: dice },
            metrics = { tag: [accuracy], score: [mae], depth: [mse], region: [binary_accuracy] },
            weighted_metrics = { tag: [accuracy], score: [r2] },
        )
    }
}

#[test]
fn gradients_with_missing_positions_are_those_of_the_loss() {
    let mut model = Positions::<f64>::build(1);
    randomize(&mut model, 9);
    let mut data = Data::random::<Positions<f64>>(6, 21);
    let mut random = Random(4);
    let mut weights = |count: usize, plain: bool| -> Vec<f64> {
        let weight = |random: &mut Random| match random.below(4) {
            0 => f64::NAN,
            _ if plain => 1.0,
            other => other as f64 / 2.0,
        };
        (0..count).map(|_| weight(&mut random)).collect()
    };
    data.weights = vec![weights(30, false), weights(6, false), weights(36, false), weights(36, true)];
    for (targets, weights) in data.targets.iter_mut().zip(&data.weights) {
        let len = targets.len() / weights.len();
        for (target, weight) in targets.chunks_mut(len).zip(weights) {
            if weight.is_nan() {
                target.fill(f64::NAN);
            }
        }
    }
    check_gradients_on(&mut model, &data, Check { rows: 6, ..Check::default() });
}

fn positions(rows: usize) -> (PositionsInputs, PositionsTargets) {
    let mut random = Random(8);
    let mut numbers = |count: usize| -> Vec<f32> { (0..count).map(|_| random.unit() as f32).collect() };
    let inputs = PositionsInputs {
        words: tensor((0..rows * 5).map(|at| (at * 5 + 1) % 7).collect::<Vec<usize>>()).unwrap(),
        image: tensor(numbers(rows * 12)).unwrap(),
    };
    let targets = PositionsTargets {
        tag: tensor((0..rows * 5).map(|at| at % 3).collect::<Vec<usize>>()).unwrap(),
        score: tensor(numbers(rows * 10)).unwrap(),
        depth: tensor(numbers(rows * 6)).unwrap(),
        region: tensor(numbers(rows * 12)).unwrap(),
    };
    (inputs, targets)
}

#[test]
fn every_way_into_a_trainer_measures_the_same() {
    const ROWS: usize = 6;
    let (inputs, targets) = positions(ROWS);
    let nan = |mut values: Vec<f32>, len: usize, mask: &[bool]| {
        for (target, there) in values.chunks_mut(len).zip(mask) {
            if !there {
                target.fill(f32::NAN);
            }
        }
        values
    };
    let rows: Vec<bool> = (0..ROWS).map(|row| row != 2).collect();
    let pixels: Vec<bool> = (0..ROWS * 6).map(|at| at % 4 != 1 && at / 6 != 3).collect();
    let marked = PositionsTargets {
        score: tensor(nan(targets.score.as_vec(), 10, &rows)).unwrap(),
        depth: tensor(nan(targets.depth.as_vec(), 1, &pixels)).unwrap(),
        ..targets.clone()
    };
    let mask = |rows: &[bool], pixels: &[bool]| PositionsPerOutput {
        tag: None,
        score: Some(PerPosition::new(rows.to_vec(), [ROWS])),
        depth: Some(PerPosition::new(pixels.to_vec(), [ROWS, 2, 3])),
        region: None,
    };
    let flags = PositionsPerOutput { tag: false, score: true, depth: true, region: false };
    let data = |targets: &PositionsTargets| ArrayDataset::<Positions>::new(&inputs, targets).unwrap();
    let masked = data(&targets).target_mask(&mask(&rows, &pixels)).unwrap();
    let by_nan = data(&marked).nan_is_missing(&flags).unwrap();
    let all: Vec<usize> = (0..ROWS).collect();
    let mut model = Positions::new(3);
    let mut trainer = Trainer::new(&mut model).unwrap();
    let wanted = trainer.train_on_rows(&masked, &all).unwrap();
    assert_eq!(trainer.train_on_rows(&by_nan, &all).unwrap(), wanted);
    assert_eq!(
        trainer
            .train_on_batch_with(&inputs, &targets, |batch| batch.target_mask(&mask(&rows, &pixels)))
            .unwrap(),
        wanted
    );
    assert_eq!(
        trainer.train_on_batch_with(&inputs, &marked, |batch| batch.nan_is_missing(&flags)).unwrap(),
        wanted
    );
    // The weights of the last batch are not kept.
    assert_ne!(trainer.train_on_batch(&inputs, &targets).unwrap(), wanted);
    let options = || FitOptions::new().batch_size(ROWS).shuffle(false).verbose(Verbose::Silent);
    let history = trainer.fit(&masked, options().validation_data(&by_nan)).unwrap();
    let epoch = history.last().unwrap();
    assert_eq!((epoch.train, epoch.validation), (wanted, Some(wanted)));

    // A stream of samples.
    let columns = (
        [inputs.words.as_vec().iter().map(|word| *word as f32).collect::<Vec<_>>(), inputs.image.as_vec()],
        [
            targets.tag.as_vec().iter().map(|tag| *tag as f32).collect::<Vec<_>>(),
            marked.score.as_vec(),
            marked.depth.as_vec(),
            targets.region.as_vec(),
        ],
    );
    let stream = |nan: bool| {
        let (columns, rows, pixels) = (columns.clone(), rows.clone(), pixels.clone());
        let copy = |column: &[f32], chosen: &[usize], to: &mut [f32]| {
            let len = column.len() / ROWS;
            for (to, row) in to.chunks_mut(len).zip(chosen) {
                to.copy_from_slice(&column[row * len..(row + 1) * len]);
            }
        };
        from_fn::<Positions, _>(ROWS, move |chosen, batch| {
            for (index, column) in columns.0.iter().enumerate() {
                copy(column, chosen, batch.input(index));
            }
            for (index, column) in columns.1.iter().enumerate() {
                copy(column, chosen, batch.target(index));
            }
            if nan {
                batch.nan_is_missing(1);
                batch.nan_is_missing(2);
                return Ok(());
            }
            for (at, &row) in chosen.iter().enumerate() {
                if !rows[row] {
                    batch.mark_missing(1, at);
                }
                for place in (0..6).filter(|place| !pixels[row * 6 + place]) {
                    batch.mark_position_missing(2, at, place);
                }
            }
            Ok(())
        })
        .position_weighted(true)
        .missing_targets(true)
    };
    for nan in [false, true] {
        let found = trainer.train_on_rows(&stream(nan), &all).unwrap();
        assert_eq!(found, wanted);
    }

    // Without the setting, NaN is an error as before.
    assert!(matches!(
        trainer.train_on_batch(&inputs, &marked),
        Err(Error::NotFinite { name: "score", row: 2 })
    ));
    // So is one NaN among values.
    let mut values = marked.score.as_vec();
    values[1] = f32::NAN;
    let part = PositionsTargets { score: tensor(values).unwrap(), ..marked.clone() };
    let found = trainer.train_on_batch_with(&inputs, &part, |batch| batch.nan_is_missing(&flags));
    assert!(matches!(found, Err(Error::NotFinite { name: "score", row: 0 })), "{found:?}");
}

#[test]
fn results_are_the_same_bits_for_any_number_of_threads_and_means_for_any_batch() {
    const ROWS: usize = 40;
    let (inputs, targets) = positions(ROWS);
    let mask = PositionsPerOutput {
        tag: Some(PerPosition::new((0..ROWS * 5).map(|at| at % 3 != 0).collect::<Vec<bool>>(), [ROWS, 5])),
        score: Some(PerPosition::new((0..ROWS).map(|row| row % 4 == 0).collect::<Vec<bool>>(), [ROWS])),
        depth: Some(PerPosition::new((0..ROWS * 2).map(|at| at % 5 != 0).collect::<Vec<bool>>(), [ROWS, 2])),
        region: Some(PerPosition::new((0..ROWS).map(|row| row % 2 == 0).collect::<Vec<bool>>(), [ROWS])),
    };
    let data = ArrayDataset::<Positions>::new(&inputs, &targets).unwrap().target_mask(&mask).unwrap();
    let evaluate = |threads: usize, batch: usize| {
        let mut model = Positions::new(3);
        let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).unwrap();
        trainer.evaluate(&data, batch).unwrap().logs
    };
    let one = evaluate(1, ROWS);
    assert_eq!(one, evaluate(3, ROWS));
    for batch in [1, 7] {
        let small = evaluate(1, batch);
        assert_eq!(small, evaluate(3, batch));
        near("depth", small.depth.loss, one.depth.loss, 1e-6);
        near("mse", small.depth.mse, one.depth.mse, 1e-6);
        near("accuracy", small.tag.accuracy, one.tag.accuracy, 1e-9);
    }
}

#[test]
fn weights_and_masks_have_the_shape_of_their_positions() {
    let (inputs, targets) = positions(4);
    let data = || ArrayDataset::<Positions>::new(&inputs, &targets).unwrap();
    let none = || PositionsPerOutput { tag: None, score: None, depth: None, region: None };
    let weights = |shape: &[usize]| Some(PerPosition::new(vec![1.0_f32; shape.iter().product()], shape));
    // Weights of all positions, and of the first axes.
    for shape in [&[4][..], &[4, 2], &[4, 2, 3]] {
        data().sample_weights(&PositionsPerOutput { depth: weights(shape), ..none() }).unwrap();
        let mask = Some(PerPosition::new(vec![true; shape.iter().product()], shape));
        data()
            .target_mask(&PositionsPerOutput { region: mask, tag: None, score: None, depth: None })
            .unwrap();
    }
    for shape in [&[4, 3][..], &[4, 3, 2], &[4, 2, 3, 1], &[6, 2, 3], &[], &[4, 0]] {
        let found = data().sample_weights(&PositionsPerOutput { depth: weights(shape), ..none() });
        match found {
            Err(Error::WeightShape { output: "depth", found, wanted }) => {
                assert_eq!((&found[..], &wanted[..]), (shape, &[4, 2, 3][..]));
            }
            other => panic!("{other:?}"),
        }
    }
    let short = PerPosition::new(vec![1.0_f32; 23], [4, 2, 3]);
    let error = data().sample_weights(&PositionsPerOutput { depth: Some(short), ..none() }).unwrap_err();
    let text = "the weights or the mask of `depth` have 23 values, which do not fill their shape [4, 2, 3]";
    assert_eq!(error.to_string(), text);
    assert!(matches!(
        data().sample_weights(&PositionsPerOutput {
            tag: Some(vec![1.0; 3]),
            score: None,
            depth: None,
            region: None
        }),
        Err(Error::Weights { output: "tag", len: 3, wanted: 4, per: "sample" })
    ));
    // Typed tensors.
    let typed: Tensor<(usize, Const<5>), f32, Cpu> = tensor(vec![0.5; 20]).unwrap();
    data()
        .sample_weights(&PositionsPerOutput { tag: Some(typed), score: None, depth: None, region: None })
        .unwrap();
    // One value for all positions of a sample.
    let found = data().sample_weights(&PositionsPerOutput { region: weights(&[4, 2, 3]), ..none() });
    assert!(matches!(found, Err(Error::PositionWeights { output: "region", row: 0 })), "{found:?}");
    // Class indices cannot be NaN.
    let flags = PositionsPerOutput { tag: true, score: false, depth: false, region: false };
    let found = data().nan_is_missing(&flags);
    assert!(matches!(found, Err(Error::MissingTargets { output: "tag", .. })), "{found:?}");
    // Indices that do not exist, where a mask marks the target as missing.
    let targets = PositionsTargets { tag: tensor(vec![99_usize; 20]).unwrap(), ..targets.clone() };
    let mask = PositionsPerOutput { tag: Some(vec![false; 4]), score: None, depth: None, region: None };
    ArrayDataset::<Positions>::with_target_mask(&inputs, &targets, &mask).unwrap().check_finite().unwrap();
}

#[test]
fn a_custom_loss_sees_what_is_missing_as_weights() {
    model! {
        Custom {
            let x = Input(shape = [2]);
            let y = Dense(1)(x);
            let z = Dense(1)(x);
            Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.1), loss = { y: custom, z: custom })
        }
    }
    let inputs = CustomInputs { x: tensor(vec![1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap() };
    let y = vec![1.0, f32::NAN, 2.0];
    let targets = CustomTargets { y: tensor(y).unwrap(), z: tensor(vec![1.0_f32; 3]).unwrap() };
    let data = ArrayDataset::<Custom>::new(&inputs, &targets).unwrap();
    let data = data.nan_is_missing(&CustomPerOutput { y: true, z: false }).unwrap();
    let nothing = CustomPerOutput { y: Some(vec![true; 3]), z: Some(vec![false; 3]) };
    let mut model = Custom::new(1);
    let mut trainer = Trainer::new(&mut model).unwrap();
    use mimo::dfdx::prelude::*;
    trainer
        .add_loss("y", |outputs, targets| {
            let weights = targets.sample_weights().y.tensor();
            let distance: Tensor<(usize,), f32, Cpu, _> = (outputs.y - targets.y.clone()).square().mean();
            Ok((distance * weights).mean())
        })
        .unwrap();
    trainer
        .add_loss("z", |outputs, targets| {
            let weights = targets.sample_weights().z.tensor();
            let distance: Tensor<(usize,), f32, Cpu, _> = (outputs.z - targets.z.clone()).abs().mean();
            Ok((distance * weights).mean())
        })
        .unwrap();
    let outputs = trainer.predict(&inputs).unwrap().y.as_vec();
    let wanted = ((outputs[0] - 1.0).powi(2) + (outputs[2] - 2.0).powi(2)) / 2.0;
    let before = trainer.weights();
    let data = data.target_mask(&nothing).unwrap();
    let logs = trainer.train_on_rows(&data, &[0, 1, 2]).unwrap();
    near("loss", logs.y.loss, f64::from(wanted), 1e-5);
    let moved: Vec<bool> = before.iter().zip(trainer.weights()).map(|(a, b)| *a != b).collect();
    assert_eq!(moved, [true, true, false, false]);
}

// A layer of both heads, an added loss, an activity penalty, a wrapper, and an output that is not trained.
model! {
    Reached {
        let left = Input(shape = [4]);
        let right = Input(shape = [4]);
        let steps = Input(shape = [3, 2]);
        let both = Dense(3, name = "both");
        let own = Dense(3, name = "own")(left);
        let a = Dense(1)(both(left) + own);
        let b = Dense(1)(both(right));
        let h = Dense(2, name = "penalized", activity_regularizer = L2(0.1))(right);
        let c = Dense(1)(h);
        let h = Dense(2, name = "added")(right);
        add_loss(mean(square(h), axis = -1), name = "size");
        let d = Dense(1)(h);
        let e = Dense(1)(Bidirectional(GRU(2), name = "read")(steps));
        let f = Dense(1)(left);
        Model(inputs = [left, right, steps], outputs = [a, b, c, d, e, f]).compile(
            optimizer = SGD(0.1), loss = { a: mse, b: mse, c: mse, d: mse, e: mse, f: none },
        )
    }
}

#[test]
fn weights_know_the_outputs_that_train_them() {
    let trained = |name: &str| -> &'static [usize] {
        let at = spec_of::<Reached>().weights.iter().position(|it| it.name == name);
        let at = at.unwrap_or_else(|| panic!("no `{name}`"));
        let groups = <Reached as Trainable>::LABELLED_BY.iter();
        let mut of = groups.filter(|group| (group.start..group.end).contains(&at));
        let outputs = of.next().expect("a group").outputs;
        assert!(of.next().is_none(), "`{name}` is in two groups");
        outputs
    };
    assert_eq!(trained("both/kernel"), [0, 1]);
    assert_eq!(trained("own/bias"), [0]);
    assert_eq!((trained("a/kernel"), trained("b/bias"), trained("c/kernel")), (&[0][..], &[1][..], &[2][..]));
    // These are trained without labels, too; later layers are not.
    assert!(trained("penalized/kernel").is_empty() && trained("added/kernel").is_empty());
    assert_eq!(trained("d/kernel"), [3]);
    for spec in spec_of::<Reached>().weights.iter().filter(|spec| spec.name.starts_with("read/")) {
        assert_eq!(trained(spec.name), [4], "{}", spec.name);
    }
    assert!(trained("f/kernel").is_empty());
}
