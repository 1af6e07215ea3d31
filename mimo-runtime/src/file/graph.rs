//! The model's graph as JSON, for tools that read files without the program that wrote them.

use mimo_graph::description::of_spec;
use mimo_graph::spec::data::Data;
use mimo_graph::spec::{GraphSpec, ModelSpec};
use serde_json::Value;

/// The graph and the compile settings of a model. The same model always has the same text.
pub(super) fn to_json(graph: &GraphSpec, spec: &ModelSpec) -> String {
    value(of_spec(graph, spec)).to_string()
}

fn value(data: Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(value) => value.into(),
        Data::Int(value) => value.into(),
        Data::Negative(value) => value.into(),
        Data::Float(value) => value.into(),
        Data::Text(value) => value.into(),
        Data::List(values) => values.into_iter().map(value).collect(),
        Data::Map(entries) => entries.into_iter().map(|(key, it)| (key, value(it))).collect(),
    }
}
