//! A training as one HTML page. Feature `report`.

mod environment;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::path::Path;

use mimo_graph::spec::ModelSpec;

use crate::callbacks::WeightHistory;
use crate::confusion::ConfusionMatrix;
use crate::data::spec;
use crate::error::{Error, Number};
use crate::file::replace::replace;
use crate::history::{Evaluation, FitSettings, History};
use crate::model::{PerOutput, Trainable};
use crate::plot::scale::short;
use crate::plot::svg::escape;
use crate::plot::{Of, Picture, Statistic, curves, model_graph};
use crate::trainer::Trainer;

/// A training as one HTML page: the model, its settings and data, learning curves, the best epochs, and the parts that
/// are added by the methods below. The page refers to no other file and runs no script, so it can be mailed, printed or
/// kept beside the weights.
///
/// ```ignore
/// let history = trainer.fit_with((&inputs, &targets), |options| {
///     options.epochs(20).callback(&mut weights)
/// })?;
/// let test = (&test_inputs, &test_targets);
/// let evaluation = trainer.evaluate(test, 32)?;
/// let matrix = trainer.confusion_matrix(test, 32, |outputs| &outputs.digit)?;
/// trainer
///     .report(&history)
///     .text("The second attempt, with a smaller learning rate.")
///     .evaluation("test data", &evaluation)
///     .confusion_matrix(&matrix)?
///     .weights(&weights)?
///     .save("training.html")?;
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    title: String,
    texts: Vec<String>,
    warnings: Vec<String>,
    /// Sections in the order of the page: what there is of each is HTML.
    model: String,
    settings: String,
    data: String,
    curves: String,
    evaluations: String,
    results: String,
    weights: String,
    environment: String,
}

impl<M: Trainable> Trainer<'_, M> {
    /// A [report](Report) of a training with this trainer. It says how the trainer is set now: learning rates and loss weights may have
    /// changed since. Feature `report`.
    pub fn report(&self, history: &History<M>) -> Report {
        let spec = spec::<M>();
        let heads = curves::of(history);
        let weights = self.loss_weights();
        let (seed, threads) = self.seed_and_threads();
        let rates: Vec<f64> =
            spec.optimizers.iter().map(|optimizer| self.rate_of(optimizer.key).unwrap_or(f64::NAN)).collect();
        Report {
            title: spec.name.into(),
            texts: vec![],
            warnings: history.warnings().iter().map(ToString::to_string).collect(),
            model: format!(
                "{}<div class=\"tall\">{}</div>\n{}",
                about(spec),
                model_graph::<M>().inline(),
                layers::<M>()
            ),
            settings: settings(spec, &weights.values(), &rates, seed, history),
            data: data(spec, history.settings()),
            curves: learning_curves(&heads, history),
            evaluations: String::new(),
            results: String::new(),
            weights: String::new(),
            environment: facts(&environment::environment(threads)),
        }
    }
}

