//! ONNX files.

use std::sync::LazyLock;

use mimo_convert::keras::Options;
use mimo_convert::onnx::import;
use mimo_convert::onnx::model::{Attribute, Axis, Data, Element, Graph, Model, Node, Port, Tensor};
use mimo_convert::onnx::{decode, encode};

use crate::{assert_bounded, file, peak};

/// Files of PyTorch: the fixtures of mimo-convert.
const FILES: [&[u8]; 5] = [
    include_bytes!("../../../mimo-convert/tests/fixtures/onnx/two.onnx"),
    include_bytes!("../../../mimo-convert/tests/fixtures/onnx/words.onnx"),
    include_bytes!("../../../mimo-convert/tests/fixtures/onnx/residual.onnx"),
    include_bytes!("../../../mimo-convert/tests/fixtures/onnx/attention.onnx"),
    include_bytes!("../../../mimo-convert/tests/fixtures/onnx/unknown.onnx"),
];

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    std::iter::once(encode(&small())).chain(FILES.iter().map(|file| file.to_vec())).collect()
});

/// ONNX files: what is read can be written, and is then the same. It is converted, or the error says why not.
pub fn onnx(bytes: &[u8]) {
    let file = file(bytes, &SEEDS);
    let (read, bytes) = peak(|| decode(&file));
    assert_bounded(bytes, file.len(), 128);
    if let Ok(model) = read {
        let (converted, bytes) = peak(|| import::convert(&model, &Options::default()));
        // A node of a few bytes is a statement that is evaluated several times.
        assert_bounded(bytes.saturating_sub(8 << 20), file.len(), 1024);
        if let Ok(found) = converted {
            // Each weight is there, and no more than the file has, but for kernels that several layers have each.
            for array in found.weights.values() {
                assert_eq!(array.shape.iter().product::<usize>(), array.values.len());
            }
        }
        // By their texts, since NaN differs from itself.
        assert_eq!(decode(&encode(&model)).map(|it| format!("{it:?}")), Ok(format!("{model:?}")));
    }
}

/// A model with a node, a weight and a graph within the graph.
fn small() -> Model {
    let shape = vec![Axis::Free("batch".into()), Axis::Length(2)];
    let port = |name: &str| Port { name: name.into(), element: Some(Element::F32), shape: shape.clone() };
    let inner = Graph { name: "body".into(), ..Graph::default() };
    let attributes = [
        ("axes", Attribute::Ints(vec![1, -1])),
        ("alpha", Attribute::Float(0.5)),
        ("body", Attribute::Graph(inner)),
        ("mode", Attribute::Text("edge".into())),
    ];
    let node = Node {
        op: "Gemm".into(),
        name: "n".into(),
        inputs: vec!["x".into(), "w".into()],
        outputs: vec!["y".into()],
        attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Node::default()
    };
    let weight = Tensor { name: "w".into(), shape: vec![2, 1], data: Data::F32(vec![0.5, 1.0]) };
    Model {
        ir_version: 9,
        opsets: [(String::new(), 20)].into(),
        graph: Graph {
            nodes: vec![node],
            initializers: vec![weight],
            inputs: vec![port("x")],
            outputs: vec![port("y")],
            ..Graph::default()
        },
        ..Model::default()
    }
}
