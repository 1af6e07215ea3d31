//! The reader of ONNX files: what is written is read again, and damaged files are errors.

use std::collections::BTreeMap;

use super::model::{Attribute, Axis, Data, Element, Graph, Model, Node, Port, Tensor};
use super::{decode, decode_beside, encode};

/// A model with every kind of value.
fn model() -> Model {
    let tensor = |name: &str, data: Data| Tensor { name: name.into(), shape: vec![data.len()], data };
    let inner = Graph {
        name: "inner".into(),
        nodes: vec![Node {
            op: "Relu".into(),
            inputs: vec!["a".into()],
            outputs: vec!["b".into()],
            ..Node::default()
        }],
        ..Graph::default()
    };
    let attributes = [
        ("float", Attribute::Float(-0.5)),
        ("int", Attribute::Int(-3)),
        ("text", Attribute::Text("same".into())),
        ("tensor", Attribute::Tensor(tensor("", Data::I64(vec![-1, 5])))),
        ("graph", Attribute::Graph(inner)),
        ("floats", Attribute::Floats(vec![1.0, 2.5])),
        ("ints", Attribute::Ints(vec![i64::MIN, 0, i64::MAX])),
        ("texts", Attribute::Texts(vec!["a".into(), "".into()])),
        ("none", Attribute::Ints(vec![])),
    ];
    let port = |name: &str, element| Port {
        name: name.into(),
        element: Some(element),
        shape: vec![Axis::Free("batch".into()), Axis::Length(300)],
    };
    Model {
        ir_version: 9,
        opsets: BTreeMap::from([(String::new(), 20), ("com.example".into(), 1)]),
        producer: ["mimo".into(), "1".into()],
        doc: "ä".into(),
        graph: Graph {
            name: "g".into(),
            nodes: vec![Node {
                op: "If".into(),
                domain: "d".into(),
                name: "n".into(),
                inputs: vec!["".into(), "x".into()],
                outputs: vec!["y".into()],
                attributes: attributes.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            }],
            initializers: vec![
                tensor("f", Data::F32(vec![0.1, f32::INFINITY])),
                tensor("d", Data::F64(vec![0.1])),
                tensor("i", Data::I32(vec![-7, 7, 0])),
                tensor("l", Data::I64(vec![])),
                tensor("b", Data::Bool(vec![true, false])),
            ],
            inputs: vec![port("x", Element::F32), port("z", Element::I64)],
            outputs: vec![port("y", Element::F64)],
        },
        metadata: BTreeMap::from([("key".into(), "value".into())]),
    }
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(decode(&encode(&model())), Ok(model()));
}

/// A field of a message with its key, for messages that `encode` does not write.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).expect("a short message")], content].concat()
}

#[test]
fn numbers_that_are_not_raw_are_read() {
    // Shape [2, 1] packed, FLOAT, float_data packed, name.
    let floats = [1.5_f32.to_le_bytes(), (-2.0_f32).to_le_bytes()].concat();
    let tensor = [field(1, &[2, 1]), vec![2 << 3, 1], field(4, &floats), field(8, b"w")].concat();
    let read = decode(&field(7, &field(5, &tensor))).expect("a model");
    let wanted = Tensor { name: "w".into(), shape: vec![2, 1], data: Data::F32(vec![1.5, -2.0]) };
    assert_eq!(read.graph.initializers, [wanted]);
    // INT64 in int64_data, one by one.
    let tensor = [vec![1 << 3, 2, 2 << 3, 7, 7 << 3, 4, 7 << 3, 5], field(8, b"s")].concat();
    let read = decode(&field(7, &field(5, &tensor))).expect("a model");
    assert_eq!(read.graph.initializers[0].data, Data::I64(vec![4, 5]));
}

