//! Targets that an output cannot reach: errors and warnings.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use mimo::Warning;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

model! {
    Ranges {
        let x = Input(shape = [2]);
        let share = Dense(1, activation = sigmoid)(x);
        let side = Dense(1, activation = tanh)(x);
        let mix = Dense(2, activation = softmax)(x);
        let kind = Dense(2, activation = softmax)(x);
        let free = Dense(1, activation = relu)(x);
        let policy = Dense(2, activation = softmax)(x);
        Model(inputs = [x], outputs = [share, side, mix, kind, free, policy]).compile(
            optimizer = SGD(0.01),
            loss = {
                share: mse, side: mae, mix: mse, kind: categorical_crossentropy, free: mse,
                policy: categorical_crossentropy,
            },
            check_targets = { free: false, policy: false },
        )
    }
}

#[test]
fn targets_out_of_reach_are_reported() {
    let rows = 3;
    let targets = || RangesTargets {
        share: tensor(vec![0.0_f32, 1.0, 0.5]).unwrap(),
        side: tensor(vec![-1.0_f32, 1.0, 0.5]).unwrap(),
        mix: tensor(vec![0.5_f32; 6]).unwrap(),
        kind: tensor(vec![1.0_f32, 0.0, 0.0, 1.0, 0.25, 0.75]).unwrap(),
        free: tensor(vec![-4.0_f32; 3]).unwrap(),
        policy: tensor(vec![-3.0_f32; 6]).unwrap(),
    };
    let inputs = RangesInputs { x: tensor(vec![0.5_f32; rows * 2]).unwrap() };
    let fit = |targets: &RangesTargets| -> Result<Vec<Warning>> {
        let mut model = Ranges::new(1);
        let mut trainer = Trainer::new(&mut model)?;
        let options = FitOptions::new().epochs(3).batch_size(1).verbose(Verbose::Silent);
        let history = trainer.fit((&inputs, targets), options)?;
        assert_eq!(history.warnings(), trainer.warnings());
        // The same for a batch, for tensors without a data set.
        let mut model = Ranges::new(1);
        let mut trainer = Trainer::new(&mut model)?;
        for _ in 0..2 {
            trainer.train_on_batch(&inputs, targets)?;
        }
        assert_eq!(history.warnings(), trainer.warnings());
        Ok(history.warnings().to_vec())
    };
    assert_eq!(fit(&targets()).unwrap(), []);
    let high = RangesTargets { share: tensor(vec![0.0_f32, 3.0, 4.0]).unwrap(), ..targets() };
    let warnings = fit(&high).unwrap();
    assert_eq!(
        warnings,
        [Warning::TargetOutOfRange { output: "share", row: 1, value: 3.0, range: [0.0, 1.0] }]
    );
    assert_eq!(
        warnings[0].to_string(),
        "target 3 of `share` in sample 1 is out of reach: the output is between 0 and 1; if this is meant, write \
         `check_targets = { share: false }` in `.compile(…)`"
    );
    let low = RangesTargets { side: tensor(vec![0.0_f32, 0.0, -2.0]).unwrap(), ..targets() };
    assert_eq!(fit(&low).unwrap().len(), 1);
    let sum = RangesTargets { mix: tensor(vec![0.5_f32, 0.5, 0.75, 0.75, 1.0, 0.0]).unwrap(), ..targets() };
    assert_eq!(fit(&sum).unwrap(), [Warning::TargetSum { output: "mix", row: 1, sum: 1.5 }]);
    // A cross-entropy with targets that are not a distribution is an error.
    let kind = |values: Vec<f32>| RangesTargets { kind: tensor(values).unwrap(), ..targets() };
    let found = fit(&kind(vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0]));
    assert!(matches!(found, Err(Error::TargetSum { output: "kind", row: 2, .. })), "{found:?}");
    let found = fit(&kind(vec![1.0, 0.0, -1.0, 2.0, 1.0, 0.0]));
    assert!(matches!(found, Err(Error::Target { output: "kind", row: 1, .. })), "{found:?}");
    // Targets that are missing or have weight 0 are not compared.
    let none =
        || RangesPerOutput { share: None, side: None, mix: None, kind: None, free: None, policy: None };
    let data = ArrayDataset::<Ranges>::new(&inputs, &kind(vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0])).unwrap();
    let mask = RangesPerOutput { kind: Some(vec![true, true, false]), ..none() };
    data.clone().target_mask(&mask).unwrap().check_finite().unwrap();
    let weights = RangesPerOutput {
        kind: Some(vec![1.0_f32, 1.0, 0.0]),
        share: None,
        side: None,
        mix: None,
        free: None,
        policy: None,
    };
    data.clone().sample_weights(&weights).unwrap().check_finite().unwrap();
    assert!(data.check_finite().is_err());
}
