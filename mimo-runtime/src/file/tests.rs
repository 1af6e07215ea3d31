use std::path::PathBuf;

use dfdx::tensor::Cpu;
use serde_json::{Value, json};

use super::*;
use crate::kernels;
use crate::weights::tests::{Two, two, values};

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

/// The file of a model, taken apart.
fn parts(bytes: &[u8]) -> (Value, Vec<u8>) {
    let len = u64::from_le_bytes(*bytes.first_chunk().expect("a length")) as usize;
    (serde_json::from_slice(&bytes[8..8 + len]).expect("a header"), bytes[8 + len..].to_vec())
}

fn assemble(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// What is wrong with `bytes`; loading them must leave the model alone.
fn faults(bytes: &[u8]) -> Vec<Fault> {
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

/// What is wrong with a file whose header was changed.
fn faults_after(change: impl FnOnce(&mut Value)) -> Vec<Fault> {
    let (mut header, data) = parts(&to_bytes(&two::<f32>(2)).expect("bytes"));
    change(&mut header);
    faults(&assemble(&header, &data))
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
            "version": "1",
            "model": "Two",
            "signature": "inputs: ; outputs: ; weights: hidden/kernel[3,4] hidden/bias[4] head/kernel[4,2]",
        })
    );
    assert_eq!(bytes, to_bytes(&two::<f32>(1)).expect("the same bytes"));
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

#[test]
fn weights_that_differ_are_named() {
    let found = faults_after(|header| {
        let tensors = header.as_object_mut().expect("an object");
        let bias = tensors.remove("hidden/bias").expect("the bias");
        tensors.insert("hiden/bias".into(), bias);
        tensors["hidden/kernel"]["shape"] = json!([4, 3]);
        tensors["head/kernel"]["dtype"] = json!("U32");
    });
    let wanted: &[usize] = &[3, 4];
    assert_eq!(
        found,
        [
            Fault::Shape { name: "hidden/kernel", found: vec![4, 3], wanted },
            Fault::Missing { name: "hidden/bias", similar: Some("hiden/bias".into()) },
            Fault::Type { name: "head/kernel", found: "U32".into(), wanted: "F32" },
            Fault::Unknown { name: "hiden/bias".into(), similar: Some("hidden/bias") },
        ]
    );
    let error = Error::WeightsFile { path: Some("two.safetensors".into()), model: "Two", faults: found };
    assert_eq!(
        error.to_string(),
        "`two.safetensors` does not hold the weights of `Two`\n\
         - `hidden/kernel` is [4, 3], but [3, 4] in the model\n\
         - `hidden/bias` is missing; the file has `hiden/bias`\n\
         - `head/kernel` holds U32 values, but F32 in the model\n\
         - `hiden/bias` is no weight of the model; did you mean `hidden/bias`?"
    );
}

#[test]
fn element_types_are_not_mixed() {
    let bytes = to_bytes(&two::<f64>(1)).expect("bytes");
    let found = faults(&bytes);
    assert_eq!(found.len(), 3);
    assert_eq!(found[1], Fault::Type { name: "hidden/bias", found: "F64".into(), wanted: "F32" });
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
    // Nothing is described and nothing is there.
    assert_eq!(faults(&[&2_u64.to_le_bytes()[..], b"{}"].concat()).len(), 3);
}

#[test]
fn rules_of_another_version_are_refused() {
    let found = faults_after(|header| header["__metadata__"]["version"] = json!("2"));
    assert_eq!(found, [Fault::Version { found: "2".into() }]);
    let found = faults_after(|header| header["__metadata__"] = json!({ "format": "mimo" }));
    assert_eq!(found, [Fault::Version { found: String::new() }]);
}