#[test]
fn files_that_lead_elsewhere_or_declare_too_much_are_refused() {
    let of = |tensor: Vec<u8>| decode(&field(7, &field(5, &tensor))).expect_err("refused").to_string();
    let external = [vec![1 << 3, 1, 2 << 3, 1], field(8, b"w"), field(13, &field(1, b"location"))].concat();
    assert!(of(external).contains("`external_data`"));
    let location = vec![1 << 3, 1, 2 << 3, 1, 14 << 3, 1];
    assert!(of(location).contains("`data_location`"));
    // 2⁶² values of four bytes, of which there are none.
    let large = [
        field(1, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40]),
        vec![2 << 3, 1],
        field(9, &[0; 4]),
    ];
    assert!(of(large.concat()).contains("values are declared"));
    let overflow = [vec![0xff; 9], vec![0x01]].concat();
    assert!(of([field(1, &overflow), vec![2 << 3, 1]].concat()).contains("shape is not valid"));
    let texts = [vec![1 << 3, 1, 2 << 3, 8], field(9, b"abcd")].concat();
    assert!(of(texts).contains("type 8"));
}

#[test]
fn values_in_the_file_beside_a_model_are_read() {
    let entry = |key: &[u8], value: &[u8]| field(13, &[field(1, key), field(2, value)].concat());
    let tensor = |entries: &[(&[u8], &[u8])]| {
        let entries: Vec<u8> = entries.iter().flat_map(|(key, value)| entry(key, value)).collect();
        field(7, &field(5, &[vec![1 << 3, 2, 2 << 3, 1], field(8, b"w"), entries, vec![14 << 3, 1]].concat()))
    };
    let values = [0.0_f32, 1.5, -2.0].map(f32::to_le_bytes).concat();
    let place: [(&[u8], &[u8]); 3] = [(b"location", b"m.onnx.data"), (b"offset", b"4"), (b"length", b"8")];
    let read = decode_beside(&tensor(&place), "m.onnx.data", &values).expect("a model");
    assert_eq!(read.graph.initializers[0].data, Data::F32(vec![1.5, -2.0]));
    // A name is compared, and is no path.
    let error = |entries: &[(&[u8], &[u8])]| {
        decode_beside(&tensor(entries), "m.onnx.data", &values).expect_err("refused").to_string()
    };
    assert!(error(&[(b"location", b"../m.onnx.data")]).contains("`external_data=False`"));
    assert!(error(&[place[0], (b"offset", b"8"), place[2]]).contains("not in `m.onnx.data`"));
    assert!(error(&[place[0], (b"offset", b"x")]).contains("`offset` is not a number"));
    // The same bytes again and again are no larger model.
    let many = field(
        7,
        &[field(5, &[vec![1 << 3, 3, 2 << 3, 1], entry(b"location", b"m.onnx.data")].concat())]
            .concat()
            .repeat(3),
    );
    assert!(
        decode_beside(&many, "m.onnx.data", &values).expect_err("refused").to_string().contains("not in")
    );
}

#[test]
fn graphs_within_graphs_end() {
    let mut graph = Graph::default();
    for _ in 0..20 {
        let attributes = BTreeMap::from([("body".to_owned(), Attribute::Graph(graph))]);
        graph = Graph {
            nodes: vec![Node { op: "Loop".into(), attributes, ..Node::default() }],
            ..Graph::default()
        };
    }
    let error = decode(&encode(&Model { graph, ..Model::default() })).expect_err("too deep").to_string();
    assert!(error.contains("graphs within graphs"), "{error}");
}

#[test]
fn damaged_files_are_errors_or_other_models() {
    let bytes = encode(&model());
    for end in 0..bytes.len() {
        // What is cut off at the end of a field is a shorter model.
        let _ = decode(&bytes[..end]);
    }
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize
    };
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + random() % 4 {
            let at = random() % damaged.len();
            damaged[at] = random() as u8;
        }
        if let Ok(read) = decode(&damaged) {
            // Whatever was read can be written, and is then the same.
            let again = decode(&encode(&read)).map(|it| format!("{it:?}"));
            assert_eq!(again, Ok(format!("{read:?}")));
        }
    }
}
