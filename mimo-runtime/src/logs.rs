//! Table of the values measured in training and evaluation: their declared order and Keras's keys.

use mimo_graph::loss::Loss;
use mimo_graph::metric::Metric;
use mimo_graph::spec::ModelSpec;

use crate::engine::Totals;
use crate::metric;
use crate::own::OwnMetric;

/// All measured values, in declared order: the total loss, then for every output its loss (if it has one) and its
/// metrics, then the losses of `add_loss`. This is the order of
/// [`Logs::from_values`](crate::model::Logs::from_values).
#[derive(Clone, Debug)]
pub(crate) struct LogTable {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Keras's key; `None` for a value that Keras does not log.
    key: Option<String>,
    value: Value,
}

/// Source of a value.
#[derive(Clone, Copy, Debug)]
enum Value {
    Total,
    Loss {
        output: usize,
    },
    /// An output whose custom loss is computed jointly with others.
    NoLoss,
    Joint {
        place: usize,
    },
    /// A loss of `add_loss`, without its weight.
    Added {
        place: usize,
    },
    Metric {
        metric: Metric,
        classes: usize,
        first: usize,
        len: usize,
    },
    /// A custom metric.
    Own {
        metric: Metric,
        result: fn(&[f64]) -> f64,
        first: usize,
        len: usize,
    },
}

/// Result of a metric that the model does not have.
fn nan(_: &[f64]) -> f64 {
    f64::NAN
}

impl LogTable {
    /// Creates the table of a model without custom losses. `own` are its custom metrics.
    pub(crate) fn new(spec: &ModelSpec, added: &[&str], own: &[OwnMetric]) -> Self {
        Self::with_custom(spec, added, own, &[], &[])
    }

    /// Creates the table of a model with custom losses for these outputs, and joint losses of these names, which come
    /// last.
    pub(crate) fn with_custom(
        spec: &ModelSpec,
        added: &[&str],
        own: &[OwnMetric],
        custom: &[usize],
        joint: &[String],
    ) -> Self {
        // Keras prefixes a value with its output's name only if there is another output, and logs the losses of
        // outputs only if there are several: a single one would be the total.
        let several_outputs = spec.outputs.len() > 1;
        let losses = spec.outputs.iter().filter(|output| output.loss.is_some()).count() + added.len();
        let several_losses = losses > 1;
        let mut entries = vec![Entry { key: Some("loss".into()), value: Value::Total }];
        let mut first = spec.outputs.len() + added.len();
        for (index, output) in spec.outputs.iter().enumerate() {
            let classes = output.shape.last().copied().unwrap_or(1);
            if let Some(loss) = output.loss {
                let measured = !matches!(loss, Loss::Custom { .. }) || custom.contains(&index);
                entries.push(Entry {
                    key: (several_losses && measured).then(|| format!("{}_loss", output.name)),
                    value: if measured { Value::Loss { output: index } } else { Value::NoLoss },
                });
            }
            for &(name, metric) in output.metrics {
                let len = metric::state_len(metric, classes);
                entries.push(Entry {
                    key: Some(if several_outputs { format!("{}_{name}", output.name) } else { name.into() }),
                    value: match metric {
                        Metric::Own { place, .. } => {
                            let result = own.get(place).map_or(nan as fn(&[f64]) -> f64, |own| own.result);
                            Value::Own { metric, result, first, len }
                        }
                        _ => Value::Metric { metric, classes, first, len },
                    },
                });
                first += len;
            }
        }
        let first = spec.outputs.len();
        entries.extend(added.iter().enumerate().map(|(place, name)| Entry {
            key: Some(format!("{name}_loss")),
            value: Value::Added { place: first + place },
        }));
        let joint = joint.iter().enumerate();
        entries.extend(
            joint.map(|(place, name)| Entry { key: Some(name.clone()), value: Value::Joint { place } }),
        );
        LogTable { entries }
    }

    /// Length of the statistics that these values are computed from.
    pub(crate) fn statistics(&self, spec: &ModelSpec) -> usize {
        let states = self.entries.iter().map(|entry| match entry.value {
            Value::Metric { len, .. } | Value::Own { len, .. } => len,
            Value::Added { .. } => 1,
            Value::Total | Value::Loss { .. } | Value::NoLoss | Value::Joint { .. } => 0,
        });
        spec.outputs.len() + states.sum::<usize>()
    }

    /// The values, in declared order.
    pub(crate) fn values(&self, totals: &Totals) -> impl Iterator<Item = f64> {
        let samples = totals.samples as f64;
        self.entries.iter().map(move |entry| match entry.value {
            Value::Total => totals.total / samples,
            // As Keras reports for a batch in which nothing counts.
            Value::Loss { output } if totals.present[output] == 0.0 && samples > 0.0 => 0.0,
            Value::Loss { output } => totals.statistics[output] / totals.present[output],
            Value::Added { place } => totals.statistics[place] / samples,
            Value::NoLoss => f64::NAN,
            Value::Joint { place } => totals.joint.get(place).map_or(f64::NAN, |sum| sum / samples),
            Value::Metric { metric, classes, first, len } => {
                metric::result(metric, classes, &totals.statistics[first..first + len])
            }
            Value::Own { result, first, len, .. } => result(&totals.statistics[first..first + len]),
        })
    }

