//! Confusion matrices, and precision, recall and F1 of every class.

use std::fmt;

/// Why there is no confusion matrix of an output.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConfusionFault {
    /// The output does not predict classes.
    NoClasses,
    /// The output has no targets.
    NoTargets,
    /// The output has labels that do not exclude each other, of which none was chosen.
    Labels {
        /// How many.
        labels: usize,
    },
    /// The output does not have the label that was chosen.
    NoSuchLabel {
        /// The label.
        label: usize,
        /// How many there are.
        labels: usize,
    },
    /// The threshold is NaN.
    Threshold,
    /// A label was chosen for an output whose targets are class indices.
    LabelOfClasses,
    /// A threshold was set for an output that predicts the class of its largest value.
    ThresholdOfClasses,
    /// A prediction is NaN, so that it is of no class.
    NotANumber {
        /// The sample.
        row: usize,
    },
    /// The number of names is not that of the classes.
    Names {
        /// Names.
        names: usize,
        /// Classes.
        classes: usize,
    },
}

impl fmt::Display for ConfusionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfusionFault::NoClasses => write!(
                f,
                "neither its loss nor its metrics compare classes; a classifier has a cross-entropy as its loss, or a metric of classes, \
                 such as `accuracy`"
            ),
            ConfusionFault::NoTargets => write!(f, "it has no targets to compare with"),
            ConfusionFault::Labels { labels } => write!(
                f,
                "its {labels} labels do not exclude each other; choose one of them: `ConfusionOptions::new().label(0)`"
            ),
            ConfusionFault::NoSuchLabel { label, labels } => {
                write!(f, "label {label} is out of range: it has {labels} values, counted from 0")
            }
            ConfusionFault::Threshold => write!(f, "the threshold is NaN"),
            ConfusionFault::LabelOfClasses => write!(
                f,
                "its targets are class indices, so that all classes are counted; leave out `ConfusionOptions::label`"
            ),
            ConfusionFault::ThresholdOfClasses => write!(
                f,
                "it predicts the class of its largest value; leave out `ConfusionOptions::threshold`, or choose one of its values with `label`"
            ),
            ConfusionFault::NotANumber { row } => {
                write!(f, "a prediction for sample {row} is NaN, which is of no class")
            }
            ConfusionFault::Names { names, classes } => {
                write!(
                    f,
                    "it has {classes} classes, but {names} names were passed; pass one name for each class, in order"
                )
            }
        }
    }
}

/// How often each class was predicted as which: rows are true classes, columns are predicted ones.
///
/// Returned by [`Trainer::confusion_matrix`](crate::trainer::Trainer::confusion_matrix). [`Display`](fmt::Display) shows it as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    output: &'static str,
    names: Vec<String>,
    /// Row after row.
    counts: Vec<f64>,
}

impl ConfusionMatrix {
    pub(crate) fn new(output: &'static str, classes: usize) -> Self {
        let names = (0..classes).map(|class| class.to_string()).collect();
        ConfusionMatrix { output, names, counts: vec![0.0; classes * classes] }
    }

    pub(crate) fn add(&mut self, truth: usize, predicted: usize, weight: f64) {
        let classes = self.classes();
        if let (true, Some(count)) = (predicted < classes, self.counts.get_mut(truth * classes + predicted)) {
            *count += weight;
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.names.len()
    }

    /// Positions of class `truth` that were predicted as class `predicted`, or the sum of their weights; 0 for a class that does not
    /// exist.
    pub fn count(&self, truth: usize, predicted: usize) -> f64 {
        let row = self.counts().nth(truth);
        row.and_then(|row| row.get(predicted)).copied().unwrap_or(0.0)
    }

    /// The rows: for each true class how often it was predicted as each class.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.counts.chunks_exact(self.classes().max(1))
    }

