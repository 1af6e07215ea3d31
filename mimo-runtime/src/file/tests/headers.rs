//! Tests of files that do not hold the weights of the model, and of the messages about them.

use dfdx::tensor::Cpu;
use serde_json::{Value, json};

use super::*;
use crate::kernels;
use crate::weights::tests::Two;

/// The header and the data of the file of a model.
pub(super) fn parts(bytes: &[u8]) -> (Value, Vec<u8>) {
    let len = u64::from_le_bytes(*bytes.first_chunk().expect("a length")) as usize;
    (serde_json::from_slice(&bytes[8..8 + len]).expect("a header"), bytes[8 + len..].to_vec())
}

pub(super) fn assemble(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// Faults of `bytes`; loading them must not change the model.
pub(super) fn faults(bytes: &[u8]) -> Vec<Fault> {
    let mut model = two::<f32>(1);
    let before = values(&model);
    let found = match from_bytes(&mut model, bytes) {
        Err(Error::WeightsFile { path: None, model: "Two", faults }) => faults,
        other => panic!("{other:?}"),
    };
    assert_eq!(values(&model), before);
    assert!(!found.is_empty());
    found
}

/// Faults of a file whose header was changed.
fn faults_after(change: impl FnOnce(&mut Value)) -> Vec<Fault> {
    let (mut header, data) = parts(&to_bytes(&two::<f32>(2)).expect("bytes"));
    change(&mut header);
    faults(&assemble(&header, &data))
}

#[test]
fn weights_that_differ_are_named() {
    let found = faults_after(|header| {
        let tensors = header.as_object_mut().expect("an object");
        let bias = tensors.remove("hidden/bias").expect("the bias");
        tensors.insert("hiden/bias".into(), bias);
        tensors["hidden/kernel"]["shape"] = json!([4, 3]);
        tensors["head/kernel"]["dtype"] = json!("U32");
    });
    let wanted = vec![3, 4];
    assert_eq!(
        found,
        [
            Fault::Shape { name: "hidden/kernel".into(), found: vec![4, 3], wanted },
            Fault::Missing { name: "hidden/bias".into(), similar: Some("hiden/bias".into()) },
            Fault::Type { name: "head/kernel".into(), found: "U32".into(), wanted: "F32" },
            Fault::Unknown { name: "hiden/bias".into(), similar: Some("hidden/bias".into()) },
        ]
    );
    let error = Error::WeightsFile { path: Some("two.safetensors".into()), model: "Two", faults: found };
    assert_eq!(
        error.to_string(),
        "`two.safetensors` does not hold the weights of `Two`\n\
         - `hidden/kernel` has shape [4, 3], but [3, 4] in the model\n\
         - `hidden/bias` is missing; the file has `hiden/bias`\n\
         - `head/kernel` holds U32 values, but F32 in the model\n\
         - `hiden/bias` is not a weight of the model; did you mean `hidden/bias`?"
    );
}

#[test]
fn element_types_are_not_mixed() {
    let bytes = to_bytes(&two::<f64>(1)).expect("bytes");
    let found = faults(&bytes);
    assert_eq!(found.len(), 3);
    assert_eq!(found[1], Fault::Type { name: "hidden/bias".into(), found: "F64".into(), wanted: "F32" });
}

#[test]
fn files_of_other_kinds_are_called_by_their_names() {
    let kind = |bytes: &[u8]| match &faults(bytes)[..] {
        [Fault::OtherKind { kind }] => *kind,
        others => panic!("{others:?}"),
    };
    assert!(kind(b"PK\x03\x04\x14\0\0\0\0\0").starts_with("a zip archive, as Keras's `.keras`"));
    assert!(kind(b"\x89HDF\r\n\x1a\n\0\0").starts_with("an HDF5 file"));
    assert!(kind(b"\x93NUMPY\x01\0v\0").starts_with("a NumPy array"));
}

#[test]
fn lengths_are_checked_before_they_are_believed() {
    let bytes = to_bytes(&two::<f32>(1)).expect("bytes");
    let len = bytes.len() as u64;
    assert_eq!(faults(&[]), [Fault::NoHeader { bytes: 0 }]);
    assert_eq!(faults(&bytes[..7]), [Fault::NoHeader { bytes: 7 }]);
    for header in [u64::MAX, u64::MAX - 7, 1 << 40, len, len - 7] {
        let mut bytes = bytes.clone();
        bytes[..8].copy_from_slice(&header.to_le_bytes());
        assert_eq!(faults(&bytes), [Fault::HeaderLength { header, bytes: len }]);
    }
    assert_eq!(faults(&bytes[..bytes.len() - 1]), [Fault::DataLength { bytes: 95, described: 96 }]);
    assert_eq!(faults(&[&bytes[..], &[0]].concat()), [Fault::DataLength { bytes: 97, described: 96 }]);
}

#[test]
fn headers_that_make_no_sense() {
    let header = |found: Vec<Fault>| matches!(found[..], [Fault::Header { .. }]);
    // Overlapping, out of order, reaching too far, with a shape that overflows.
    assert!(header(faults_after(|header| header["hidden/bias"]["data_offsets"] = json!([44, 60]))));
    assert!(header(faults_after(|header| header["hidden/bias"]["data_offsets"] = json!([64, 48]))));
    assert!(header(faults_after(|header| header["head/kernel"]["data_offsets"] = json!([64, u64::MAX]))));
    assert!(header(faults_after(|header| header["head/kernel"]["shape"] = json!([u64::MAX, 2]))));
    assert!(header(faults_after(|header| header["head/kernel"]["dtype"] = json!("F31"))));
    assert!(header(faults_after(|header| *header = json!([]))));
    assert!(header(faults(&[&4_u64.to_le_bytes()[..], b"{\xff}}"].concat())));
    assert!(header(faults(&[&100_000_u64.to_le_bytes()[..], "[".repeat(100_000).as_bytes()].concat())));
    // Neither a description nor data.
    assert_eq!(faults(&[&2_u64.to_le_bytes()[..], b"{}"].concat()).len(), 3);
}

#[test]
fn rules_of_another_version_are_refused() {
    let found = faults_after(|header| header["__metadata__"]["version"] = json!("3"));
    assert_eq!(found, [Fault::Version { found: "3".into() }]);
    let found = faults_after(|header| header["__metadata__"] = json!({ "format": "mimo" }));
    assert_eq!(found, [Fault::Version { found: String::new() }]);
}

#[test]
fn many_and_long_names_are_not_compared() {
    let mut header = json!({});
    for i in 0..5_000 {
        header[format!("hidden/bia{i}")] = json!({ "dtype": "F32", "shape": [0], "data_offsets": [0, 0] });
    }
    header["k".repeat(500_000)] = json!({ "dtype": "F32", "shape": [0], "data_offsets": [0, 0] });
    let found = faults(&assemble(&header, &[]));
    assert_eq!(found.len(), 3 + 5_001);
    let error = Error::WeightsFile { path: None, model: "Two", faults: found };
    assert!(error.to_string().ends_with("- and 4996 more"));
}

/// A header with one tensor, as text.
fn with_tensor(name: &str, dtype: &str, shape: &str) -> Vec<u8> {
    let header = format!(r#"{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,0]}}}}"#);
    [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()
}

#[test]
fn texts_of_the_file_are_shortened_and_escaped() {
    let text = |bytes: &[u8]| faults(bytes).last().expect("a fault").to_string();
    let axes = |axes: usize| format!("[0{}]", ",1".repeat(axes - 1));
    let shape = faults(&with_tensor("hidden/kernel", "F32", &axes(64)));
    assert_eq!(
        shape[0].to_string(),
        "`hidden/kernel` has shape [0, 1, 1, 1, 1, 1, 1, 1, … and 56 more], but [3, 4] in the model"
    );
    assert_eq!(
        text(&with_tensor("hidden/kernel", "F32", &axes(65))),
        "not a safetensors file, or damaged: a tensor of more than 64 axes at line 1 column 171"
    );
    let long = format!("{}{}", "a".repeat(1000), "z".repeat(1000));
    let (a, z) = ("a".repeat(70), "z".repeat(70));
    assert_eq!(text(&with_tensor(&long, "F32", "[0]")), format!("`{a}…{z}` is not a weight of the model"));
    assert_eq!(
        text(&with_tensor(r#"\u001b[2J\n\u202e'\\\""#, "F32", "[0]")),
        r#"`\u{1b}[2J\n\u{202e}'\"` is not a weight of the model"#
    );
    assert_eq!(text(&with_tensor("é".repeat(140).as_str(), "F32", "[0]")).matches('é').count(), 140);
    // The location is at the end of the reason, and is shown.
    let reason = text(&with_tensor("a", &long, "[0]"));
    assert!(reason.len() < 250 && reason.contains("unknown variant `aaa"), "{reason}");
    assert!(reason.ends_with("at line 1 column 2016"), "{reason}");
}

#[test]
fn names_are_unique() {
    let tensor = r#"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#;
    for (entries, name) in [
        (format!(r#""a":{tensor},"a":{tensor}"#), "`a`"),
        // The same name with an escape.
        (format!(r#""a":{tensor},"b":{tensor},"\u0061":{tensor}"#), "`a`"),
        (r#""__metadata__":{},"__metadata__":{}"#.into(), "`__metadata__`"),
        (r#""__metadata__":null,"__metadata__":{}"#.into(), "`__metadata__`"),
        (r#""__metadata__":{"version":"2","version":"1"}"#.into(), "entry `version`"),
        (r#""a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}"#.into(), "field `dtype`"),
    ] {
        let header = format!("{{{entries}}}");
        let found = faults(&[&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat());
        assert!(
            matches!(&found[..], [Fault::Header { reason }] if reason.contains("duplicate") && reason.contains(name)),
            "{header}: {found:?}"
        );
    }
}

#[test]
fn headers_are_limited_by_what_the_model_needs() {
    let file = to_bytes(&two::<f32>(1)).expect("bytes");
    let (header, data) = parts(&file);
    let limit = Subject::of::<Two<f32, Cpu>>().header_limit();
    // 16 MiB of metadata, for any model, plus eight times its own header.
    assert!((1 << 24..1 << 25).contains(&limit), "{limit}");
    // Metadata of other tools, then spaces, then one more.
    let mut other = header.clone();
    other["__metadata__"] = json!({ "settings": "x".repeat(1 << 24) });
    let mut text = other.to_string();
    text.extend(std::iter::repeat_n(' ', limit as usize - text.len()));
    let file = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &data].concat();
    from_bytes(&mut two::<f32>(2), &file(&text)).expect("the largest header");
    text.push(' ');
    assert_eq!(faults(&file(&text)), [Fault::HeaderLimit { header: limit + 1, limit }]);
    // Data that does not fit into the file is not compared with the model.
    let bytes = 8 + limit;
    assert_eq!(
        faults(&file(&text)[..8 + limit as usize]),
        [Fault::HeaderLength { header: limit + 1, bytes }]
    );
}

/// Changes every byte, truncates to every length, and makes many random changes: no panic, and the model only changes
/// if loading succeeded.
#[test]
fn damaged_files_leave_the_model_alone() {
    let bytes = to_bytes(&two::<f32>(1)).expect("bytes");
    let (_, data) = parts(&bytes);
    let mut model: Two<f32, Cpu> = two(2);
    let before = values(&model);
    let mut try_it = |bytes: &[u8], harmless: bool| match from_bytes(&mut model, bytes) {
        Ok(()) => {
            assert!(harmless, "damage was not noticed");
            from_bytes(&mut model, &to_bytes(&two::<f32>(2)).expect("bytes")).expect("restored");
        }
        Err(error) => {
            assert_eq!(values(&model), before, "{error}");
            assert!(!error.to_string().is_empty());
        }
    };
    for place in 0..bytes.len() {
        try_it(&bytes[..place], false);
        try_it(&bytes[place..], place == 0);
        for flip in [0x01, 0x10, 0x20, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] ^= flip;
            // Metadata and numbers may be anything; only the rest of the header decides.
            try_it(&bytes, true);
        }
    }
    let random = |key: u64, index: u64, below: usize| (kernels::uniform(key, index) * below as f64) as usize;
    for key in 0..3000 {
        let mut bytes = bytes.clone();
        match key % 4 {
            // Bytes of the header are exchanged, doubled or removed.
            0 => {
                let header = bytes.len() - data.len();
                bytes.swap(random(key, 0, header), random(key, 1, header));
            }
            1 => {
                let from = random(key, 0, bytes.len());
                let copy = bytes[from..(from + random(key, 1, 40)).min(bytes.len())].to_vec();
                let to = random(key, 2, bytes.len());
                bytes.splice(to..to, copy);
            }
            2 => {
                let from = random(key, 0, bytes.len());
                bytes.drain(from..(from + 1 + random(key, 1, 40)).min(bytes.len()));
            }
            _ => (0..5).for_each(|i| {
                let place = random(key, 2 * i, bytes.len());
                bytes[place] = random(key, 2 * i + 1, 256) as u8;
            }),
        }
        try_it(&bytes, true);
    }
}
