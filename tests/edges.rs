//! Options, numbers and paths at the limits of training: each is an `Error` whose text names the fault, after which
//! the trainer is bit-identical to before; or it trains.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mimo::FindOptions;
use mimo::callback::Callback;
use mimo::callbacks::{LossWeightScheduler, StochasticWeightAveraging};
use mimo::data::{ArrayDataset, PerPosition, from_fn};
use mimo::history::EpochLogs;
use mimo::prelude::*;

model! {
    Clinic {
        let panel = Input(shape = [3]);
        let words = Input(shape = [4], dtype = "int32");
        let steps = Embedding(6, 3, mask_zero = true)(words);
        let tag = Dense(2, activation = softmax)(steps);
        let x = concatenate([panel, GlobalAveragePooling1D()(steps)]);
        let x = Dropout(0.2)(BatchNormalization()(Dense(5, activation = tanh)(x)));
        let kind = Dense(3, activation = softmax)(x);
        let risk = Dense(1, activation = sigmoid)(x);
        let amount = Dense(2)(x);
        Model(inputs = [panel, words], outputs = [kind, tag, risk, amount]).compile(
            optimizer = Adam(0.01),
            loss = {
                kind: sparse_categorical_crossentropy,
                tag: sparse_categorical_crossentropy,
                risk: binary_crossentropy,
                amount: mse,
            },
            metrics = { kind: [accuracy] },
        )
    }
}

model! {
    /// With a learning rate schedule.
    Scheduled {
        let x = Input(shape = [3]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(CosineDecay(0.1, 10)), loss = mse)
    }
}

const ROWS: usize = 10;

/// Columns of samples, to be made invalid.
struct Samples {
    panel: Vec<f32>,
    words: Vec<usize>,
    kind: Vec<usize>,
    tag: Vec<usize>,
    risk: Vec<f32>,
    amount: Vec<f32>,
}

fn samples(rows: usize) -> Samples {
    Samples {
        panel: (0..3 * rows).map(|i| (i * 7 % 11) as f32 / 11.0).collect(),
        words: (0..4 * rows).map(|i| if i % 4 == 3 { 0 } else { 1 + i % 5 }).collect(),
        kind: (0..rows).map(|i| i % 3).collect(),
        tag: (0..4 * rows).map(|i| i % 2).collect(),
        risk: (0..rows).map(|i| (i % 2) as f32).collect(),
        amount: (0..2 * rows).map(|i| i as f32 / 10.0).collect(),
    }
}

impl Samples {
    fn tensors(self) -> Result<(ClinicInputs, ClinicTargets)> {
        let inputs = ClinicInputs { panel: tensor(self.panel)?, words: tensor(self.words)? };
        let (kind, tag) = (tensor(self.kind)?, tensor(self.tag)?);
        Ok((inputs, ClinicTargets { kind, tag, risk: tensor(self.risk)?, amount: tensor(self.amount)? }))
    }
}

type Clinical<'m> = Trainer<'m, Clinic>;
type Run = Box<dyn FnOnce(&mut Clinical<'_>) -> Result<()>>;

/// Outcome of a case.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// An error with this text, and no change.
    Error(String),
    /// No error, and no change.
    Nothing,
    /// Steps were made, and all weights are finite.
    Trained,
}

fn error(text: &str) -> Outcome {
    Outcome::Error(text.into())
}

/// Runs a case on a trained trainer, and checks the trainer afterwards.
fn outcome(name: &str, run: Run) -> Outcome {
    let mut model = Clinic::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let (inputs, targets) = samples(ROWS).tensors().expect("sound samples");
    trainer.fit((&inputs, &targets), options()).expect("a training");
    let before = trainer.checkpoint().expect("memory");
    let ran = catch_unwind(AssertUnwindSafe(|| run(&mut trainer)));
    let ran = ran.unwrap_or_else(|_| panic!("{name} panicked"));
    let same = trainer.checkpoint().expect("memory") == before;
    let finite = trainer.weights().iter().flatten().all(|weight| weight.is_finite());
    assert!(finite, "{name} left weights that are not finite");
    let found = match ran {
        Err(error) => {
            assert!(same, "{name} changed the trainer before its error: {error}");
            Outcome::Error(error.to_string())
        }
        Ok(()) if same => Outcome::Nothing,
        Ok(()) => Outcome::Trained,
    };
    trainer.fit((&inputs, &targets), options()).unwrap_or_else(|error| panic!("after {name}: {error}"));
    found
}