impl Report {
    /// The title of the page; by default the name of the model.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        self.title = title.into();
        self
    }

    /// Adds a paragraph below the title.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.texts.push(text.into());
        self
    }

    /// Adds losses and metrics that were measured at the end, such as those of the test data.
    #[must_use]
    pub fn evaluation<M: Trainable>(mut self, name: &str, evaluation: &Evaluation<M>) -> Self {
        let mut pairs = evaluation.pairs();
        // The losses of all outputs come first; here the values of an output stand together, after those of all.
        let outputs = spec::<M>().outputs;
        pairs.sort_by_key(|(key, _)| {
            let (name, _) = curves::parts::<M>(key);
            outputs.iter().position(|output| output.name == name)
        });
        let row = |(key, value): (_, f64)| named::<M>(key).into_iter().chain([short(value)]).collect();
        let rows = pairs.into_iter().map(row);
        let table = table_of_values::<M>(&[""], rows);
        let _ = write!(self.evaluations, "<h3>{}</h3>\n{table}", escape(name));
        self
    }

    /// Adds a confusion matrix, and precision, recall and F1 of its classes.
    ///
    /// # Errors
    /// Those of [`ConfusionMatrix::picture`].
    pub fn confusion_matrix(self, matrix: &ConfusionMatrix) -> Result<Self, Error> {
        Ok(self.picture("", &matrix.picture()?).table("", &matrix.report().to_string()))
    }

    /// Adds a picture, under a heading unless that is empty.
    #[must_use]
    pub fn picture(mut self, heading: &str, picture: &Picture) -> Self {
        let _ = writeln!(self.results, "{}<div class=\"scroll\">{}</div>", h3(heading), picture.inline());
        self
    }

    /// Adds text with its line breaks and in a font of one width, such as a table of precision and recall by class, under a heading unless
    /// that is empty.
    #[must_use]
    pub fn table(mut self, heading: &str, text: &str) -> Self {
        let _ = writeln!(self.results, "{}<pre>{}</pre>", h3(heading), escape(text));
        self
    }

    /// Adds the norms of weights and gradients over time.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if nothing was recorded.
    pub fn weights(mut self, history: &WeightHistory) -> Result<Self, Error> {
        let of = |of, statistic| history.picture(of, statistic).map(|picture| picture.inline());
        for picture in [of(Of::Gradients, Statistic::Norm), of(Of::Weights, Statistic::Norm)] {
            match picture {
                Ok(picture) => {
                    let _ = writeln!(self.weights, "<div class=\"tall\">{picture}</div>");
                }
                // Before the first step there are weights, but no gradients.
                Err(Error::NoData) if !history.records().is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        let (records, seconds) = (history.records().len(), history.seconds());
        let _ = writeln!(self.weights, "<p class=\"sub\">{records} records took {seconds:.3} s.</p>");
        Ok(self)
    }

    /// The text of the page.
    pub fn to_html(&self) -> String {
        let sections = [
            ("model", "Model", &self.model),
            ("settings", "Settings", &self.settings),
            ("data", "Data", &self.data),
            ("curves", "Learning curves", &self.curves),
            ("evaluation", "Evaluation", &self.evaluations),
            ("results", "Results", &self.results),
            ("weights", "Weights and gradients", &self.weights),
            ("environment", "Environment", &self.environment),
        ];
        let title = escape(&self.title);
        // No script and nothing from elsewhere, also if a name had got past the escapes.
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n",
            include_str!("report/style.css")
        );
        for text in &self.texts {
            let _ = writeln!(html, "<p>{}</p>", escape(text));
        }
        for warning in &self.warnings {
            let _ = writeln!(html, "<p class=\"warning\">{}</p>", escape(warning));
        }
        let shown = || sections.iter().filter(|(_, _, content)| !content.is_empty());
        html.push_str("<nav>\n");
        for (id, name, _) in shown() {
            let _ = writeln!(html, "<a href=\"#{id}\">{name}</a>");
        }
        html.push_str("</nav>\n");
        for (id, name, content) in shown() {
            let _ = write!(html, "<section id=\"{id}\">\n<h2>{name}</h2>\n{content}</section>\n");
        }
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }

    /// Writes the page to a file, which is created or replaced in the way of [`save`](crate::file::save).
    ///
    /// # Errors
    /// [`File`](Error::File) if the file cannot be written or is not a regular file, and for a name that does not end in `.html` or `.htm`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let ends = |ending: &str| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending));
        if !ends("html") && !ends("htm") {
            let text = "the name of a report ends in `.html`";
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, text);
            return Err(Error::File { path: path.into(), source });
        }
        let written = replace(path, self.to_html().as_bytes());
        written.map_err(|source| Error::File { path: path.into(), source })
    }
}

fn h3(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<h3>{}</h3>\n", escape(text)) }
}

/// A table of two columns, names and texts.
fn facts<N: AsRef<str>>(rows: &[(N, String)]) -> String {
    let mut table = String::from("<table class=\"facts\">\n");
    for (name, value) in rows {
        let _ = writeln!(table, "<tr><th>{}</th><td>{}</td></tr>", escape(name.as_ref()), escape(value));
    }
    table + "</table>\n"
}

/// A table with a line of names; the columns of `right` are numbers.
fn table(head: &[&str], right: &[usize], rows: impl Iterator<Item = Vec<String>>) -> String {
    let class = |column: usize| if right.contains(&column) { " class=\"n\"" } else { "" };
    let mut table = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for (column, name) in head.iter().enumerate() {
        let _ = write!(table, "<th{}>{name}</th>", class(column));
    }
    table.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        table.push_str("<tr>");
        for (column, text) in row.iter().enumerate() {
            let _ = write!(table, "<td{}>{}</td>", class(column), escape(text));
        }
        table.push_str("</tr>\n");
    }
    table + "</tbody>\n</table></div>\n"
}

