//! Run-time errors.

mod display;
mod number;

use std::fmt;
use std::path::PathBuf;

use dfdx::tensor::CpuError;

use crate::callbacks::CallbackFault;
use crate::confusion::ConfusionFault;
use crate::data::{TableFault, TablePlace};
use crate::file::Fault;
use crate::loss::LossFault;
pub(crate) use number::Number;

/// A run-time error.
///
/// [`Debug`](fmt::Debug) prints the text, as `{:#}` does, because `fn main() -> mimo::Result<()>` prints errors with
/// it.
#[non_exhaustive]
pub enum Error {
    /// Two tensors of one batch hold different numbers of samples.
    RowsDiffer {
        /// The field that differs.
        name: &'static str,
        /// Number of its samples.
        rows: usize,
        /// The field that came first.
        first: &'static str,
        /// Number of its samples.
        wanted: usize,
    },
    /// An output tensor has another length.
    OutputLength {
        /// The field.
        name: &'static str,
        /// Number of its values.
        len: usize,
        /// Required number of values.
        wanted: usize,
    },
    /// A column of samples has another length.
    ColumnLength {
        /// Index among the inputs or outputs.
        index: usize,
        /// Number of its values.
        len: usize,
        /// Required number of values.
        wanted: usize,
    },
    /// The number of values for a tensor is not a multiple of the sample length, or not that of its batch axis.
    TensorLength {
        /// Number of values.
        len: usize,
        /// Values per sample.
        sample: usize,
    },
    /// The number of values for a plain array is not its length.
    ArrayLength {
        /// Number of values.
        len: usize,
        /// Length of the array.
        wanted: usize,
    },
    /// Values for `adapt` do not have the axes of the layer's mean and variance.
    AdaptedShape {
        /// The shape of the values, with the batch.
        shape: Vec<usize>,
        /// Lengths of the required axes.
        lengths: Vec<usize>,
    },
    /// The variance of values for `adapt` overflows the float type.
    AdaptedVariance {
        /// Flat position along the axes of the variance.
        position: usize,
    },
    /// A batch axis of fixed size cannot hold this number of samples.
    BatchAxis {
        /// Number of samples.
        rows: usize,
    },
    /// Memory for `values` values could not be allocated.
    Memory {
        /// Number of values.
        values: usize,
    },
    /// An output has no confusion matrix.
    Confusion {
        /// The output.
        output: &'static str,
        /// The reason.
        fault: ConfusionFault,
    },
    /// A custom loss of the user cannot be used for training.
    OwnLoss {
        /// The output.
        output: &'static str,
        /// The path of the function.
        loss: &'static str,
        /// The reason.
        fault: LossFault,
    },
    /// Data without samples.
    NoData,
    /// Validation data without samples.
    NoValidationData,
    /// A requested sample of a data set is out of range.
    NoSuchRow {
        /// The sample.
        row: usize,
        /// Number of samples.
        rows: usize,
    },
    /// A target of a sparse loss is not a class index of its output.
    ClassIndex {
        /// The output.
        output: &'static str,
        /// The sample.
        row: usize,
        /// The target; a data set may write numbers that are not whole.
        index: f64,
        /// Number of classes of the output; valid indices are below.
        classes: usize,
    },
    /// A target is outside of the range for which its loss is defined.
    Target {
        /// The output.
        output: &'static str,
        /// The sample.
        row: usize,
        /// The target.
        value: f64,
        /// The loss, by Keras's name.
        loss: &'static str,
        /// The valid targets: `between 0 and 1`.
        valid: &'static str,
    },
    /// [`Dataset::gather`](crate::data::Dataset::gather) did not write a value that it has to write.
    Unfilled {
        /// The kind of field.
        field: Field,
        /// The input or output.
        name: &'static str,
        /// The first sample with an unwritten value.
        row: usize,
    },
    /// The targets of a categorical cross-entropy do not sum to 1 over the classes.
    TargetSum {
        /// The output.
        output: &'static str,
        /// The sample.
        row: usize,
        /// The sum.
        sum: f64,
        /// The loss.
        loss: &'static str,
    },
    /// An input holds a number that its `Embedding` or `CategoryEncoding` does not accept.
    Vocabulary {
        /// The input.
        input: &'static str,
        /// The sample.
        row: usize,
        /// The number.
        number: f64,
        /// Upper bound (excluded) of the numbers.
        vocabulary: usize,
    },
    /// An input or a target is NaN or infinite.
    NotFinite {
        /// The input or output.
        name: &'static str,
        /// The sample.
        row: usize,
    },
    /// The number of weights is not one per sample or class of an output, or that of a mask is not one per sample.
    Weights {
        /// The output.
        output: &'static str,
        /// Number of values.
        len: usize,
        /// Required number of values.
        wanted: usize,
        /// The kind of items: `sample` or `class`.
        per: &'static str,
    },
    /// The number of values of a [`PerPosition`](crate::data::PerPosition) does not fit its shape.
    PositionCount {
        /// The output.
        output: &'static str,
        /// Number of values.
        len: usize,
        /// Their shape, with the batch axis.
        shape: Vec<usize>,
    },
    /// The weights or the mask of an output do not have the shape of its samples and positions.
    WeightShape {
        /// The output.
        output: &'static str,
        /// Their shape, with the batch axis.
        found: Vec<usize>,
        /// The shape of all positions, with the batch axis. A prefix of these axes is valid too.
        wanted: Vec<usize>,
    },
    /// The positions of an output have weights, but its loss has one value for all positions of a sample.
    PositionWeights {
        /// The output.
        output: &'static str,
        /// A sample whose positions have weights.
        row: usize,
    },
    /// Targets of an output cannot be missing in the requested way.
    MissingTargets {
        /// The output.
        output: &'static str,
        /// The reason.
        reason: &'static str,
    },
    /// Class weights were set for an output whose samples do not have one class each.
    NoClasses {
        /// The output.
        output: &'static str,
        /// The reason.
        reason: &'static str,
    },
    /// The weight of a sample is NaN or infinite.
    SampleWeight {
        /// The output.
        output: &'static str,
        /// The sample.
        row: usize,
        /// The weight.
        weight: f64,
    },
    /// The weight of a class is NaN or infinite.
    ClassWeight {
        /// The output.
        output: &'static str,
        /// The class.
        class: usize,
        /// The weight.
        weight: f64,
    },
    /// The weight of a loss is NaN or infinite.
    LossWeight {
        /// The output.
        output: &'static str,
        /// The weight.
        weight: f64,
    },
    /// A learning rate is negative, NaN or infinite.
    LearningRate {
        /// The rate.
        rate: f64,
    },
    /// A list of weights has another length than the model's.
    WeightCount {
        /// Number of weights in the list.
        len: usize,
        /// Number of weights of the model.
        wanted: usize,
    },
    /// The number of values for a weight is not its size.
    WeightLength {
        /// The weight, such as `dense/kernel`.
        name: &'static str,
        /// Number of values.
        len: usize,
        /// Size of the weight.
        wanted: usize,
    },
    /// `validation_split` leaves no samples to train or to validate with.
    ValidationSplit {
        /// The fraction.
        fraction: f64,
        /// Number of samples to split.
        rows: usize,
    },
    /// Invalid number of folds for a k-fold validation.
    Folds {
        /// Number of folds.
        folds: usize,
        /// Number of samples or groups to split.
        rows: usize,
    },
    /// A list of groups does not have one key per sample.
    Groups {
        /// Number of keys.
        len: usize,
        /// Number of samples.
        rows: usize,
    },
    /// The model has no output of this name.
    NoSuchOutput {
        /// The name.
        name: String,
        /// An output with a similar name.
        similar: Option<String>,
    },
    /// The source of a stream ended before the epoch did.
    StreamEnded {
        /// Number of samples that it had.
        rows: usize,
        /// Number of samples per epoch.
        wanted: usize,
    },
    /// Samples of a stream were requested in another order than its own.
    StreamOrder,
    /// A block of a stream has weights or missing targets that the stream does not declare.
    StreamWeights {
        /// The method that declares them.
        what: &'static str,
    },
    /// A stream is to be shuffled in a buffer that holds no samples.
    ShuffleBuffer,
    /// A table, or an array in a file, cannot be read, or does not fit the model.
    Table {
        /// Location.
        place: Box<TablePlace>,
        /// The reason.
        fault: Box<TableFault>,
    },
    /// Preprocessing data to save with weights is too long.
    PreprocessingLength {
        /// Length in bytes.
        len: usize,
        /// Largest length in a file, as JSON.
        limit: usize,
    },
    /// A batch size of 0, for training or validation.
    BatchSize,
    /// A callback called `fit` of the trainer that called it.
    NestedFit,
    /// The states of `stateful` layers cannot continue with another number of samples.
    StatefulRows {
        /// Number of samples of the batch.
        rows: usize,
        /// Number of samples of the previous batches.
        wanted: usize,
    },
    /// `fit` was asked to shuffle samples although states are passed from batch to batch.
    StatefulShuffle,
    /// The model was compiled without an optimizer.
    NoOptimizer,
    /// The model has several optimizers, and none was named.
    SeveralOptimizers {
        /// Their keys.
        keys: Vec<&'static str>,
    },
    /// The model has no optimizer of this key.
    NoSuchOptimizer {
        /// The key.
        key: String,
        /// The existing keys; empty if the model has one optimizer without a key.
        keys: Vec<&'static str>,
    },
    /// A learning rate was set that is computed by a schedule of the model.
    ScheduledLearningRate {
        /// The schedule, by Keras's name.
        schedule: &'static str,
        /// The key of the optimizer; `None` if the model has one optimizer.
        optimizer: Option<&'static str>,
    },
    /// A callback does not fit the training, or ended it.
    Callback {
        /// The callback: `EarlyStopping`.
        callback: &'static str,
        /// The reason.
        fault: CallbackFault,
    },
    /// A required custom loss of an output was not passed to the trainer.
    NoCustomLoss {
        /// The output.
        output: &'static str,
    },
    /// Sample or class weights were set for an output whose loss is `none`.
    WeightsWithoutLoss {
        /// The output.
        output: &'static str,
    },
    /// A custom loss was passed to the trainer of a model that has no output with the loss `custom`.
    UnusedCustomLoss {
        /// The model.
        model: &'static str,
    },
    /// A custom loss cannot have this name: an output with another loss or the logs use it.
    CustomLossName {
        /// The name.
        name: String,
        /// Whether an output has it.
        is_output: bool,
    },
    /// One custom loss is used for several outputs with different loss weights.
    JointLossWeights {
        /// Two of the outputs.
        outputs: [&'static str; 2],
        /// Their loss weights.
        weights: [f64; 2],
    },
    /// The data has sample weights for an output, and a custom loss that reads the output did not read them.
    SampleWeightsIgnored {
        /// The output.
        output: &'static str,
    },
    /// The loss of an output is custom, and no custom loss reads the output.
    OutputIgnored {
        /// The output.
        output: &'static str,
    },
    /// The description and the memory layout of a model disagree. Those of generated models never do.
    Inconsistent {
        /// The part that disagrees.
        what: &'static str,
    },
    /// An error of dfdx.
    Tensor(CpuError),
    /// A file could not be read or written.
    File {
        /// Its path.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A model cannot be exported to another format.
    Export {
        /// The model.
        model: &'static str,
        /// The format: `ONNX`, `Keras`.
        format: &'static str,
        /// The layer, and the reason.
        reason: String,
    },
    /// A file does not hold a model's weights. The model is unchanged.
    WeightsFile {
        /// The file, if it is not in memory.
        path: Option<PathBuf>,
        /// The model.
        model: &'static str,
        /// All faults; at least one. The message shows the first eight, and all of them with `{:#}`.
        faults: Vec<Fault>,
    },
    /// A file does not contain a training state of this model. The trainer is unchanged.
    CheckpointFile {
        /// The file, if it is not in memory.
        path: Option<PathBuf>,
        /// The model.
        model: &'static str,
        /// All faults; at least one.
        faults: Vec<Fault>,
    },
    /// A checkpoint was saved in the middle of an epoch of other data.
    ResumedSamples {
        /// Number of samples of the data.
        rows: usize,
        /// Number of samples of the epoch in the checkpoint.
        wanted: usize,
    },
    /// A checkpoint was saved in the middle of an epoch with batches of another size.
    ResumedBatchSize {
        /// The size in the options of `fit`.
        batch_size: usize,
        /// The size in the checkpoint.
        wanted: usize,
    },
    /// A checkpoint was saved in the middle of an epoch of a trainer with other custom losses.
    ResumedLosses {
        /// Number of joint losses of the trainer.
        losses: usize,
        /// Number of joint losses in the checkpoint.
        wanted: usize,
    },
    /// A checkpoint has the state of a callback that `fit` does not have at this index.
    ResumedCallback {
        /// Index of the callback.
        index: usize,
        /// The name in the checkpoint.
        wanted: String,
        /// The name of the callback at this index; `None` for one without a state, or none.
        found: Option<String>,
    },
    /// A part of the model without weights was named.
    NoSuchPart {
        /// The name; `None` if the part was selected by a closure.
        name: Option<String>,
        /// A part of the model with a similar name.
        similar: Option<String>,
    },
    /// A part of the model was unfrozen whose weights the description does not train.
    NotTrained {
        /// The first of its weights.
        weight: &'static str,
    },
    /// A factor of the learning rate, or a weight decay, is negative, NaN or infinite.
    Steering {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// An error of the user's own data reader, loss or callback.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

/// The kinds of fields that [`Dataset::gather`](crate::data::Dataset::gather) fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// An input.
    Input,
    /// The target of an output.
    Target,
    /// The sample weights of an output.
    SampleWeight,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::Input => "the input",
            Field::Target => "the target of",
            Field::SampleWeight => "the sample weight of",
        })
    }
}

impl Error {
    /// An error of the user's own, from a data set, a loss or a callback.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Other(error.into())
    }
}

impl From<CpuError> for Error {
    fn from(error: CpuError) -> Self {
        Error::Tensor(error)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Tensor(error) => Some(error),
            Error::File { source, .. } => Some(source),
            // Its own text is already that of `Display`.
            Error::Other(error) => error.source(),
            _ => None,
        }
    }
}
