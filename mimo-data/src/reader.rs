//! From tables to the inputs and targets of a model.

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

use crate::encoder::{Adapting, ClassForm, Encoder};
use crate::feature::{Feature, column};
use crate::table::{Table, fault};

/// Which columns of a table are the inputs and targets of a model.
///
/// An input or target that is not named is read from the column of its own name, as numbers. [`adapt`](Self::adapt) makes a [`TableReader`].
///
/// ```ignore
/// let reader = TableColumns::<Houses>::new()
///     .input("numbers", columns(["area", "rooms"]).normalize().fill_mean())
///     .input("kind", category("kind"))
///     .target("sold", classes("sold"))
///     .adapt(&train)?;
/// trainer.fit(&reader.dataset(&train)?, FitOptions::new())?;
/// ```
pub struct TableColumns<M> {
    inputs: Vec<(String, Feature)>,
    targets: Vec<(String, Feature)>,
    weights: Vec<(String, Feature)>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> TableColumns<M> {
    /// Every input and target from the column of its own name.
    pub fn new() -> Self {
        TableColumns { inputs: vec![], targets: vec![], weights: vec![], model: PhantomData }
    }

    /// Sets the columns of an input: names, or [`columns`](crate::columns()), [`category`](crate::category()), [`text`](crate::text()), ….
    #[must_use]
    pub fn input(mut self, name: impl Into<String>, feature: impl Into<Feature>) -> Self {
        self.inputs.push((name.into(), feature.into()));
        self
    }

    /// Sets the columns of the target of an output: names, [`columns`](crate::columns()), [`classes`](crate::classes()), ….
    #[must_use]
    pub fn target(mut self, output: impl Into<String>, feature: impl Into<Feature>) -> Self {
        self.targets.push((output.into(), feature.into()));
        self
    }

    /// Weighs the samples for an output by a column of numbers, as [`ArrayDataset::sample_weights`].
    #[must_use]
    pub fn weight(mut self, output: impl Into<String>, name: impl Into<String>) -> Self {
        self.weights.push((output.into(), column(name).into()));
        self
    }

    /// Learns vocabularies, means and deviations from a table. Take the training part: what is learned from the rest is no longer unknown to
    /// the model when it is tested with it.
    ///
    /// # Errors
    /// [`Error::Table`] with file, row and column: for a column that is not there or does not hold what it should, an input or target that the
    /// model does not have, a number of values or a vocabulary that does not fit the model.
    pub fn adapt(&self, training: &Table) -> Result<TableReader<M>, Error> {
        self.adapt_parts([Ok::<_, Error>(training)])
    }

    /// The same for a table that is read in parts, such as those of `CsvOptions::blocks`.
    ///
    /// # Errors
    /// Those of [`adapt`](Self::adapt) and of the parts.
    pub fn adapt_parts<T: std::borrow::Borrow<Table>>(
        &self,
        parts: impl IntoIterator<Item = Result<T, Error>>,
    ) -> Result<TableReader<M>, Error> {
        let spec = &M::SPEC;
        let inputs: Vec<&str> = spec.inputs.iter().map(|input| input.name).collect();
        let targets: Vec<&str> = with_targets(spec).map(|output| output.name).collect();
        let mut inputs = fields("input", &self.inputs, &inputs)?;
        let mut targets = fields("target", &self.targets, &targets)?;
        let weighted: Vec<&str> = with_targets(spec)
            .map(|output| output.name)
            .filter(|name| self.weights.iter().any(|it| it.0 == *name))
            .collect();
        // Checks the names against all outputs; only those that are set are read.
        fields("target", &self.weights, &with_targets(spec).map(|output| output.name).collect::<Vec<_>>())?;
        let mut weights = fields("target", &self.weights, &weighted)?;
        let mut rows = 0_usize;
        for part in parts {
            let part = part?;
            rows = rows.saturating_add(part.borrow().rows());
            for field in inputs.iter_mut().chain(&mut targets).chain(&mut weights) {
                field.update(part.borrow())?;
            }
        }
        if rows == 0 {
            return Err(Error::NoData);
        }
        let inputs = spec.inputs.iter().zip(inputs);
        let inputs = inputs.map(|(input, field)| Ok((input.name.to_owned(), field.finish(None)?)));
        let targets = with_targets(spec)
            .zip(targets)
            .map(|(output, field)| Ok((output.name.to_owned(), field.finish(Some(form(output)))?)));
        let saved = Saved {
            version: VERSION,
            inputs: inputs.collect::<Result<_, Error>>()?,
            targets: targets.collect::<Result<_, Error>>()?,
            weights: weighted
                .iter()
                .zip(weights)
                .map(|(name, field)| Ok(((*name).to_owned(), field.finish(None)?)))
                .collect::<Result<_, Error>>()?,
        };
        TableReader::of(saved)
    }
}

impl<M: Model> Default for TableColumns<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> std::fmt::Debug for TableColumns<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableColumns")
            .field("inputs", &self.inputs)
            .field("targets", &self.targets)
            .field("weights", &self.weights)
            .finish()
    }
}

