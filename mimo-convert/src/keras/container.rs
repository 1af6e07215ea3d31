//! Files of Keras models: what is in them, as Keras has it.
//!
//! | file | written by | configs | weights |
//! |---|---|---|---|
//! | `.keras` | `model.save`, Keras 3 | `config.json`, with `compile_config` | by path |
//! | `.h5` | `model.save`, Keras 2, tf.keras and 3 | attributes `model_config`, `training_config` | by name |
//! | `.weights.h5` | `model.save_weights`, Keras 3 | none | by path |
//! | `.weights.json` | `model.save_weights` with `max_shard_size` | none | by path, in the files that it lists |
//! | `.h5` | `model.save_weights`, Keras 2; keras.applications | none | by name |
//! | `.json` | `model.to_json` | the file | none |
//!
//! ```no_run
//! use mimo_convert::keras::KerasFile;
//!
//! let file = KerasFile::read("model.keras".as_ref())?;
//! for object in &file.weights {
//!     let shapes: Vec<_> = object.variables.iter().map(|it| &it.shape).collect();
//!     println!("{} is {:?}, with shapes {shapes:?}", object.path, object.name);
//! }
//! # Ok::<(), mimo_convert::Error>(())
//! ```
//!
//! A file is recognized by its content. Nothing in it is executed, and no other file is opened, except for the shards
//! of a `.weights.json` file, which lie beside it.

mod shards;
mod variables;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::hdf5::{self, Group};
use crate::zip::{self, Archive};

pub use shards::ShardIndex;
pub use variables::{Variable, Variables};

/// Kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A `.keras` archive: a whole model, weights by path.
    Archive,
    /// A `.h5` file of `model.save`: a whole model, weights by name.
    LegacyModel,
    /// A `.weights.h5` file of Keras 3, or the shards of one: weights by path.
    Weights,
    /// A `.h5` file of `save_weights` before Keras 3: weights by name.
    LegacyWeights,
    /// A config of `to_json`.
    Config,
}

/// The content of a file of Keras.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasFile {
    /// Kind of the file.
    pub format: Format,
    /// The version of Keras that wrote the file, if the file says so.
    pub keras_version: Option<String>,
    /// The model: class and config, as Keras serializes it, without `compile_config`.
    pub config: Option<Value>,
    /// Optimizer, losses and metrics: `compile_config` of Keras 3, `training_config` of legacy files.
    pub compile_config: Option<Value>,
    /// Weights of layers, moving statistics and states of random generators included.
    ///
    /// By path there is an entry for each object with a name or variables, such as `layers/dense_1` or
    /// `layers/lstm/cell`, in the order of paths. By name there is one for each layer, in the order of the model.
    pub weights: Vec<Variables>,
    /// State of the optimizer: of Keras 3 under the path `optimizer`, of legacy files under `optimizer_weights`.
    pub optimizer: Vec<Variables>,
    /// Files that layers have besides weights, by their names in the archive: vocabularies.
    pub assets: BTreeMap<String, Vec<u8>>,
}

const CONFIG: &str = "config.json";
const METADATA: &str = "metadata.json";
const WEIGHTS: &str = "model.weights.h5";
const ASSETS: &str = "assets/";

