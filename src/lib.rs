#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// Generated code says `::mimo`, also in this crate's own tests.
extern crate self as mimo;

pub use mimo_macros::{functions, model};
pub use mimo_runtime::callback;
pub use mimo_runtime::callbacks;
pub use mimo_runtime::data;
pub use mimo_runtime::error::Error;
pub use mimo_runtime::file;
pub use mimo_runtime::float::Float;
#[doc(inline)]
pub use mimo_runtime::graph::language;
pub use mimo_runtime::history;
pub use mimo_runtime::model::{Model, PerOutput, Trainable};
pub use mimo_runtime::predictor::Predictor;
pub use mimo_runtime::progress::Verbose;
pub use mimo_runtime::sample::array;
pub use mimo_runtime::tensor::tensor;
pub use mimo_runtime::trainer::{
    CustomTargets, FindOptions, FitOptions, LearningRateCurve, LossTensor, SampleWeights, Trainer,
    TrainerOptions,
};
pub use mimo_runtime::warning::Warning;
pub use mimo_runtime::{Result, dfdx, graph};

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// What a program that defines and trains models needs.
pub mod prelude {
    pub use crate::callbacks::{
        BackupAndRestore, CSVLogger, EarlyStopping, LearningRateScheduler, ModelCheckpoint,
        ReduceLROnPlateau, SaveFrequency, TerminateOnNaN,
    };
    pub use crate::dfdx::shapes::Const;
    pub use crate::dfdx::tensor::{AsArray, Cpu, Tensor};
    pub use crate::{
        Error, FitOptions, Model, Predictor, Result, Trainable, Trainer, TrainerOptions, Verbose, functions,
        model, tensor,
    };
}
