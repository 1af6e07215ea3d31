//! First programs of a new user: no line needs a type annotation.

use std::ops::ControlFlow;

use mimo::FindOptions;
use mimo::callbacks::{LossWeightScheduler, Timer};
use mimo::prelude::*;

model! {
    /// A class and a number.
    pub Net {
        let x = Input(shape = [8]);
        let digit = Dense(10, activation = softmax)(x);
        let ink = Dense(1)(x);
        Model(inputs = [x], outputs = [digit, ink]).compile(
            optimizer = Adam(),
            loss = { digit: sparse_categorical_crossentropy, ink: mse },
            metrics = { digit: [accuracy], ink: [mae] },
        )
    }
}

model! {
    /// Without `.compile(…)`.
    pub Plain {
        let ids = Input(shape = [3], dtype = "int32");
        let x = Flatten()(Embedding(5, 2)(ids));
        let y = Dense(2)(x);
        Model(inputs = [ids], outputs = [y])
    }
}

#[test]
fn the_first_prediction() -> Result<()> {
    let model = Net::new(0);
    let outputs = model.forward(&NetInputs { x: tensor(vec![0.0; 16])? })?;
    assert_eq!(outputs.ink.as_vec(), [0.0, 0.0]);
    let inputs = NetInputs { x: tensor(vec![0.5; 16])? };
    let (forward, predicted) = (model.forward(&inputs)?, model.predict(&inputs)?);
    assert_eq!(forward.digit.as_vec(), predicted.digit.as_vec());
    let fixed = model.forward_batch(&NetInputs::<Const<2>> { x: tensor(vec![0.5; 16])? })?;
    assert_eq!(fixed.ink.array().len(), 2);
    let outputs = Plain::new(1).predict(&PlainInputs { ids: tensor(vec![0, 4, 1])? })?;
    assert_eq!(outputs.y.as_vec().len(), 2);
    let outputs = Plain::<f64>::build(1).forward(&PlainInputs { ids: tensor(vec![0, 4, 1])? })?;
    assert_eq!(outputs.y.as_vec().len(), 2);
    Ok(())
}

#[test]
fn the_first_training() -> Result<()> {
    let inputs = NetInputs { x: tensor((0..80).map(|i| i as f32 / 80.0).collect::<Vec<_>>())? };
    let targets = NetTargets { digit: tensor((0..10).collect::<Vec<_>>())?, ink: tensor(vec![1.0; 10])? };
    let mut model = Net::new(0);
    let mut trainer = Trainer::new(&mut model)?;
    let mut totals = vec![];
    let history = trainer.fit_with((&inputs, &targets), |options| {
        options.epochs(3).verbose(Verbose::Silent).on_epoch_end(|_, logs| {
            totals.push(logs.train.loss);
            if logs.train.digit.accuracy > 2.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    })?;
    assert_eq!(history.get("loss"), Some(totals.clone()));
    let logs = trainer.evaluate((&inputs, &targets), 32)?.logs;
    assert!((logs.loss - logs.digit.loss - logs.ink.loss).abs() < 1e-6 && logs.loss < totals[0]);
    Ok(())
}

#[test]
fn the_first_callbacks() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("mimo-first-callbacks-{}", std::process::id()));
    let inputs = NetInputs { x: tensor((0..80).map(|i| i as f32 / 80.0).collect::<Vec<_>>())? };
    let targets = NetTargets { digit: tensor((0..10).collect::<Vec<_>>())?, ink: tensor(vec![1.0; 10])? };
    let mut model = Net::new(0);
    let mut trainer = Trainer::new(&mut model)?;
    let mut stopping = EarlyStopping::new(["val_loss", "val_digit_accuracy"]).restore_best_weights(true);
    let mut timer = Timer::new();
    let history = trainer.fit_with((&inputs, &targets), |options| {
        options
            .epochs(20)
            .batch_size(4)
            .validation_split(0.2)
            .verbose(Verbose::Silent)
            .callback(&mut stopping)
            .callback(&mut timer)
            .callback(LearningRateScheduler::new(|epoch, rate| if epoch == 0 { rate } else { 0.9 * rate }))
            .callback(LossWeightScheduler::new(|epoch, _| NetPerOutput {
                digit: 1.0,
                ink: if epoch < 2 { 0.1 } else { 1.0 },
            }))
            .callback(ModelCheckpoint::new(folder.join("best.safetensors")).best("val_ink_mae"))
            .callback(CSVLogger::new(folder.join("log.csv")))
            .callback(TerminateOnNaN)
    })?;
    let lines = std::fs::read_to_string(folder.join("log.csv")).expect("a file").lines().count();
    assert_eq!(lines, history.epochs().len() + 1);
    assert_eq!(timer.epochs().len(), history.epochs().len());
    assert_eq!(stopping.best_epoch(), history.best("val_loss").map(|epoch| epoch.epoch));
    Net::load(folder.join("best.safetensors"))?;
    let history = trainer.fit_with((&inputs, &targets), |options| {
        options
            .epochs(3)
            .validation_split(0.2)
            .verbose(Verbose::Silent)
            .callback(LossWeightScheduler::by_epoch([NetPerOutput { digit: 1.0, ink: 0.5 }]))
            .callback(ModelCheckpoint::new(folder.join("{epoch:02}.safetensors")).keep_last(1))
    })?;
    assert_eq!(history.epochs().len(), 3);
    assert_eq!(trainer.loss_weights().ink, 0.5);
    Net::load(folder.join("03.safetensors"))?;
    let curve = trainer.find_learning_rate((&inputs, &targets), FindOptions::new().steps(20))?;
    assert!(!curve.rates.is_empty());
    std::fs::remove_dir_all(&folder).expect("the folder that was made");
    Ok(())
}