    /// Gives the classes names, in the place of their indices. Those of a column of a table are known to its reader:
    ///
    /// ```ignore
    /// let matrix = trainer.confusion_matrix(&test, 256, |outputs| &outputs.kind)?;
    /// let matrix = matrix.with_names(reader.classes("kind")?)?;
    /// matrix.picture()?.save("kind.svg")?;
    /// ```
    ///
    /// `examples/19_table.rs` is a program that does so.
    ///
    /// # Errors
    /// [`Confusion`](crate::error::Error::Confusion) for another number of names.
    pub fn with_names<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, crate::error::Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.classes() {
            let fault = ConfusionFault::Names { names: names.len(), classes: self.classes() };
            return Err(crate::error::Error::Confusion { output: self.output, fault });
        }
        self.names = names;
        Ok(self)
    }

    /// A picture: a row for each true class, a column for each predicted one. A cell is the darker the larger its share of its row is, so that
    /// rare classes are seen, too. Feature `plot`.
    ///
    /// # Errors
    /// [`Memory`](crate::error::Error::Memory).
    #[cfg(feature = "plot")]
    pub fn picture(&self) -> Result<crate::plot::Picture, crate::error::Error> {
        let counts: Vec<Vec<f64>> = self.counts().map(<[f64]>::to_vec).collect();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        crate::plot::confusion_matrix(self.output, &counts, &names)
    }

    /// The output whose classes they are.
    pub fn output(&self) -> &'static str {
        self.output
    }

    /// The names of the classes: their indices, unless they were [given](Self::with_names) others.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Precision, recall and F1 of every class, as scikit-learn's `classification_report` has them with `zero_division = 0`.
    pub fn report(&self) -> ClassReport {
        let classes = self.classes();
        let sum = |counts: &mut dyn Iterator<Item = f64>| counts.sum::<f64>();
        let all = self.counts.iter().sum::<f64>();
        let scores: Vec<ClassScores> = (0..classes)
            .map(|class| {
                let right = self.count(class, class);
                let support = sum(&mut (0..classes).map(|predicted| self.count(class, predicted)));
                let predicted = sum(&mut (0..classes).map(|truth| self.count(truth, class)));
                ClassScores {
                    precision: share(right, predicted),
                    recall: share(right, support),
                    f1: share(2.0 * right, predicted + support),
                    support,
                }
            })
            .collect();
        let average = |weight: &dyn Fn(&ClassScores) -> f64| {
            let weights = scores.iter().map(weight).sum::<f64>();
            let mean = |score: &dyn Fn(&ClassScores) -> f64| {
                share(scores.iter().map(|scores| weight(scores) * score(scores)).sum(), weights)
            };
            ClassScores {
                precision: mean(&|scores| scores.precision),
                recall: mean(&|scores| scores.recall),
                f1: mean(&|scores| scores.f1),
                support: all,
            }
        };
        ClassReport {
            accuracy: share((0..classes).map(|class| self.count(class, class)).sum(), all),
            macro_average: average(&|_| 1.0),
            weighted_average: average(&|scores| scores.support),
            names: self.names.clone(),
            classes: scores,
        }
    }
}

/// A quotient; 0 where there is nothing to divide by.
fn share(part: f64, all: f64) -> f64 {
    if all == 0.0 { 0.0 } else { part / all }
}

/// A count without a fraction, a sum of weights with two digits.
fn shown(count: f64) -> String {
    if count.fract() == 0.0 { format!("{count:.0}") } else { format!("{count:.2}") }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CORNER: &str = "true \\ predicted";
        let width = |text: &str| text.chars().count();
        let first = self.names.iter().map(|name| width(name)).max().unwrap_or(0).max(width(CORNER));
        let columns: Vec<usize> = (0..self.classes())
            .map(|column| {
                let counts =
                    self.counts().map(|row| row.get(column).map_or(0, |count| width(&shown(*count))));
                counts.chain(self.names.get(column).map(|name| width(name))).max().unwrap_or(0)
            })
            .collect();
        write!(f, "{CORNER:>first$}")?;
        for (name, width) in self.names.iter().zip(&columns) {
            write!(f, "  {name:>width$}")?;
        }
        for (name, row) in self.names.iter().zip(self.counts()) {
            write!(f, "\n{name:>first$}")?;
            for (count, width) in row.iter().zip(&columns) {
                write!(f, "  {:>width$}", shown(*count))?;
            }
        }
        Ok(())
    }
}

