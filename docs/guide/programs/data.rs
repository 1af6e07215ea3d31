use mimo::prelude::*;
use mimo::table::{category, classes, column, columns};

model! {
    pub Homes {
        let numbers = Input(shape = [3]);
        let district = Input(shape = [1], dtype = "int32");

        // Four districts, and 0 for missing and unknown ones.
        let place = Flatten()(Embedding(5, 3)(district));
        let x = Dense(32, activation = relu)(concatenate([numbers, place]));
        let price = Dense(1)(x);
        let sold = Dense(1, activation = sigmoid)(x);

        Model(inputs = [numbers, district], outputs = [price, sold]).compile(
            optimizer = Adam(1e-2),
            loss = { price: mse, sold: binary_crossentropy },
            metrics = { sold: [accuracy] },
        )
    }
}

/// A CSV file of homes. Some ages, districts and prices are missing.
fn write_csv(path: &str) -> Result<()> {
    let mut random = mimo::data::Random::new(5);
    let mut csv = String::from("district,area,rooms,age,price,sold\n");
    for row in 0..600 {
        let area = random.uniform(30.0..120.0).round();
        let (rooms, age, place) =
            (1 + random.below(4), random.below(60), random.below(4));
        let price = 50.0 + 3.0 * area + 20.0 * place as f64 - age as f64;
        let sold = if place == 3 && age > 30 { "no" } else { "yes" };
        let district = ["Harbour", "Hill", "Old Town", "Park"][place];
        let district = if row % 50 == 7 { "" } else { district };
        let age = if row % 20 == 3 { String::new() } else { age.to_string() };
        let price =
            if row % 10 == 9 { String::new() } else { format!("{price:.1}") };
        csv += &format!("{district},{area},{rooms},{age},{price},{sold}\n");
    }
    std::fs::write(path, csv).map_err(Error::other)
}

fn main() -> mimo::Result<()> {
    write_csv("homes.csv")?;
    let table = Table::read_csv("homes.csv")?;
    let (train, test) = table.stratified_split("sold", 0.2, 7)?;
    println!("{} rows to train with, {} held out", train.rows(), test.rows());

    let numbers = columns(["area", "rooms", "age"]).fill_mean().normalize();
    let reader = TableColumns::<Homes>::new()
        .input("numbers", numbers)
        .input("district", category("district"))
        .target("price", column("price").normalize())
        .target("sold", classes("sold"))
        .adapt(&train)?;
    println!("classes of `sold`: {:?}", reader.classes("sold")?);

    let mut model = Homes::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    let (train, test) = (reader.dataset(&train)?, reader.dataset(&test)?);
    let options = FitOptions::new().epochs(30).verbose(Verbose::Silent);
    trainer.fit(&train, options.validation_data(&test))?;
    println!("held out: {}", trainer.evaluate(&test, 64)?);
    trainer.finish();

    // One file for the weights and for what the reader has learned.
    reader.save(&model, "homes.safetensors")?;
    let model = Homes::load("homes.safetensors")?;
    let reader = TableReader::<Homes>::load("homes.safetensors")?;
    let homes = Table::new()
        .with("district", ["Harbour", "Moon"])?
        .with("area", [82.0, 40.5])?
        .with("rooms", [3, 1])?
        .with("age", [Some(12), None])?;
    let outputs =
        Predictor::new(&model)?.predict_columns(&reader.inputs(&homes)?)?;
    let prices = reader.restore("price", &outputs.price.as_vec())?;
    let sold = reader.labels("sold", &outputs.sold.as_vec())?;
    println!("prices {prices:.1?}, sold {sold:?}");

    // Errors name the line and the column.
    std::fs::write("wrong.csv", "district,area,rooms,age\nHill,wide,2,30\n")
        .map_err(Error::other)?;
    if let Err(error) = reader.inputs(&Table::read_csv("wrong.csv")?) {
        println!("error: {error}");
    }
    Ok(())
}
