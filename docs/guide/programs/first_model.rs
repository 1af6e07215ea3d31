use mimo::data::Random;
use mimo::prelude::*;

model! {
    /// The price of a flat, and whether it is sold within a month.
    pub Flat {
        let facts = Input(shape = [3]); // area, rooms and age, each from 0 to 1
        let district = Input(shape = [1], dtype = "int32"); // 0 to 4

        let place = Flatten()(Embedding(5, 4)(district));
        let x = Dense(32, activation = relu)(concatenate([facts, place]));
        let x = Dense(32, activation = relu)(x);

        let price = Dense(1)(x);
        let sold = Dense(1, activation = sigmoid)(x);

        Model(inputs = [facts, district], outputs = [price, sold]).compile(
            optimizer = Adam(learning_rate = 3e-3),
            loss = { price: mse, sold: binary_crossentropy },
            metrics = { price: [mae], sold: [accuracy] },
        )
    }
}

/// Flats of a town in which the price is a known function of the inputs, plus noise.
fn flats(count: usize, seed: u64) -> Result<(FlatInputs, FlatTargets)> {
    let mut random = Random::new(seed);
    let (mut facts, mut districts) = (Vec::new(), Vec::new());
    let (mut prices, mut sold) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let [area, rooms, age] = [(); 3].map(|()| random.uniform(0.0..1.0) as f32);
        let district = random.below(5);
        let price =
            1.0 + 2.0 * area + 0.3 * rooms - 0.5 * age + 0.2 * district as f32;
        facts.extend([area, rooms, age]);
        districts.push(district);
        prices.push(price + 0.1 * random.normal() as f32);
        // Old flats in the last two districts are not in demand.
        sold.push(if district >= 3 && age > 0.5 { 0.0_f32 } else { 1.0 });
    }
    let inputs = FlatInputs { facts: tensor(facts)?, district: tensor(districts)? };
    let targets = FlatTargets { price: tensor(prices)?, sold: tensor(sold)? };
    Ok((inputs, targets))
}

fn main() -> mimo::Result<()> {
    let (inputs, targets) = flats(2000, 1)?;
    let (new_inputs, new_targets) = flats(500, 2)?;

    let mut model = Flat::new(42); // 42 is the seed of the weights
    let mut trainer = Trainer::new(&mut model)?;
    let options = FitOptions::new().epochs(20).validation_split(0.2);
    let history =
        trainer.fit((&inputs, &targets), options.verbose(Verbose::Silent))?;
    for epoch in history.epochs().iter().step_by(5) {
        let loss = epoch.get("val_loss").unwrap_or(f64::NAN);
        println!(
            "epoch {:>2}: loss {:.3}, val_loss {loss:.3}",
            epoch.epoch + 1,
            epoch.train.loss
        );
    }

    let reached = trainer.evaluate((&new_inputs, &new_targets), 32)?;
    println!("mean error of the price: {:.2}", reached.price.mae);
    println!("right about the month:   {:.2}", reached.sold.accuracy);
    trainer.finish(); // the weights are in the model now

    model.save("flat.safetensors")?;
    let mut predictor = Predictor::new(&Flat::load("flat.safetensors")?)?;
    let flat = FlatSample { facts: &[0.8, 0.5, 0.1], district: &[2] };
    let FlatPrediction { price, sold } = predictor.predict_one(&flat)?;
    println!("a large new flat: price {:.1}, sold soon {:.2}", price[0], sold[0]);
    Ok(())
}
