//! `mimo::onnx`: the contents of a model's file. `mimo-convert/tests/onnx/check.py` shows that engines compute the
//! same numbers.

use mimo::Error;
use mimo::prelude::*;
use mimo_convert::onnx::model::{Axis, Element};

model! {
    Churn {
        let usage = Input(shape = [4, 3]);
        let plan = Input(shape = [2], dtype = "int32");
        let x = concatenate([LSTM(3)(usage), Flatten()(Embedding(5, 2)(plan))]);
        let leaves = Dense(1, activation = sigmoid)(Dropout(0.5)(x));
        let kind = cast(argmax(Dense(4)(x), axis = 1) + plan[0], float32);
        Model(inputs = [usage, plan], outputs = [leaves, kind])
    }
}

model! {
    Noisy {
        let x = Input(shape = [3]);
        let y = x + random_truncated_normal(x);
        Model(inputs = [x], outputs = [y])
    }
}

#[test]
fn a_file_has_the_ports_of_the_model_and_its_weights() {
    let model = Churn::new(3);
    let path = std::env::temp_dir().join(format!("mimo-churn-{}.onnx", std::process::id()));
    mimo::onnx::export(&model, &path).expect("a file");
    let bytes = std::fs::read(&path).expect("the file");
    std::fs::remove_file(&path).expect("the file");
    assert_eq!(bytes, mimo::onnx::to_bytes(&model).expect("bytes"));

    let file = mimo_convert::onnx::decode(&bytes).expect("a model");
    let batch = || Axis::Free("batch".into());
    let ports = |ports: &[mimo_convert::onnx::model::Port]| {
        let of =
            |port: &mimo_convert::onnx::model::Port| (port.name.clone(), port.element, port.shape.clone());
        ports.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(
        ports(&file.graph.inputs),
        [
            ("usage".into(), Some(Element::F32), vec![batch(), Axis::Length(4), Axis::Length(3)]),
            ("plan".into(), Some(Element::I64), vec![batch(), Axis::Length(2)]),
        ]
    );
    assert_eq!(
        ports(&file.graph.outputs),
        [
            ("leaves".into(), Some(Element::F32), vec![batch(), Axis::Length(1)]),
            ("kind".into(), Some(Element::F32), vec![batch()]),
        ]
    );
    let ops: Vec<&str> = file.graph.nodes.iter().map(|node| node.op.as_str()).collect();
    assert!(ops.contains(&"LSTM") && !ops.contains(&"Dropout"), "{ops:?}");
    let find = |name: &str| file.graph.initializers.iter().find(|it| it.name == name).expect(name);
    let embeddings = find("embedding/embeddings");
    assert_eq!(embeddings.data, mimo_convert::onnx::model::Data::F32(model.embedding.embeddings.as_vec()));
    assert_eq!(file.metadata["mimo.inputs"], "usage: float32 [4, 3]\nplan: int64 [2]");
    assert_eq!(file.metadata["mimo.outputs"], "leaves: float32 [1]\nkind: float32 []");
}

#[test]
fn a_layer_without_a_form_is_named() {
    let path = std::env::temp_dir().join(format!("mimo-noisy-{}.onnx", std::process::id()));
    let error = mimo::onnx::export(&Noisy::new(1), &path).expect_err("no form");
    assert!(matches!(&error, Error::Export { model: "Noisy", format: "ONNX", .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("random_truncated_normal") && text.contains("no operator"), "{text}");
    assert!(!path.exists());
}
