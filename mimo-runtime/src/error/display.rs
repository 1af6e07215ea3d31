//! Texts of errors: the error with names and numbers, and what to do.

use std::fmt;

use super::{Error, Number};
use crate::confusion::ConfusionFault;
use crate::file::Fault;
use crate::loss::LossFault;

/// Prints the text with all details. `main`, `unwrap` and `expect` print this for an error, where names of variants
/// do not help.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
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
            Error::Confusion { output, fault: fault @ ConfusionFault::Names { .. } } => {
                write!(f, "the confusion matrix of the output `{output}`: {fault}")
            }
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
                "the loss `{loss}` of `{output}` wrote the gradient {} for value {element} of a position, but its own values \
                 differ by {} per unit there (prediction {}, target {}); mend the gradient, or set \
                 `TrainerOptions::check_gradients(false)` if it is meant",
                Number::rounded(*written),
                Number::rounded(*difference),
                Number::rounded(*prediction),
                Number::rounded(*target)
            ),
            Error::OwnLoss { output, loss, fault: LossFault::Mixed { among, alone, .. } } => write!(
                f,
                "the loss `{loss}` of `{output}` is {} for a position among others and {} for the same position alone, but each position has \
                 a loss by itself: mimo computes their mean, and batches are cut for the threads; leave out sums and means over the first \
                 axis, or write the loss as `custom`, which is called with the whole batch",
                Number::rounded(*among),
                Number::rounded(*alone)
            ),
            Error::Export { model, format, reason } => {
                write!(f, "`{model}` cannot be exported to {format}: {reason}")
            }
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
                f.write_str(if index.fract() == 0.0 { "out of range" } else { "not an integer" })?;
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
                "`{input}` holds {} in sample {row}, but the layer that reads it takes integers from 0 to {last}",
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
                write!(f, "the samples do not have one class each at the output `{output}`: {reason}")
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
            Error::ShuffleBuffer => write!(
                f,
                "the stream is shuffled in a buffer of 0 samples, among which none can be drawn: write the number of samples to hold in \
                 memory, such as `.shuffle(10_000, SEED)`, or leave `.shuffle` out to read the stream in order"
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
                 size that divides the number of samples, or call `reset_state()` before the one of another size"
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

/// Formats names in backticks, separated by commas.
fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Formats the faults of a file: the first of many, or all of them with `{:#}`.
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
