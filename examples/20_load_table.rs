//! The program that `19_table` trains for: it loads the model and the reader of its tables out of one file, and answers for two homes.
//!
//! Teaches `TableReader`: cells become inputs with the means, deviations and the vocabulary of the training, and predictions return to the
//! units of the table. A district that the training never saw is no error, and neither is an age that nobody knows.
//! Run `19_table` first: `cargo run --release --example 20_load_table --features csv`.

use mimo::prelude::*;

include!("support/homes.rs");

fn main() -> Result<()> {
    let model = Homes::load("target/homes.safetensors")?;
    let reader = TableReader::<Homes>::load("target/homes.safetensors")?;
    let homes = Table::new()
        .with("district", ["Harbour", "Moon"])?
        .with("area", [82.0, 40.5])?
        .with("rooms", [3, 1])?
        .with("age", [None, Some(12)])?;
    let outputs = Predictor::new(&model)?.predict_columns(&reader.inputs(&homes)?)?;
    let prices = reader.restore("price", &outputs.price.as_vec())?;
    let sold = reader.labels("sold", &outputs.sold.as_vec())?;
    println!("prices in thousands {prices:.0?}, sold within a month {sold:?}");
    Ok(())
}
