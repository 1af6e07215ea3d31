//! Vocabularies: from words and whole numbers to indices, numbered as Keras does.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

use mimo_graph::diag::nearest;
use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;
use serde::{Deserialize, Serialize};

use crate::table::fault;

/// The special indices of a vocabulary, and its entries.
///
/// Indices are those of Keras: that of the mask token, then those for values that are not in the vocabulary (out of vocabulary), then the entries, the most
/// frequent first; among entries that are as frequent the greatest comes first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved<T>", into = "Saved<T>", bound(serialize = "T: Token", deserialize = "T: Token"))]
struct Entries<T: Token> {
    special: Special<T>,
    entries: Vec<T>,
    indices: HashMap<T, usize>,
}

/// What precedes the entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Special<T> {
    pub(crate) mask_token: Option<T>,
    pub(crate) num_oov_indices: usize,
    pub(crate) oov_token: T,
    pub(crate) max_tokens: Option<usize>,
}

/// The form in which a vocabulary is saved.
#[derive(Serialize, Deserialize)]
struct Saved<T> {
    special: Special<T>,
    entries: Vec<T>,
}

/// Words or whole numbers.
trait Token: Clone + Ord + Hash + Display + Serialize + serde::de::DeserializeOwned {}
impl<T: Clone + Ord + Hash + Display + Serialize + serde::de::DeserializeOwned> Token for T {}

impl<T: Token> TryFrom<Saved<T>> for Entries<T> {
    type Error = Error;

    fn try_from(saved: Saved<T>) -> Result<Self, Error> {
        Entries::new(saved.special, saved.entries)
    }
}

impl<T: Token> From<Entries<T>> for Saved<T> {
    fn from(entries: Entries<T>) -> Self {
        Saved { special: entries.special, entries: entries.entries }
    }
}

impl<T: Token> Entries<T> {
    /// The vocabulary of these entries, which are not special tokens.
    fn new(special: Special<T>, entries: Vec<T>) -> Result<Self, Error> {
        let first = special.first();
        let mut indices = HashMap::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            if special.is_special(entry) || indices.insert(entry.clone(), first + place).is_some() {
                return Err(fault(TableFault::Vocabulary { token: entry.to_string() }));
            }
        }
        Ok(Entries { special, entries, indices })
    }

    /// The entries that were counted, the most frequent first.
    fn of_counts(special: Special<T>, counts: HashMap<T, u64>) -> Result<Self, Error> {
        let mut counted: Vec<(u64, T)> = counts
            .into_iter()
            .filter(|(token, _)| !special.is_special(token))
            .map(|(token, count)| (count, token))
            .collect();
        counted.sort_unstable_by(|a, b| b.cmp(a));
        if let Some(most) = special.max_tokens {
            counted.truncate(most.saturating_sub(special.first()));
        }
        Entries::new(special, counted.into_iter().map(|(_, token)| token).collect())
    }

    /// The index of a token; `None` if it is not in the vocabulary.
    fn find<Q: Hash + Eq + ?Sized>(&self, token: &Q) -> Option<usize>
    where
        T: Borrow<Q>,
    {
        if self.special.mask_token.as_ref().is_some_and(|mask| mask.borrow() == token) {
            return Some(0);
        }
        self.indices.get(token).copied()
    }

    /// The index of a token that is not in the vocabulary, out of several by its hash.
    fn out_of_vocabulary(
        &self,
        token: &dyn Display,
        hash: impl FnOnce(usize) -> usize,
    ) -> Result<usize, Error> {
        let first = usize::from(self.special.mask_token.is_some());
        match self.special.num_oov_indices {
            0 => {
                let text = token.to_string();
                let names: Vec<String> = self.entries.iter().map(T::to_string).collect();
                let near = nearest(&text, names.iter().map(String::as_str));
                Err(fault(TableFault::UnknownCategory { text, near }))
            }
            1 => Ok(first),
            several => Ok(first + hash(several)),
        }
    }

    /// All tokens by index, special ones included.
    fn tokens(&self) -> Vec<T> {
        let Special { mask_token, num_oov_indices, oov_token, .. } = &self.special;
        let oov = std::iter::repeat_n(oov_token, *num_oov_indices);
        mask_token.iter().chain(oov).chain(&self.entries).cloned().collect()
    }

    fn size(&self) -> usize {
        self.special.first() + self.entries.len()
    }
}

impl<T: PartialEq> Special<T> {
    /// The index of the first entry.
    pub(crate) fn first(&self) -> usize {
        usize::from(self.mask_token.is_some()) + self.num_oov_indices
    }

    fn is_special(&self, token: &T) -> bool {
        self.mask_token.as_ref() == Some(token) || self.oov_token == *token
    }
}

