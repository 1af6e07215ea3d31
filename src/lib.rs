#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

// Generated code says `::mimo`, also in this crate's own tests.
extern crate self as mimo;

#[cfg(feature = "tables")]
#[doc(inline)]
pub use mimo_data as table;
pub use mimo_macros::{functions, model};
pub use mimo_runtime::callback;
pub use mimo_runtime::callbacks;
pub use mimo_runtime::confusion;
pub use mimo_runtime::data;
pub use mimo_runtime::error::Error;
pub use mimo_runtime::file;
pub use mimo_runtime::float::Float;
#[doc(inline)]
pub use mimo_runtime::graph::language;
pub use mimo_runtime::history;
pub use mimo_runtime::model::{Model, PerOutput, Trainable};
pub use mimo_runtime::own::Metric;
#[cfg(feature = "plot")]
pub use mimo_runtime::plot;
pub use mimo_runtime::predictor::Predictor;
pub use mimo_runtime::progress::Verbose;
#[cfg(feature = "report")]
pub use mimo_runtime::report;
pub use mimo_runtime::sample::array;
pub use mimo_runtime::tensor::tensor;
pub use mimo_runtime::trainer::{
    ConfusionOptions, CustomTargets, FindOptions, FitOptions, LearningRateCurve, LossTensor, SampleWeights,
    Trainer, TrainerOptions,
};
pub use mimo_runtime::warning::Warning;
pub use mimo_runtime::{Result, dfdx, graph};

/// Types of custom losses in tensor operations, `loss = { risk: crate::likelihood }`.
pub mod loss {
    pub use mimo_runtime::own::{ClassIndices, Losses, Predictions, Targets};
}

#[cfg(feature = "keras")]
pub mod keras;
#[cfg(feature = "onnx")]
pub mod onnx;

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

/// Pages whose Rust code is compiled and run. `tests/guide.rs` checks the other chapters of the guide.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../docs/guide/src/keras_model.md")]
    mod keras_model {}
    #[doc = include_str!("../docs/language.md")]
    mod language {}
    #[doc = include_str!("../docs/serving.md")]
    mod serving {}
    #[doc = include_str!("../docs/training.md")]
    mod training {}
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// Everything that a program needs to define and train models.
pub mod prelude {
    pub use crate::callback::Callback;
    #[cfg(feature = "ctrlc")]
    pub use crate::callbacks::StopOnInterrupt;
    #[cfg(feature = "tensorboard")]
    pub use crate::callbacks::TensorBoard;
    pub use crate::callbacks::{
        BackupAndRestore, CSVLogger, EarlyStopping, LearningRateScheduler, LossWeightScheduler,
        ModelCheckpoint, ReduceLROnPlateau, SaveFrequency, StochasticWeightAveraging, TerminateOnNaN, Timer,
        WeightHistory,
    };
    pub use crate::data::ArrayDataset;
    pub use crate::dfdx::shapes::Const;
    pub use crate::dfdx::tensor::{AsArray, Cpu, Tensor};
    pub use crate::history::{EpochLogs, History};
    #[cfg(feature = "tables")]
    pub use crate::table::{Table, TableColumns, TableReader};
    pub use crate::{
        Error, FitOptions, Model, Predictor, Result, Trainable, Trainer, TrainerOptions, Verbose, functions,
        model, tensor,
    };
}
