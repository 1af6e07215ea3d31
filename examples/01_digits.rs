//! Handwritten digits, three answers at once: which digit it is, whether it is even, and how much ink it took.
//!
//! `cargo run --release --example 01_digits` trains in seconds on the 1,797 images in `examples/data` and checks its
//! accuracy on held-out images. `-- --epochs 2` makes it shorter (and skips the check); `--features plot` also draws
//! the learning curves into an SVG file, and `--features report` writes a report page.

use std::process::ExitCode;

use mimo::prelude::*;

#[path = "support/digits.rs"]
mod digits;

use digits::Digits;

model! {
    /// The digit in an image of 8 by 8 grey values, its parity, and its ink.
    pub DigitReader {
        const SIDE: usize = 8;

        let image = Input(shape = [SIDE, SIDE]);
        let x = Flatten()(image);
        let x = Dense(128, activation = relu)(x);
        let x = Dropout(0.2)(x);
        let features = Dense(64, activation = relu)(x);

        let digit = Dense(10, activation = softmax)(features);
        let even = Dense(1, activation = sigmoid)(features);
        let ink = Dense(1)(features);

        Model(inputs = [image], outputs = [digit, even, ink])
            .compile(
                optimizer = Adam(learning_rate = 2e-3),
                loss = { digit: sparse_categorical_crossentropy, even: binary_crossentropy, ink: mse },
                loss_weights = { digit: 1.0, even: 0.5, ink: 0.02 },
                metrics = { digit: [accuracy], even: [accuracy, auc], ink: [mae, r2] },
            )
    }
}