    /// Number of values, including those without a key.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keys and indices of their values, in declared order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        self.entries.iter().enumerate().filter_map(|(place, entry)| Some((entry.key.as_deref()?, place)))
    }

    /// Index of a key's value.
    pub(crate) fn place(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key.as_deref() == Some(key))
    }

    /// Resolves a key with or without `val_`: whether it is of validation, and the index of its value.
    pub(crate) fn resolve(&self, key: &str) -> Option<(bool, usize)> {
        let validation = key.strip_prefix("val_").and_then(|rest| self.place(rest));
        match validation {
            Some(place) => Some((true, place)),
            None => Some((false, self.place(key)?)),
        }
    }

    /// Whether larger values of a key are better, with or without `val_`.
    pub(crate) fn higher_is_better(&self, key: &str) -> Option<bool> {
        let (_, place) = self.resolve(key)?;
        Some(match self.entries[place].value {
            Value::Total | Value::Loss { .. } | Value::NoLoss | Value::Joint { .. } | Value::Added { .. } => {
                false
            }
            Value::Metric { metric, .. } | Value::Own { metric, .. } => {
                return metric::higher_is_better(metric);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mimo_graph::spec::{Connection, OutputSpec};

    const ACCURACY: (&str, Metric) = ("accuracy", Metric::BinaryAccuracy { threshold: 0.5 });
    const MAE: (&str, Metric) = ("mae", Metric::MeanAbsoluteError);

    const fn output(
        name: &'static str,
        trained: bool,
        metrics: &'static [(&'static str, Metric)],
    ) -> OutputSpec {
        let loss = if trained { Some(Loss::MeanSquaredError) } else { None };
        OutputSpec {
            name,
            shape: &[1],
            source: Connection { layer: name, call: 0, tensor: 0 },
            loss,
            weight: 1.0,
            metrics,
            unweighted: metrics.len(),
            range: mimo_graph::target::TargetRange::Any,
        }
    }

    fn table(outputs: &'static [OutputSpec]) -> LogTable {
        LogTable::new(
            &ModelSpec { name: "M", inputs: &[], outputs, layers: &[], weights: &[], optimizers: &[] },
            &[],
            &[],
        )
    }

    fn keys(table: &LogTable) -> Vec<(&str, usize)> {
        table.keys().collect()
    }

    #[test]
    fn one_output_is_not_named() {
        let table = table(const { &[output("risk", true, &[ACCURACY, MAE])] });
        assert_eq!(keys(&table), [("loss", 0), ("accuracy", 2), ("mae", 3)]);
    }

    #[test]
    fn several_outputs_are_named_in_declared_order() {
        let table = table(const { &[output("z", true, &[MAE]), output("a", true, &[ACCURACY])] });
        assert_eq!(
            keys(&table),
            [("loss", 0), ("z_loss", 1), ("z_mae", 2), ("a_loss", 3), ("a_accuracy", 4)]
        );
    }

    #[test]
    fn a_single_loss_of_several_outputs_is_only_the_total() {
        let table = table(const { &[output("z", true, &[MAE]), output("a", false, &[])] });
        assert_eq!(keys(&table), [("loss", 0), ("z_mae", 2)]);
    }

    #[test]
    fn added_losses_have_names_and_make_the_loss_of_an_output_one_of_several() {
        let outputs = const { &[output("risk", true, &[MAE])] };
        let spec = ModelSpec { name: "M", inputs: &[], outputs, layers: &[], weights: &[], optimizers: &[] };
        let table = LogTable::new(&spec, &["kl", "encoder/tv"], &[]);
        assert_eq!(
            keys(&table),
            [("loss", 0), ("risk_loss", 1), ("mae", 2), ("kl_loss", 3), ("encoder/tv_loss", 4)]
        );
        assert_eq!(table.higher_is_better("val_kl_loss"), Some(false));
        // The added losses come before the states of metrics.
        let states = table.statistics(&spec) - 3;
        let mut statistics = vec![8.0, 2.0, 6.0];
        statistics.resize(3 + states, 0.0);
        let totals = Totals { samples: 4, statistics, present: vec![4.0], total: 12.0, joint: vec![] };
        let values: Vec<f64> = table.values(&totals).collect();
        assert_eq!((values[0], values[1], &values[3..]), (3.0, 2.0, &[0.5, 1.5][..]));
    }

    #[test]
    fn keys_of_validation_have_a_prefix() {
        let table = table(const { &[output("z", true, &[MAE]), output("val_z", true, &[ACCURACY])] });
        assert_eq!(table.resolve("loss"), Some((false, 0)));
        assert_eq!(table.resolve("val_loss"), Some((true, 0)));
        assert_eq!(table.resolve("val_z_mae"), Some((true, 2)));
        assert_eq!(table.resolve("val_val_z_accuracy"), Some((true, 4)));
        // Not a value of `z`, so it is one of `val_z`.
        assert_eq!(table.resolve("val_z_accuracy"), Some((false, 4)));
        assert_eq!(table.resolve("nonsense"), None);
    }

    #[test]
    fn keys_know_their_direction() {
        let table = table(const { &[output("z", true, &[MAE]), output("a", true, &[ACCURACY])] });
        assert_eq!(table.higher_is_better("val_a_accuracy"), Some(true));
        assert_eq!(table.higher_is_better("z_mae"), Some(false));
        assert_eq!(table.higher_is_better("val_a_loss"), Some(false));
        assert_eq!(table.higher_is_better("auc"), None);
    }
}