impl KerasFile {
    /// Reads a file, or the directory that `model.save(…, zipped=False)` writes. Shards are read from the same directory.
    ///
    /// # Errors
    /// If a file cannot be read, and those of [`parse`](Self::parse).
    pub fn read(path: &Path) -> Result<Self, Error> {
        let read = |path: &Path| {
            std::fs::read(path)
                .map_err(|error| Error::new(error.to_string()).within(path.display().to_string()))
        };
        if path.is_dir() {
            let [config, metadata, weights] = [CONFIG, METADATA, WEIGHTS].map(|name| read(&path.join(name)));
            return Self::whole(&config?, metadata.ok().as_deref(), &weights?, BTreeMap::new());
        }
        let bytes = read(path)?;
        match ShardIndex::parse(&bytes) {
            Some(index) => index?.read(|name| read(&path.with_file_name(name))),
            None => Self::parse(&bytes),
        }
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// If the bytes are none of Keras's files, are damaged, or use what is not read; the error says where. The index of a
    /// sharded file is an error, since its shards are other files: see [`ShardIndex`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if Archive::is_zip(bytes) {
            return Self::archive(&Archive::parse(bytes)?);
        }
        if hdf5::File::is_hdf5(bytes) {
            return Self::hdf5(hdf5::File::parse(bytes)?.into_root());
        }
        match ShardIndex::parse(bytes) {
            Some(index) => {
                let index = index?;
                let names: Vec<&str> = index.files().collect();
                Err(Error::new(format!(
                    "the file is an index of shards, whose weights are in {}",
                    names.join(", ")
                )))
            }
            None if bytes.trim_ascii_start().starts_with(b"{") => Self::of_config(bytes, None),
            None => Err(Error::new(
                "not a file of Keras: it is neither a zip archive (`.keras`), nor HDF5 (`.h5`, `.weights.h5`), nor JSON (`to_json`)",
            )),
        }
    }

    fn archive(archive: &Archive<'_>) -> Result<Self, Error> {
        let needed = |name: &str| {
            archive.read(name)?.ok_or_else(|| {
                Error::new(match (name, archive.names().any(|it| it == "model.weights.npz")) {
                    (WEIGHTS, true) => {
                        "the weights are in `model.weights.npz`, which is not read; save the model with `weights_format=\"h5\"`"
                    }
                    _ => "the archive has no such member, so it is not a `.keras` file",
                })
                .within(name)
            })
        };
        let mut assets = BTreeMap::new();
        for name in archive.names().filter(|name| name.starts_with(ASSETS)) {
            if let Some(bytes) = archive.read(name)? {
                assets.insert(name.to_owned(), bytes.into_owned());
            }
        }
        let metadata = archive.read(METADATA)?;
        Self::whole(&needed(CONFIG)?, metadata.as_deref(), &needed(WEIGHTS)?, assets)
    }

    /// A whole model of Keras 3.
    fn whole(
        config: &[u8],
        metadata: Option<&[u8]>,
        weights: &[u8],
        assets: BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, Error> {
        let within = |name: &'static str| move |error: Error| error.within(name);
        let config = Self::of_config(config, metadata).map_err(within(CONFIG))?;
        let weights = hdf5::File::parse(weights).map_err(within(WEIGHTS))?;
        let (weights, optimizer) = variables::by_path(weights.into_root()).map_err(within(WEIGHTS))?;
        Ok(KerasFile { format: Format::Archive, weights, optimizer, assets, ..config })
    }

    fn of_config(bytes: &[u8], metadata: Option<&[u8]>) -> Result<Self, Error> {
        let mut config = json(bytes)?;
        let object = config.as_object_mut().filter(|it| it.contains_key("class_name"));
        let object = object
            .ok_or_else(|| Error::new("the JSON is not the config of a model: it has no `class_name`"))?;
        let compile_config = object.remove("compile_config").filter(|it| !it.is_null());
        // `to_json` of Keras 2 has the version beside the config.
        let own = object.get("keras_version").and_then(Value::as_str).map(str::to_owned);
        let version = match metadata {
            None => own,
            Some(metadata) => {
                let metadata = json(metadata).map_err(|error| error.within(METADATA))?;
                metadata.get("keras_version").and_then(Value::as_str).map(str::to_owned)
            }
        };
        let file = KerasFile::empty(Format::Config);
        Ok(KerasFile { keras_version: version, config: Some(config), compile_config, ..file })
    }

    fn hdf5(mut root: Group) -> Result<Self, Error> {
        let attribute = |group: &Group, name: &str| {
            let text = group.attribute(name).map(hdf5::Attribute::as_text).transpose();
            text.map_err(|error| error.within(format!("attribute `{name}`")))
        };
        let parsed = |name: &str| {
            let text = attribute(&root, name)?;
            let value = text.map(|text| json(text.as_bytes())).transpose();
            value.map_err(|error| error.within(format!("attribute `{name}`")))
        };
        let (config, compile_config) = (parsed("model_config")?, parsed("training_config")?);
        let mut keras_version = attribute(&root, "keras_version")?;
        if let Some(hdf5::Member::Group(mut group)) = root.members.remove("model_weights") {
            keras_version = keras_version.or(attribute(&group, "keras_version")?);
            let weights = variables::by_name(&mut group).map_err(|error| error.within("model_weights"))?;
            let optimizer = match root.members.remove("optimizer_weights") {
                Some(hdf5::Member::Group(group)) => vec![variables::of_optimizer(group)?],
                _ => Vec::new(),
            };
            let file = KerasFile::empty(Format::LegacyModel);
            return Ok(KerasFile { keras_version, config, compile_config, weights, optimizer, ..file });
        }
        if variables::has_names(&root, variables::LAYERS) {
            let weights = variables::by_name(&mut root)?;
            return Ok(KerasFile { keras_version, weights, ..KerasFile::empty(Format::LegacyWeights) });
        }
        let (weights, optimizer) = variables::by_path(root)?;
        if weights.is_empty() && optimizer.is_empty() {
            return Err(Error::new(
                "not an HDF5 file of Keras: it has neither `model_weights`, nor `layer_names`, nor groups `vars`",
            ));
        }
        Ok(KerasFile { keras_version, weights, optimizer, ..KerasFile::empty(Format::Weights) })
    }

    fn empty(format: Format) -> Self {
        KerasFile {
            format,
            keras_version: None,
            config: None,
            compile_config: None,
            weights: Vec::new(),
            optimizer: Vec::new(),
            assets: BTreeMap::new(),
        }
    }
}

fn json(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::new(format!("not valid JSON: {error}")))
}

/// The bytes of a `.keras` file: a model's config, with `compile_config`, and its weights by path.
///
/// `saved` is the time in Keras's form, `2026-11-30@12:00:00`: it is an argument so that equal models make equal files.
///
/// # Errors
/// Those of [`File::to_bytes`](hdf5::File::to_bytes).
pub fn write_archive(
    config: &Value,
    keras_version: &str,
    saved: &str,
    weights: Group,
) -> Result<Vec<u8>, Error> {
    let metadata = serde_json::json!({ "keras_version": keras_version, "date_saved": saved }).to_string();
    let weights = hdf5::File::new(weights).to_bytes().map_err(|error| error.within(WEIGHTS))?;
    let config = config.to_string();
    zip::write(&[(METADATA, metadata.as_bytes()), (CONFIG, config.as_bytes()), (WEIGHTS, &weights)])
}