/// Required on held-out images; with these seeds it is about 0.975.
const WANTED_DIGIT_ACCURACY: f64 = 0.96;
const WANTED_EVEN_ACCURACY: f64 = 0.97;
const WANTED_INK_R2: f64 = 0.9;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> std::result::Result<ExitCode, Box<dyn std::error::Error>> {
    let epochs = epochs(std::env::args().skip(1))?;
    let (train, held_out) = Digits::load()?.split(0.2, 7)?;
    println!("{} images to train with, {} held out\n", train.len(), held_out.len());
    println!("{}", DigitReader::summary());

    let mut model = DigitReader::new(42);
    let (inputs, targets) = tensors(&train)?;
    let (held_out_inputs, held_out_targets) = tensors(&held_out)?;

    let mut trainer = Trainer::new(&mut model)?;
    let options = FitOptions::new()
        .epochs(epochs)
        .batch_size(32)
        .validation_data((&held_out_inputs, &held_out_targets));
    #[cfg(feature = "report")]
    let mut weights = WeightHistory::new();
    #[cfg(feature = "report")]
    let options = options.callback(&mut weights);
    let history = trainer.fit((&inputs, &targets), options)?;
    #[cfg(feature = "report")]
    let report = trainer.report(&history);
    drop(trainer);
    for key in ["loss", "digit_loss", "even_loss", "ink_loss"] {
        let train = history.get(key).unwrap_or_default();
        let held_out = history.get(&format!("val_{key}")).unwrap_or_default();
        let ends = |values: &[f64]| match (values.first(), values.last()) {
            (Some(first), Some(last)) => format!("{first:8.4} -> {last:8.4}"),
            _ => String::new(),
        };
        println!("{key:>12}   train {}   held out {}", ends(&train), ends(&held_out));
    }

    // As in a later program: load the weights and predict.
    let folder = std::env::temp_dir();
    let path = folder.join("mimo-digits.safetensors");
    mimo::file::save(&model, &path)?;
    let mut loaded = DigitReader::new(0);
    mimo::file::load(&mut loaded, &path)?;
    println!("weights saved to {} and loaded again", path.display());

    let reached = Trainer::new(&mut loaded)?.evaluate((&held_out_inputs, &held_out_targets), 32)?;
    println!("\non held-out images");
    println!("  digit  accuracy {:.4}   loss {:.4}", reached.digit.accuracy, reached.digit.loss);
    println!("  even   accuracy {:.4}   auc  {:.4}", reached.even.accuracy, reached.even.auc);
    println!("  ink    mae      {:.4}   r2   {:.4}", reached.ink.mae, reached.ink.r2);

    let mut predictor = Predictor::new(&loaded)?;
    let outputs = predictor.predict(&held_out_inputs)?;
    println!("\nthree of them");
    let (digits, evens, inks) = (outputs.digit.as_vec(), outputs.even.as_vec(), outputs.ink.as_vec());
    for (index, image) in held_out.images().take(3).enumerate() {
        let scores = &digits[10 * index..10 * index + 10];
        let best = (0..10).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
        draw(image);
        println!(
            "read as {best} ({:.0} %), really {}; even {:.0} %; ink {:.1}, really {:.1}\n",
            100.0 * scores[best],
            held_out.labels[index],
            100.0 * evens[index],
            inks[index],
            ink(&held_out)[index],
        );
    }

    #[cfg(feature = "plot")]
    {
        let path = folder.join("mimo-digits.svg");
        history.plot(&path)?;
        println!("learning curves drawn into {}", path.display());
    }

    #[cfg(feature = "report")]
    {
        let data = (&held_out_inputs, &held_out_targets);
        let matrix = Trainer::new(&mut loaded)?.confusion_matrix(data, 32, |outputs| &outputs.digit)?;
        let path = folder.join("mimo-digits.html");
        report
            .title("Three facts about a handwritten digit")
            .text("One image, three heads: which digit it is, whether it is even, and how much ink it has.")
            .evaluation("held-out images", &reached)
            .confusion_matrix(&matrix)?
            .weights(&weights)?
            .save(&path)?;
        println!("report written to {}", path.display());
    }

    let reached = [
        ("digit accuracy", reached.digit.accuracy, WANTED_DIGIT_ACCURACY),
        ("even accuracy", reached.even.accuracy, WANTED_EVEN_ACCURACY),
        ("ink r2", reached.ink.r2, WANTED_INK_R2),
    ];
    if epochs < DEFAULT_EPOCHS {
        println!("short run: what is reached is not checked");
        return Ok(ExitCode::SUCCESS);
    }
    let mut code = ExitCode::SUCCESS;
    for (what, reached, wanted) in reached {
        let verdict = if reached >= wanted { "as wanted" } else { "TOO LOW" };
        println!("{what} {reached:.4}, at least {wanted} wanted: {verdict}");
        if reached < wanted {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

const DEFAULT_EPOCHS: usize = 30;

/// Parses `--epochs N`.
fn epochs(mut args: impl Iterator<Item = String>) -> std::result::Result<usize, String> {
    let Some(arg) = args.next() else { return Ok(DEFAULT_EPOCHS) };
    let number = args.next();
    match (arg.as_str(), number.as_deref().map(str::parse), args.next()) {
        ("--epochs", Some(Ok(epochs)), None) => Ok(epochs),
        _ => Err("usage: 01_digits [--epochs N]".to_owned()),
    }
}

/// Creates the model's typed tensors of images and their three targets.
fn tensors(digits: &Digits) -> Result<(DigitReaderInputs, DigitReaderTargets)> {
    let inputs = DigitReaderInputs { image: tensor(digits.pixels.clone())? };
    let targets = DigitReaderTargets {
        digit: tensor(digits.labels.clone())?,
        even: tensor(digits.even())?,
        ink: tensor(ink(digits))?,
    };
    Ok((inputs, targets))
}

/// Returns the number of black pixels that the ink would fill.
fn ink(digits: &Digits) -> Vec<f32> {
    digits.ink().iter().map(|mean| mean * (DigitReader::SIDE * DigitReader::SIDE) as f32).collect()
}

/// Prints the image in characters.
fn draw(image: &[f32]) {
    for row in image.chunks(DigitReader::SIDE) {
        let row: String = row
            .iter()
            .map(|&grey| [' ', '.', ':', 'o', 'O', '#'][(grey * 5.0).round() as usize % 6])
            .collect();
        println!("    {row}");
    }
}