#[test]
fn weights_are_saved_and_loaded_by_the_model() -> Result<()> {
    let path = std::env::temp_dir().join(format!("mimo-first-steps-{}.safetensors", std::process::id()));
    let model = Net::new(3);
    model.save(&path)?;
    let mut other = Net::new(4);
    assert_ne!(other.ink.kernel.as_vec(), model.ink.kernel.as_vec());
    other.load_weights(&path)?;
    assert_eq!(other.ink.kernel.as_vec(), model.ink.kernel.as_vec());
    assert_eq!(Net::load(&path)?.digit.kernel.as_vec(), model.digit.kernel.as_vec());
    assert!(Plain::load(&path).is_err());
    std::fs::remove_file(&path).expect("the file that was written");
    assert_eq!(model.summary(), Net::summary());
    Ok(())
}

model! {
    Logarithms {
        let x = Input(shape = [6, 3]);
        let h = TimeDistributed(Dense(4, kernel_initializer = ones))(x);
        let scaled = BatchNormalization(center = false)(h);
        let curve = log(scaled);
        let pooled = GlobalAveragePooling1D()(curve);
        let y = Dense(1)(pooled);
        let other = Dense(2)(GlobalAveragePooling1D()(h));
        Model(inputs = [x], outputs = [y, other]).compile(loss = mse)
    }
}

#[test]
fn the_layer_that_made_a_nan_is_named() {
    for threads in [1, 3] {
        let mut model = Logarithms::new(1);
        let options = TrainerOptions::new().threads(threads);
        let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
        let x: Vec<f32> = (0..40 * 18).map(|i| ((i * 7) % 11) as f32 - 5.0).collect();
        let inputs = LogarithmsInputs { x: tensor(x).expect("samples") };
        let targets = LogarithmsTargets {
            y: tensor(vec![0.0; 40]).expect("samples"),
            other: tensor(vec![0.0; 80]).expect("samples"),
        };
        let options = FitOptions::new().verbose(Verbose::Silent).callback(TerminateOnNaN);
        let error = trainer.fit((&inputs, &targets), options).expect_err("a NaN").to_string();
        let wanted = "the loss of `y` is not finite; the first NaN of the forward pass is in layer `log`";
        assert!(error.contains(wanted), "{threads} threads: {error}");
    }
}
