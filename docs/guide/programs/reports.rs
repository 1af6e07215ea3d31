use mimo::callbacks::WeightHistory;
use mimo::data::Random;
use mimo::plot::{Of, Statistic};
use mimo::prelude::*;

model! {
    /// The kind of a flower and the length of its stem, from four measurements.
    pub Flower {
        let leaves = Input(shape = [4]);
        let x = Dense(16, activation = relu)(leaves);
        let x = Dense(16, activation = relu)(x);
        let kind = Dense(3, activation = softmax)(x);
        let stem = Dense(1)(x);

        Model(inputs = [leaves], outputs = [kind, stem]).compile(
            optimizer = Adam(3e-3),
            loss = { kind: sparse_categorical_crossentropy, stem: mse },
            metrics = { kind: [accuracy], stem: [mae] },
        )
    }
}

/// Flowers of three kinds, of which the last two are similar.
fn flowers(rows: usize, seed: u64) -> Result<(FlowerInputs, FlowerTargets)> {
    let mut random = Random::new(seed);
    let (mut leaves, mut kinds, mut stems) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let kind = random.below(3);
        let center =
            [[-1.0, 1.0, 0.0, 0.5], [1.0, 0.0, 0.5, 0.0], [1.5, 0.5, 0.5, 0.5]];
        let x = center[kind].map(|center| (center + 0.4 * random.normal()) as f32);
        stems.push(x[0] * x[1] + 0.1 * random.normal() as f32);
        leaves.extend(x);
        kinds.push(kind);
    }
    let targets = FlowerTargets { kind: tensor(kinds)?, stem: tensor(stems)? };
    Ok((FlowerInputs { leaves: tensor(leaves)? }, targets))
}

fn main() -> mimo::Result<()> {
    let (train, test) = (flowers(600, 1)?, flowers(300, 2)?);
    let (train, test) = ((&train.0, &train.1), (&test.0, &test.1));
    let mut model = Flower::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    let mut weights = WeightHistory::new();
    let options = FitOptions::new().epochs(15).verbose(Verbose::Silent);
    let history =
        trainer.fit(train, options.validation_data(test).callback(&mut weights))?;

    let matrix = trainer.confusion_matrix(test, 64, |outputs| &outputs.kind)?;
    println!("{matrix}");
    println!("{}", matrix.report());

    matrix.picture()?.save("confusion.svg")?;
    weights.picture(Of::Gradients, Statistic::Norm)?.save("gradients.svg")?;

    let evaluation = trainer.evaluate(test, 64)?;
    let report = trainer.report(&history).evaluation("test data", &evaluation);
    report.confusion_matrix(&matrix)?.weights(&weights)?.save("training.html")?;
    println!(
        "training.html written: {}",
        std::path::Path::new("training.html").exists()
    );
    Ok(())
}
