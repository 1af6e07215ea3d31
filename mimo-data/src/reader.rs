//! Conversion of tables to the inputs and targets of a model.

use std::marker::PhantomData;
use std::path::Path;

use mimo_graph::diag::nearest;
use mimo_graph::spec::{InputSpec, ModelSpec, OutputSpec};
use mimo_graph::target::Target;
use mimo_runtime::data::{ArrayDataset, TableFault};
use mimo_runtime::error::Error;
use mimo_runtime::file;
use mimo_runtime::kernels::Element;
use mimo_runtime::model::{Columns, Model, PerOutput, Reader, Trainable};
use serde::{Deserialize, Serialize};

use crate::encoder::{ClassForm, Encoder};
use crate::table::{Table, fault};

pub(crate) fn with_targets(spec: &'static ModelSpec) -> impl Iterator<Item = &'static OutputSpec> {
    spec.outputs.iter().filter(|output| output.target().is_some())
}

/// Returns the form of classes as targets of an output.
pub(crate) fn form(output: &OutputSpec) -> ClassForm {
    let classes = output.shape.last().copied().unwrap_or(1);
    match output.target() {
        Some(Target::Classes) => ClassForm::Index { classes },
        _ if classes > 1 => ClassForm::OneHot { classes },
        _ => ClassForm::Value,
    }
}

/// Converts tables to the inputs and targets of a model, with the vocabularies, means and standard deviations of the
/// training table.
///
/// It is saved with the weights by [`save`](Self::save), so that other programs convert their tables in the same way.
pub struct TableReader<M> {
    saved: Saved,
    model: PhantomData<fn() -> M>,
}

pub(crate) const VERSION: u32 = 1;

/// Serialized form of a reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) version: u32,
    /// Encoder of each input of the model, in order.
    pub(crate) inputs: Vec<(String, Encoder)>,
    /// Encoder of each output with targets, in order.
    pub(crate) targets: Vec<(String, Encoder)>,
    /// Encoder of the weights of each output with sample weights.
    pub(crate) weights: Vec<(String, Encoder)>,
}

