//! A model as data of JSON, as its files of weights contain it: the graph, losses, metrics and optimizers.
//!
//! The runtime describes the model of a program, and tools describe a model that they have built; both are written
//! here, so that a tool cannot tell one from the other.

use crate::compile::written::{self, Part, Written};
use crate::describe::Literal;
use crate::graph::Graph;
use crate::graph_spec::graph_spec;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optimizer::Optimizer;
use crate::plan::Plan;
use crate::spec::ModelSpec;
use crate::spec::data::{Data, ToData};
use crate::spec::graph::fixed;

/// The version of the rules of files, in their metadata.
pub const VERSION: &str = "2";

/// The version of the rules of checkpoints, in their metadata.
pub const CHECKPOINT_VERSION: &str = "1";

/// How an output is trained.
struct Trained<'a> {
    loss: Option<Loss>,
    /// Number of axes, without that of the batch.
    rank: usize,
    weight: f64,
    metrics: Vec<(&'a str, Metric)>,
    /// Number of those that ignore sample weights; they come first.
    unweighted: usize,
}

impl Trained<'_> {
    fn entries(&self) -> Vec<(String, Data)> {
        let metrics = self.metrics.iter().enumerate().map(|(at, (name, it))| {
            let mut entry = vec![
                ("name".to_owned(), Data::text(name)),
                ("metric".to_owned(), called(&written::metric(*it))),
            ];
            if at >= self.unweighted {
                entry.push(("weighted".to_owned(), Data::Bool(true)));
            }
            Data::Map(entry)
        });
        let loss = self.loss.map_or(Data::Null, |loss| called(&written::loss(loss, self.rank + 1)));
        vec![
            ("loss".to_owned(), loss),
            ("weight".to_owned(), Data::Float(self.weight)),
            ("metrics".to_owned(), Data::List(metrics.collect())),
        ]
    }
}

/// An optimizer with its key in a map and the layers that it trains.
type Keyed<'a> = (Option<&'a str>, &'a Optimizer, Vec<usize>);

fn optimizers(all: &[Keyed<'_>]) -> (String, Data) {
    match all {
        [] => ("optimizer".into(), Data::Null),
        [(None, optimizer, _)] => ("optimizer".into(), called(&written::optimizer(optimizer))),
        several => {
            let entry = |(key, optimizer, layers): &Keyed<'_>| {
                let value = Data::map([
                    ("optimizer", called(&written::optimizer(optimizer))),
                    ("layers", Data::list(layers, ToData::data)),
                ]);
                (key.unwrap_or_default().to_owned(), value)
            };
            ("optimizers".into(), Data::Map(several.iter().map(entry).collect()))
        }
    }
}

/// The model of a program: its graph and its compile settings.
pub fn of_spec(graph: &fixed::GraphSpec, spec: &ModelSpec) -> Data {
    let trained = spec.outputs.iter().map(|output| {
        let metrics = output.metrics.to_vec();
        let (loss, weight, rank) = (output.loss, output.weight, output.shape.len());
        Trained { loss, rank, weight, metrics, unweighted: output.unweighted }.entries()
    });
    let keyed = spec.optimizers.iter().map(|it| (it.key, &it.optimizer, it.layers.to_vec()));
    graph.data(trained.collect(), optimizers(&keyed.collect::<Vec<_>>()))
}

/// A model that was built at run time, without errors: its graph and its compile settings.
pub fn of_graph(graph: &Graph) -> Data {
    let spec = graph_spec(graph, &Plan::new(graph));
    let trained = graph.outputs.iter().enumerate().map(|(at, port)| {
        let training = graph.compile.as_ref().and_then(|compile| compile.outputs.get(at));
        let metrics = training.map_or(&[][..], |training| &training.metrics);
        Trained {
            loss: training.and_then(|training| training.loss),
            rank: graph.tensor(port.tensor).shape.as_ref().map_or(0, |shape| shape.0.len()),
            weight: training.map_or(1.0, |training| training.weight),
            metrics: metrics.iter().map(|(name, metric)| (name.as_str(), *metric)).collect(),
            unweighted: training.map_or(0, |training| training.unweighted),
        }
        .entries()
    });
    let trained = trained.collect();
    let keyed = graph.compile.iter().flat_map(|compile| &compile.optimizers);
    let keyed = keyed.map(|it| {
        let layers = it.layers.iter().map(|layer| layer.index()).collect();
        (it.key.as_deref(), &it.optimizer, layers)
    });
    spec.data(trained, optimizers(&keyed.collect::<Vec<_>>()))
}

/// A loss, a metric or an optimizer by Keras's names.
fn called(call: &Written) -> Data {
    let arguments = call.arguments.iter().map(|(name, part)| {
        let value = match part {
            Part::Plain(value) => plain(value),
            Part::Call(inner) => called(inner),
        };
        ((*name).to_owned(), value)
    });
    Data::map([("class", Data::text(call.class)), ("arguments", Data::Map(arguments.collect()))])
}

fn plain(value: &Literal) -> Data {
    match value {
        Literal::Bool(value) => Data::Bool(*value),
        Literal::Int(value) => Data::Int(*value),
        Literal::Negative(value) => Data::Negative(*value),
        Literal::Float(value) => Data::Float(*value),
        Literal::Text(value) => Data::text(value),
        Literal::Optional(value) => value.as_deref().map_or(Data::Null, plain),
        Literal::Array(values) | Literal::Slice(values) | Literal::List(values) => Data::list(values, plain),
        // Arguments have no types of their own.
        _ => Data::Null,
    }
}
