//! Weights in HDF5 files, by path as in Keras 3 or by name as before.

use crate::error::Error;
use crate::hdf5::{Attribute, Data, Dataset, Group, Member};
use crate::weights::{Array, Values};

/// Variables of one object: a layer, a cell, an optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Variables {
    /// By path: that of the object, such as `layers/lstm/cell`, and empty for the model. By name: the layer's name.
    pub path: String,
    /// The object's own name, such as `lstm_1`. Files by path may lack it.
    pub name: Option<String>,
    /// In the order in which Keras made them.
    pub variables: Vec<Variable>,
}

/// A weight as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// By path: `0`, `1`, …, or the name that a layer chose. By name: `dense_1/kernel:0`, and without `:0` since Keras 3.
    pub name: String,
    /// Lengths of the axes; none for a single number.
    pub shape: Vec<usize>,
    /// The numbers. Those of `bfloat16` are `F32`, which has all of them.
    pub data: Data,
}

impl Variable {
    /// The weight as an array: double precision stays, everything else becomes single precision.
    ///
    /// # Errors
    /// If the elements are not numbers.
    pub fn into_array(self) -> Result<Array, Error> {
        let values = match self.data {
            Data::F32(values) => Values::F32(values),
            Data::F64(values) => Values::F64(values),
            other => Values::F32(other.to_f32().map_err(|error| error.within(self.name))?),
        };
        Ok(Array { shape: self.shape, values })
    }
}

/// Attributes with the names of layers and weights.
pub(super) const LAYERS: &str = "layer_names";
const WEIGHTS: &str = "weight_names";

/// The group of an object's variables, and the attribute with its name.
const VARIABLES: &str = "vars";
const NAME: &str = "name";

/// What Keras 2.13 calls `layers`.
const OLD_LAYERS: &str = "_layer_checkpoint_dependencies";

const OPTIMIZER: &str = "optimizer";

/// Variables by path, and those of the optimizer.
pub(super) fn by_path(root: Group) -> Result<(Vec<Variables>, Vec<Variables>), Error> {
    let mut all = Vec::new();
    collect(root, "", &mut all)?;
    let mut paths = std::collections::BTreeSet::new();
    if let Some(twice) = all.iter().find(|it| !paths.insert(&it.path)) {
        return Err(Error::new(format!("the variables of `{}` are there twice", twice.path)));
    }
    let of_optimizer =
        |it: &Variables| it.path.split('/').next().is_some_and(|first| first == OPTIMIZER);
    Ok(all.into_iter().partition(|it| !of_optimizer(it)))
}

fn collect(group: Group, path: &str, all: &mut Vec<Variables>) -> Result<(), Error> {
    for (name, member) in group.members {
        let within = |error: Error| error.within(name.clone());
        match member {
            Member::Group(group) if name == VARIABLES => {
                let found = variables(group, path.to_owned()).map_err(within)?;
                all.push(found);
            }
            Member::Group(group) => {
                let name = if name == OLD_LAYERS { "layers" } else { &name };
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                collect(group, &path, all).map_err(within)?;
            }
            // Keras stores variables in groups `vars` only; what else a file has are no weights.
            Member::Dataset(_) => {}
        }
    }
    Ok(())
}

fn variables(group: Group, path: String) -> Result<Variables, Error> {
    let name = group.attribute(NAME).map(Attribute::as_text).transpose()?;
    let mut variables = Vec::new();
    for (name, member) in group.members {
        match member {
            Member::Dataset(dataset) => variables.push(variable(name, dataset)?),
            Member::Group(_) => return Err(Error::new("a group is among variables").within(name)),
        }
    }
    sort(&mut variables);
    Ok(Variables { path, name, variables })
}

/// Numbers in their order, `2` before `10`, then names.
pub(super) fn sort(variables: &mut [Variable]) {
    let number = |it: &Variable| it.name.parse().unwrap_or(u64::MAX);
    variables.sort_by(|one, other| (number(one), &one.name).cmp(&(number(other), &other.name)));
}

