//! What can go wrong at run time, as values.

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

/// What went wrong.
///
/// [`Debug`](fmt::Debug) shows the text, as `{:#}` does, because `fn main() -> mimo::Result<()>` prints an error in this way.
#[non_exhaustive]
pub enum Error {
    /// Two tensors of one batch hold different numbers of samples.
    RowsDiffer {
        /// The field that differs.
        name: &'static str,
        /// Its samples.
        rows: usize,
        /// The field that came first.
        first: &'static str,
        /// Its samples.
        wanted: usize,
    },
    /// A tensor that is to be filled has another length.
    OutputLength {
        /// The field.
        name: &'static str,
        /// Its values.
        len: usize,
        /// The values that there are.
        wanted: usize,
    },
    /// A column of samples has another length.
    ColumnLength {
        /// Its place among the inputs or outputs.
        index: usize,
        /// Its values.
        len: usize,
        /// The values that are wanted.
        wanted: usize,
    },
    /// Values for a tensor are no whole number of samples, or not as many as its batch axis says.
    TensorLength {
        /// The values.
        len: usize,
        /// Values per sample.
        sample: usize,
    },
    /// Numbers for a plain array are more or fewer than it has.
    ArrayLength {
        /// The numbers.
        len: usize,
        /// Those of the array.
        wanted: usize,
    },
    /// Values for `adapt` do not have the axes of the layer's mean and variance.
    AdaptedShape {
        /// The shape of the values, with the batch.
        shape: Vec<usize>,
        /// The lengths of the axes.
        lengths: Vec<usize>,
    },
    /// The variance of values for `adapt` is larger than any number of the float type.
    AdaptedVariance {
        /// The position of the axes that the variance is of, counted through all of them.
        position: usize,
    },
    /// A batch axis of fixed size cannot hold this many samples.
    BatchAxis {
        /// The samples.
        rows: usize,
    },
    /// Memory for `values` values could not be had.
    Memory {
        /// How many.
        values: usize,
    },
    /// There is no confusion matrix of an output.
    Confusion {
        /// The output.
        output: &'static str,
        /// Why.
        fault: ConfusionFault,
    },
    /// A loss of one's own that cannot be trained with.
    OwnLoss {
        /// The output.
        output: &'static str,
        /// The path of the function.
        loss: &'static str,
        /// What is wrong with it.
        fault: LossFault,
    },
    /// Data without samples.
    NoData,
    /// Validation data without samples.
    NoValidationData,
    /// A data set was asked for a sample that it does not have.
    NoSuchRow {
        /// The sample.
        row: usize,
        /// The samples that there are.
        rows: usize,
    },
    /// A target of a sparse loss is not a class index of its output.
    ClassIndex {
        /// The output.
        output: &'static str,
        /// The sample.
        row: usize,
        /// The target; a data set may fill in numbers that are not whole.
        index: f64,
        /// The classes of the output; valid indices are below.
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
    /// The targets of a categorical cross-entropy do not sum up to 1 over the classes.
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
    /// An input holds a number that its `Embedding` or `CategoryEncoding` does not take.
    Vocabulary {
        /// The input.
        input: &'static str,
        /// The sample.
        row: usize,
        /// The number.
        number: f64,
        /// The numbers are below it.
        vocabulary: usize,
    },
    /// An input or a target is NaN or infinite.
    NotFinite {
        /// The input or output.
        name: &'static str,
        /// The sample.
        row: usize,
    },
    /// There is not one weight per sample or class of an output, or not one entry of a mask per sample.
    Weights {
        /// The output.
        output: &'static str,
        /// Number of values that were given.
        len: usize,
        /// Number of values that are needed.
        wanted: usize,
        /// What each of them is for: `sample` or `class`.
        per: &'static str,
    },
    /// The values of a [`PerPosition`](crate::data::PerPosition) are not as many as its shape says.
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
        /// The shape of all positions, with the batch axis. The first of these axes will do as well.
        wanted: Vec<usize>,
    },
    /// The positions of an output have weights, but its loss has one value for all positions of a sample.
    PositionWeights {
        /// The output.
        output: &'static str,
        /// A sample whose positions have weights.
        row: usize,
    },
    /// Targets of an output were to be missing in a way in which they cannot be.
    MissingTargets {
        /// The output.
        output: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// Class weights were given to an output whose samples do not have one class each.
    NoClasses {
        /// The output.
        output: &'static str,
        /// Why not.
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
    /// A list of weights has another length than the list of the model's weights.
    WeightCount {
        /// The weights that were given.
        len: usize,
        /// The weights of the model.
        wanted: usize,
    },
    /// The values for a weight are not as many as the weight holds.
    WeightLength {
        /// The weight: `dense/kernel`.
        name: &'static str,
        /// The values that were given.
        len: usize,
        /// The values that it holds.
        wanted: usize,
    },
    /// `validation_split` leaves nothing to train or nothing to validate with.
    ValidationSplit {
        /// The fraction.
        fraction: f64,
        /// The samples that were to be split.
        rows: usize,
    },
    /// Folds for a k-fold validation that cannot be made.
    Folds {
        /// The folds.
        folds: usize,
        /// The samples, or the groups, that were to be split.
        rows: usize,
    },
    /// A list of groups does not have one key per sample.
    Groups {
        /// The keys.
        len: usize,
        /// The samples.
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
        /// The samples that it had.
        rows: usize,
        /// The samples per epoch.
        wanted: usize,
    },
    /// Samples of a stream were asked for in another order than its own.
    StreamOrder,
    /// A block of a stream has weights or missing targets that the stream does not announce.
    StreamWeights {
        /// The method that announces them.
        what: &'static str,
    },
    /// A stream is to be shuffled in a buffer that holds no samples.
    ShuffleBuffer,
    /// A table, or an array in a file, cannot be read, or does not fit the model.
    Table {
        /// Where.
        place: Box<TablePlace>,
        /// The reason.
        fault: Box<TableFault>,
    },
    /// What a reader of data saves with weights is too long.
    PreprocessingLength {
        /// Its bytes.
        len: usize,
        /// The most that a file can have, in JSON.
        limit: usize,
    },
    /// A batch size of 0, for training or validation.
    BatchSize,
    /// A callback called `fit` of the trainer whose `fit` called it.
    NestedFit,
    /// The states of `stateful` layers go on from a batch to one with another number of samples.
    StatefulRows {
        /// Samples of the batch.
        rows: usize,
        /// Samples of those before it.
        wanted: usize,
    },
    /// `fit` was asked to shuffle samples whose states go on from batch to batch.
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
        /// The keys that there are; none if the model has one optimizer, without a key.
        keys: Vec<&'static str>,
    },
    /// A learning rate was set that a schedule of the model computes.
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
    /// The loss of an output is to be given to the trainer, and was not.
    NoCustomLoss {
        /// The output.
        output: &'static str,
    },
    /// Sample or class weights were given to an output whose loss is `none`.
    WeightsWithoutLoss {
        /// The output.
        output: &'static str,
    },
    /// A custom loss was passed to the trainer of a model that has no output with the loss `custom`.
    UnusedCustomLoss {
        /// The model.
        model: &'static str,
    },
    /// A custom loss cannot have this name: an output with another loss has it, or the logs use it.
    CustomLossName {
        /// The name.
        name: String,
        /// Whether an output has it.
        is_output: bool,
    },
    /// One custom loss is that of several outputs, whose loss weights differ.
    JointLossWeights {
        /// Two of the outputs.
        outputs: [&'static str; 2],
        /// Their loss weights.
        weights: [f64; 2],
    },
    /// The data has sample weights for an output, and a custom loss of it, or one that reads it, did not read them.
    SampleWeightsIgnored {
        /// The output.
        output: &'static str,
    },
    /// The loss of an output is custom, and no custom loss reads the output.
    OutputIgnored {
        /// The output.
        output: &'static str,
    },
    /// A model whose description and memory layout disagree. Generated models do not.
    Inconsistent {
        /// What disagrees.
        what: &'static str,
    },
    /// dfdx could not do what it was asked to.
    Tensor(CpuError),
    /// A file could not be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A model has no form in ONNX.
    Onnx {
        /// The model.
        model: &'static str,
        /// The layer, and why.
        reason: String,
    },
    /// A file does not hold a model's weights. The model is as it was.
    WeightsFile {
        /// The file, if it is not in memory.
        path: Option<PathBuf>,
        /// The model.
        model: &'static str,
        /// All that is wrong; at least one thing. The message has the first eight, and all of them with `{:#}`.
        faults: Vec<Fault>,
    },
    /// A file does not hold the state of a training of this model. The trainer is as it was.
    CheckpointFile {
        /// The file, if it is not in memory.
        path: Option<PathBuf>,
        /// The model.
        model: &'static str,
        /// All that is wrong; at least one thing.
        faults: Vec<Fault>,
    },
    /// A checkpoint was saved in the middle of an epoch of other data.
    ResumedSamples {
        /// Samples that the data have.
        rows: usize,
        /// Samples of the epoch in the checkpoint.
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
        /// The joint losses of the trainer.
        losses: usize,
        /// The joint losses in the checkpoint.
        wanted: usize,
    },
    /// A checkpoint has the state of a callback that `fit` does not have at this place.
    ResumedCallback {
        /// The place of the callback, from 0.
        index: usize,
        /// The name in the checkpoint.
        wanted: String,
        /// The name of the callback there is; `None` for one without a state, or none.
        found: Option<String>,
    },
    /// A part of the model was named that has no weights.
    NoSuchPart {
        /// The name; `None` if the part was given by a closure.
        name: Option<String>,
        /// A part of the model with a similar name.
        similar: Option<String>,
    },
    /// A part of the model was thawed whose weights the description does not train.
    NotTrained {
        /// The first of its weights.
        weight: &'static str,
    },
    /// A factor of the learning rate, or a weight decay, is negative, NaN or infinite.
    Steering {
        /// What it is.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// What went wrong in a reader of data, a loss or a callback that the user wrote.
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
            // What it says is already what `Display` says.
            Error::Other(error) => error.source(),
            _ => None,
        }
    }
}