fn shape(lengths: &[usize]) -> String {
    if lengths.is_empty() {
        return "scalar".into();
    }
    lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ")
}

/// What the model reads and computes.
fn about(spec: &ModelSpec) -> String {
    let values = |trainable: bool| -> usize {
        let weights = spec.weights.iter().filter(|weight| weight.trainable == trainable);
        weights.map(|weight| weight.shape.iter().product::<usize>()).sum()
    };
    let inputs: Vec<String> =
        spec.inputs.iter().map(|it| format!("{} [{}]", it.name, shape(it.shape))).collect();
    let outputs: Vec<String> =
        spec.outputs.iter().map(|it| format!("{} [{}]", it.name, shape(it.shape))).collect();
    facts(&[
        ("Model", spec.name.to_owned()),
        ("Inputs", inputs.join(", ")),
        ("Outputs", outputs.join(", ")),
        ("Parameters", format!("{} trained, {} fixed", values(true), values(false))),
        ("Layers", spec.layers.len().to_string()),
    ])
}

/// The table of layers, which is long and therefore folded.
fn layers<M: Trainable>() -> String {
    let rows = spec::<M>().layers.iter().map(|layer| {
        let sources: Vec<&str> = layer.connected_to.iter().map(|source| source.layer).collect();
        let trained = if layer.trainable { "" } else { "frozen" };
        vec![
            layer.name.into(),
            layer.class.into(),
            shape(layer.output_shape),
            layer.parameters.to_string(),
            trained.into(),
            sources.join(", "),
        ]
    });
    let head = ["Layer", "Class", "Output shape", "Parameters", "", "Reads"];
    format!("<details><summary>Table of layers</summary>\n{}</details>\n", table(&head, &[3], rows))
}

fn settings<M: Trainable>(
    spec: &ModelSpec,
    weights: &[&f64],
    rates: &[f64],
    seed: u64,
    history: &History<M>,
) -> String {
    let mut rows: Vec<(String, String)> = vec![];
    for (optimizer, rate) in spec.optimizers.iter().zip(rates) {
        let name = optimizer.key.map_or("Optimizer".to_owned(), |key| format!("Optimizer of {key}"));
        let rate = Number::rounded(*rate);
        rows.push((name, format!("{}; learning rate at the end {rate}", optimizer.optimizer)));
    }
    let fit = history.settings();
    let FitSettings { epochs, initial_epoch, batch_size, steps, shuffle, callbacks, .. } = fit;
    let ran = history.epochs().len();
    let seconds: f64 = history.epochs().iter().map(|epoch| epoch.seconds).sum();
    let from = if *initial_epoch > 0 { format!(", from epoch {}", initial_epoch + 1) } else { String::new() };
    rows.push(("Epochs".into(), format!("{ran} of {epochs}{from}, in {seconds:.1} s")));
    rows.push(("Batch size".into(), format!("{batch_size}, {steps} steps per epoch")));
    rows.push(("Order of samples".into(), if *shuffle { "shuffled" } else { "as in the data" }.into()));
    rows.push(("Seed".into(), seed.to_string()));
    let callbacks: Vec<String> = callbacks.iter().map(|name| callback(name)).collect();
    rows.push(("Callbacks".into(), if callbacks.is_empty() { "none".into() } else { callbacks.join(", ") }));
    let outputs = spec.outputs.iter().zip(weights).map(|(output, weight)| {
        let metrics: Vec<&str> = output.metrics.iter().map(|(name, _)| *name).collect();
        let loss = output.loss.map(|loss| loss.to_string());
        let weight = if loss.is_some() { weight.to_string() } else { String::new() };
        vec![output.name.into(), loss.unwrap_or_else(|| "not trained".into()), weight, metrics.join(", ")]
    });
    facts(&rows) + "<h3>Outputs</h3>\n" + &table(&["Output", "Loss", "Weight", "Metrics"], &[2], outputs)
}

/// `EarlyStopping` of `&mut mimo_runtime::callbacks::early_stopping::EarlyStopping`.
fn callback(type_name: &str) -> String {
    if type_name.contains("OnEpochEnd<") {
        return "on_epoch_end".into();
    }
    let plain = type_name.split('<').next().unwrap_or(type_name);
    plain.rsplit("::").next().unwrap_or(plain).trim_start_matches("&mut ").into()
}