fn variable(name: String, dataset: Dataset) -> Result<Variable, Error> {
    let dtype = dataset.attribute("dtype").map(Attribute::as_text).transpose();
    let dtype = dtype.map_err(|error| error.within("attribute `dtype`").within(name.clone()))?;
    let data = match (dtype.as_deref(), dataset.data) {
        // The upper half of single precision.
        (Some("bfloat16"), Data::Opaque { width: 2, bytes }) => {
            let bits = |it: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*it)) << 16);
            Data::F32(bytes.as_chunks().0.iter().map(bits).collect())
        }
        (_, data @ (Data::Text(_) | Data::FixedText { .. } | Data::Opaque { .. })) => {
            let dtype = data.dtype();
            return Err(Error::new(format!("the variable has elements of type `{dtype}`, not numbers")).within(name));
        }
        (_, data) => data,
    };
    Ok(Variable { name, shape: dataset.shape, data })
}

/// Whether a group has a list of names.
pub(super) fn has_names(group: &Group, list: &str) -> bool {
    group.attribute(list).is_some() || group.attribute(&format!("{list}0")).is_some()
}

/// A list of names, which is in several attributes if it is too long for one.
fn names(group: &Group, list: &str) -> Result<Vec<String>, Error> {
    let texts = |attribute: &Attribute, name: &str| {
        attribute.data.texts().map_err(|error| error.within(format!("attribute `{name}`")))
    };
    if let Some(attribute) = group.attribute(list) {
        return texts(attribute, list);
    }
    let mut names = Vec::new();
    for part in 0.. {
        let name = format!("{list}{part}");
        match group.attribute(&name) {
            Some(attribute) => names.extend(texts(attribute, &name)?),
            None if part == 0 => return Err(Error::new(format!("the attribute `{list}` is missing"))),
            None => break,
        }
    }
    Ok(names)
}

/// Variables by layer and name, in the order of the lists.
pub(super) fn by_name(group: &mut Group) -> Result<Vec<Variables>, Error> {
    let mut layers = names(group, LAYERS)?;
    // Weights of the model that no layer has.
    const TOP: &str = "top_level_model_weights";
    if group.group(TOP).is_some_and(|it| !it.members.is_empty()) {
        layers.push(TOP.into());
    }
    let mut all = Vec::with_capacity(layers.len());
    for name in layers {
        // Twice in the list is missing the second time.
        let Some(Member::Group(layer)) = group.members.remove(&name) else {
            return Err(Error::new(format!("there is no group of the layer `{name}`, which is in `{LAYERS}`")));
        };
        let variables = listed(layer).map_err(|error| error.within(name.clone()))?;
        all.push(Variables { path: name.clone(), name: Some(name), variables });
    }
    Ok(all)
}

/// The state of an optimizer in a legacy file.
pub(super) fn of_optimizer(group: Group) -> Result<Variables, Error> {
    const PATH: &str = "optimizer_weights";
    let variables = listed(group).map_err(|error| error.within(PATH))?;
    Ok(Variables { path: PATH.into(), name: None, variables })
}

/// The datasets of a list, whose names are paths in the group.
fn listed(mut group: Group) -> Result<Vec<Variable>, Error> {
    let mut variables = Vec::new();
    for name in names(&group, WEIGHTS)? {
        let dataset = take(&mut group, &name);
        let dataset = dataset
            .ok_or_else(|| Error::new(format!("there is no dataset `{name}`, which is in `{WEIGHTS}`")))?;
        variables.push(variable(name, dataset)?);
    }
    Ok(variables)
}

fn take(group: &mut Group, path: &str) -> Option<Dataset> {
    match path.split_once('/') {
        Some((first, rest)) => match group.members.get_mut(first)? {
            Member::Group(group) => take(group, rest),
            Member::Dataset(_) => None,
        },
        None => match group.members.remove(path)? {
            Member::Dataset(dataset) => Some(dataset),
            Member::Group(_) => None,
        },
    }
}
