//! Files of Keras: `.keras`, which Keras 3 loads, predicts with and trains on.
//!
//! A file has the layers by Keras's classes, the weights, and what the model was compiled with; that of a
//! [`Trainer`] has the state of its optimizer too. The program `mimo` of the crate `mimo-convert` makes the same file
//! of a file of weights or a checkpoint, `mimo export churn.safetensors --keras churn.keras`, and reads files of
//! Keras: `mimo convert churn.keras`.
//!
//! ```
//! use mimo::prelude::*;
//!
//! model! {
//!     /// Whether a customer leaves.
//!     pub Churn {
//!         let usage = Input(shape = [12, 3]);
//!         let age = Input(shape = [1]);
//!         let features = concatenate([LSTM(8)(usage), age]);
//!         let leaves = Dense(1, activation = sigmoid)(features);
//!         Model(inputs = [usage, age], outputs = [leaves])
//!             .compile(optimizer = Adam(), loss = binary_crossentropy, metrics = [auc])
//!     }
//! }
//!
//! # fn main() -> mimo::Result<()> {
//! let path = std::env::temp_dir().join(format!("churn-{}.keras", std::process::id()));
//! let missing = mimo::keras::export(&Churn::new(1), &path)?;
//! assert!(missing.is_empty());
//! # std::fs::remove_file(path).expect("a file");
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use mimo_convert::Description;
use mimo_convert::keras::export::{self, Options};

use crate::{Error, Model, Trainable, Trainer, file};

/// Writes a model as a `.keras` file, which is created or replaced as by [`file::save`]. A training of Keras begins
/// with a new optimizer.
///
/// Returns the parts of the training that Keras does not have, each with its reason: several optimizers, losses and
/// metrics of one's own. Predictions are the same without them.
///
/// # Errors
/// [`Export`](Error::Export) names the layer that Keras does not have, or a `stateful` layer, whose batches have a fixed
/// size in Keras: the program `mimo` has `--batch-size` for it. [`File`](Error::File) if the file cannot be written; the
/// path is then unchanged.
pub fn export<M: Model>(model: &M, path: impl AsRef<Path>) -> Result<Vec<String>, Error> {
    of_bytes::<M>(&file::to_bytes(model)?, path.as_ref())
}

/// Writes the model of a trainer as a `.keras` file with the state of its optimizer: Keras continues the training.
///
/// Returns the parts of the training that Keras does not have, as [`export()`] does.
///
/// # Errors
/// Those of [`export()`], and [`Memory`](Error::Memory).
pub fn export_training<M: Trainable>(
    trainer: &mut Trainer<'_, M>,
    path: impl AsRef<Path>,
) -> Result<Vec<String>, Error> {
    of_bytes::<M>(&trainer.checkpoint()?, path.as_ref())
}

/// The bytes of a file of weights, or of a checkpoint, as a file of Keras.
fn of_bytes<M: Model>(bytes: &[u8], path: &Path) -> Result<Vec<String>, Error> {
    let exported = mimo_convert::weights::read_file(bytes).and_then(|found| {
        let description = Description::of_metadata(&found.metadata)?;
        export::export(&description, &found.weights, &found.state, &Options::default())
    });
    let fail = |error: mimo_convert::Error| Error::Export {
        model: M::SPEC.name,
        format: "Keras",
        reason: error.to_string(),
    };
    let exported = exported.map_err(fail)?;
    file::write(path, &exported.bytes)?;
    Ok(exported.missing)
}