impl<M: Model> TableReader<M> {
    /// Creates a reader, checking it against the model.
    pub(crate) fn of(saved: Saved) -> Result<Self, Error> {
        let spec = &M::SPEC;
        if saved.version != VERSION {
            return Err(format("it was saved by another version of mimo".to_owned()));
        }
        let names =
            |fields: &[(String, Encoder)]| fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let of_model = |names: &[&'static str]| format!("`{}`", names.join("`, `"));
        let inputs: Vec<&str> = spec.inputs.iter().map(|input| input.name).collect();
        let targets: Vec<&str> = with_targets(spec).map(|output| output.name).collect();
        for (found, wanted) in [(&saved.inputs, &inputs), (&saved.targets, &targets)] {
            if names(found) != *wanted {
                let found = names(found).join("`, `");
                return Err(format(format!("it is for `{found}`, but the model has {}", of_model(wanted))));
            }
        }
        for (input, (_, encoder)) in spec.inputs.iter().zip(&saved.inputs) {
            check_input(input, encoder)?;
        }
        for (output, (_, encoder)) in with_targets(spec).zip(&saved.targets) {
            check_target(output, encoder)?;
        }
        for (name, encoder) in &saved.weights {
            let Some(output) = with_targets(spec).find(|output| output.name == name) else {
                return Err(format(format!(
                    "it has weights for `{name}`, which is not an output with a target"
                )));
            };
            check("weight of", output.name, encoder, 1, None)?;
        }
        Ok(TableReader { saved, model: PhantomData })
    }

    /// Converts a table to the inputs of a model, for
    /// [`Predictor::predict_columns`](mimo_runtime::predictor::Predictor::predict_columns). Columns of targets are
    /// not needed.
    ///
    /// # Errors
    /// [`Error::Table`] with file, row and column for a missing column, and for a cell that is missing, invalid, or not finite in the float type of the model; [`NoRows`](TableFault::NoRows).
    pub fn inputs(&self, table: &Table) -> Result<TableInputs<M>, Error> {
        let inputs = self.encoded_inputs(table)?;
        mimo_runtime::data::check_inputs::<M>(&inputs.columns).map_err(|error| self.at_row(table, error))?;
        Ok(inputs)
    }

    fn encoded_inputs(&self, table: &Table) -> Result<TableInputs<M>, Error> {
        if table.rows() == 0 {
            return Err(table.error(None, None, TableFault::NoRows));
        }
        let columns = self.saved.inputs.iter().map(|(_, encoder)| encode::<M>(encoder, table, None));
        Ok(TableInputs { rows: table.rows(), columns: columns.collect::<Result<_, _>>()? })
    }

    /// Adds the row of the table to the error of a sample.
    fn at_row(&self, table: &Table, error: Error) -> Error {
        let (fields, name, row) = match &error {
            Error::Vocabulary { input: name, row, .. } => (&self.saved.inputs, *name, *row),
            Error::ClassIndex { output: name, row, .. }
            | Error::Target { output: name, row, .. }
            | Error::TargetSum { output: name, row, .. } => (&self.saved.targets, *name, *row),
            Error::SampleWeight { output: name, row, .. } => (&self.saved.weights, *name, *row),
            _ => return error,
        };
        let column = match fields.iter().find(|(other, _)| other == name) {
            // With several columns it is not known which one.
            Some((_, Encoder::Numbers(columns))) if columns.len() != 1 => None,
            Some((_, encoder)) => Some(encoder.first_column()),
            None => None,
        };
        table.error(Some(row), column, TableFault::Sample { reason: error.to_string() })
    }

    /// Converts a table to inputs and targets. Targets whose cells are missing are [missing
    /// targets](ArrayDataset::target_mask).
    ///
    /// # Errors
    /// Those of [`inputs`](Self::inputs), [`Error::Table`] for a target that its loss does not accept, and those of [`ArrayDataset::from_columns`].
    pub fn dataset(&self, table: &Table) -> Result<ArrayDataset<M>, Error>
    where
        M: Trainable,
    {
        let TableInputs { rows, columns: inputs } = self.encoded_inputs(table)?;
        let mut missing = vec![None; M::SPEC.outputs.len()];
        let mut targets = vec![];
        for (name, encoder) in &self.saved.targets {
            let mut of_target = vec![];
            targets.push(encode::<M>(encoder, table, Some(&mut of_target))?);
            let index = M::SPEC.outputs.iter().position(|output| output.name == name);
            if let Some(mask) = index.and_then(|index| missing.get_mut(index))
                && of_target.contains(&true)
            {
                *mask = Some(of_target.into_iter().map(|missing| !missing).collect::<Vec<bool>>());
            }
        }
        let data = ArrayDataset::from_columns(rows, inputs, targets)?;
        let mut missing = missing.into_iter();
        let data = data.target_mask(&M::PerOutput::from_fn(|_| missing.next().flatten()))?;
        // Checked here, where the lines of rows are known; `fit` does not check it again.
        let checked = |data: ArrayDataset<M>| data.check_finite().map_err(|error| self.at_row(table, error));
        if self.saved.weights.is_empty() {
            return checked(data);
        }
        let mut weights = vec![None; M::SPEC.outputs.len()];
        for (name, encoder) in &self.saved.weights {
            let index = M::SPEC.outputs.iter().position(|output| output.name == name);
            if let Some(to) = index.and_then(|index| weights.get_mut(index)) {
                *to = Some(encode::<M>(encoder, table, None)?);
            }
        }
        let mut weights = weights.into_iter();
        checked(data.sample_weights(&M::PerOutput::from_fn(|_| weights.next().flatten()))?)
    }

    /// The names of the classes of an output, or of the tokens of an input, by index: those of a confusion matrix, of a class index in predictions,
    /// of a row of an `Embedding`.
    ///
    /// ```ignore
    /// let matrix = trainer.confusion_matrix(&test, 256, |outputs| &outputs.kind)?;
    /// println!("{}", matrix.with_names(reader.classes("kind")?)?);
    /// ```
    ///
    /// # Errors
    /// [`NoSuchField`](TableFault::NoSuchField), [`NotOfOutput`](TableFault::NotOfOutput) for columns of numbers.
    pub fn classes(&self, name: &str) -> Result<Vec<String>, Error> {
        let what = "class names: its columns hold numbers";
        self.encoder(name)?
            .classes()
            .ok_or_else(|| fault(TableFault::NotOfOutput { output: name.to_owned(), what }))
    }

    /// Returns the name of the most probable class of each sample, from the predictions of an output: that of the
    /// largest value, or whether a single value is greater than 0.5.
    ///
    /// # Errors
    /// Those of [`classes`](Self::classes), [`NoSuchField`](TableFault::NoSuchField) for an input, [`Prediction`](TableFault::Prediction) with the row for
    /// NaN, and [`TensorLength`](Error::TensorLength) if the predictions are not whole samples.
    pub fn labels(&self, output: &str, predictions: &[M::Float]) -> Result<Vec<String>, Error> {
        let classes = self.classes(output)?;
        let Some(spec) = M::SPEC.outputs.iter().find(|it| it.name == output) else {
            let near = Some("it is an input".to_owned());
            return Err(fault(TableFault::NoSuchField { kind: "output", name: output.to_owned(), near }));
        };
        let width = spec.shape.last().copied().unwrap_or(1).max(1);
        check_predictions(output, predictions, width * spec.positions().max(1), |value| !value.is_nan())?;
        let label = |row: &[M::Float]| {
            let largest = match row {
                [value] => usize::from(value.f64() > 0.5),
                values => {
                    let mut largest = 0;
                    for (index, value) in values.iter().enumerate() {
                        largest = if value.f64() > values[largest].f64() { index } else { largest };
                    }
                    largest
                }
            };
            classes.get(largest).cloned().unwrap_or_default()
        };
        Ok(predictions.chunks(width).map(label).collect())
    }

    /// Converts predictions of an output whose target was [normalized](crate::Numbers::normalize) back to the units
    /// of its columns; others are returned unchanged.
    ///
    /// # Errors
    /// [`NoSuchField`](TableFault::NoSuchField), [`Prediction`](TableFault::Prediction) with the row for a value that is NaN or infinite, and
    /// [`TensorLength`](Error::TensorLength) if the predictions are not whole samples.
    pub fn restore(&self, output: &str, predictions: &[M::Float]) -> Result<Vec<f64>, Error> {
        let encoder = self.encoder(output)?;
        let spec = M::SPEC.outputs.iter().find(|it| it.name == output);
        let width = spec.map_or(encoder.width(), |spec| spec.shape.iter().product());
        check_predictions(output, predictions, width.max(1), f64::is_finite)?;
        let mut values: Vec<f64> = predictions.iter().map(|value| value.f64()).collect();
        encoder.restore(&mut values);
        Ok(values)
    }

    fn encoder(&self, name: &str) -> Result<&Encoder, Error> {
        let all = || self.saved.targets.iter().chain(&self.saved.inputs);
        all().find(|(other, _)| other == name).map(|(_, encoder)| encoder).ok_or_else(|| {
            let near = nearest(name, all().map(|(name, _)| name.as_str()));
            fault(TableFault::NoSuchField { kind: "input or target", name: name.to_owned(), near })
        })
    }

    /// Saves the weights of a model together with this reader, in one file. `M::load` reads the weights, [`load`](Self::load) the reader.
    ///
    /// # Errors
    /// Those of [`file::save_with_preprocessing`].
    pub fn save(&self, model: &M, path: impl AsRef<Path>) -> Result<(), Error> {
        file::save_with_preprocessing(model, &self.to_json()?, path)
    }

    /// Loads a reader from a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Those of [`file::load`], and [`Format`](TableFault::Format) if the file has no reader, or that of another model.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let reader = match file::preprocessing::<M>(path)? {
            Some(text) => Self::from_json(&text),
            None => Err(format("the file has weights only; `TableReader::save` writes both".to_owned())),
        };
        reader.map_err(|error| match error {
            Error::Table { mut place, fault } => {
                place.file = Some(path.to_path_buf());
                Error::Table { place, fault }
            }
            error => error,
        })
    }

    /// Serializes the reader as JSON, for a separate file.
    ///
    /// # Errors
    /// None.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(&self.saved).map_err(Error::other)
    }

    /// Deserializes a reader from the JSON of [`to_json`](Self::to_json).
    ///
    /// # Errors
    /// [`Format`](TableFault::Format) if it is not one, or that of another model.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        Self::of(serde_json::from_str(text).map_err(|error| format(error.to_string()))?)
    }
}

