//! What a network has learned to answer one question answers two others, of which few answers are known: its weights stay as they are, and
//! two new heads are trained.
//!
//! Teaches nested models as trunks. `Trunk` is a residual network of 14 layers without its head, `use mimo_models::resnet_cifar::resnet_cifar;`.
//! `Source` trains it with 1000 images to tell the ten digits apart. `Reader` has it with `trainable = false`: its batch normalizations then compute
//! with their moving statistics, as in Keras, and only two heads are trained, with 60 other images: whether the digit is even, and how many
//! closed loops it has.
//!
//! The same heads are trained on a trunk with random weights, to see what its training is worth. The epochs were chosen on 200
//! images that are not among those that the result is measured on. `cargo run --release -p mimo-models --example fine_tuning` takes
//! seconds; `-- --epochs 2` makes it shorter.

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
    /// Features of an image.
    pub Trunk {
        use mimo_models::resnet_cifar::resnet_cifar;

        let image = Input(shape = [8, 8, 1]);
        let features = resnet_cifar(image, blocks = 2, include_top = false);

        Model(inputs = [image], outputs = [features])
    }
}

model! {
    /// The digit in an image.
    pub Source {
        use Trunk;

        let image = Input(shape = [8, 8, 1]);
        let digit = Dense(10, activation = softmax)(Trunk()(image));

        Model(inputs = [image], outputs = [digit])
            .compile(optimizer = Adam(), loss = sparse_categorical_crossentropy, metrics = [accuracy])
    }
}

model! {
    /// Whether the digit in an image is even, and how many loops it has.
    pub Reader {
        use Trunk;

        let image = Input(shape = [8, 8, 1]);
        let features = Trunk(trainable = false)(image);
        let even = Dense(1, activation = sigmoid)(features);
        let loops = Dense(3, activation = softmax)(features);

        Model(inputs = [image], outputs = [even, loops]).compile(
            optimizer = Adam(learning_rate = 0.01),
            loss = { even: binary_crossentropy, loops: sparse_categorical_crossentropy },
            metrics = accuracy,
        )
    }
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/digits.txt");
const EPOCHS: usize = 10;
/// Epochs of the heads, for each of those.
const EPOCHS_OF_HEADS: usize = 10;
const BATCH: usize = 32;
/// Images to train the trunk with, those to train the heads with, and those that the epochs were chosen on.
const MANY: usize = 1000;
const FEW: usize = 60;
const CHOSEN_ON: usize = 200;
/// Closed loops of each digit.
const LOOPS: [usize; 10] = [1, 0, 0, 0, 1, 0, 1, 0, 2, 1];

fn main() -> ExitCode {
    goals::main(EPOCHS, run)
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    let (digits, _) = Digits::read(FILE)?.split(0.0, 5)?;
    let images = ArrayDataset::<Source>::new(
        &SourceInputs { image: images(&digits, 0..MANY)? },
        &SourceTargets { digit: tensor(&digits.labels[..MANY])? },
    )?;
    let mut source = Source::new(1);
    Trainer::new(&mut source)?.fit(&images, FitOptions::new().epochs(epochs).batch_size(BATCH))?;

    let few = questions(&digits, MANY..MANY + FEW)?;
    let test = questions(&digits, MANY + FEW + CHOSEN_ON..digits.len())?;
    let mut reached = vec![];
    for trunk in [Some(source.trunk), None] {
        let mut reader = Reader::new(2);
        if let Some(trunk) = trunk {
            reader.trunk = trunk;
        }
        let mut trainer = Trainer::new(&mut reader)?;
        let options = FitOptions::new().epochs(EPOCHS_OF_HEADS * epochs).batch_size(BATCH);
        trainer.fit(&few, options.verbose(Verbose::Silent))?;
        let logs = trainer.evaluate(&test, 256)?;
        reached.push((logs.even.accuracy, logs.loops.accuracy));
    }
    let [(even, loops), (random_even, random_loops)] = reached[..] else { return Err("two readers".into()) };
    println!("\naccuracy on images that nothing was trained with    even   loops");
    println!("  trunk trained to tell digits apart            {even:>8.4}{loops:>8.4}");
    println!("  trunk with random weights                     {random_even:>8.4}{random_loops:>8.4}\n");
    goals.at_least("accuracy of even", even, 0.9);
    goals.at_least("accuracy of loops", loops, 0.9);
    goals.at_least("more than on random weights, even", even - random_even, 0.05);
    goals.at_least("more than on random weights, loops", loops - random_loops, 0.05);
    Ok(())
}

type Images = Tensor<(usize, Const<8>, Const<8>, Const<1>), f32, Cpu>;

fn images(digits: &Digits, rows: std::ops::Range<usize>) -> Result<Images> {
    tensor(digits.images().skip(rows.start).take(rows.len()).flatten().copied().collect::<Vec<f32>>())
}

/// Some images with the answers to both questions.
fn questions(digits: &Digits, rows: std::ops::Range<usize>) -> Result<ArrayDataset<Reader>> {
    let labels = || digits.labels.iter().skip(rows.start).take(rows.len());
    let even: Vec<f32> = labels().map(|label| f32::from(u8::from(label % 2 == 0))).collect();
    let loops: Vec<usize> = labels().filter_map(|&label| LOOPS.get(label).copied()).collect();
    ArrayDataset::new(
        &ReaderInputs { image: images(digits, rows.clone())? },
        &ReaderTargets { even: tensor(even)?, loops: tensor(loops)? },
    )
}
