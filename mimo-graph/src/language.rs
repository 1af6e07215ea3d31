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
pub(crate) mod item;
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

pub use item::{Argument, Item, Kind, Module, a, an, any, of};

use crate::args::Signature;

/// The items of a module of the language.
#[doc(hidden)]
pub fn items(module: Module) -> impl Iterator<Item = &'static Item> {
    let lists: &[&[Item]] = match module {
        Module::Activations => &[activations::ITEMS],
        Module::Constraints => &[constraints::ITEMS],
        Module::Initializers => &[initializers::ITEMS],
        Module::Layers => layers::ITEMS,
        Module::Losses => &[losses::ITEMS],
        Module::Metrics => &[metrics::ITEMS],
        Module::Model => &[model::ITEMS],
        Module::Optimizers => &[optimizers::ITEMS],
        Module::Regularizers => &[regularizers::ITEMS],
    };
    lists.iter().copied().flatten()
}

/// The item that a word stands for.
#[doc(hidden)]
pub fn find(module: Module, name: &str) -> Option<&'static Item> {
    let found = items(module).find(|item| item.names.contains(&name));
    // Two layers are written where an activation is meant.
    let also = || {
        items(Module::Layers).find(|item| activations::LAYERS.contains(&name) && item.names.contains(&name))
    };
    found.or_else(|| also().filter(|_| module == Module::Activations))
}

/// What the macro accepts by position, which is more than an item lists: Keras's arguments that mimo does not have.
#[doc(hidden)]
pub fn positional(module: Module, name: &str) -> &'static [&'static str] {
    let found = signatures(module).into_iter().find(|(names, _)| names.contains(&name));
    found.map_or(&[], |(_, signature)| signature.params)
}

/// The spellings of everything that the macro accepts in the place of a module's items, and what a call takes.
fn signatures(module: Module) -> Vec<(Vec<&'static str>, Signature)> {
    match module {
        Module::Activations => crate::activation::Activation::signatures(),
        Module::Constraints => crate::initializer::Constraint::signatures(),
        Module::Initializers => crate::initializer::Initializer::signatures(),
        Module::Layers => crate::layers::signatures(),
        Module::Losses => crate::compile::losses::signatures(),
        Module::Metrics => crate::compile::metrics::signatures(),
        Module::Model => vec![(vec!["compile"], crate::compile::SIGNATURE)],
        Module::Optimizers => crate::compile::optimizers::signatures(),
        Module::Regularizers => crate::initializer::Regularizer::signatures(),
    }
}