fn format(reason: String) -> Error {
    fault(TableFault::Format { format: "table reader", reason })
}

impl<M> std::fmt::Debug for TableReader<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableReader").field("saved", &self.saved).finish()
    }
}

impl<M> Clone for TableReader<M> {
    fn clone(&self) -> Self {
        TableReader { saved: self.saved.clone(), model: PhantomData }
    }
}

/// Inputs of a model, read from a table.
pub struct TableInputs<M: Model> {
    rows: usize,
    columns: Vec<Vec<M::Float>>,
}

impl<M: Model> std::fmt::Debug for TableInputs<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableInputs").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<M: Model> Columns<M::Float> for TableInputs<M> {
    fn read(&self, reader: &mut Reader<'_, M::Float>) -> Result<(), Error> {
        reader.rows = M::SPEC.inputs.first().map(|input| (input.name, self.rows));
        for (to, column) in reader.columns.iter_mut().zip(&self.columns) {
            to.clone_from(column);
            reader.next += 1;
        }
        Ok(())
    }
}

fn encode<M: Model>(
    encoder: &Encoder,
    table: &Table,
    missing: Option<&mut Vec<bool>>,
) -> Result<Vec<M::Float>, Error> {
    let values: Vec<M::Float> = encoder.encode(table, missing)?.into_iter().map(M::Float::of).collect();
    match values.iter().position(|value| !value.f64().is_finite()) {
        None => Ok(values),
        Some(place) => Err(encoder.not_finite(table, place, std::any::type_name::<M::Float>())),
    }
}