#[track_caller]
fn check(cases: Vec<(String, Run, Outcome)>) {
    let mut wrong = String::new();
    for (name, run, wanted) in cases {
        let found = outcome(&name, run);
        if found != wanted {
            wrong.push_str(&format!("{name}:\n  found  {found:?}\n  wanted {wanted:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn options<'a>() -> FitOptions<'a, Clinic> {
    FitOptions::new().batch_size(4).verbose(Verbose::Silent)
}

/// Trains on these samples.
fn on(samples: Samples) -> Run {
    Box::new(|trainer| {
        let (inputs, targets) = samples.tensors()?;
        trainer.fit((&inputs, &targets), options()).map(drop)
    })
}

/// Trains with these options.
fn with(set: impl FnOnce(FitOptions<'static, Clinic>) -> FitOptions<'static, Clinic> + 'static) -> Run {
    Box::new(|trainer| {
        let (inputs, targets) = samples(ROWS).tensors()?;
        trainer.fit((&inputs, &targets), set(options())).map(drop)
    })
}

/// Trains on a data set of valid samples.
fn of(make: impl FnOnce(ArrayDataset<Clinic>) -> Result<ArrayDataset<Clinic>> + 'static) -> Run {
    Box::new(|trainer| {
        let (inputs, targets) = samples(ROWS).tensors()?;
        let data = make(ArrayDataset::new(&inputs, &targets)?)?;
        trainer.fit(&data, options()).map(drop)
    })
}

fn kind<T>(values: T) -> ClinicPerOutput<Option<T>> {
    ClinicPerOutput { kind: Some(values), tag: None, risk: None, amount: None }
}

fn tag<T>(values: T) -> ClinicPerOutput<Option<T>> {
    ClinicPerOutput { kind: None, tag: Some(values), risk: None, amount: None }
}

fn loss_weights(kind: f64) -> ClinicPerOutput<f64> {
    ClinicPerOutput { kind, tag: 1.0, risk: 1.0, amount: 1.0 }
}

#[test]
fn samples_at_the_edge() {
    let mut cases: Vec<(String, Run, Outcome)> = Vec::new();
    let mut case = |name: &str, samples: Samples, wanted| cases.push((name.into(), on(samples), wanted));
    case(
        "no samples",
        samples(0),
        error("no values for a tensor: it holds at least one sample, of 3 values each"),
    );
    case("one sample", samples(1), Outcome::Trained);
    let zeros = Samples {
        panel: vec![0.0; 3 * ROWS],
        words: vec![0; 4 * ROWS],
        kind: vec![0; ROWS],
        tag: vec![0; 4 * ROWS],
        risk: vec![0.0; ROWS],
        amount: vec![0.0; 2 * ROWS],
    };
    case("zeros everywhere", zeros, Outcome::Trained);
    let differ = |name: &str| error(&format!("`{name}` has 9 samples, but `panel` has 10"));
    case(
        "fewer samples of an input",
        Samples { panel: samples(9).panel, ..samples(ROWS) },
        error("`words` has 10 samples, but `panel` has 9"),
    );
    case("`words`", Samples { words: samples(9).words, ..samples(ROWS) }, differ("words"));
    case("`kind`", Samples { kind: samples(9).kind, ..samples(ROWS) }, differ("kind"));
    case("`tag`", Samples { tag: samples(9).tag, ..samples(ROWS) }, differ("tag"));
    case("`risk`", Samples { risk: samples(9).risk, ..samples(ROWS) }, differ("risk"));
    case("`amount`", Samples { amount: samples(9).amount, ..samples(ROWS) }, differ("amount"));
    let mut part = samples(ROWS);
    part.panel.pop();
    case(
        "a part of a sample",
        part,
        error("29 values do not make the samples of a tensor with 3 values each"),
    );
    for number in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        for field in ["panel", "risk", "amount"] {
            let mut wrong = samples(ROWS);
            match field {
                "panel" => wrong.panel[5] = number,
                "risk" => wrong.risk[1] = number,
                _ => wrong.amount[3] = number,
            }
            let text = format!("`{field}` is NaN or infinite in sample 1");
            case(&format!("{number} in `{field}`"), wrong, error(&text));
        }
    }
    let mut class = samples(ROWS);
    class.kind[2] = 3;
    let text = "class index 3 in sample 2 is out of range: `kind` has 3 classes (0 to 2)";
    case("a class that does not exist", class, error(text));
    let mut word = samples(ROWS);
    word.words[4] = 6;
    let text = "`words` holds 6 in sample 1, but the layer that reads it takes integers from 0 to 5";
    case("a word that does not exist", word, error(text));
    let mut large = samples(ROWS);
    large.risk[1] = f32::MAX;
    let text = "target 3.4028234663852886e38 of `risk` in sample 1 is invalid: targets of binary_crossentropy are between 0 and 1";
    case("a large target", large, error(text));
    cases.push((
        "a stream without samples".into(),
        Box::new(|trainer| {
            let data = from_fn::<Clinic, _>(0, |_, _| Ok(()));
            trainer.fit(&data, options()).map(drop)
        }),
        error("the data have no samples; at least one is needed"),
    ));
    cases.push((
        "validation data without samples".into(),
        Box::new(|trainer| {
            let (inputs, targets) = samples(ROWS).tensors()?;
            let data = from_fn::<Clinic, _>(0, |_, _| Ok(()));
            trainer.fit((&inputs, &targets), options().validation_data(&data)).map(drop)
        }),
        error("the validation data have no samples; at least one is needed"),
    ));
    check(cases);
}

#[test]
fn options_at_the_edge() {
    let mut cases: Vec<(String, Run, Outcome)> = Vec::new();
    let mut case = |name: &str, run: Run, wanted| cases.push((name.into(), run, wanted));
    let empty = "a batch size is 0; a batch of training or validation holds at least one sample";
    case("batch size 0", with(|options| options.batch_size(0)), error(empty));
    case("validation batch size 0", with(|options| options.validation_batch_size(0)), error(empty));
    for size in [ROWS + 1, usize::MAX] {
        let larger =
            with(move |options| options.batch_size(size).validation_split(0.2).validation_batch_size(size));
        case(&format!("batch size {size}"), larger, Outcome::Trained);
    }
    let split = |fraction| with(move |options| options.validation_split(fraction));
    case("validation split 0", split(0.0), Outcome::Trained);
    for (fraction, shown) in [(1.0, "1"), (-0.1, "-0.1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let text = format!("a validation split is at least 0 and below 1, not {shown}");
        case(&format!("validation split {shown}"), split(fraction), error(&text));
    }
    for (fraction, shown) in [(0.95, "0.95"), (1e-300, "1e-300")] {
        let text = format!("a validation split of {shown} leaves one part of 10 samples empty");
        case(&format!("validation split {shown}"), split(fraction), error(&text));
    }
    case("epochs 0", with(|options| options.epochs(0)), Outcome::Nothing);
    case(
        "an initial epoch after the last",
        with(|options| options.epochs(2).initial_epoch(5)),
        Outcome::Nothing,
    );
    case(
        "no epoch that is validated",
        with(|options| {
            options
                .epochs(2)
                .validation_split(0.2)
                .validation_freq(3)
                .callback(EarlyStopping::new("val_loss").restore_best_weights(true))
        }),
        Outcome::Trained,
    );
    check(cases);
}

#[test]
fn learning_rates_and_loss_weights_at_the_edge() {
    let mut cases: Vec<(String, Run, Outcome)> = Vec::new();
    let mut case = |name: String, run: Run, wanted| cases.push((name, run, wanted));
    for (rate, shown) in [(f64::NAN, "NaN"), (-0.1, "-0.1"), (f64::INFINITY, "inf"), (1e300, "1e300")] {
        let text = |what: &str| {
            error(&format!(
                "the {what} is {shown}; it must be finite in the model's float type, and not negative"
            ))
        };
        case(
            format!("learning rate {shown}"),
            Box::new(move |trainer| trainer.set_learning_rate(rate)),
            text("learning rate"),
        );
        let scheduler = with(move |options| options.callback(LearningRateScheduler::new(move |_, _| rate)));
        case(format!("scheduled learning rate {shown}"), scheduler, text("learning rate"));
        case(
            format!("factor {shown}"),
            Box::new(move |trainer| trainer.set_learning_rate_factor(|model| &model.kind, rate)),
            text("factor of the learning rate"),
        );
        case(
            format!("weight decay {shown}"),
            Box::new(move |trainer| trainer.set_weight_decay_by_name("kind", rate)),
            text("weight decay"),
        );
    }
    for (weight, shown) in [(f64::NAN, "NaN"), (f64::NEG_INFINITY, "-inf"), (1e300, "1e300")] {
        let text = format!(
            "the weight of the loss of `kind` is {shown}; weights must be finite in the model's float type"
        );
        case(
            format!("loss weight {shown}"),
            Box::new(move |trainer| trainer.set_loss_weights(&loss_weights(weight))),
            error(&text),
        );
        // Without an order drawn before the first step.
        let function = with(move |options| {
            options.shuffle(false).callback(LossWeightScheduler::new(move |_, _| loss_weights(weight)))
        });
        case(format!("scheduled loss weight {shown}"), function, error(&text));
        // In the second epoch, which is not reached.
        let list = with(move |options| {
            let weights = [loss_weights(1.0), loss_weights(weight)];
            options.epochs(2).callback(LossWeightScheduler::by_epoch(weights))
        });
        case(format!("listed loss weight {shown}"), list, error(&text));
    }
    for weight in [0.0, -1.0] {
        case(
            format!("loss weight {weight}"),
            with(move |options| options.callback(LossWeightScheduler::by_epoch([loss_weights(weight)]))),
            Outcome::Trained,
        );
    }
    check(cases);
}

#[test]
fn a_learning_rate_of_0_trains_nothing() {
    let mut model = Clinic::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let (inputs, targets) = samples(ROWS).tensors().expect("sound samples");
    trainer.fit((&inputs, &targets), options()).expect("a training");
    trainer.set_learning_rate(0.0).expect("a rate");
    let before = trainer.weights();
    trainer.fit((&inputs, &targets), options()).expect("a training");
    let names = <Clinic as Model>::SPEC.weights.iter().map(|weight| weight.name);
    for ((name, before), after) in names.zip(before).zip(trainer.weights()) {
        // Moving statistics follow the data.
        assert_eq!(before == after, !name.contains("moving"), "{name}");
    }
}

#[test]
fn weights_of_samples_and_classes_at_the_edge() {
    let mut cases: Vec<(String, Run, Outcome)> = Vec::new();
    let mut case = |name: String, run: Run, wanted| cases.push((name, run, wanted));
    let finite = "weights must be finite in the model's float type";
    for count in [0, 2, 4] {
        let text =
            format!("the weights or the mask of `kind` have {count} values, but 3 are needed, one per class");
        case(
            format!("{count} class weights"),
            of(move |data| data.class_weights(&kind(vec![1.0; count]))),
            error(&text),
        );
    }
    for (weight, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (1e300, "1e300")] {
        let text = format!("the weight of class 1 of `kind` is {shown}; {finite}");
        case(
            format!("class weight {shown}"),
            of(move |data| data.class_weights(&kind(vec![1.0, weight, 1.0]))),
            error(&text),
        );
    }
    let text =
        "the samples do not have one class each at the output `tag`: it has several positions per sample";
    case("class weights of steps".into(), of(|data| data.class_weights(&tag(vec![1.0; 2]))), error(text));
    for (weight, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let text = format!("the weight of sample 0 for `kind` is {shown}; {finite}");
        case(
            format!("sample weight {shown}"),
            of(move |data| data.sample_weights(&kind(vec![weight; ROWS]))),
            error(&text),
        );
        let text = format!("the weight of sample 1 for `tag` is {shown}; {finite}");
        let mut steps = vec![1.0; 4 * ROWS];
        steps[6] = weight;
        case(
            format!("weight {shown} of a step"),
            of(move |data| data.sample_weights(&tag(PerPosition::new(steps, [ROWS, 4])))),
            error(&text),
        );
    }
    for weight in [0.0, -1.0] {
        let negative = of(move |data| data.sample_weights(&kind(vec![weight; ROWS])));
        case(format!("sample weights {weight}"), negative, Outcome::Trained);
    }
    for count in [0, 9, 11] {
        let text = format!(
            "the weights or the mask of `kind` have {count} values, but 10 are needed, one per sample"
        );
        case(
            format!("{count} sample weights"),
            of(move |data| data.sample_weights(&kind(vec![1.0; count]))),
            error(&text),
        );
        case(
            format!("a mask of {count}"),
            of(move |data| data.target_mask(&kind(vec![true; count]))),
            error(&text),
        );
    }
    // The products of some of these overflow, or are 0.
    for shape in [
        vec![],
        vec![ROWS],
        vec![ROWS, 3],
        vec![ROWS, usize::MAX],
        vec![usize::MAX, 2, 0],
        vec![0, usize::MAX, 2],
    ] {
        let text = format!(
            "the weights or the mask of `tag` have 40 values, which do not fill their shape {shape:?}"
        );
        let weights = PerPosition::new(vec![1.0; 4 * ROWS], shape.clone());
        case(
            format!("40 weights in {shape:?}"),
            of(move |data| data.sample_weights(&tag(weights))),
            error(&text),
        );
        let mask = PerPosition::new(vec![true; 4 * ROWS], shape.clone());
        case(
            format!("a mask of 40 in {shape:?}"),
            of(move |data| data.target_mask(&tag(mask))),
            error(&text),
        );
    }
    for shape in [vec![4, ROWS], vec![ROWS, 4, 1], vec![2, 2, ROWS]] {
        let text = format!(
            "the weights or the mask of `tag` have the shape {shape:?}, but [10, 4] is needed, or [10] for one value per sample"
        );
        let weights = PerPosition::new(vec![1.0; 4 * ROWS], shape.clone());
        case(
            format!("weights of the shape {shape:?}"),
            of(move |data| data.sample_weights(&tag(weights))),
            error(&text),
        );
    }
    check(cases);
}

#[test]
fn settings_of_callbacks_at_the_edge() {
    let mut cases: Vec<(String, Run, Outcome)> = Vec::new();
    let mut case = |name: &str, run: Run, wanted| cases.push((name.into(), run, wanted));
    case(
        "patience 0",
        with(|options| options.epochs(3).callback(EarlyStopping::new("loss").patience(0))),
        Outcome::Trained,
    );
    case(
        "patience 0 of a plateau",
        with(|options| options.epochs(3).callback(ReduceLROnPlateau::new("loss").patience(0))),
        Outcome::Trained,
    );
    for (value, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let text = format!("`min_delta` is {shown}, but must be a finite number of at least 0");
        case(
            "min_delta",
            with(move |options| options.callback(EarlyStopping::new("loss").min_delta(value))),
            error(&format!("EarlyStopping: {text}")),
        );
        case(
            "min_delta of a plateau",
            with(move |options| options.callback(ReduceLROnPlateau::new("loss").min_delta(value))),
            error(&format!("ReduceLROnPlateau: {text}")),
        );
    }
    case(
        "baseline NaN",
        with(|options| options.callback(EarlyStopping::new("loss").baseline(f64::NAN))),
        error("EarlyStopping: `baseline` is NaN, but must be a number"),
    );
    case(
        "threshold NaN",
        with(|options| {
            let checkpoint = ModelCheckpoint::new("x.safetensors").best("loss");
            options.callback(checkpoint.initial_value_threshold(f64::NAN))
        }),
        error("ModelCheckpoint: `initial_value_threshold` is NaN, but must be a number"),
    );
    case(
        "{batch} after epochs",
        with(|options| options.callback(ModelCheckpoint::new("{batch}.safetensors"))),
        error(
            "ModelCheckpoint: the file name `{batch}.safetensors`: `{batch}` is known only where files are written after \
             steps; add `.every_batches(100)`",
        ),
    );
    case(
        "statistics in batches of 0",
        Box::new(|trainer| {
            let (inputs, targets) = samples(ROWS).tensors()?;
            let data = ArrayDataset::<Clinic>::new(&inputs, &targets)?;
            let averaging = StochasticWeightAveraging::new(0).statistics_of(&data, 0);
            trainer.fit(&data, options().callback(averaging)).map(drop)
        }),
        error("a batch size is 0; a batch of training or validation holds at least one sample"),
    );
    for (first, last, shown) in [
        (0.0, 1.0, "0e0..=1e0"),
        (1.0, 0.1, "1e0..=1e-1"),
        (f64::NAN, 1.0, "NaN..=1e0"),
        (0.1, 1e300, "1e-1..=1e300"),
    ] {
        let text = format!(
            "find_learning_rate: `rates` is {shown}, but must be an ascending range of rates above 0, which are finite in the \
             model's float type"
        );
        case(
            "rates",
            Box::new(move |trainer| {
                let (inputs, targets) = samples(ROWS).tensors()?;
                let rates = FindOptions::new().rates(first..=last);
                trainer.find_learning_rate((&inputs, &targets), rates).map(drop)
            }),
            error(&text),
        );
    }
    case(
        "a layer of which the model's name is missing",
        Box::new(|trainer| trainer.freeze_by_name("gamma")),
        error(
            "no weight of the model is named `gamma` or begins with `gamma/`; did you mean `batch_normalization/gamma`?",
        ),
    );
    check(cases);
}

/// A temporary folder.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mimo-edges-{}-{test}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An epoch may take a day: a path that cannot be written is an error before the first step.
#[test]
fn paths_at_the_edge() {
    let folder = Folder::new("paths");
    let file = folder.0.join("file");
    std::fs::write(&file, "a file").expect("a folder to write to");
    let (directory, below) = (folder.0.clone(), file.join("below"));
    let mut cases: Vec<(String, Run, Outcome)> = Vec::new();
    let mut case = |name: &str, path: &Path, wanted: [String; 3]| {
        let paths = [0; 3].map(|_| path.to_path_buf());
        let [checkpoint, log, backup] = paths;
        let [of_checkpoint, of_log, of_backup] = wanted;
        let run = with(move |options| options.callback(ModelCheckpoint::new(checkpoint)));
        cases.push((format!("ModelCheckpoint, {name}"), run, Outcome::Error(of_checkpoint)));
        let run = with(move |options| options.callback(CSVLogger::new(log)));
        cases.push((format!("CSVLogger, {name}"), run, Outcome::Error(of_log)));
        let run = with(move |options| options.callback(BackupAndRestore::new(backup)));
        cases.push((format!("BackupAndRestore, {name}"), run, Outcome::Error(of_backup)));
    };
    let nameless = "``: the path does not end in a file name";
    case("no path", Path::new(""), [nameless; 3].map(String::from));
    let system = |path: &Path, error: std::io::Error| format!("`{}`: {error}", path.display());
    let regular = format!("`{}`: this is a directory, not a regular file", directory.display());
    let opened = std::fs::OpenOptions::new().write(true).open(&directory).expect_err("a directory");
    case("a directory", &directory, [regular.clone(), system(&directory, opened), regular]);
    let folder_is_file = format!("`{}`: this is a file, not a directory", file.display());
    let read = std::fs::File::open(&below).expect_err("a file as a folder");
    case("a file as a folder", &below, [folder_is_file.clone(), folder_is_file, system(&below, read)]);
    check(cases);
    assert_eq!(std::fs::read(&file).expect("the file"), b"a file");
}

#[test]
fn any_number_of_threads_is_taken() {
    let (inputs, targets) = samples(ROWS).tensors().expect("sound samples");
    let weights = [1, 0, 3, usize::MAX].map(|threads| {
        let mut model = Clinic::new(1);
        let options_of_trainer = TrainerOptions::new().threads(threads);
        let mut trainer = Trainer::with_options(&mut model, options_of_trainer).expect("a trainer");
        trainer.fit((&inputs, &targets), options()).expect("a training");
        trainer.weights()
    });
    assert!(weights.iter().all(|found| *found == weights[0]));
}

#[test]
fn weights_that_are_not_finite_are_named() {
    let (inputs, targets) = samples(ROWS).tensors().expect("sound samples");
    for number in [f32::NAN, f32::INFINITY] {
        let mut model = Clinic::new(1);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let mut weights = trainer.weights();
        weights[0][3] = number;
        trainer.set_weights(&weights).expect("weights");
        let history = trainer.fit((&inputs, &targets), options()).expect("a training that says so");
        assert_eq!(history.last().and_then(|epoch| epoch.not_finite), Some(0));
        let error =
            trainer.fit((&inputs, &targets), options().callback(TerminateOnNaN)).expect_err("not finite");
        let text = error.to_string();
        let start = "TerminateOnNaN: step 1 of epoch 1: the losses of `kind`, `tag`, `risk`, `amount` are not finite;";
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn a_learning_rate_of_a_schedule_is_not_set() {
    let mut model = Scheduled::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let before = trainer.checkpoint().expect("memory");
    let inputs = ScheduledInputs { x: tensor(vec![0.5; 12]).expect("samples") };
    let targets = ScheduledTargets { y: tensor(vec![0.5; 4]).expect("samples") };
    let silent = || FitOptions::new().verbose(Verbose::Silent);
    let scheduler = silent().callback(LearningRateScheduler::new(|_, rate| rate));
    let plateau = silent().callback(ReduceLROnPlateau::new("loss"));
    for result in [
        trainer.set_learning_rate(0.1),
        trainer.fit((&inputs, &targets), scheduler).map(drop),
        trainer.fit((&inputs, &targets), plateau).map(drop),
    ] {
        let text = result.expect_err("a schedule").to_string();
        assert!(
            text.starts_with("the learning rate follows the schedule `CosineDecay` of the model"),
            "{text}"
        );
    }
    assert!(trainer.checkpoint().expect("memory") == before);
}

/// A callback that calls `fit` of its trainer.
struct Again {
    /// Whether it returns the error.
    passes_on: bool,
}

impl Callback<Clinic> for Again {
    fn on_epoch_end(&mut self, trainer: &mut Clinical<'_>, _: &EpochLogs<Clinic>) -> Result<ControlFlow<()>> {
        let (inputs, targets) = samples(ROWS).tensors()?;
        let result = trainer.fit((&inputs, &targets), options());
        assert!(matches!(result, Err(Error::NestedFit)), "{result:?}");
        if self.passes_on {
            result?;
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// A callback that panics.
struct Panics;

impl Callback<Clinic> for Panics {
    fn on_epoch_begin(&mut self, _: &mut Clinical<'_>, _: usize) -> Result<()> {
        panic!("a panic of the user");
    }
}

#[test]
fn a_fit_within_a_fit_is_an_error_that_changes_nothing() {
    let (inputs, targets) = samples(ROWS).tensors().expect("sound samples");
    let three = || options().epochs(3);
    let mut model = Clinic::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.fit((&inputs, &targets), three()).expect("a training");
    let wanted = trainer.checkpoint().expect("memory");

    let mut model = Clinic::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let again = Again { passes_on: false };
    trainer.fit((&inputs, &targets), three().callback(again)).expect("a training");
    assert!(trainer.checkpoint().expect("memory") == wanted);

    let again = Again { passes_on: true };
    let error = trainer.fit((&inputs, &targets), three().callback(again)).expect_err("a fit within a fit");
    assert!(error.to_string().contains("train with `train_on_batch`"), "{error}");
    // Neither an error nor a panic leaves a `fit` that seems to run.
    trainer.fit((&inputs, &targets), three()).expect("a training");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        trainer.fit((&inputs, &targets), three().callback(Panics)).map(drop)
    }));
    assert!(panicked.is_err());
    trainer.fit((&inputs, &targets), three()).expect("a training");
}
