//! Files of Keras are read whatever their container is, and say what Keras says.

mod fixtures;

use fixtures::{EXPECTED, KERAS, file};
use mimo_convert::hdf5::{Attribute, Data, Dataset, File, Group};
use mimo_convert::keras::container::{Format, KerasFile, ShardIndex, Variable, Variables, write_archive};
use mimo_convert::zip;
use serde_json::{Value, json};

fn read(name: &str) -> KerasFile {
    KerasFile::parse(&file(KERAS, name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn error(bytes: &[u8]) -> String {
    KerasFile::parse(bytes).expect_err("a file that is refused").to_string()
}

fn expected() -> Value {
    serde_json::from_str(EXPECTED).expect("JSON")
}

/// Shape and sum of a variable.
fn summary(variable: &Variable) -> Value {
    let values = variable.data.to_f32().expect("numbers");
    let sum: f64 = values.iter().map(|&it| f64::from(it)).sum();
    json!({ "shape": variable.shape, "sum": sum })
}

fn assert_same(found: &[Value], expected: &[Value], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found["shape"], expected["shape"], "{what}: {expected}");
        let [one, other] = [found, expected].map(|it| it["sum"].as_f64().expect("a number"));
        assert!((one - other).abs() < 1e-6 * other.abs().max(1.0), "{what}: {expected}, not {one}");
    }
}

/// The variables of a layer by its path in `small.keras` and the beginnings of their paths in the model.
const LAYERS: [(&str, &str, &str); 10] = [
    ("layers/dense", "first", "first/"),
    ("layers/batch_normalization", "norm", "norm/"),
    ("layers/functional/layers/dense", "inner_dense", "inner_dense/"),
    ("layers/embedding", "embedding", "embedding/"),
    ("layers/bidirectional/forward_layer/cell", "lstm_cell", "both/forward_lstm/"),
    ("layers/bidirectional/backward_layer/cell", "lstm_cell", "both/backward_lstm/"),
    ("layers/dense_1", "shared", "shared/"),
    ("layers/dense_2", "kind", "kind/"),
    ("layers/dense_3", "price", "price/"),
    ("layers/concatenate", "joined", "joined/"),
];

fn by_path(file: &KerasFile, what: &str) {
    let expected = expected();
    let all = expected["weights"].as_array().expect("weights");
    for (path, name, prefix) in LAYERS {
        let found =
            file.weights.iter().find(|it| it.path == path).unwrap_or_else(|| panic!("{what}: {path}"));
        assert_eq!(found.name.as_deref(), Some(name), "{what}");
        let of_layer = |it: &&Value| it["path"].as_str().is_some_and(|path| path.starts_with(prefix));
        let weights: Vec<Value> = all.iter().filter(of_layer).cloned().collect();
        assert_same(&found.variables.iter().map(summary).collect::<Vec<_>>(), &weights, path);
    }
    let count: usize = file.weights.iter().map(|it| it.variables.len()).sum();
    assert_eq!(count, all.len(), "{what}");
    let [optimizer] = &file.optimizer[..] else { panic!("{what}: {:?}", file.optimizer) };
    assert_eq!((optimizer.path.as_str(), optimizer.name.as_deref()), ("optimizer", Some("adam")), "{what}");
    of_optimizer(optimizer, what);
}

/// In the order of Keras: the iteration, the learning rate, and two states of each weight.
fn of_optimizer(found: &Variables, what: &str) {
    let expected = expected();
    let expected = expected["optimizer"].as_array().expect("variables");
    assert_same(&found.variables.iter().map(summary).collect::<Vec<_>>(), expected, what);
    assert_eq!(found.variables[0].data, Data::I64(vec![2]), "{what}: two steps");
}

#[test]
fn a_model_of_keras_3_is_read() {
    let small = read("small.keras");
    assert_eq!(small.format, Format::Archive);
    assert_eq!(small.keras_version.as_deref(), expected()["keras_version"].as_str());
    by_path(&small, "small.keras");
    let config = small.config.as_ref().expect("a config");
    assert_eq!(config["class_name"], "Functional");
    assert_eq!(config.get("compile_config"), None);
    let compile = small.compile_config.as_ref().expect("a compile config");
    assert_eq!(compile["optimizer"]["class_name"], "Adam");
    assert_eq!(compile["loss_weights"]["price"], 0.5);
    assert_eq!(read("small_deflated.keras"), small);
    // The config on its own has the same layers, though not the `shared_object_id`s of their parts.
    let json = read("small.json");
    assert_eq!((json.format, json.weights.len()), (Format::Config, 0));
    let names = |config: &Value| -> Vec<String> {
        let layers = config["config"]["layers"].as_array().expect("layers").iter();
        layers.map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(json.config.as_ref().expect("a config")), names(config));
    assert_eq!(json.compile_config, small.compile_config);
}

#[test]
fn weights_alone_are_read() {
    let weights = read("small.weights.h5");
    assert_eq!((weights.format, &weights.config, &weights.compile_config), (Format::Weights, &None, &None));
    by_path(&weights, "small.weights.h5");
    assert_eq!(weights.weights, read("small.keras").weights);
    assert_eq!(weights.optimizer, read("small.keras").optimizer);
}

#[test]
fn shards_are_one_file() {
    let index = file(KERAS, "sharded.weights.json");
    let shards = ShardIndex::parse(&index).expect("an index").expect("a valid index");
    let names: Vec<&str> = shards.files().collect();
    assert!(names.len() > 1, "{names:?}");
    let whole = shards.read(|name| Ok(file(KERAS, name))).expect("shards");
    by_path(&whole, "shards");
    assert_eq!(
        error(&index),
        format!("the file is an index of shards, whose weights are in {}", names.join(", "))
    );
    // One shard is missing what the index says, another has what it does not say.
    let error = shards.read(|_| Ok(file(KERAS, names[0]))).expect_err("shards that are all the first");
    assert!(error.to_string().contains("in a shard that the index does not list"), "{error}");
    let text = String::from_utf8(index).expect("JSON");
    for (name, reason) in [
        ("../sharded", "is not the name"),
        ("/etc/sharded", "is not the name"),
        (".sharded", "is not the name"),
    ] {
        let index = text.replace("sharded_00000", name);
        let error = ShardIndex::parse(index.as_bytes()).expect("an index").expect_err("a path");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn a_legacy_model_is_read() {
    let small = read("small.h5");
    assert_eq!(small.format, Format::LegacyModel);
    assert_eq!(small.keras_version.as_deref(), expected()["keras_version"].as_str());
    assert_eq!(small.config.as_ref().map(|it| it["class_name"].clone()), Some("Functional".into()));
    assert_eq!(
        small.compile_config.as_ref().map(|it| it["optimizer_config"]["class_name"].clone()),
        Some("Adam".into())
    );
    // The order of the model, which is not that of names.
    let names: Vec<&str> = small.weights.iter().map(|it| it.path.as_str()).collect();
    let order = [
        "numbers",
        "first",
        "words",
        "norm",
        "embedding",
        "inner",
        "both",
        "shared",
        "joined",
        "kind",
        "price",
    ];
    assert_eq!(names, order);
    let expected = expected();
    for weight in expected["weights"].as_array().expect("weights") {
        let path = weight["path"].as_str().expect("a path");
        let found = small.weights.iter().flat_map(|it| &it.variables).find(|it| it.name == path);
        assert_same(
            &[summary(found.unwrap_or_else(|| panic!("{path}")))],
            std::slice::from_ref(weight),
            path,
        );
    }
    let [optimizer] = &small.optimizer[..] else { panic!("{:?}", small.optimizer) };
    assert_eq!(optimizer.path, "optimizer_weights");
    of_optimizer(optimizer, "small.h5");
}

#[test]
fn a_model_of_keras_2_is_read() {
    let old = read("keras2.h5");
    assert_eq!((old.format, old.keras_version.as_deref()), (Format::LegacyModel, Some("2.15.0")));
    assert_eq!(old.config.as_ref().map(|it| it["config"]["name"].clone()), Some("old".into()));
    assert_eq!((&old.compile_config, old.optimizer.len()), (&None, 0));
    let kernel = Data::F32(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let variables = vec![
        Variable { name: "dense_1/kernel:0".into(), shape: vec![3, 2], data: kernel },
        Variable { name: "dense_1/bias:0".into(), shape: vec![2], data: Data::F32(vec![0.5, -0.5]) },
    ];
    assert_eq!(old.weights, [Variables { path: "dense_1".into(), name: Some("dense_1".into()), variables }]);
}

#[test]
fn bfloat16_is_single_precision() {
    let half = read("bfloat16.keras");
    let dense = half.weights.iter().find(|it| it.path == "layers/dense").expect("a layer");
    let expected = expected()["bfloat16"].as_array().expect("weights").clone();
    assert_same(&dense.variables.iter().map(summary).collect::<Vec<_>>(), &expected, "bfloat16.keras");
    assert!(dense.variables.iter().all(|it| matches!(it.data, Data::F32(_))));
}

/// Keras writes lists of names that are larger than 64 KiB to several attributes.
#[test]
fn long_lists_of_names_are_in_parts() {
    let names: Vec<String> = (0..5).map(|at| format!("{:x<16000}", format!("layer_{at:02}"))).collect();
    let listed = File::parse(&file(KERAS, "split_names.h5")).expect("a file").into_root();
    assert!(listed.attribute("layer_names").is_none() && listed.attribute("layer_names1").is_some());
    let mut root = Group { attributes: listed.attributes, ..Group::default() };
    for (at, name) in names.iter().enumerate() {
        let group = root.make_group(name).expect("a group");
        group.attributes.insert("weight_names".into(), Attribute::texts(["w:0"]));
        group.insert("w:0", Dataset::new([], Data::F32(vec![at as f32]))).expect("a new path");
    }
    let read = KerasFile::parse(&File::new(root).to_bytes().expect("a file")).expect("a file of Keras");
    assert_eq!(read.format, Format::LegacyWeights);
    assert!(read.weights.iter().map(|it| &it.path).eq(&names));
    for (at, layer) in read.weights.iter().enumerate() {
        assert_eq!(layer.variables[0].data, Data::F32(vec![at as f32]));
    }
}

#[test]
fn an_archive_is_written_that_is_read() {
    let small = read("small.keras");
    let bytes = file(KERAS, "small.keras");
    let archive = zip::Archive::parse(&bytes).expect("an archive");
    let weights = archive.read("model.weights.h5").expect("a whole member").expect("weights");
    let weights = File::parse(&weights).expect("HDF5").into_root();
    let mut config = small.config.clone().expect("a config");
    config["compile_config"] = small.compile_config.clone().expect("a compile config");
    let written = write_archive(&config, "3.15.1", "2026-11-30@12:00:00", weights).expect("an archive");
    assert_eq!(KerasFile::parse(&written), Ok(small));
    // By hand: `keras.models.load_model`.
    if let Some(path) = std::env::var_os("WRITE_KERAS") {
        std::fs::write(path, written).expect("a file");
    }
}

#[test]
fn what_is_not_a_file_of_keras_says_what_it_is() {
    let weights = |root: Group| File::new(root).to_bytes().expect("a file");
    let layers = |names: &[&str]| {
        let mut root = Group::default();
        root.attributes.insert("layer_names".into(), Attribute::texts(names.iter().copied()));
        root
    };
    let archive = |members: &[(&str, &[u8])]| zip::write(members).expect("an archive");
    let none = "not a file of Keras: it is neither a zip archive (`.keras`), nor HDF5 (`.h5`, `.weights.h5`), nor JSON (`to_json`)";
    let config: (&str, &[u8]) = ("config.json", br#"{"class_name": "Sequential", "config": {}}"#);
    let mut text = Group::default();
    let string = Dataset::new([1], Data::Text(vec!["x".into()]));
    text.insert("layers/dense/vars/0", string).expect("a new path");
    let mut no_list = layers(&["a"]);
    no_list.make_group("a").expect("a group");
    let mut no_weight = no_list.clone();
    let group = no_weight.make_group("a").expect("a group");
    group.attributes.insert("weight_names".into(), Attribute::texts(["a/kernel:0"]));
    let mut bad_config = Group::default();
    bad_config.attributes.insert("model_config".into(), Attribute::text("{"));
    let cases: [(Vec<u8>, &str); 14] = [
        (vec![], none),
        (b"GGUF".to_vec(), none),
        (b"[1]".to_vec(), none),
        (b"{\"layers\": []}".to_vec(), "the JSON is not the config of a model: it has no `class_name`"),
        (b"{".to_vec(), "not valid JSON: EOF while parsing an object at line 1 column 1"),
        (
            format!("{{\"class_name\": {}", "[".repeat(100_000)).into_bytes(),
            "not valid JSON: recursion limit exceeded at line 1 column 142",
        ),
        (
            archive(&[("a.txt", b"")]),
            "config.json: the archive has no such member, so it is not a `.keras` file",
        ),
        (
            archive(&[config, ("model.weights.npz", b"")]),
            "model.weights.h5: the weights are in `model.weights.npz`, which is not read; save the model with `weights_format=\"h5\"`",
        ),
        (
            archive(&[config, ("model.weights.h5", b"?")]),
            "model.weights.h5: not an HDF5 file: it does not begin with `\\x89HDF`; if it has a user block, remove it with `h5unjam`",
        ),
        (
            weights(Group::default()),
            "not an HDF5 file of Keras: it has neither `model_weights`, nor `layer_names`, nor groups `vars`",
        ),
        (weights(text), "layers: dense: vars: 0: the variable has elements of type `str`, not numbers"),
        (weights(layers(&["a"])), "there is no group of the layer `a`, which is in `layer_names`"),
        (weights(no_list), "a: the attribute `weight_names` is missing"),
        (weights(no_weight), "a: there is no dataset `a/kernel:0`, which is in `weight_names`"),
    ];
    for (bytes, expected) in &cases {
        assert_eq!(&error(bytes), expected);
    }
    let error = error(&weights(bad_config));
    assert!(error.starts_with("attribute `model_config`: not valid JSON: EOF"), "{error}");
}

/// A model as a directory, and shards beside their index.
#[test]
fn files_are_read_from_disk() {
    let directory = std::env::temp_dir().join(format!("mimo-convert-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("model")).expect("a directory");
    let bytes = file(KERAS, "small.keras");
    let archive = zip::Archive::parse(&bytes).expect("an archive");
    for name in archive.names() {
        let member = archive.read(name).expect("a whole member").expect("a member");
        std::fs::write(directory.join("model").join(name), member).expect("a file");
    }
    for name in fixtures::names(KERAS) {
        std::fs::write(directory.join(&name), file(KERAS, &name)).expect("a file");
    }
    let read = |name: &str| KerasFile::read(&directory.join(name));
    assert_eq!(read("model"), read("small.keras"));
    by_path(&read("sharded.weights.json").expect("shards"), "sharded.weights.json");
    std::fs::remove_file(directory.join("sharded_00000.weights.h5")).expect("a file");
    let error = read("sharded.weights.json").expect_err("a missing shard").to_string();
    assert!(error.contains("sharded_00000.weights.h5: "), "{error}");
    std::fs::remove_dir_all(&directory).expect("a directory");
}
