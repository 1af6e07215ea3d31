//! Few samples and a killed process: a pretrained encoder, and training that resumes after interruptions.
//!
//! Teaches loading parts of files, freezing and unfreezing, a learning rate for a part of the model, and
//! `BackupAndRestore`. An encoder is trained on many samples of one task. A second model loads it from the file of
//! the first, and learns another task from few samples: first its head alone, then also the encoder with a tenth of
//! the learning rate. The process of this training is killed repeatedly; the result is bit-identical to uninterrupted
//! training.
//!
//! The data is generated: both tasks depend on the same four hidden features of the inputs.
//! `cargo run --release --example 17_stop_and_resume` takes seconds; `-- --epochs 3` makes it shorter.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use mimo::file;
use mimo::prelude::*;

#[path = "support/goals.rs"]
mod goals;
#[path = "support/random.rs"]
mod random;

use goals::Goals;
use random::Random;

model! {
    /// Features that several tasks need.
    pub Encoder {
        const SENSORS: usize = 12;

        let x = Input(shape = [SENSORS]);
        let h = Dense(48, activation = relu)(x);
        let features = Dense(16, activation = relu)(h);
        Model(inputs = [x], outputs = [features])
    }
}

model! {
    /// The task with many samples.
    pub Many {
        use Encoder;

        let x = Input(shape = [Encoder::SENSORS]);
        let y = Dense(6)(Encoder()(x));
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(3e-3), loss = mse)
    }
}

model! {
    /// The task with few.
    pub Few {
        use Encoder;

        let x = Input(shape = [Encoder::SENSORS]);
        let y = Dense(1)(Encoder()(x));
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(1e-2), loss = mse)
    }
}

const EPOCHS: usize = 60;
const SAMPLES: usize = 64;
/// Environment variable with the folder of the training process, which is killed.
const FOLDER: &str = "MIMO_EXAMPLE_FOLDER";

fn main() -> ExitCode {
    goals::main(EPOCHS, |epochs, goals| match std::env::var_os(FOLDER) {
        Some(folder) => Ok(learn_few(Path::new(&folder), epochs)?),
        None => run(epochs, goals),
    })
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    let folder = Folder::new("resume")?;
    // The encoder, as a part of another model's file.
    let (inputs, targets) = many(8000, 1)?;
    let mut model = Many::new(1);
    let history = Trainer::new(&mut model)?
        .fit((&inputs, &targets), FitOptions::new().epochs(epochs.div_ceil(6)).verbose(Verbose::Silent))?;
    println!(
        "many samples: {}",
        history.last().map_or_else(String::new, |last| format!("mse {:.4}", last.train.loss))
    );
    model.save(folder.0.join("many.safetensors"))?;

    // The same training twice, each in its own process. One is killed repeatedly after a while.
    let calm = folder.child("calm")?;
    start(&calm, epochs)?.wait()?;
    let restless = folder.child("restless")?;
    let mut kills = 0;
    loop {
        let mut process = start(&restless, epochs)?;
        std::thread::sleep(Duration::from_millis(20 + 15 * kills));
        match process.try_wait()? {
            Some(_) => break,
            None => process.kill()?,
        }
        process.wait()?;
        kills += 1;
    }
    println!("few samples: killed {kills} times");

    let (calm, restless) = (std::fs::read(calm.join("few"))?, std::fs::read(restless.join("few"))?);
    goals.at_least("the same weights, bit by bit:", f64::from(u8::from(calm == restless)), 1.0);
    let mut model = Few::new(0);
    file::from_bytes(&mut model, &calm)?;
    let reached = test(&mut model)?;
    // The same samples without the pretrained encoder.
    let mut scratch = Few::new(5);
    let (inputs, targets) = few(SAMPLES, 2)?;
    let options = FitOptions::new().epochs(epochs).batch_size(16).verbose(Verbose::Silent);
    Trainer::new(&mut scratch)?.fit((&inputs, &targets), options)?;
    let alone = test(&mut scratch)?;
    println!("held out: mse {reached:.4} with the encoder, {alone:.4} without it");
    goals.at_most("mse with the encoder over that without it:", reached / alone, 0.5);
    Ok(())
}

