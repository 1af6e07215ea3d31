//! What can go wrong at run time, as values.

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
#[derive(Debug)]
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::RowsDiffer { name, rows, first, wanted } => {
                write!(f, "`{name}` has {rows} samples, but `{first}` has {wanted}")
            }
            Error::OutputLength { name, len, wanted } => {
                write!(f, "`{name}` holds {len} values, but there are {wanted} to write")
            }
            Error::ColumnLength { index, len, wanted } => {
                write!(f, "column {index} holds {len} values, but {wanted} are wanted")
            }
            Error::TensorLength { len: 0, sample } => {
                write!(f, "no values for a tensor: it holds at least one sample, of {sample} values each")
            }
            Error::TensorLength { len, sample } => {
                write!(f, "{len} values do not make the samples of a tensor with {sample} values each")
            }
            Error::ArrayLength { len, wanted } => {
                write!(f, "{len} numbers do not make an array of {wanted}")
            }
            Error::AdaptedShape { shape, lengths } => write!(
                f,
                "values of shape {shape:?} do not have axes of lengths {lengths:?}, of which `adapt` takes mean and variance"
            ),
            Error::AdaptedVariance { position } => {
                write!(
                    f,
                    "the variance at position {position} is larger than any number of the float type: scale the values"
                )
            }
            Error::BatchAxis { rows } => write!(f, "the batch axis cannot be {rows} samples long"),
            Error::Memory { values } => write!(f, "no memory for {values} values"),
            Error::Confusion { output, fault } => {
                write!(f, "there is no confusion matrix of the output `{output}`: {fault}")
            }
            Error::OwnLoss { output, loss, fault: LossFault::Element { .. } } => write!(
                f,
                "the loss `{loss}` of `{output}` is a function of another float type than the model's; write \
                 `fn my_loss<E: mimo::Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E`, which is one of both"
            ),
            Error::OwnLoss { output, loss, fault: LossFault::Positions { .. } } => write!(
                f,
                "the loss `{loss}` of `{output}` is to return one number for each row of its predictions; if the output has a mask with a \
                 value for each of its values, write the loss as a function of slices"
            ),
            Error::OwnLoss {
                output,
                loss,
                fault: LossFault::Gradient { element, prediction, target, written, difference, .. },
            } => write!(
                f,
                "the loss `{loss}` of `{output}` wrote the gradient {written:.6} for value {element} of a position, but its own values \
                 differ by {difference:.6} per unit there (prediction {prediction:.6}, target {target:.6}); mend the gradient, or set \
                 `TrainerOptions::check_gradients(false)` if it is meant"
            ),
            Error::NoData => write!(f, "the data have no samples; at least one is needed"),
            Error::NoValidationData => {
                write!(f, "the validation data have no samples; at least one is needed")
            }
            Error::NoSuchRow { row, rows } => {
                write!(f, "sample {row} was asked for, but the data set has {rows}")
            }
            Error::ClassIndex { output, row, index, classes } => {
                let last = classes.saturating_sub(1);
                write!(f, "class index {} in sample {row} is ", Number(*index))?;
                f.write_str(if index.fract() == 0.0 { "out of range" } else { "not a whole number" })?;
                write!(f, ": `{output}` has {classes} classes (0 to {last})")
            }
            Error::Target { output, row, value, loss, valid } => {
                write!(
                    f,
                    "target {} of `{output}` in sample {row} is invalid: targets of {loss} are {valid}",
                    Number(*value)
                )
            }
            Error::TargetSum { output, row, sum, loss } => write!(
                f,
                "the targets of `{output}` in sample {row} have the sum {}: targets of {loss} are probabilities with the sum 1; \
                 for others, write `check_targets = {{ {output}: false }}` in `.compile(…)`",
                Number(*sum)
            ),
            Error::Unfilled { field, name, row } => {
                write!(f, "the data set did not fill {field} `{name}` in sample {row}")
            }
            Error::Vocabulary { input, row, number, vocabulary } => write!(
                f,
                "`{input}` holds {} in sample {row}, but the layer that reads it takes numbers from 0 to {last}",
                Number(*number),
                last = vocabulary.saturating_sub(1)
            ),
            Error::NotFinite { name, row } => write!(f, "`{name}` is NaN or infinite in sample {row}"),
            Error::Weights { output, len, wanted, per } => write!(
                f,
                "the weights or the mask of `{output}` have {len} values, but {wanted} are needed, one per {per}"
            ),
            Error::PositionCount { output, len, shape } => write!(
                f,
                "the weights or the mask of `{output}` have {len} values, which do not fill their shape {shape:?}"
            ),
            Error::WeightShape { output, found, wanted } => {
                write!(
                    f,
                    "the weights or the mask of `{output}` have the shape {found:?}, but {wanted:?} is needed"
                )?;
                match wanted.len() {
                    0 | 1 => Ok(()),
                    axes => write!(f, ", or {:?} for one value per sample", &wanted[..axes.min(1)]),
                }
            }
            Error::PositionWeights { output, row } => write!(
                f,
                "the positions of sample {row} have weights for `{output}`, but its loss has one value for all positions of a \
                 sample: give the sample a weight, or mark positions as missing"
            ),
            Error::MissingTargets { output, reason } => {
                write!(f, "the targets of `{output}` cannot be missing in this way: {reason}")
            }
            Error::NoClasses { output, reason } => {
                write!(f, "class weights for `{output}`, whose samples do not have one class each: {reason}")
            }
            Error::SampleWeight { output, row, weight } => {
                write!(
                    f,
                    "the weight of sample {row} for `{output}` is {}; weights must be finite in the model's float type",
                    Number(*weight)
                )
            }
            Error::ClassWeight { output, class, weight } => {
                write!(
                    f,
                    "the weight of class {class} of `{output}` is {}; weights must be finite in the model's float type",
                    Number(*weight)
                )
            }
            Error::LossWeight { output, weight } => {
                write!(
                    f,
                    "the weight of the loss of `{output}` is {}; weights must be finite in the model's float type",
                    Number(*weight)
                )
            }
            Error::LearningRate { rate } => {
                write!(
                    f,
                    "the learning rate is {}; it must be finite in the model's float type, and not negative",
                    Number(*rate)
                )
            }
            Error::WeightCount { len, wanted } => {
                write!(f, "values for {len} weights were given, but the model has {wanted} weights")
            }
            Error::WeightLength { name, len, wanted } => {
                write!(f, "{len} values were given for the weight `{name}`, which holds {wanted}")
            }
            Error::ValidationSplit { fraction, .. } if !(0.0..1.0).contains(fraction) => {
                write!(f, "a validation split is at least 0 and below 1, not {}", Number(*fraction))
            }
            Error::ValidationSplit { fraction, rows } => {
                write!(
                    f,
                    "a validation split of {} leaves one part of {rows} samples empty",
                    Number(*fraction)
                )
            }
            Error::BatchSize => {
                write!(f, "a batch size is 0; a batch of training or validation holds at least one sample")
            }
            Error::NestedFit => write!(
                f,
                "`fit` was called by a callback of a `fit` that still runs: train with `train_on_batch` or `train_on_rows` \
                 in a callback, or return `Break` from it and call `fit` afterwards"
            ),
            Error::Folds { folds, rows } => {
                write!(
                    f,
                    "{rows} samples or groups cannot be split into {folds} folds; at least 2 folds are needed, and as many samples or groups"
                )
            }
            Error::Groups { len, rows } => {
                write!(f, "{len} keys of groups for {rows} samples; each sample has one")
            }
            Error::NoSuchOutput { name, similar } => {
                write!(f, "the model has no output `{}`", name.escape_debug())?;
                match similar {
                    Some(similar) => write!(f, "; did you mean `{similar}`?"),
                    None => Ok(()),
                }
            }
            Error::StreamEnded { rows, wanted } => {
                write!(f, "the stream ended after {rows} samples; an epoch has {wanted}")
            }
            Error::StreamOrder => write!(
                f,
                "a stream is read in order, so that no other samples can be asked for: use `fit` and `evaluate`, or an \
                 `ArrayDataset`"
            ),
            Error::StreamWeights { what } => write!(
                f,
                "a block of the stream has weights or missing targets of which the trainer does not know: call `.{what}(true)` on the stream"
            ),
            Error::Table { place, fault } => match place.to_string() {
                place if place.is_empty() => write!(f, "{fault}"),
                place => write!(f, "{place}: {fault}"),
            },
            Error::PreprocessingLength { len, limit } => write!(
                f,
                "{len} bytes of preprocessing are too long for the header of a file, which has room for {limit}: limit \
                 vocabularies with `max_tokens`, or save them in a file of their own"
            ),
            Error::StatefulRows { rows, wanted } => write!(
                f,
                "a batch of {rows} samples cannot continue the states of {wanted} samples: use batches of one \
                 size, of which the data have a whole number, or call `reset_state()` before the one of another size"
            ),
            Error::StatefulShuffle => write!(
                f,
                "`stateful` layers continue each sample of a batch with the same sample of the next: write `shuffle(false)`"
            ),
            Error::NoOptimizer => write!(f, "the model was compiled without an optimizer"),
            Error::SeveralOptimizers { keys } => {
                let first = keys.first().copied().unwrap_or_default();
                write!(
                    f,
                    "the model has an optimizer for each of {}: name one of them, as in \
                     `set_learning_rate_of(\"{first}\", …)`",
                    quoted(keys)
                )
            }
            Error::NoSuchOptimizer { key, keys } if keys.is_empty() => {
                write!(f, "the model has no optimizer `{key}`: it has one optimizer, without a key")
            }
            Error::NoSuchOptimizer { key, keys } => {
                write!(f, "the model has no optimizer `{key}`: its optimizers are {}", quoted(keys))
            }
            Error::ScheduledLearningRate { schedule, optimizer } => {
                f.write_str("the learning rate ")?;
                if let Some(key) = optimizer {
                    write!(f, "of `{key}` ")?;
                }
                write!(
                    f,
                    "follows the schedule `{schedule}` of the model, so it cannot be set: write a number in \
                     `.compile(…)`, or leave the learning rate to the schedule"
                )
            }
            Error::Callback { callback, fault } => write!(f, "{callback}: {fault}"),
            Error::NoCustomLoss { output } => {
                write!(f, "the loss of `{output}` is custom: pass it to the trainer with `set_loss`")
            }
            Error::WeightsWithoutLoss { output } => {
                write!(f, "weights for `{output}`, whose loss is `none`")
            }
            Error::UnusedCustomLoss { model } => write!(
                f,
                "no output of `{model}` has a custom loss: write `custom` in `loss` for each output that it trains"
            ),
            Error::CustomLossName { name, is_output: true } => {
                write!(f, "the loss of the output `{name}` is not `custom`, so it cannot be set")
            }
            Error::CustomLossName { name, is_output: false } => {
                write!(f, "a custom loss cannot be called `{name}`: the logs use this name")
            }
            Error::JointLossWeights { outputs: [a, b], weights: [x, y] } => write!(
                f,
                "one custom loss is that of `{a}` and `{b}`, whose loss weights are {x} and {y}: make them equal, or set \
                 the loss of each with `add_loss`"
            ),
            Error::SampleWeightsIgnored { output } => write!(
                f,
                "the data has sample weights for `{output}`, but a custom loss of it does not read \
                 `targets.sample_weights().{output}.tensor()`; to leave them out on purpose, read them and drop them: `let _ = \
                 targets.sample_weights().{output}.tensor()`"
            ),
            Error::OutputIgnored { output } => write!(
                f,
                "no custom loss reads `outputs.{output}`, so `{output}` would not be trained: read it, set its loss with \
                 `add_loss(\"{output}\", …)`, or write `{output}: none` in `.compile(…)`"
            ),
            Error::Inconsistent { what } => {
                write!(f, "the model's description and its memory layout disagree: {what}")
            }
            Error::Tensor(error) => write!(f, "dfdx: {error}"),
            Error::File { path, source } => write!(f, "`{}`: {source}", path.display()),
            Error::Onnx { model, reason } => write!(f, "`{model}` cannot be exported to ONNX: {reason}"),
            Error::WeightsFile { path, model, faults } => {
                match path {
                    Some(path) => write!(f, "`{}` does not hold the weights of `{model}`", path.display())?,
                    None => write!(f, "these bytes do not hold the weights of `{model}`")?,
                }
                list(f, faults)
            }
            Error::CheckpointFile { path, model, faults } => {
                match path {
                    Some(path) => write!(f, "`{}` does not hold a training of `{model}`", path.display())?,
                    None => write!(f, "these bytes do not hold a training of `{model}`")?,
                }
                list(f, faults)
            }
            Error::ResumedSamples { rows, wanted } => write!(
                f,
                "the checkpoint was saved in the middle of an epoch of {wanted} samples, but the data have {rows}: resume \
                 with the same data"
            ),
            Error::ResumedBatchSize { batch_size, wanted } => write!(
                f,
                "the checkpoint was saved in the middle of an epoch in batches of {wanted} samples, not {batch_size}: \
                 write `batch_size({wanted})`"
            ),
            Error::ResumedLosses { losses, wanted } => write!(
                f,
                "the checkpoint was saved in the middle of an epoch with {wanted} joint custom losses, but the trainer has \
                 {losses}: set the same losses before `fit`"
            ),
            Error::ResumedCallback { index, wanted, found } => {
                write!(f, "the checkpoint has the state of a `{wanted}` as callback {index} (from 0), but ")?;
                match found {
                    Some(found) => write!(f, "there is a `{found}`")?,
                    None => write!(f, "there is none with a state")?,
                }
                write!(f, ": resume with the same callbacks in the same order")
            }
            Error::NoSuchPart { name: None, .. } => {
                write!(
                    f,
                    "this part of the model has no weights: return a layer, a nested model or a weight of it"
                )
            }
            Error::NoSuchPart { name: Some(name), similar } => {
                write!(f, "no weight of the model is named `{name}` or begins with `{name}/`")?;
                match similar {
                    Some(similar) => write!(f, "; did you mean `{similar}`?"),
                    None => Ok(()),
                }
            }
            Error::NotTrained { weight } => write!(
                f,
                "`{weight}` cannot be trained: the description says `trainable = false`, or no loss depends on it; to \
                 freeze and thaw it, leave `trainable = false` out and call `freeze` before the training"
            ),
            Error::Steering { what, value } => {
                write!(
                    f,
                    "the {what} is {}; it must be finite in the model's float type, and not negative",
                    Number(*value)
                )
            }
            Error::Other(error) => write!(f, "{error}"),
        }
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
/// Names in backticks, separated by commas.
fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What is wrong with a file: the first of many faults, or all of them with `{:#}`.
fn list(f: &mut fmt::Formatter<'_>, faults: &[Fault]) -> fmt::Result {
    // Files of another model differ in every weight.
    const SHOWN: usize = 8;
    let shown = if f.alternate() { faults.len() } else { SHOWN };
    for fault in faults.iter().take(shown) {
        write!(f, "\n- {fault}")?;
    }
    match faults.len().saturating_sub(shown) {
        0 => Ok(()),
        more => write!(f, "\n- and {more} more"),
    }
}
