//! Loads the model of `19_table` and the reader of its tables from one file, and predicts for two homes.
//!
//! Teaches `TableReader`: it converts cells to inputs with the means, standard deviations and vocabulary of training,
//! and predictions back to the units of the table. An unknown district or age is not an error. Run `19_table` first:
//! `cargo run --release --example 20_load_table --features csv`.

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