/// Checks that predictions are whole samples of `width` values, and that each value is valid.
fn check_predictions<E: Element>(
    output: &str,
    predictions: &[E],
    width: usize,
    is_valid: impl Fn(f64) -> bool,
) -> Result<(), Error> {
    if !predictions.len().is_multiple_of(width) {
        return Err(Error::TensorLength { len: predictions.len(), sample: width });
    }
    let Some(place) = predictions.iter().position(|value| !is_valid(value.f64())) else { return Ok(()) };
    let value = predictions.get(place).map_or(f64::NAN, |value| value.f64());
    let fault = TableFault::Prediction { output: output.to_owned(), value };
    Err(Table::default().error(Some(place / width), None, fault))
}

fn check_input(input: &'static InputSpec, encoder: &Encoder) -> Result<(), Error> {
    let wanted = input.shape.iter().copied().fold(1, usize::saturating_mul);
    check("input", input.name, encoder, wanted, input.below)
}

fn check_target(output: &'static OutputSpec, encoder: &Encoder) -> Result<(), Error> {
    let values = output.shape.iter().copied().fold(1, usize::saturating_mul);
    let (wanted, indices) = match (output.target(), form(output)) {
        (Some(Target::Classes), ClassForm::Index { classes }) => (output.positions(), Some(classes)),
        (_, ClassForm::OneHot { classes }) => (values, Some(classes)),
        // Two classes of a single value are the numbers 0 and 1.
        _ => (values, Some(2)),
    };
    if let (Encoder::Classes { column, classes, .. }, Some(most)) = (encoder, indices)
        && classes.len() > most
    {
        let values = output.shape.last().copied().unwrap_or(1);
        let fault = TableFault::ClassCount { output: output.name, classes: classes.len(), values };
        return Err(Table::default().error(None, Some(column), fault));
    }
    check("target", output.name, encoder, wanted, indices)
}

fn check(
    kind: &'static str,
    name: &'static str,
    encoder: &Encoder,
    wanted: usize,
    indices: Option<usize>,
) -> Result<(), Error> {
    if !encoder.is_consistent() {
        return Err(format(format!("the lists of the {kind} `{name}` have different lengths")));
    }
    let values = encoder.width();
    if values != wanted {
        return Err(fault(TableFault::Values { kind, name, values, wanted }));
    }
    match (encoder.indices(), indices) {
        (Some(entries), Some(wanted)) if entries > wanted => {
            Err(fault(TableFault::VocabularySize { kind, name, entries, wanted }))
        }
        _ => Ok(()),
    }
}
