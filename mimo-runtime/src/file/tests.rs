use std::path::PathBuf;

use serde_json::json;

use self::headers::{assemble, parts};
use super::*;
use crate::weights::tests::{Two, two, values};
use mimo_graph::spec::GraphSpec;

mod headers;
mod hostile;
mod killed;
mod paths;

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mimo-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn weights_come_back() {
    let folder = Folder::new("come-back");
    let path = folder.file("two.safetensors");
    let (saved, mut loaded) = (two::<f32>(1), two::<f32>(2));
    assert_ne!(values(&saved), values(&loaded));
    save(&saved, &path).expect("saved");
    load(&mut loaded, &path).expect("loaded");
    assert_eq!(values(&saved), values(&loaded));
    assert_eq!(folder.names(), ["two.safetensors"]);

    let (saved, mut loaded) = (two::<f64>(1), two::<f64>(2));
    save(&saved, &path).expect("replaced");
    load(&mut loaded, &path).expect("loaded");
    assert_eq!(values(&saved), values(&loaded));
}

#[test]
fn every_number_comes_back() {
    let odd =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE / 4.0, f32::MAX, 0.1, -1e-30];
    let (mut saved, mut loaded) = (two::<f32>(1), two::<f32>(2));
    saved.head.kernel.copy_from(&odd);
    from_bytes(&mut loaded, &to_bytes(&saved).expect("bytes")).expect("loaded");
    assert!(loaded.head.kernel.as_vec().iter().zip(odd).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn the_file_is_what_other_tools_read() {
    let bytes = to_bytes(&two::<f32>(1)).expect("bytes");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let kernel = file.tensor("hidden/kernel").expect("the kernel");
    assert_eq!((kernel.dtype(), kernel.shape()), (safetensors::Dtype::F32, &[3, 4][..]));
    let (header, data) = parts(&bytes);
    assert_eq!((bytes.len() - data.len()) % 8, 0);
    assert_eq!(
        header["__metadata__"],
        json!({
            "format": "mimo",
            "version": "2",
            "model": "Two",
            "signature": "inputs: ; outputs: ; weights: hidden/kernel[3,4] hidden/bias[4] head/kernel[4,2]",
            "graph": graph::to_json(GraphSpec::EMPTY, &<Two as Model>::SPEC),
        })
    );
    assert_eq!(bytes, to_bytes(&two::<f32>(1)).expect("the same bytes"));
}

#[test]
fn the_graph_of_a_file_is_not_needed_to_read_weights() {
    let saved = two::<f32>(1);
    let (header, data) = parts(&to_bytes(&saved).expect("bytes"));
    let graphs = [json!("{}"), json!(""), json!("[[[["), json!("x".repeat(500_000)), json!("\u{0}")];
    let mut headers: Vec<_> = graphs.map(|graph| with_metadata(&header, "graph", Some(graph))).into();
    headers.push(with_metadata(&header, "graph", None));
    // As in the first version of the format.
    headers.push(with_metadata(&with_metadata(&header, "graph", None), "version", Some(json!("1"))));
    for header in headers {
        let mut loaded = two::<f32>(2);
        from_bytes(&mut loaded, &assemble(&header, &data)).expect("loaded");
        assert_eq!(values(&saved), values(&loaded));
    }
}

/// A header with another entry of its metadata, or without that entry.
fn with_metadata(
    header: &serde_json::Value,
    key: &str,
    value: Option<serde_json::Value>,
) -> serde_json::Value {
    let mut header = header.clone();
    let metadata = header["__metadata__"].as_object_mut().expect("metadata");
    metadata.remove(key);
    metadata.extend(value.map(|value| (key.to_owned(), value)));
    header
}

#[test]
fn files_of_other_tools_are_read() {
    // No metadata, weights in another order.
    let model = two::<f32>(3);
    let bias = [1.0_f32, 2.0, 3.0, 4.0].map(f32::to_le_bytes).concat();
    let kernel = model.hidden.kernel.as_vec().into_iter().flat_map(f32::to_le_bytes).collect::<Vec<_>>();
    let head = model.head.kernel.as_vec().into_iter().flat_map(f32::to_le_bytes).collect::<Vec<_>>();
    let header = json!({
        "head/kernel": { "dtype": "F32", "shape": [4, 2], "data_offsets": [0, 32] },
        "hidden/bias": { "dtype": "F32", "shape": [4], "data_offsets": [32, 48] },
        "hidden/kernel": { "dtype": "F32", "shape": [3, 4], "data_offsets": [48, 96] },
    });
    let mut loaded = two::<f32>(4);
    from_bytes(&mut loaded, &assemble(&header, &[head, bias, kernel].concat())).expect("loaded");
    assert_eq!(loaded.hidden.bias.as_vec(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(loaded.hidden.kernel.as_vec(), model.hidden.kernel.as_vec());
    assert_eq!(loaded.head.kernel.as_vec(), model.head.kernel.as_vec());
}
