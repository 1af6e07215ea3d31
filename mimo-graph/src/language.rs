//! The language of `model!`: every layer, activation, loss, metric, optimizer and initializer as an item with its
//! arguments, their defaults and what they mean.
//!
//! An item here is no value to compute with: it documents what a word inside of `model!` stands for. Editors find it
//! there too, since the macro tells rust-analyzer which item each word of a model is: hovering shows these pages, and
//! the fields of an item are the keyword arguments that are offered while a call is being typed.
//!
//! Names, argument order, defaults and meaning are Keras 3's; arguments of Keras that mimo does not have are not
//! listed, and writing one is an error that says what to write instead. Arguments are given by position, in the order in
//! which they stand here, or as `keyword = value`.
//!
//! - [`layers`]: `Input`, `Dense`, `Conv2D`, `LSTM`, `concatenate`, …
//! - [`activations`]: `relu`, `softmax`, …
//! - [`model`]: `Model(…)` and `.compile(…)`
//! - [`losses`], [`metrics`], [`optimizers`]
//! - [`initializers`], [`regularizers`], [`constraints`]
//! - [`values`]: what an argument may be

#[macro_use]
mod item;
pub mod activations;
pub mod constraints;
pub mod initializers;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod model;
pub mod optimizers;
pub mod regularizers;
pub mod tensor;
#[cfg(test)]
mod tests;
pub mod values;

pub use item::{Argument, Item, Kind, a, an, any, of};

use crate::args::Signature;

/// The items of a module of the language, by its name.
#[doc(hidden)]
pub fn items(module: &str) -> impl Iterator<Item = &'static Item> {
    let lists: &[&[Item]] = match module {
        "activations" => &[activations::ITEMS],
        "constraints" => &[constraints::ITEMS],
        "initializers" => &[initializers::ITEMS],
        "layers" => layers::ITEMS,
        "losses" => &[losses::ITEMS],
        "metrics" => &[metrics::ITEMS],
        "model" => &[model::ITEMS],
        "optimizers" => &[optimizers::ITEMS],
        "regularizers" => &[regularizers::ITEMS],
        _ => &[],
    };
    lists.iter().copied().flatten()
}

/// The item that a word stands for.
#[doc(hidden)]
pub fn find(module: &str, name: &str) -> Option<&'static Item> {
    let found = items(module).find(|item| item.names.contains(&name));
    // Two layers are written where an activation is meant.
    let also =
        || items("layers").find(|item| activations::LAYERS.contains(&name) && item.names.contains(&name));
    found.or_else(|| also().filter(|_| module == "activations"))
}

/// What the macro accepts by position, which is more than an item lists: Keras's arguments that mimo does not have.
#[doc(hidden)]
pub fn positional(module: &str, name: &str) -> &'static [&'static str] {
    let found = signatures(module).into_iter().find(|(names, _)| names.contains(&name));
    found.map_or(&[], |(_, signature)| signature.params)
}

/// The spellings of everything that the macro accepts in the place of a module's items, and what a call takes.
fn signatures(module: &str) -> Vec<(Vec<&'static str>, Signature)> {
    match module {
        "activations" => crate::activation::Activation::signatures(),
        "constraints" => crate::initializer::Constraint::signatures(),
        "initializers" => crate::initializer::Initializer::signatures(),
        "layers" => crate::layers::signatures(),
        "losses" => crate::compile::losses::signatures(),
        "metrics" => crate::compile::metrics::signatures(),
        "model" => vec![(vec!["compile"], crate::compile::SIGNATURE)],
        "optimizers" => crate::compile::optimizers::signatures(),
        "regularizers" => crate::initializer::Regularizer::signatures(),
        _ => Vec::new(),
    }
}
