use std::ops::ControlFlow;

use mimo::data::Random;
use mimo::prelude::*;

model! {
    /// Two values of a curve.
    pub Curve {
        let x = Input(shape = [1]);
        let h = Dense(64, activation = tanh)(x);
        let h = Dense(64, activation = tanh)(h);
        let wave = Dense(1)(h);
        let above = Dense(1, activation = sigmoid)(h);

        Model(inputs = [x], outputs = [wave, above]).compile(
            optimizer = Adam(learning_rate = 1e-2),
            loss = { wave: mse, above: binary_crossentropy },
            metrics = { wave: [mae], above: [accuracy] },
        )
    }
}

fn samples(rows: usize, seed: u64) -> Result<(CurveInputs, CurveTargets)> {
    let mut random = Random::new(seed);
    let x: Vec<f32> = (0..rows).map(|_| random.uniform(-1.0..1.0) as f32).collect();
    let wave: Vec<f32> = x.iter().map(|x| (4.0 * x).sin() + 0.5 * x).collect();
    let above: Vec<f32> =
        wave.iter().map(|&y| if y > 0.0 { 1.0 } else { 0.0 }).collect();
    let noisy: Vec<f32> =
        wave.iter().map(|y| y + 0.1 * random.normal() as f32).collect();
    let targets = CurveTargets { wave: tensor(noisy)?, above: tensor(above)? };
    Ok((CurveInputs { x: tensor(x)? }, targets))
}

/// Trains until it is done, or until an epoch in which the process "is killed".
fn train(
    checkpoint: &str,
    killed: Option<usize>,
) -> Result<(Curve, History<Curve>)> {
    let (inputs, targets) = samples(400, 1)?;
    let (val_inputs, val_targets) = samples(200, 2)?;
    let mut model = Curve::new(7);
    let mut trainer = Trainer::new(&mut model)?;
    let mut stopping =
        EarlyStopping::new("val_loss").patience(12).restore_best_weights(true);
    let history = trainer.fit_with((&inputs, &targets), |options| {
        options
            .epochs(200)
            .verbose(Verbose::Silent)
            .validation_data((&val_inputs, &val_targets))
            .callback(BackupAndRestore::new(checkpoint))
            .callback(ReduceLROnPlateau::new("val_loss").factor(0.5).patience(5))
            .callback(ModelCheckpoint::new("best.safetensors").best("val_wave_mae"))
            .callback(CSVLogger::new(format!("{checkpoint}.csv")))
            .callback(&mut stopping)
            .on_epoch_end(|trainer, logs| {
                if logs.epoch % 20 == 0 && logs.epoch <= 60 {
                    let rate = trainer.learning_rate();
                    let loss = logs.get("val_loss").unwrap_or(f64::NAN);
                    println!(
                        "epoch {:>3}: rate {rate:.4}, val_loss {loss:.2}",
                        logs.epoch
                    );
                }
                if killed == Some(logs.epoch) {
                    return Err(Error::other(format!(
                        "killed in epoch {}",
                        logs.epoch
                    )));
                }
                Ok(ControlFlow::Continue(()))
            })
    })?;
    trainer.finish();
    Ok((model, history))
}

fn main() -> mimo::Result<()> {
    if let Err(error) = train("first.checkpoint", Some(10)) {
        println!("{error}");
    }
    println!("the same program again:");
    let (resumed, history) = train("first.checkpoint", None)?;
    println!("and in one run:");
    let (whole, _) = train("second.checkpoint", None)?;

    let same = mimo::file::to_bytes(&resumed)? == mimo::file::to_bytes(&whole)?;
    println!("the same weights as without the kill: {same}");
    let epochs = history.epochs();
    println!(
        "the history begins with epoch {}",
        epochs.first().map_or(0, |it| it.epoch)
    );
    println!("stopped before the last epoch: {}", epochs.len() < 200);
    history.plot("curves.svg")
}