/// The training that is killed. Every start runs the same program.
fn learn_few(folder: &Path, epochs: usize) -> Result<()> {
    let (inputs, targets) = few(SAMPLES, 2)?;
    let mut model = Few::new(5);
    let many = folder.join("../many.safetensors");
    file::load_part(&mut model, "encoder", many, "encoder")?;
    let warm_up = epochs / 3;
    let checkpoint = folder.join("checkpoint");
    let mut trainer = Trainer::new(&mut model)?;
    // An unknown name would not compile.
    trainer.freeze(|model| &model.encoder)?;
    trainer.fit_with((&inputs, &targets), |options| {
        options
            .epochs(epochs)
            .batch_size(16)
            .verbose(Verbose::Silent)
            .on_epoch_end(|trainer, logs| {
                if logs.epoch + 1 == warm_up {
                    trainer.thaw(|model| &model.encoder)?;
                    trainer.set_learning_rate_factor(|model| &model.encoder, 0.1)?;
                }
                // Time in which to be killed.
                std::thread::sleep(Duration::from_millis(2));
                Ok::<_, Error>(ControlFlow::Continue(()))
            })
            // Resumes from the file if it exists, also in the middle of an epoch.
            .callback(
                BackupAndRestore::new(&checkpoint)
                    .save_freq(SaveFrequency::Steps(3))
                    .delete_checkpoint(false),
            )
    })?;
    drop(trainer);
    model.save(folder.join("few"))?;
    // It would be deleted automatically, but a kill before the model is saved would then lose both.
    std::fs::remove_file(checkpoint).map_err(Error::other)
}

fn start(folder: &Path, epochs: usize) -> std::io::Result<std::process::Child> {
    Command::new(std::env::current_exe()?)
        .args(["--epochs", &epochs.to_string()])
        .env(FOLDER, folder)
        .stdout(std::process::Stdio::null())
        .spawn()
}

fn test(model: &mut Few) -> Result<f64> {
    let (inputs, targets) = few(4000, 3)?;
    Ok(Trainer::new(model)?.evaluate((&inputs, &targets), 256)?.loss)
}

/// Inputs, and the four features on which all targets depend.
fn samples(rows: usize, seed: u64) -> (Vec<f32>, Vec<[f32; 4]>) {
    let mut random = Random::new(seed);
    let x: Vec<f32> = (0..rows * Encoder::SENSORS).map(|_| 2.0 * random.uniform() - 1.0).collect();
    let features = x.chunks(Encoder::SENSORS).map(|x| {
        std::array::from_fn(|at| {
            (x[at] + 0.7 * x[at + 4] - 0.6 * x[at + 8]).max(0.0) * (1.0 + 0.2 * at as f32)
        })
    });
    let features = features.collect();
    (x, features)
}

fn many(rows: usize, seed: u64) -> Result<(ManyInputs, ManyTargets)> {
    let (x, features) = samples(rows, seed);
    let y = features
        .iter()
        .flat_map(|[a, b, c, d]| [a + b, b - c, c + d, a - d, a + c, b + d])
        .collect::<Vec<_>>();
    Ok((ManyInputs { x: tensor(x)? }, ManyTargets { y: tensor(y)? }))
}

fn few(rows: usize, seed: u64) -> Result<(FewInputs, FewTargets)> {
    let (x, features) = samples(rows, seed);
    let y = features.iter().map(|[a, b, c, d]| 2.0 * a - b + 0.5 * c - 1.5 * d).collect::<Vec<_>>();
    Ok((FewInputs { x: tensor(x)? }, FewTargets { y: tensor(y)? }))
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("mimo-example-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    fn child(&self, name: &str) -> std::io::Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::create_dir(&path)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
