//! The language of `model!`: every layer, activation, loss, metric, optimizer and initializer as an item with its
//! arguments, their defaults and what they mean.
//!
//! An item here is not a value to compute with: it documents a word of `model!`. Editors find it too, since the macro
//! maps each word of a model to its item for rust-analyzer: hovering shows these pages, and completion offers the
//! fields of an item as the keyword arguments of a call.
//!
//! Names, argument order, defaults and meaning are Keras 3's; arguments of Keras that mimo does not have are not
//! listed; using one is an error that says what to write instead. Arguments are passed by position, in the order
//! shown here, or as `keyword = value`.
//!
//! - [`layers`]: `Input`, `Dense`, `Conv2D`, `LSTM`, `concatenate`, …
//! - [`activations`]: `relu`, `softmax`, …
//! - [`operations`]: functions of tensors and the operators: `exp`, `where`, `mean`, …
//! - [`model`]: `Model(…)` and `.compile(…)`
//! - [`losses`], [`metrics`], [`optimizers`], [`schedules`]
//! - [`initializers`], [`regularizers`], [`constraints`]
//! - [`values`]: what an argument may be

pub mod activations;
pub mod constraints;
pub mod initializers;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod model;
pub mod operations;
pub mod optimizers;
pub mod regularizers;
pub mod schedules;
pub mod tensor;
#[cfg(test)]
mod tests;
pub mod values;

pub use crate::item::{Argument, Item, Kind, Module, a, an, any, of};

use crate::activation::Activation;
use crate::named::Named;

/// The items of a module of the language.
#[doc(hidden)]
pub fn items(module: Module) -> Vec<&'static Item> {
    fn of<T>(table: &[Named<T>]) -> Vec<&'static Item> {
        table.iter().map(|entry| entry.item).collect()
    }
    match module {
        Module::Activations => of(&Activation::table()),
        Module::Constraints => of(crate::initializer::hold::CONSTRAINTS),
        Module::Initializers => of(crate::initializer::read::INITIALIZERS),
        Module::Layers => crate::layers::items().collect(),
        Module::Losses => of(crate::compile::losses::LOSSES),
        Module::Metrics => of(&crate::compile::metrics::table::table()),
        Module::Model => model::ITEMS.to_vec(),
        Module::Operations => crate::layers::operation_items().collect(),
        Module::Optimizers => of(crate::compile::optimizers::OPTIMIZERS),
        Module::Regularizers => of(crate::initializer::hold::REGULARIZERS),
        Module::Schedules => of(crate::compile::schedules::SCHEDULES),
    }
}

/// A keyword argument of calls of layers, such as `mask`.
pub fn call_argument(name: &str) -> Option<&'static Argument> {
    call_arguments().find(|argument| argument.name == name)
}

/// All keyword arguments of calls.
pub fn call_arguments() -> impl Iterator<Item = &'static Argument> {
    <model::Call as crate::item::Word>::ITEM.arguments()
}

/// The item of a word.
#[doc(hidden)]
pub fn find(module: Module, name: &str) -> Option<&'static Item> {
    items(module).into_iter().find(|item| item.names.contains(&name))
}
