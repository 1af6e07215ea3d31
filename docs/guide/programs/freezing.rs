use std::ops::ControlFlow;

use mimo::data::Random;
use mimo::file;
use mimo::prelude::*;

model! {
    /// Features of eight sensors.
    pub Encoder {
        let sensors = Input(shape = [8]);
        let h = Dense(32, activation = relu)(sensors);
        let features = Dense(8, activation = relu)(h);
        Model(inputs = [sensors], outputs = [features])
    }
}

model! {
    /// A task with many samples.
    pub Many {
        use Encoder;
        let sensors = Input(shape = [8]);
        let sums = Dense(4)(Encoder()(sensors));
        Model(inputs = [sensors], outputs = [sums])
            .compile(optimizer = Adam(3e-3), loss = mse)
    }
}

model! {
    /// A task with few samples.
    pub Few {
        use Encoder;
        let sensors = Input(shape = [8]);
        let total = Dense(1)(Encoder()(sensors));
        Model(inputs = [sensors], outputs = [total])
            .compile(optimizer = Adam(1e-2), loss = mse)
    }
}

/// Values of the sensors, and four features that both tasks depend on.
fn samples(rows: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let mut random = Random::new(seed);
    let x: Vec<f32> =
        (0..rows * 8).map(|_| random.uniform(-1.0..1.0) as f32).collect();
    let feature = |x: &[f32], at: usize| (x[at] - x[at + 4]).max(0.0);
    let features = x
        .chunks(8)
        .flat_map(|x| (0..4).map(|at| feature(x, at)).collect::<Vec<_>>());
    let features = features.collect();
    (x, features)
}

fn few(rows: usize, seed: u64) -> Result<(FewInputs, FewTargets)> {
    let (x, features) = samples(rows, seed);
    let total = features.chunks(4).map(|it| it[0] - it[1] + it[2] - it[3]);
    let total = tensor(total.collect::<Vec<f32>>())?;
    Ok((FewInputs { sensors: tensor(x)? }, FewTargets { total }))
}

/// Trains on few samples: 20 epochs of the head alone, then everything.
fn train(model: &mut Few) -> Result<f64> {
    let (inputs, targets) = few(64, 2)?;
    let mut trainer = Trainer::new(model)?;
    trainer.freeze(|model| &model.encoder)?;
    trainer.fit_with((&inputs, &targets), |options| {
        options.epochs(40).batch_size(16).verbose(Verbose::Silent).on_epoch_end(
            |trainer, logs| {
                if logs.epoch + 1 == 20 {
                    println!("  frozen until now: {:?}", trainer.frozen());
                    trainer.thaw(|model| &model.encoder)?;
                    trainer
                        .set_learning_rate_factor(|model| &model.encoder, 0.1)?;
                }
                Ok::<_, Error>(ControlFlow::Continue(()))
            },
        )
    })?;
    let (inputs, targets) = few(2000, 3)?;
    Ok(trainer.evaluate((&inputs, &targets), 100)?.loss)
}

fn main() -> mimo::Result<()> {
    let (x, sums) = samples(4000, 1);
    let (inputs, targets) =
        (ManyInputs { sensors: tensor(x)? }, ManyTargets { sums: tensor(sums)? });
    let mut model = Many::new(1);
    let options = FitOptions::new().epochs(10).verbose(Verbose::Silent);
    Trainer::new(&mut model)?.fit((&inputs, &targets), options)?;
    model.save("many.safetensors")?;

    println!("with the encoder of the other model:");
    let mut model = Few::new(2);
    file::load_part(&mut model, "encoder", "many.safetensors", "encoder")?;
    println!("  mse {:.2}", train(&mut model)?);
    println!("with a new encoder:");
    println!("  mse {:.2}", train(&mut Few::new(2))?);
    Ok(())
}
