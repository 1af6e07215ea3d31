//! What is wrong with a callback is found before anything happens.

use super::*;

/// What is wrong with a callback is found before anything happens.
fn fault(options: FitOptions<'_, Lines>) -> String {
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let (inputs, targets) = data(14);
    let error = trainer.fit((&inputs, &targets), options).expect_err("a fault");
    assert_eq!(trainer.steps(), 0);
    assert!(matches!(error, Error::Callback { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn monitors_are_checked_before_training_starts() {
    let unvalidated = || FitOptions::new().verbose(Verbose::Silent);
    let monitoring = |key: &'static str, options: &dyn Fn() -> FitOptions<'static, Lines>| {
        let folder = Folder::new("checked");
        let path = folder.path("file");
        let pattern = format!("{path}-{{{key}}}");
        let errors = [
            fault(options().callback(EarlyStopping::new(key))),
            fault(options().callback(EarlyStopping::new(["loss", key]))),
            fault(options().callback(ReduceLROnPlateau::new(key))),
            fault(options().callback(ModelCheckpoint::new(path.clone()).best(key))),
            fault(options().callback(ModelCheckpoint::new(pattern.clone()))),
            // A callback before it has written nothing yet.
            fault(options().callback(CSVLogger::new(&path)).callback(EarlyStopping::new(key))),
        ];
        assert_eq!(folder.names(), [""; 0]);
        errors
    };
    for error in monitoring("val_lsos", &options) {
        assert!(
            error.ends_with(": the training logs no value `val_lsos`: did you mean `val_loss`?"),
            "{error}"
        );
    }
    for error in monitoring("slop_loss", &unvalidated) {
        assert!(error.ends_with("did you mean `slope_loss`?"), "{error}");
    }
    for error in monitoring("unrelated", &unvalidated) {
        assert!(error.ends_with("it logs `loss`, `slope_loss`, `slope_mae`, `pair_loss`"), "{error}");
    }
    for error in monitoring("val_slope_mae", &unvalidated) {
        assert!(
            error.contains("`val_slope_mae` is a value of the validation, and this training has none"),
            "{error}"
        );
    }
    fit(unvalidated().callback(EarlyStopping::new(["loss", "slope_mae"]))).expect("a training");
}

#[test]
fn settings_are_checked_before_training_starts() {
    for (options, part) in [
        (options().callback(ReduceLROnPlateau::new("loss").factor(1.0)), "`factor` is 1,"),
        (options().callback(ReduceLROnPlateau::new("loss").factor(f64::NAN)), "`factor` is NaN"),
        (options().callback(ReduceLROnPlateau::new("loss").min_lr(-1.0)), "`min_lr` is -1"),
        (options().callback(EarlyStopping::new("loss").min_delta(f64::INFINITY)), "`min_delta` is inf"),
        (options().callback(EarlyStopping::new([])), "`monitors` is empty"),
        (options().callback(ModelCheckpoint::new("x").every_epochs(0)), "`every_epochs` is 0"),
        (options().callback(ModelCheckpoint::new("x").every_batches(0)), "`every_batches` is 0"),
        (options().callback(ModelCheckpoint::new("x").keep_last(0)), "`keep_last` is 0"),
        (options().callback(ModelCheckpoint::new("{epoch:02d}")), "write `{epoch:02}`"),
        (options().callback(ModelCheckpoint::new("{batch}")), "add `.every_batches(100)`"),
        (options().callback(ModelCheckpoint::new("{val_loss}").every_batches(1)), "a value of the training"),
        (options().callback(CSVLogger::new("x").separator('"')), "`separator` is"),
        (options().callback(LossWeightScheduler::<LinesPerOutput<f64>>::by_epoch([])), "`weights` is"),
    ] {
        let error = fault(options);
        assert!(error.contains(part), "{error}");
    }
}