impl<M> Clone for TableColumns<M> {
    fn clone(&self) -> Self {
        TableColumns {
            inputs: self.inputs.clone(),
            targets: self.targets.clone(),
            weights: self.weights.clone(),
            model: PhantomData,
        }
    }
}

/// The fields of a model, those that were not set by their own names.
fn fields(
    kind: &'static str,
    set: &[(String, Feature)],
    names: &[&'static str],
) -> Result<Vec<Adapting>, Error> {
    for (place, (name, _)) in set.iter().enumerate() {
        if !names.contains(&name.as_str()) {
            let near = nearest(name, names.iter().copied());
            return Err(fault(TableFault::NoSuchField { kind, name: name.clone(), near }));
        }
        if set[..place].iter().any(|(other, _)| other == name) {
            return Err(fault(TableFault::SetTwice { kind, name: name.clone() }));
        }
    }
    let of = |name: &&'static str| match set.iter().find(|(other, _)| other == name) {
        Some((_, feature)) => Adapting::new(feature),
        None => Adapting::new(&column(*name).into()),
    };
    Ok(names.iter().map(of).collect())
}

fn with_targets(spec: &'static ModelSpec) -> impl Iterator<Item = &'static OutputSpec> {
    spec.outputs.iter().filter(|output| output.target().is_some())
}

/// The form of classes as targets of an output.
fn form(output: &OutputSpec) -> ClassForm {
    let classes = output.shape.last().copied().unwrap_or(1);
    match output.target() {
        Some(Target::Classes) => ClassForm::Index { classes },
        _ if classes > 1 => ClassForm::OneHot { classes },
        _ => ClassForm::Value,
    }
}

/// Reads tables as the inputs and targets of a model, with the vocabularies, means and deviations of the training table.
///
/// It is saved with the weights by [`save`](Self::save), so that another program reads its tables in the same way.
pub struct TableReader<M> {
    saved: Saved,
    model: PhantomData<fn() -> M>,
}

const VERSION: u32 = 1;

/// The form in which a reader is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    version: u32,
    /// By input of the model, in order.
    inputs: Vec<(String, Encoder)>,
    /// By output with targets, in order.
    targets: Vec<(String, Encoder)>,
    /// By output whose samples have weights.
    weights: Vec<(String, Encoder)>,
}