macro_rules! lookup {
    (
        $(#[$doc:meta])* $lookup:ident, $settings:ident, $token:ty, $borrowed:ty, $oov:expr,
        $into:ty, |$it:ident| $owned:expr, |$word:ident, $count:ident| $hash:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $lookup(Entries<$token>);

        #[doc = concat!("How a [`", stringify!($lookup), "`] is made, with Keras's names and defaults.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $settings {
            pub(crate) special: Special<$token>,
            pub(crate) counts: HashMap<$token, u64>,
        }

        impl Default for $settings {
            fn default() -> Self {
                let special =
                    Special { mask_token: None, num_oov_indices: 1, oov_token: $oov, max_tokens: None };
                $settings { special, counts: HashMap::new() }
            }
        }

        impl $settings {
            /// The largest size of the vocabulary, special tokens included; the least frequent entries are left out.
            #[must_use]
            pub fn max_tokens(mut self, tokens: usize) -> Self {
                self.special.max_tokens = Some(tokens);
                self
            }

            /// Number of indices for values that are not in the vocabulary; 1 by default. With several, the hash of a value chooses, and with
            /// none such a value is an error.
            #[must_use]
            pub fn num_oov_indices(mut self, indices: usize) -> Self {
                self.special.num_oov_indices = indices;
                self
            }

            /// A value that gets index 0, for `Embedding(mask_zero = true)`; none by default.
            #[must_use]
            pub fn mask_token(mut self, token: $into) -> Self {
                let $it = token;
                self.special.mask_token = Some($owned);
                self
            }

            /// The name of values that are not in the vocabulary, which is not an entry.
            #[must_use]
            pub fn oov_token(mut self, token: $into) -> Self {
                let $it = token;
                self.special.oov_token = $owned;
                self
            }

            /// Counts values. For data that is read in parts: [`adapted`](Self::adapted) ends it.
            pub fn update<'v>(&mut self, values: impl IntoIterator<Item = &'v $borrowed>) {
                for value in values {
                    match self.counts.get_mut(value) {
                        Some(count) => *count += 1,
                        None => {
                            let $it = value;
                            self.counts.insert($owned, 1);
                        }
                    }
                }
            }

            /// The vocabulary of the values that were counted, the most frequent first.
            ///
            /// # Errors
            /// [`Setting`](TableFault::Setting) if `max_tokens` leaves no entry.
            pub fn adapted(self) -> Result<$lookup, Error> {
                if self.special.max_tokens.is_some_and(|most| most <= self.special.first()) {
                    let what = "`max_tokens` counts the special tokens too, and has to be greater than their number";
                    return Err(fault(TableFault::Setting { what }));
                }
                Ok($lookup(Entries::of_counts(self.special, self.counts)?))
            }

            /// The vocabulary of some values, the most frequent first. Use those of the training part only.
            ///
            /// # Errors
            /// Those of [`adapted`](Self::adapted).
            pub fn adapt<'v>(
                mut self,
                values: impl IntoIterator<Item = &'v $borrowed>,
            ) -> Result<$lookup, Error> {
                self.update(values);
                self.adapted()
            }

            /// A vocabulary of these entries, in this order. They may begin with the special tokens, as in the lists that Keras returns.
            ///
            /// # Errors
            /// [`Vocabulary`](TableFault::Vocabulary) if an entry is there twice, or is a special token.
            pub fn vocabulary<'v>(
                self,
                entries: impl IntoIterator<Item = &'v $borrowed>,
            ) -> Result<$lookup, Error> {
                let mut entries: Vec<$token> = entries.into_iter().map(|$it| $owned).collect();
                let special = Entries { special: self.special.clone(), entries: vec![], indices: HashMap::new() };
                let special = special.tokens();
                if !special.is_empty() && entries.starts_with(&special) {
                    entries.drain(..special.len());
                }
                Ok($lookup(Entries::new(self.special, entries)?))
            }
        }

        impl $lookup {
            /// Settings with Keras's defaults.
            #[allow(clippy::new_ret_no_self, reason = "a vocabulary is there when the settings have seen data")]
            pub fn new() -> $settings {
                $settings::default()
            }

            /// The index of a value.
            ///
            /// # Errors
            /// [`UnknownCategory`](TableFault::UnknownCategory) if the value is not in the vocabulary, which has no index for others.
            pub fn index(&self, value: &$borrowed) -> Result<usize, Error> {
                match self.0.find(value) {
                    Some(index) => Ok(index),
                    None => {
                        let $word = value;
                        self.0.out_of_vocabulary(&value, |$count| $hash)
                    }
                }
            }

            /// All tokens by index, special ones included: Keras's `get_vocabulary()`.
            pub fn get_vocabulary(&self) -> Vec<$token> {
                self.0.tokens()
            }

            /// Number of indices, special ones included: the `input_dim` of an `Embedding`.
            pub fn vocabulary_size(&self) -> usize {
                self.0.size()
            }

            /// The entries without special tokens.
            pub fn entries(&self) -> &[$token] {
                &self.0.entries
            }

            /// The index for a cell that is missing: that of the mask token, else that of an unknown value.
            ///
            /// # Errors
            /// [`Missing`](TableFault::Missing) if the vocabulary has neither.
            pub(crate) fn missing(&self) -> Result<usize, Error> {
                if self.0.special.first() == 0 { Err(fault(TableFault::Missing)) } else { Ok(0) }
            }
        }
    };
}

lookup!(
    /// From words to indices, as Keras's `StringLookup`.
    ///
    /// ```
    /// use mimo_data::StringLookup;
    ///
    /// let lookup = StringLookup::new().adapt(["flat", "house", "flat"])?;
    /// assert_eq!(lookup.get_vocabulary(), ["[UNK]", "flat", "house"]);
    /// assert_eq!((lookup.index("house")?, lookup.index("castle")?), (2, 0));
    /// # Ok::<(), mimo_runtime::error::Error>(())
    /// ```
    ///
    /// With several indices for unknown words, FarmHash64 of a word chooses, as in Keras. Keras's `salt` is not supported.
    StringLookup, StringLookupSettings, String, str, "[UNK]".to_owned(),
    &str, |it| it.to_owned(), |word, count| (farmhash::fingerprint64(word.as_bytes()) % count as u64) as usize
);

lookup!(
    /// From whole numbers to indices, as Keras's `IntegerLookup`.
    ///
    /// With several indices for unknown numbers, the remainder of the division by their number chooses, as in Keras by default.
    IntegerLookup, IntegerLookupSettings, i64, i64, -1,
    &i64, |it| *it, |number, count| number.rem_euclid(count as i64) as usize
);
