//! Ready-made callbacks: those of Keras, and a few more.
//!
//! | callback | |
//! |---|---|
//! | [`EarlyStopping`] | ends the training when a value has stopped getting better |
//! | [`ReduceLROnPlateau`] | lowers the learning rate when a value has stopped getting better |
//! | [`LearningRateScheduler`] | sets the learning rate of each epoch by a function |
//! | [`LossWeightScheduler`] | sets the weights of the losses of outputs by a function of epoch and step |
//! | [`ModelCheckpoint`] | writes the weights to files |
//! | [`BackupAndRestore`] | saves checkpoints, and resumes from them |
//! | [`StochasticWeightAveraging`] | averages the weights of the last epochs |
//! | [`CSVLogger`] | writes a line of values per epoch |
//! | [`TerminateOnNaN`] | ends the training when a number becomes NaN, and says where |
//! | [`Timer`] | measures where the time of a training goes |
//! | [`WeightHistory`] | records norms and other statistics of weights and gradients |
#![cfg_attr(feature = "tensorboard", doc = "| [`TensorBoard`] | writes event files for TensorBoard |")]
#![cfg_attr(
    feature = "ctrlc",
    doc = "| [`StopOnInterrupt`] | ends the training when the user presses Ctrl-C |"
)]
//!
//! They are added to the options of `fit`, by value, or by `&mut` to be read afterwards:
//!
//! ```ignore
//! let mut stopping =
//!     EarlyStopping::new("val_loss").patience(5).restore_best_weights(true);
//! let checkpoint =
//!     ModelCheckpoint::new("runs/{epoch:03}-{val_loss:.3}.safetensors").keep_last(3);
//! trainer.fit_with((&inputs, &targets), |options| {
//!     options
//!         .epochs(100)
//!         .validation_split(0.2)
//!         .callback(&mut stopping)
//!         .callback(checkpoint)
//! })?;
//! println!("best epoch: {:?}", stopping.best_epoch());
//! ```
//!
//! Values are named by Keras's keys (`val_loss`, `val_risk_auc`), which are checked before the training starts: a key that the training
//! does not log is an [`Error::Callback`] that names similar ones. Whether more of a value is better is
//! known from its metric, whatever the output is called.
//!
//! A callback of one's own implements [`Callback`](crate::callback::Callback). Schedules that depend on the step alone are part of the
//! model: `Adam(learning_rate = CosineDecay(1e-3, 1000))`.
//!
//! Keras: [callbacks](https://keras.io/api/callbacks/). Its `LambdaCallback` is
//! [`FitOptions::on_epoch_end`](crate::trainer::FitOptions::on_epoch_end), its `History` is what `fit` returns, and its `ProgbarLogger` is
//! [`FitOptions::verbose`](crate::trainer::FitOptions::verbose).

mod backup_and_restore;
mod csv_logger;
mod early_stopping;
mod fault;
mod learning_rate_scheduler;
mod loss_weight_scheduler;
mod model_checkpoint;
mod monitor;
mod pattern;
mod reduce_lr_on_plateau;
mod stochastic_weight_averaging;
#[cfg(feature = "ctrlc")]
mod stop_on_interrupt;
#[cfg(feature = "tensorboard")]
mod tensorboard;
mod terminate_on_nan;
#[cfg(test)]
mod tests;
mod timer;
mod weight_history;

pub use backup_and_restore::{BackupAndRestore, SaveFrequency};
pub use csv_logger::CSVLogger;
pub use early_stopping::EarlyStopping;
pub use fault::{CallbackFault, NotFinite, Origin};
pub use learning_rate_scheduler::LearningRateScheduler;
pub use loss_weight_scheduler::LossWeightScheduler;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::{Mode, Monitors};
pub use reduce_lr_on_plateau::ReduceLROnPlateau;
pub use stochastic_weight_averaging::StochasticWeightAveraging;
#[cfg(feature = "ctrlc")]
pub use stop_on_interrupt::StopOnInterrupt;
#[cfg(feature = "tensorboard")]
pub use tensorboard::TensorBoard;
pub use terminate_on_nan::TerminateOnNaN;
pub use timer::{EpochTimes, Timer};
pub use weight_history::{TensorStatistics, WeightHistory, WeightRecord};

use std::path::Path;
use std::{fs, io};

use crate::data::spec;
use crate::error::Error;
use crate::file::replace;
use crate::model::Trainable;

/// Makes the folder of a file, and those around it, if they are missing.
fn create_folder_of(path: &Path) -> Result<(), Error> {
    if path.file_name().is_none() {
        let source = replace::no_file_name();
        return Err(Error::File { path: path.into(), source });
    }
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|source| {
        // "File exists" says what there is, but not what is wrong with it.
        let source = match source.kind() {
            io::ErrorKind::AlreadyExists => {
                io::Error::new(io::ErrorKind::NotADirectory, "this is a file, not a directory")
            }
            _ => source,
        };
        Error::File { path: folder.into(), source }
    })
}

/// The keys of the optimizers, `None` for the only one, for callbacks that set learning rates.
///
/// # Errors
/// [`Error::ScheduledLearningRate`] if a schedule of the model sets one of them.
fn settable_optimizers<M: Trainable>() -> Result<Vec<Option<&'static str>>, Error> {
    let optimizers = spec::<M>().optimizers.iter();
    let keys = optimizers.map(|it| match it.optimizer.schedule {
        Some(schedule) => Err(Error::ScheduledLearningRate { schedule: schedule.name(), optimizer: it.key }),
        None => Ok(it.key),
    });
    keys.collect()
}