impl<M: Model> TableReader<M> {
    /// Checks a reader against the model.
    fn of(saved: Saved) -> Result<Self, Error> {
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
                return Err(format(format!("it has weights for `{name}`, which is no output with a target")));
            };
            check("weight of", output.name, encoder, 1, None)?;
        }
        Ok(TableReader { saved, model: PhantomData })
    }

    /// Reads the inputs of a model, for [`Predictor::predict_columns`](mimo_runtime::predictor::Predictor::predict_columns). Columns of targets need not be there.
    ///
    /// # Errors
    /// [`Error::Table`] with file, row and column for a column that is not there, and for a cell that is missing or not valid.
    pub fn inputs(&self, table: &Table) -> Result<TableInputs<M>, Error> {
        if table.rows() == 0 {
            return Err(Error::NoData);
        }
        let columns = self.saved.inputs.iter().map(|(_, encoder)| encode::<M>(encoder, table, None));
        Ok(TableInputs { rows: table.rows(), columns: columns.collect::<Result<_, _>>()? })
    }

    /// Reads inputs and targets. Targets whose cells are missing are [missing targets](ArrayDataset::target_mask).
    ///
    /// # Errors
    /// [`Error::Table`] with file, row and column for a column that is not there, and for a cell that is missing or not valid; those of
    /// [`ArrayDataset::from_columns`].
    pub fn dataset(&self, table: &Table) -> Result<ArrayDataset<M>, Error>
    where
        M: Trainable,
    {
        let TableInputs { rows, columns: inputs } = self.inputs(table)?;
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
        if self.saved.weights.is_empty() {
            return Ok(data);
        }
        let mut weights = vec![None; M::SPEC.outputs.len()];
        for (name, encoder) in &self.saved.weights {
            let index = M::SPEC.outputs.iter().position(|output| output.name == name);
            if let Some(to) = index.and_then(|index| weights.get_mut(index)) {
                *to = Some(encode::<M>(encoder, table, None)?);
            }
        }
        let mut weights = weights.into_iter();
        data.sample_weights(&M::PerOutput::from_fn(|_| weights.next().flatten()))
    }

    /// The names of the classes of an output, or of the tokens of an input, by index.
    ///
    /// # Errors
    /// [`NoSuchField`](TableFault::NoSuchField), [`NotOfOutput`](TableFault::NotOfOutput) for columns of numbers.
    pub fn classes(&self, name: &str) -> Result<Vec<String>, Error> {
        let what = "class names: its columns hold numbers";
        self.encoder(name)?
            .classes()
            .ok_or_else(|| fault(TableFault::NotOfOutput { output: name.to_owned(), what }))
    }

    /// The name of the most probable class of each sample, from the predictions of an output: the largest of several values, or whether one value is
    /// greater than a half.
    ///
    /// # Errors
    /// Those of [`classes`](Self::classes), and [`NoSuchField`](TableFault::NoSuchField) for an input.
    pub fn labels(&self, output: &str, predictions: &[M::Float]) -> Result<Vec<String>, Error> {
        let classes = self.classes(output)?;
        let Some(spec) = M::SPEC.outputs.iter().find(|it| it.name == output) else {
            let near = nearest(output, M::SPEC.outputs.iter().map(|output| output.name));
            return Err(fault(TableFault::NoSuchField { kind: "output", name: output.to_owned(), near }));
        };
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
        Ok(predictions.chunks(spec.shape.last().copied().unwrap_or(1).max(1)).map(label).collect())
    }

    /// Returns predictions of an output whose target was [normalized](crate::Numbers::normalize) to the units of its columns; others are returned as they are.
    ///
    /// # Errors
    /// [`NoSuchField`](TableFault::NoSuchField).
    pub fn restore(&self, output: &str, predictions: &[M::Float]) -> Result<Vec<f64>, Error> {
        let mut values: Vec<f64> = predictions.iter().map(|value| value.f64()).collect();
        self.encoder(output)?.restore(&mut values);
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
        match file::preprocessing::<M>(path)? {
            Some(text) => Self::from_json(&text),
            None => Err(format("the file has weights only; `TableReader::save` writes both".to_owned())),
        }
    }

    /// The reader as JSON, for a file of its own.
    ///
    /// # Errors
    /// None.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(&self.saved).map_err(Error::other)
    }

    /// The reader of [`to_json`](Self::to_json).
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

/// Inputs of a model that were read from a table.
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
    Ok(encoder.encode(table, missing)?.into_iter().map(M::Float::of).collect())
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
        // Two classes are the numbers 0 and 1.
        _ => (values, Some(2)),
    };
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
