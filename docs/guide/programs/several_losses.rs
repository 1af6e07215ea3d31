use mimo::data::{ArrayDataset, Random};
use mimo::prelude::*;

model! {
    /// The price of a house in euros and the class of its energy use.
    pub House {
        const FACTS: usize = 8;

        let facts = Input(shape = [FACTS]);
        let trunk = Dense(64, activation = relu)(facts);
        let price = Dense(1)(Dense(32, activation = relu)(trunk));
        let energy = Dense(32, activation = relu)(trunk);
        let energy = Dense(3, activation = softmax)(energy);

        Model(inputs = [facts], outputs = [price, energy]).compile(
            optimizer = SGD(learning_rate = 0.05, momentum = 0.9),
            loss = { price: mse, energy: sparse_categorical_crossentropy },
            metrics = { price: [r2], energy: [accuracy] },
        )
    }
}

/// Houses whose prices are in hundreds. One in four prices is not known.
fn houses(rows: usize, seed: u64) -> Result<ArrayDataset<House>> {
    let mut random = Random::new(seed);
    let (mut facts, mut prices, mut energy) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let x: [f32; House::FACTS] =
            std::array::from_fn(|_| random.normal() as f32);
        let price =
            100.0 * (x[0] + x[1].abs() - x[2]) + 20.0 * random.normal() as f32;
        prices.push(if random.chance(0.25) { f32::NAN } else { price });
        let score = x[2] + x[3] + 0.2 * random.normal() as f32;
        energy.push(usize::from(score > -0.7) + usize::from(score > 0.7));
        facts.extend(x);
    }
    let targets = HouseTargets { price: tensor(prices)?, energy: tensor(energy)? };
    ArrayDataset::new(&HouseInputs { facts: tensor(facts)? }, &targets)?
        .nan_is_missing(&HousePerOutput { price: true, energy: false })
}

/// Length of the gradient that a loss sends into the trunk of a new model.
fn gradient(
    data: &ArrayDataset<House>,
    weights: HousePerOutput<f64>,
) -> Result<f64> {
    let mut model = House::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.set_loss_weights(&weights)?;
    trainer.train_on_rows(data, &(0..256).collect::<Vec<_>>())?;
    let name = "dense/kernel"; // the first layer
    let gradient =
        trainer.gradient(name).ok_or_else(|| Error::other("no such weight"))?;
    Ok(gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt())
}

fn train(
    weights: HousePerOutput<f64>,
    data: &ArrayDataset<House>,
) -> Result<String> {
    let test = houses(1000, 2)?;
    let mut model = House::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.set_loss_weights(&weights)?;
    let options = FitOptions::new().epochs(10).verbose(Verbose::Silent);
    if let Err(error) = trainer.fit(data, options.callback(TerminateOnNaN::new())) {
        return Ok(error.to_string());
    }
    let reached = trainer.evaluate(&test, 256)?;
    let (r2, accuracy) = (reached.price.r2, reached.energy.accuracy);
    Ok(format!("r2 of the price {r2:.2}, accuracy of the energy {accuracy:.2}"))
}

fn main() -> mimo::Result<()> {
    let data = houses(4000, 1)?;
    let price = gradient(&data, HousePerOutput { price: 1.0, energy: 0.0 })?;
    let energy = gradient(&data, HousePerOutput { price: 0.0, energy: 1.0 })?;
    println!("gradients in the trunk: price {price:.1}, energy {energy:.2}");

    let weights = HousePerOutput { price: 1.0, energy: 1.0 };
    println!("weights 1 and 1:  {}", train(weights, &data)?);
    let weights = HousePerOutput { price: energy / price, energy: 1.0 };
    println!("balanced weights: {}", train(weights, &data)?);

    // The price first, then both: weights by epoch.
    let ratio = energy / price;
    let schedule = LossWeightScheduler::new(move |epoch, _step| HousePerOutput {
        price: ratio,
        energy: if epoch < 5 { 0.0 } else { 1.0 },
    });
    let mut model = House::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    let options = FitOptions::new().epochs(10).verbose(Verbose::Silent);
    let history = trainer.fit(&data, options.callback(schedule))?;
    let accuracy = history.get("energy_accuracy").unwrap_or_default();
    println!(
        "scheduled:        accuracy {:.2} in epoch 5, {:.2} in epoch 10",
        accuracy[4], accuracy[9]
    );
    Ok(())
}
