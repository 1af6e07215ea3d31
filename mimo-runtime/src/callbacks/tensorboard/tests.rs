use std::collections::BTreeMap;

use super::*;
use crate::history::History;
use crate::progress::Verbose;
use crate::testing::{Lines, LinesInputs, LinesOutputs, rows};
use crate::trainer::FitOptions;
use mimo_graph::spec::{Connection, LayerSpec};

/// A field of a message: its number, and its bytes or its number.
#[derive(Clone, Debug, PartialEq)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads a message, as the specification of protocol buffers says.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }
    let mut fields = vec![];
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let len = match key & 7 {
            0 => {
                fields.push((key >> 3, Field::Number(varint(&mut bytes))));
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes) as usize,
            5 => 4,
            wire => panic!("wire type {wire}"),
        };
        let (value, rest) = bytes.split_at(len);
        fields.push((key >> 3, Field::Bytes(value)));
        bytes = rest;
    }
    fields
}

fn bytes(message: &[u8], field: u64) -> Vec<&[u8]> {
    let found = fields(message).into_iter().filter(|(number, _)| *number == field);
    found.map(|(_, field)| if let Field::Bytes(bytes) = field { bytes } else { panic!("a number") }).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn double(bytes: &[u8]) -> f64 {
    f64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// The events of the only file of a folder; their check sums are right.
fn events(folder: &Path) -> Vec<Vec<u8>> {
    let files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    assert!(file.to_str().expect("a name").contains("events.out.tfevents."));
    let all = fs::read(file).expect("a file");
    let mut rest = &all[..];
    let mut events = vec![];
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(12);
        let length = u64::from_le_bytes(head[..8].try_into().expect("eight bytes")) as usize;
        assert_eq!(head[8..], record::masked(&head[..8]).to_le_bytes());
        let (data, tail) = tail.split_at(length);
        let (sum, tail) = tail.split_at(4);
        assert_eq!(sum, record::masked(data).to_le_bytes());
        events.push(data.to_vec());
        rest = tail;
    }
    events
}

/// Scalars by step and tag.
fn scalars(events: &[Vec<u8>]) -> BTreeMap<(u64, String), f32> {
    let mut scalars = BTreeMap::new();
    for event in events {
        let step = fields(event).into_iter().find(|(number, _)| *number == 2);
        let step = step.map_or(0, |(_, step)| if let Field::Number(step) = step { step } else { panic!() });
        for value in bytes(event, 5).iter().flat_map(|summary| bytes(summary, 1)) {
            if let [simple] = bytes(value, 2)[..] {
                let simple = f32::from_le_bytes(simple.try_into().expect("four bytes"));
                scalars.insert((step, text(bytes(value, 1)[0])), simple);
            }
        }
    }
    scalars
}

fn train(callback: TensorBoard) -> History<Lines> {
    let inputs =
        LinesInputs { x: rows(&[[0.5, 1.0], [1.0, -1.0], [0.0, 1.0], [2.0, 0.5], [1.0, 1.0], [0.0, 0.5]]) };
    let targets = LinesOutputs { slope: rows(&[[1.0]; 6]), pair: rows(&[[1.0, 0.0]; 6]) };
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let options = FitOptions::new().verbose(Verbose::Silent).epochs(3).batch_size(2).validation_split(0.33);
    trainer.fit((&inputs, &targets), options.callback(callback)).expect("a training")
}

#[test]
fn files_have_every_value_of_every_epoch() {
    let folder = std::env::temp_dir().join(format!("mimo-tensorboard-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let history = train(TensorBoard::new(&folder).histogram_freq(2).update_freq(2));
    let (train, validation) = (events(&folder.join("train")), events(&folder.join("validation")));
    assert_eq!(text(bytes(&train[0], 3)[0]), "brain.Event:2");
    assert_eq!(bytes(&train[1], 4).len(), 1, "the graph");

    let (of_train, of_validation) = (scalars(&train), scalars(&validation));
    for epoch in history.epochs() {
        for (key, value) in epoch.pairs() {
            let (found, key) = match key.strip_prefix("val_") {
                Some(key) => (&of_validation, key.to_owned()),
                None => (&of_train, key),
            };
            assert_eq!(found[&(epoch.epoch as u64, format!("epoch_{key}"))], value as f32);
        }
        assert_eq!(of_train[&(epoch.epoch as u64, "epoch_learning_rate".into())], 0.1);
    }
    // Two steps an epoch.
    let steps: Vec<u64> =
        of_train.keys().filter(|(_, tag)| tag == "batch_loss").map(|(step, _)| *step).collect();
    assert_eq!(steps, [2, 4, 6]);
    assert_eq!(of_train[&(2, "batch_loss".into())], history.epochs()[0].train.loss as f32);

    // Weights of the first and the third epoch.
    let histograms: Vec<(String, f64)> = train
        .iter()
        .flat_map(|event| bytes(event, 5))
        .flat_map(|summary| bytes(summary, 1))
        .filter_map(|value| Some((text(bytes(value, 1)[0]), double(bytes(bytes(value, 5).first()?, 3)[0]))))
        .collect();
    let weights = [("slope/kernel", 2.0), ("slope/bias", 1.0), ("pair/kernel", 4.0), ("pair/bias", 2.0)];
    let wanted: Vec<(String, f64)> =
        weights.iter().chain(&weights).map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(histograms, wanted);
    fs::remove_dir_all(&folder).expect("a folder");
}

#[test]
fn histograms_count_every_finite_value() {
    for values in [
        &[1.0, 2.0, 2.5, -3.0, 4.0][..],
        &[0.5; 7],
        &[],
        &[f64::NAN, f64::INFINITY, 1.0],
        &[f64::NAN],
        &[-f64::MAX, f64::MAX],
        &[f64::MIN_POSITIVE, 0.0],
    ] {
        let Summary::Histogram(_, histogram) = Summary::histogram("w", values) else { panic!("a scalar") };
        let finite = values.iter().filter(|value| value.is_finite()).count();
        assert_eq!(histogram.counts.iter().sum::<f64>(), finite as f64, "{values:?}: {histogram:?}");
        assert!(histogram.limits.is_sorted());
    }
}

#[test]
fn graphs_have_the_layers_and_what_they_read() {
    const INPUT: LayerSpec = LayerSpec {
        name: "x",
        class: "InputLayer",
        output_shape: &[4],
        parameters: 0,
        trainable: true,
        connected_to: &[],
    };
    let dense = LayerSpec {
        name: "y",
        class: "Dense",
        output_shape: &[300],
        connected_to: const { &[Connection { layer: "x", call: 0, tensor: 0 }; 2] },
        ..INPUT
    };
    let graph = graph::encode(&[INPUT, dense]);
    let nodes = bytes(&graph, 1);
    let names: Vec<(String, String, usize)> = nodes
        .iter()
        .map(|node| (text(bytes(node, 1)[0]), text(bytes(node, 2)[0]), bytes(node, 3).len()))
        .collect();
    assert_eq!(names, [("x".into(), "InputLayer".into(), 0), ("y".into(), "Dense".into(), 1)]);
    let attribute = bytes(nodes[1], 5)[0];
    assert_eq!(text(bytes(attribute, 1)[0]), "_output_shapes");
    let shape = bytes(bytes(bytes(attribute, 2)[0], 1)[0], 7)[0];
    let dims: Vec<u64> = bytes(shape, 2)
        .iter()
        .map(|dim| if let (1, Field::Number(size)) = fields(dim)[0] { size } else { panic!("{dim:?}") })
        .collect();
    assert_eq!(dims, [u64::MAX, 300]);
}
