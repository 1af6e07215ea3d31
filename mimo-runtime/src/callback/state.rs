//! States of callbacks in checkpoints.

use std::collections::BTreeMap;
use std::fmt;

use super::Callback;
use crate::error::Error;
use crate::file::checkpoint::{Stored, Transfer, name};
use crate::model::Trainable;

/// The state of a callback from epoch to epoch, as named numbers: `wait`, `best`, the values of a weight.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackState {
    name: String,
    numbers: BTreeMap<String, Vec<f64>>,
}

impl CallbackState {
    /// Creates an empty state. The name is that of the callback's type; a checkpoint is not restored into a callback
    /// of another name.
    pub fn new(name: &str) -> Self {
        // Names in files are paths.
        CallbackState { name: name.replace('/', "."), numbers: BTreeMap::new() }
    }

    /// Adds numbers under a name. Integers up to 2⁵³ and values of `f32` are restored exactly.
    #[must_use]
    pub fn with(mut self, key: &str, numbers: impl Into<Vec<f64>>) -> Self {
        self.numbers.insert(key.into(), numbers.into());
        self
    }

    /// Adds a number under a name; does nothing for `None`.
    #[must_use]
    pub fn with_number(self, key: &str, number: impl Into<Option<f64>>) -> Self {
        match number.into() {
            Some(number) => self.with(key, [number]),
            None => self,
        }
    }

    /// Adds a text under a name.
    #[must_use]
    pub fn with_text(self, key: &str, text: &str) -> Self {
        let letters: Vec<f64> = text.bytes().map(f64::from).collect();
        self.with(key, letters)
    }

    /// Returns the name of the callback's type.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the numbers under a name.
    pub fn numbers(&self, key: &str) -> Option<&[f64]> {
        self.numbers.get(key).map(Vec::as_slice)
    }

    /// Returns the single number under a name.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.numbers(key)? {
            [number] => Some(*number),
            _ => None,
        }
    }
}

impl CallbackState {
    /// Returns the integer under a name; 0 if there is none.
    pub fn count(&self, key: &str) -> usize {
        self.number(key).filter(|number| *number >= 0.0).map_or(0, |number| number as usize)
    }

    /// Returns the text under a name.
    pub fn text(&self, key: &str) -> Option<String> {
        let letters = self.numbers(key)?.iter().map(|letter| *letter as u8);
        String::from_utf8(letters.collect()).ok()
    }
}

/// The states of the other callbacks of a `fit`, while one of them saves a checkpoint.
pub struct CallbackStates<'c, 'a, M: Trainable> {
    pub(crate) before: &'c [Box<dyn Callback<M> + 'a>],
    pub(crate) after: &'c [Box<dyn Callback<M> + 'a>],
}

impl<M: Trainable> fmt::Debug for CallbackStates<'_, '_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.states()).finish()
    }
}

impl<M: Trainable> CallbackStates<'_, '_, M> {
    /// Returns the states, each with the index of its callback.
    pub(crate) fn states(&self) -> Vec<(usize, CallbackState)> {
        let before = self.before.iter().enumerate();
        let after =
            self.after.iter().enumerate().map(|(index, other)| (self.before.len() + 1 + index, other));
        before.chain(after).filter_map(|(index, callback)| Some((index, callback.state()?))).collect()
    }
}

/// Returns the prefix of the names of the states in a checkpoint.
pub(crate) fn prefix() -> String {
    name(&["callback", ""])
}

/// Saves states.
pub(crate) fn save(states: Vec<(usize, CallbackState)>, transfer: &mut Transfer<'_>) -> Result<(), Error> {
    for (index, CallbackState { name: class, numbers }) in states {
        for (key, mut numbers) in numbers {
            transfer.list(&name(&["callback", &index.to_string(), &class, &key]), &mut numbers)?;
        }
    }
    Ok(())
}

/// Loads the states of a checkpoint. Names that are not of numbers are left out.
pub(crate) fn load(stored: &Stored) -> Vec<(usize, CallbackState)> {
    let prefix = prefix();
    let mut states: BTreeMap<usize, CallbackState> = BTreeMap::new();
    for full in stored.names(&prefix) {
        let mut parts = full[prefix.len()..].splitn(3, '/');
        let (Some(index), Some(class), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if let (Ok(index), Some(numbers)) = (index.parse(), stored.numbers(full)) {
            let state = states.entry(index).or_insert_with(|| CallbackState::new(class));
            state.numbers.insert(key.into(), numbers);
        }
    }
    states.into_iter().collect()
}