#[test]
fn many_and_long_names_are_not_compared() {
    let mut header = json!({});
    for i in 0..20_000 {
        header[format!("hidden/bia{i}")] = json!({ "dtype": "F32", "shape": [0], "data_offsets": [0, 0] });
    }
    header["k".repeat(1_000_000)] = json!({ "dtype": "F32", "shape": [0], "data_offsets": [0, 0] });
    let found = faults(&assemble(&header, &[]));
    assert_eq!(found.len(), 3 + 20_001);
    let error = Error::WeightsFile { path: None, model: "Two", faults: found };
    assert!(error.to_string().ends_with("- and 19996 more"));
}

/// Every byte changed, every length cut, and many random changes: never a panic, and the model changes only if loading
/// says that it did.
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
            // Bytes of the header change places, are doubled or lost.
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

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new("unreadable");
    let mut model = two::<f32>(1);
    let before = values(&model);
    let mut error = |path: PathBuf| match load(&mut model, path) {
        Err(error) => error,
        Ok(()) => panic!("loaded"),
    };
    assert!(matches!(error(folder.file("none")), Error::File { .. }));
    assert!(matches!(error(folder.0.clone()), Error::File { .. }));
    std::fs::write(folder.file("short"), [1, 2, 3]).expect("written");
    let short = error(folder.file("short"));
    assert!(
        matches!(&short, Error::WeightsFile { faults, .. } if faults[..] == [Fault::NoHeader { bytes: 3 }]),
        "{short}"
    );
    let mut cut = to_bytes(&two::<f32>(1)).expect("bytes");
    cut.pop();
    std::fs::write(folder.file("cut"), cut).expect("written");
    let cut = error(folder.file("cut"));
    assert!(
        cut.to_string().contains("it is cut short: it has 95 bytes of data, its header describes 96"),
        "{cut}"
    );
    assert_eq!(values(&model), before);
}

#[test]
fn folders_that_cannot_be_written() {
    let folder = Folder::new("unwritable");
    let model = two::<f32>(1);
    let refused = |path: PathBuf| assert!(matches!(save(&model, path), Err(Error::File { .. })));
    refused(folder.file("none/two"));
    // A folder with that name cannot be replaced, and nothing is left beside it.
    std::fs::create_dir(folder.file("taken")).expect("created");
    refused(folder.file("taken"));
    refused(PathBuf::from("/"));
    refused(PathBuf::new());
    assert_eq!(folder.names(), ["taken"]);

    let closed = folder.file("taken");
    let set = |readonly: bool| {
        let mut permissions = std::fs::metadata(&closed).expect("the folder").permissions();
        permissions.set_readonly(readonly);
        std::fs::set_permissions(&closed, permissions).expect("set");
    };
    set(true);
    // Root writes wherever it likes.
    if std::fs::write(closed.join("probe"), []).is_err() {
        refused(closed.join("two"));
    }
    set(false);
}

#[test]
fn many_writers_leave_one_whole_file() {
    let folder = Folder::new("writers");
    let path = folder.file("two.safetensors");
    save(&two::<f32>(0), &path).expect("saved");
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let path = &path;
            scope.spawn(move || (0..10).for_each(|_| save(&two::<f32>(seed), path).expect("saved")));
        }
        for _ in 0..50 {
            let mut model = two::<f32>(9);
            load(&mut model, &path).expect("a whole file");
            let found = values(&model);
            assert!((0..4).any(|seed| found == values(&two::<f32>(seed))));
        }
    });
    assert_eq!(folder.names(), ["two.safetensors"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("links");
    let (path, link) = (folder.file("two"), folder.file("latest"));
    save(&two::<f32>(0), &path).expect("saved");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
    std::os::unix::fs::symlink(&path, &link).expect("linked");
    save(&two::<f32>(1), &link).expect("saved");
    assert!(std::fs::symlink_metadata(&link).expect("the link").is_symlink());
    let mut model = two::<f32>(2);
    load(&mut model, &path).expect("loaded");
    assert_eq!(values(&model), values(&two::<f32>(1)));
    assert_eq!(std::fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
}