fn data(spec: &ModelSpec, fit: &FitSettings) -> String {
    let validation = match fit.validation_samples {
        0 => "none".into(),
        samples => {
            let every = if fit.validation_freq > 1 {
                format!(", every {} epochs", fit.validation_freq)
            } else {
                String::new()
            };
            format!("{samples} samples, in batches of {}{every}", fit.validation_batch_size)
        }
    };
    let kind = |it: &mimo_graph::spec::InputSpec| match it.dtype {
        mimo_graph::shape::Dtype::Float => "number",
        mimo_graph::shape::Dtype::Int => "integer",
    };
    let plural =
        |it: &mimo_graph::spec::InputSpec| if it.shape.iter().all(|&len| len == 1) { "" } else { "s" };
    let inputs: Vec<String> = spec
        .inputs
        .iter()
        .map(|it| format!("{}: {} {}{}", it.name, shape(it.shape), kind(it), plural(it)))
        .collect();
    facts(&[
        ("Training", format!("{} samples", fit.samples)),
        ("Validation", validation),
        ("One sample", inputs.join("; ")),
    ])
}

fn learning_curves<M: Trainable>(heads: &[curves::Head], history: &History<M>) -> String {
    if history.epochs().is_empty() {
        return "<p>There was no epoch.</p>\n".into();
    }
    let mut html = curves::draw_legend(heads).inline();
    // Outputs stand side by side as they fit, each with its panels together.
    html.push_str("<div class=\"panels\">\n");
    for head in heads {
        let name = if heads.len() > 1 { h3(&head.name) } else { String::new() };
        let _ = writeln!(html, "<div>{name}<div class=\"panels\">");
        curves::draw_each(head).iter().for_each(|panel| html.push_str(&panel.inline()));
        html.push_str("</div></div>\n");
    }
    html.push_str("</div>\n");
    if let Some((epoch, step)) =
        history.epochs().iter().find_map(|epoch| Some((epoch.epoch, epoch.not_finite?)))
    {
        let text =
            format!("A loss or a weight was not finite from step {} of epoch {} on.", step + 1, epoch + 1);
        let _ = writeln!(html, "<p class=\"warning\">{text}</p>");
    }
    let validated = history.epochs().iter().any(|epoch| epoch.validation.is_some());
    let of = |key: &str| -> [String; 3] {
        let best = history.best(key);
        let (value, epoch) = match best.and_then(|epoch| Some((epoch.get(key)?, epoch.epoch + 1))) {
            Some((value, epoch)) => (short(value), epoch.to_string()),
            None => ("–".into(), "–".into()),
        };
        let last = history.last().and_then(|epoch| epoch.get(key)).map_or("–".into(), short);
        [value, epoch, last]
    };
    let rows = heads.iter().flat_map(|head| &head.curves).map(|curve| {
        let validation = if validated { of(&format!("val_{}", curve.key)).to_vec() } else { vec![] };
        named::<M>(&curve.key).into_iter().chain(of(&curve.key)).chain(validation).collect()
    });
    html.push_str("<h3>Best epochs</h3>\n");
    let columns = ["Training: best", "epoch", "last", "Validation: best", "epoch", "last"];
    let columns = if validated { &columns[..] } else { &columns[..3] };
    html + &table_of_values::<M>(columns, rows)
}

/// A table of training values: their outputs, unless the model has one, their names, and columns of numbers.
fn table_of_values<M: Trainable>(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let names = if spec::<M>().outputs.len() == 1 { &["Value"][..] } else { &["Output", "Value"] };
    let head: Vec<&str> = names.iter().chain(columns).copied().collect();
    let right: Vec<usize> = (names.len()..head.len()).collect();
    // An output is named in the first of its rows.
    let mut last = String::new();
    let rows = rows.map(|mut row| {
        if let (2, Some(name)) = (names.len(), row.first_mut()) {
            match *name == last {
                true => name.clear(),
                false => last.clone_from(name),
            }
        }
        row
    });
    table(&head, &right, rows)
}

/// The cells that name a training value: of `slope_mae`, `slope` and `mae`; of a model with one output, the key.
fn named<M: Trainable>(key: &str) -> Vec<String> {
    let (output, value) = curves::parts::<M>(key);
    let cells = if spec::<M>().outputs.len() == 1 { vec![value] } else { vec![output, value] };
    cells.into_iter().map(str::to_owned).collect()
}
