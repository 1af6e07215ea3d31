//! A residual network in the form of its paper for small images, trained from random weights, and the same network without its shortcuts.
//!
//! Teaches functions of another crate: `use mimo_models::resnet_cifar::resnet_cifar;` brings one in, with its loops and normalizations, and
//! its layers are layers of the model. With three blocks in each of three stacks it has 20 layers with weights.
//!
//! Depth and epochs were chosen on 300 images that are not among those that the result is measured on (with 56 layers, 0.87 there,
//! and 0.17 without shortcuts). `cargo run --release -p mimo-models --example residual_network` takes seconds; `-- --epochs 1` makes it shorter.

use std::process::ExitCode;

use mimo::data::ArrayDataset;
use mimo::prelude::*;

#[path = "../../examples/support/digits.rs"]
mod digits;
#[path = "../../examples/support/goals.rs"]
mod goals;

use digits::Digits;
use goals::Goals;

model! {
    /// The digit in an image, by 20 layers with shortcuts.
    pub Residual {
        use mimo_models::resnet_cifar::resnet_cifar;

        let image = Input(shape = [8, 8, 1]);
        let digit = resnet_cifar(image, blocks = 3, filters = 16);

        Model(inputs = [image], outputs = [digit])
            .compile(optimizer = Adam(), loss = sparse_categorical_crossentropy, metrics = [accuracy])
    }
}

model! {
    /// The same without shortcuts.
    pub Plain {
        use mimo_models::resnet_cifar::resnet_cifar;

        let image = Input(shape = [8, 8, 1]);
        let digit = resnet_cifar(image, blocks = 3, filters = 16, shortcuts = false);

        Model(inputs = [image], outputs = [digit])
            .compile(optimizer = Adam(), loss = sparse_categorical_crossentropy, metrics = [accuracy])
    }
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/digits.txt");
const EPOCHS: usize = 15;
const BATCH: usize = 32;
/// Images to train with, and those that the settings were chosen on. The others are held out.
const TRAINED_ON: usize = 1000;
const CHOSEN_ON: usize = 300;

fn main() -> ExitCode {
    goals::main(EPOCHS, run)
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    let (digits, _) = Digits::read(FILE)?.split(0.0, 5)?;
    let held_out = TRAINED_ON + CHOSEN_ON..digits.len();

    let train = ArrayDataset::<Residual>::new(
        &ResidualInputs { image: images(&digits, 0..TRAINED_ON)? },
        &ResidualTargets { digit: labels(&digits, 0..TRAINED_ON)? },
    )?;
    let test = ArrayDataset::<Residual>::new(
        &ResidualInputs { image: images(&digits, held_out.clone())? },
        &ResidualTargets { digit: labels(&digits, held_out.clone())? },
    )?;
    let mut model = Residual::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.fit(&train, FitOptions::new().epochs(epochs).batch_size(BATCH))?;
    let residual = trainer.evaluate(&test, 256)?.digit.accuracy;

    let train = ArrayDataset::<Plain>::new(
        &PlainInputs { image: images(&digits, 0..TRAINED_ON)? },
        &PlainTargets { digit: labels(&digits, 0..TRAINED_ON)? },
    )?;
    let test = ArrayDataset::<Plain>::new(
        &PlainInputs { image: images(&digits, held_out.clone())? },
        &PlainTargets { digit: labels(&digits, held_out)? },
    )?;
    let mut model = Plain::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.fit(&train, FitOptions::new().epochs(epochs).batch_size(BATCH))?;
    let plain = trainer.evaluate(&test, 256)?.digit.accuracy;

    println!(
        "\naccuracy on images that were not trained with: {residual:.4} with shortcuts, {plain:.4} without\n"
    );
    goals.at_least("accuracy with shortcuts", residual, 0.94);
    goals.at_least("more than without", residual - plain, 0.01);
    Ok(())
}

type Images = Tensor<(usize, Const<8>, Const<8>, Const<1>), f32, Cpu>;

fn images(digits: &Digits, rows: std::ops::Range<usize>) -> Result<Images> {
    tensor(digits.images().skip(rows.start).take(rows.len()).flatten().copied().collect::<Vec<f32>>())
}

fn labels(digits: &Digits, rows: std::ops::Range<usize>) -> Result<Tensor<(usize,), usize, Cpu>> {
    tensor(digits.labels.iter().skip(rows.start).take(rows.len()).copied().collect::<Vec<usize>>())
}
