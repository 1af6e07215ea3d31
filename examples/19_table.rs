//! The whole job on a table in forty lines beside the model and the program that loads it: a CSV file with missing values and categories, two
//! outputs, early stopping, a plateau, a checkpoint, a report, and one file with everything at the end.
//!
//! Teaches `Table` and `TableColumns`: columns by name, checked against the model; means, deviations and a vocabulary of the training part,
//! which are saved with the weights. An age that is missing is read as the mean age, a district that is missing as unknown, and a price that is
//! missing is a missing target. `20_load_table` is the other program, and `22_serve_table` answers over HTTP. Started again after it was killed, this one goes on where it
//! was; its report then has all epochs.
//!
//! The data is generated (`data/make_homes.py`), with known noise: no model is better than 20 thousand in the root mean squared error of the
//! price. `cargo run --release --example 19_table --features csv,report` takes a second.

use mimo::prelude::*;
use mimo::table::{category, classes, column, columns};

include!("support/homes.rs");

const SEED: u64 = 7;

/// The columns of the table that are the inputs and targets of the model.
pub(crate) fn homes() -> TableColumns<Homes> {
    TableColumns::new()
        .input("numbers", columns(["area", "rooms", "age"]).fill_mean().normalize())
        .input("district", category("district"))
        .target("price", column("price").normalize())
        .target("sold", classes("sold"))
}

fn main() -> Result<()> {
    let (train, test) = Table::read_csv("examples/data/homes.csv")?.stratified_split("sold", 0.2, SEED)?;
    let reader = homes().adapt(&train)?;
    let (train, test) = (reader.dataset(&train)?, reader.dataset(&test)?);

    let mut model = Homes::new(SEED);
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().seed(SEED))?;
    let options = FitOptions::new().epochs(60).validation_data(&test);
    let options = options
        .callback(EarlyStopping::new("val_loss").patience(8).restore_best_weights(true))
        .callback(ReduceLROnPlateau::new("val_loss").patience(3))
        .callback(BackupAndRestore::new("target/homes.checkpoint"));
    let history = trainer.fit(&train, options)?;
    let evaluation = trainer.evaluate(&test, 256)?;
    // The matrix has classes by index; the reader knows their names.
    let matrix = trainer.confusion_matrix(&test, 256, |outputs| &outputs.sold)?;
    let matrix = matrix.with_names(reader.classes("sold")?)?;
    println!("{evaluation}\n{matrix}");
    let report = trainer.report(&history).evaluation("test data", &evaluation).confusion_matrix(&matrix)?;
    report.save("target/homes.html")?;
    trainer.finish();
    reader.save(&model, "target/homes.safetensors")
}