/// The scores of one class, or their average over the classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScores {
    /// Share of the right ones among the positions that were predicted as the class; 0 if there are none.
    pub precision: f64,
    /// Share of the right ones among the positions of the class; 0 if there are none.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Positions of the class, or the sum of their weights.
    pub support: f64,
}

/// The scores of all classes. [`Display`](fmt::Display) shows them as scikit-learn's `classification_report` does.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassReport {
    /// The names of the classes.
    pub names: Vec<String>,
    /// The scores of each class.
    pub classes: Vec<ClassScores>,
    /// Share of the positions whose class was predicted.
    pub accuracy: f64,
    /// The mean over the classes.
    pub macro_average: ClassScores,
    /// The mean over the classes, weighted by their support.
    pub weighted_average: ClassScores,
}

impl fmt::Display for ClassReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const AVERAGE: &str = "weighted avg";
        let first = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(AVERAGE.len());
        let supports =
            self.classes.iter().chain([&self.macro_average]).map(|scores| shown(scores.support).len());
        let last = supports.max().unwrap_or(0).max("support".len());
        writeln!(f, "{:first$}  precision  recall  f1-score  {:>last$}\n", "", "support")?;
        let line = |name: &str, scores: &ClassScores| {
            let ClassScores { precision, recall, f1, support } = scores;
            let support = shown(*support);
            format!("{name:>first$}  {precision:>9.2}  {recall:>6.2}  {f1:>8.2}  {support:>last$}")
        };
        for (name, scores) in self.names.iter().zip(&self.classes) {
            writeln!(f, "{}", line(name, scores))?;
        }
        let support = shown(self.macro_average.support);
        writeln!(
            f,
            "\n{:>first$}  {:>9}  {:>6}  {:>8.2}  {support:>last$}",
            "accuracy", "", "", self.accuracy
        )?;
        writeln!(f, "{}", line("macro avg", &self.macro_average))?;
        f.write_str(&line(AVERAGE, &self.weighted_average))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_never_occur_score_nothing() {
        let report = ConfusionMatrix::new("y", 2).report();
        assert_eq!(report.accuracy, 0.0);
        let none = ClassScores { precision: 0.0, recall: 0.0, f1: 0.0, support: 0.0 };
        assert_eq!((report.macro_average, report.weighted_average), (none, none));
        let mut matrix = ConfusionMatrix::new("y", 3);
        matrix.add(0, 0, 3.0);
        matrix.add(0, 1, 1.0);
        // Neither is a class.
        matrix.add(0, 3, 1.0);
        matrix.add(3, 0, 1.0);
        assert_eq!(matrix.counts().map(|row| row.iter().sum::<f64>()).collect::<Vec<_>>(), [4.0, 0.0, 0.0]);
        let report = matrix.report();
        assert_eq!(
            report.classes[0],
            ClassScores { precision: 1.0, recall: 0.75, f1: 6.0 / 7.0, support: 4.0 }
        );
        assert_eq!(report.classes[1], none);
        assert_eq!(report.macro_average.recall, 0.25);
    }

    #[test]
    fn tables_are_aligned() {
        let mut matrix = ConfusionMatrix::new("y", 2);
        matrix.add(0, 0, 120.0);
        matrix.add(1, 0, 1.5);
        let matrix = matrix.with_names(["no", "a very long name"]).unwrap();
        let text = matrix.to_string();
        assert_eq!(
            text,
            "true \\ predicted    no  a very long name\n              no   120                 0\na very long name  1.50                 0"
        );
        let report = matrix.report().to_string();
        let lengths: Vec<usize> = report.lines().map(str::len).filter(|len| *len > 0).collect();
        assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "{report}");
        assert!(matches!(
            ConfusionMatrix::new("y", 2).with_names(["one"]),
            Err(crate::error::Error::Confusion {
                output: "y",
                fault: ConfusionFault::Names { names: 1, classes: 2 }
            })
        ));
    }
}
