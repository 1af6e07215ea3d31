//! Which columns of a table are the inputs and targets of a model.

use std::marker::PhantomData;

use mimo_graph::diag::nearest;
use mimo_graph::spec::ModelSpec;
use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;
use mimo_runtime::model::Model;

use crate::adapting::Adapting;
use crate::encoder::{ClassForm, Encoder};
use crate::feature::{Feature, column};
use crate::reader::{Saved, TableReader, VERSION, form, with_targets};
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

    /// Weighs the samples for an output by a column of numbers, as [`ArrayDataset::sample_weights`](mimo_runtime::data::ArrayDataset::sample_weights).
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
        let inputs = inputs_of(spec);
        let targets: Vec<&str> = with_targets(spec).map(|output| output.name).collect();
        let mut inputs = fields("input", &self.inputs, &inputs, &targets)?;
        let mut targets = fields("target", &self.targets, &targets, &inputs_of(spec))?;
        let weighted: Vec<&str> = with_targets(spec)
            .map(|output| output.name)
            .filter(|name| self.weights.iter().any(|it| it.0 == *name))
            .collect();
        // Checks the names against all outputs; only those that are set are read.
        let names: Vec<&str> = with_targets(spec).map(|output| output.name).collect();
        fields("target", &self.weights, &names, &inputs_of(spec))?;
        let mut weights = fields("target", &self.weights, &weighted, &[])?;
        let mut rows = 0_usize;
        for part in parts {
            let part = part?;
            let table: &Table = part.borrow();
            rows = rows.saturating_add(table.rows());
            for field in inputs.iter_mut().chain(&mut targets).chain(&mut weights) {
                field.update(table)?;
            }
            if rows == 0 {
                return Err(table.error(None, None, TableFault::NoRows));
            }
        }
        if rows == 0 {
            return Err(fault(TableFault::NoRows));
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

/// A field of a model that sees its training table.
struct Field {
    adapting: Adapting,
    /// The kind and the name of a field that was not set, which is read from the column of its own name.
    unset: Option<(&'static str, &'static str)>,
}

impl Field {
    fn update(&mut self, table: &Table) -> Result<(), Error> {
        self.adapting.update(table).map_err(|error| match (error, self.unset) {
            (Error::Table { place, fault }, Some((kind, field))) => {
                let fault = match *fault {
                    TableFault::NoSuchColumn { name, near } => {
                        let near = near.map_or_else(String::new, |near| format!("; {near}"));
                        let near = Some(format!(
                            "the {kind} `{field}` is read from the column of its own name, unless \
                             `.{kind}(\"{field}\", columns([…]))` names others{near}"
                        ));
                        TableFault::NoSuchColumn { name, near }
                    }
                    fault => fault,
                };
                Error::Table { place, fault: Box::new(fault) }
            }
            (error, _) => error,
        })
    }

    fn finish(self, form: Option<ClassForm>) -> Result<Encoder, Error> {
        self.adapting.finish(form)
    }
}

fn inputs_of(spec: &'static ModelSpec) -> Vec<&'static str> {
    spec.inputs.iter().map(|input| input.name).collect()
}

/// The fields of a model, those that were not set by their own names. `others` are the names of the fields of the other kind.
fn fields(
    kind: &'static str,
    set: &[(String, Feature)],
    names: &[&'static str],
    others: &[&'static str],
) -> Result<Vec<Field>, Error> {
    for (place, (name, _)) in set.iter().enumerate() {
        if !names.contains(&name.as_str()) {
            let near = match (kind, others.contains(&name.as_str())) {
                ("input", true) => Some("it is an output: `.target(…)` sets its columns".to_owned()),
                (_, true) => Some("it is an input: `.input(…)` sets its columns".to_owned()),
                _ => nearest(name, names.iter().copied()),
            };
            return Err(fault(TableFault::NoSuchField { kind, name: name.clone(), near }));
        }
        if set[..place].iter().any(|(other, _)| other == name) {
            return Err(fault(TableFault::SetTwice { kind, name: name.clone() }));
        }
    }
    let of = |name: &&'static str| match set.iter().find(|(other, _)| other == name) {
        Some((_, feature)) => Field { adapting: Adapting::new(feature), unset: None },
        None => Field { adapting: Adapting::new(&column(*name).into()), unset: Some((kind, *name)) },
    };
    Ok(names.iter().map(of).collect())
}
