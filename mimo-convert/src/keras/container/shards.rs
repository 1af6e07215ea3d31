//! Weights in several files: `model.save_weights("model.weights.json", max_shard_size=…)`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::variables::sort;
use super::{Format, KerasFile, Variables};
use crate::error::Error;

/// The index of a sharded file: which shards have the variables of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIndex {
    /// Files by the path of an object.
    map: BTreeMap<String, Vec<String>>,
}

impl ShardIndex {
    /// The index, if the bytes are one: JSON with a `weight_map`.
    pub fn parse(bytes: &[u8]) -> Option<Result<Self, Error>> {
        // A look before the parser: every other file is not JSON, or would be parsed twice.
        if !bytes.trim_ascii_start().starts_with(b"{") || !bytes.windows(12).any(|it| it == b"\"weight_map\"") {
            return None;
        }
        let json: Value = serde_json::from_slice(bytes).ok()?;
        json.get("class_name").is_none().then(|| Self::of_json(json.get("weight_map")?)).flatten()
    }

    fn of_json(map: &Value) -> Option<Result<Self, Error>> {
        let files = |value: &Value| -> Result<Vec<String>, Error> {
            let names = match value {
                Value::Array(values) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            names.iter().map(file).collect()
        };
        let each = map.as_object()?.iter().map(|(path, value)| {
            let files = files(value).map_err(|error| error.within(path.clone()))?;
            let path = path.trim_matches('/');
            let path = path.strip_suffix("vars").unwrap_or(path).trim_end_matches('/');
            Ok((path.to_owned(), files))
        });
        Some(each.collect::<Result<_, Error>>().map(|map| ShardIndex { map }))
    }

    /// The names of the shards, which lie beside the index.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.map.values().flatten().map(String::as_str).collect::<BTreeSet<_>>().into_iter()
    }

    /// Reads the shards as one file. `open` returns the bytes of a shard by its name.
    ///
    /// # Errors
    /// If a shard is not a file of weights, or has not what the index says.
    pub fn read(&self, open: impl Fn(&str) -> Result<Vec<u8>, Error>) -> Result<KerasFile, Error> {
        let mut all: BTreeMap<String, Variables> = BTreeMap::new();
        let mut optimizer: BTreeMap<String, Variables> = BTreeMap::new();
        for name in self.files() {
            let shard = KerasFile::parse(&open(name)?).map_err(|error| error.within(name))?;
            if shard.format != Format::Weights {
                return Err(Error::new("the shard is not a file of weights by path").within(name));
            }
            for (to, from) in [(&mut all, shard.weights), (&mut optimizer, shard.optimizer)] {
                for found in from {
                    let own = self.map.get(&found.path).is_some_and(|files| files.iter().any(|it| it == name));
                    if !own && !found.variables.is_empty() {
                        let reason = format!("`{}` has weights in a shard that the index does not list", found.path);
                        return Err(Error::new(reason).within(name));
                    }
                    merge(to, found).map_err(|error| error.within(name))?;
                }
            }
        }
        let missing = self.map.keys().find(|&path| !all.contains_key(path) && !optimizer.contains_key(path));
        if let Some(path) = missing {
            return Err(Error::new(format!("the weights of `{path}` are in no shard, but in the index")));
        }
        let [weights, optimizer] = [all, optimizer].map(|it| it.into_values().collect());
        Ok(KerasFile { weights, optimizer, ..KerasFile::empty(Format::Weights) })
    }
}

/// The name of a shard. It is a name in the directory of the index, not a path.
fn file(value: &Value) -> Result<String, Error> {
    let name = value.as_str().ok_or_else(|| Error::new("the name of a shard is not a string"))?;
    let plain = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-' | '.' | ' ');
    match name.chars().all(plain) && !name.starts_with('.') && name.ends_with(".weights.h5") {
        true => Ok(name.to_owned()),
        false => Err(Error::new(format!(
            "`{}` is not the name of a shard: shards are files `….weights.h5` beside the index",
            name.escape_debug()
        ))),
    }
}

/// Variables of one object may be in several shards.
fn merge(all: &mut BTreeMap<String, Variables>, found: Variables) -> Result<(), Error> {
    let Some(to) = all.get_mut(&found.path) else {
        all.insert(found.path.clone(), found);
        return Ok(());
    };
    to.name = to.name.take().or(found.name);
    to.variables.extend(found.variables);
    sort(&mut to.variables);
    let after = to.variables.iter().skip(1);
    match to.variables.iter().zip(after).find(|(one, next)| one.name == next.name) {
        Some((twice, _)) => Err(Error::new(format!("`{}/vars/{}` is in two shards", to.path, twice.name))),
        None => Ok(()),
    }
}
