//! Vocabularies: indices for words and integers, numbered as by Keras.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

use mimo_graph::diag::nearest;
use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;
use serde::{Deserialize, Serialize};

use crate::table::fault;

/// A vocabulary: its special indices and its entries.
///
/// Indices are those of Keras: that of the mask token, then those for values that are not in the vocabulary (out of
/// vocabulary), then the entries, the most frequent first; equally frequent entries are in descending order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved<T>", into = "Saved<T>", bound(serialize = "T: Token", deserialize = "T: Token"))]
struct Entries<T: Token> {
    special: Special<T>,
    entries: Vec<T>,
    indices: HashMap<T, usize>,
}

/// Special tokens before the entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Special<T> {
    mask_token: Option<T>,
    num_oov_indices: usize,
    oov_token: T,
    max_tokens: Option<usize>,
}

/// Serialized form of a vocabulary.
#[derive(Serialize, Deserialize)]
struct Saved<T> {
    special: Special<T>,
    entries: Vec<T>,
}

/// Words or integers.
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
    /// Creates a vocabulary of these entries, which are not special tokens.
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

    /// Creates a vocabulary of the counted entries, the most frequent first.
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

    /// Returns the index of a token; `None` if it is not in the vocabulary.
    fn find<Q: Hash + Eq + ?Sized>(&self, token: &Q) -> Option<usize>
    where
        T: Borrow<Q>,
    {
        if self.special.mask_token.as_ref().is_some_and(|mask| mask.borrow() == token) {
            return Some(0);
        }
        self.indices.get(token).copied()
    }

    /// Returns the index of a token that is not in the vocabulary, chosen by its hash if there are several.
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

    /// Returns all tokens by index, special ones included.
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
    /// Index of the first entry.
    fn first(&self) -> usize {
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

        #[doc = concat!("Settings of a [`", stringify!($lookup), "`], with Keras's names and defaults.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $settings {
            special: Special<$token>,
            counts: HashMap<$token, u64>,
        }

        impl Default for $settings {
            fn default() -> Self {
                let special =
                    Special { mask_token: None, num_oov_indices: 1, oov_token: $oov, max_tokens: None };
                $settings { special, counts: HashMap::new() }
            }
        }

        impl $settings {
            /// Sets the maximum size of the vocabulary, special tokens included; the least frequent entries are left
            /// out.
            #[must_use]
            pub fn max_tokens(mut self, tokens: usize) -> Self {
                self.special.max_tokens = Some(tokens);
                self
            }

            /// Sets the number of indices for unknown values; 1 by default. With several, the hash of a value selects
            /// one; with none, an unknown value is an error.
            #[must_use]
            pub fn num_oov_indices(mut self, indices: usize) -> Self {
                self.special.num_oov_indices = indices;
                self
            }

            /// Sets a value with index 0, for `Embedding(mask_zero = true)`; none by default.
            #[must_use]
            pub fn mask_token(mut self, token: $into) -> Self {
                let $it = token;
                self.special.mask_token = Some($owned);
                self
            }

            /// Sets the token for unknown values, which is not an entry.
            #[must_use]
            pub fn oov_token(mut self, token: $into) -> Self {
                let $it = token;
                self.special.oov_token = $owned;
                self
            }

            /// Counts values, for data that is read in parts; call [`adapted`](Self::adapted) at the end.
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

            /// Creates the vocabulary of the counted values, the most frequent first.
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

            /// Creates the vocabulary of these values, the most frequent first. Use those of the training part only.
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

            /// Creates a vocabulary of these entries, in this order. They may begin with the special tokens, as in
            /// the lists that Keras returns.
            ///
            /// # Errors
            /// [`Vocabulary`](TableFault::Vocabulary) if an entry is repeated, or is a special token.
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
            /// Creates settings with Keras's defaults.
            #[allow(clippy::new_ret_no_self, reason = "a vocabulary is there when the settings have seen data")]
            pub fn new() -> $settings {
                $settings::default()
            }

            /// Returns the index of a value.
            ///
            /// # Errors
            /// [`UnknownCategory`](TableFault::UnknownCategory) if the value is unknown and there is no index for unknown values.
            pub fn index(&self, value: &$borrowed) -> Result<usize, Error> {
                match self.0.find(value) {
                    Some(index) => Ok(index),
                    None => {
                        let $word = value;
                        self.0.out_of_vocabulary(&value, |$count| $hash)
                    }
                }
            }

            /// Returns all tokens by index, special ones included: Keras's `get_vocabulary()`.
            pub fn get_vocabulary(&self) -> Vec<$token> {
                self.0.tokens()
            }

            /// Number of indices, special ones included: the `input_dim` of an `Embedding`.
            pub fn vocabulary_size(&self) -> usize {
                self.0.size()
            }

            /// Returns the entries without special tokens.
            pub fn entries(&self) -> &[$token] {
                &self.0.entries
            }

            /// Returns the index of a missing cell: that of the mask token, otherwise that of unknown values.
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
    /// Maps words to indices, like Keras's `StringLookup`.
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
    /// With several indices for unknown words, FarmHash64 of a word selects one, as in Keras. Keras's `salt` is not
    /// supported.
    StringLookup, StringLookupSettings, String, str, "[UNK]".to_owned(),
    &str, |it| it.to_owned(), |word, count| (farmhash::fingerprint64(word.as_bytes()) % count as u64) as usize
);

lookup!(
    /// Maps integers to indices, like Keras's `IntegerLookup`.
    ///
    /// With several indices for unknown integers, the remainder of the division by their count selects one, as in
    /// Keras by default.
    IntegerLookup, IntegerLookupSettings, i64, i64, -1,
    &i64, |it| *it, |number, count| number.rem_euclid(count as i64) as usize
);

/// Encoding of the tokens of a text, with Keras's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OutputMode {
    /// Indices, in order.
    #[default]
    Int,
    /// 1 at the index of each token that occurs.
    MultiHot,
    /// Number of occurrences, at the index of each token.
    Count,
    /// Number of occurrences times inverse document frequency, at the index of each token.
    TfIdf,
}

/// Standardization of a text before it is split, with Keras's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Standardize {
    /// Converts ASCII letters to lower case and removes ASCII punctuation.
    #[default]
    LowerAndStripPunctuation,
    /// Converts ASCII letters to lower case.
    Lower,
    /// Removes ASCII punctuation.
    StripPunctuation,
    /// Leaves the text unchanged.
    None,
}

/// Splitting of a text, with Keras's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Split {
    /// Into words, at white space.
    #[default]
    Whitespace,
    /// Into characters.
    Character,
}

/// Maps texts to indices or counts of words, like Keras's `TextVectorization`.
///
/// ```
/// use mimo_data::TextVectorization;
///
/// let layer = TextVectorization::new().output_sequence_length(4).adapt(["the cat", "The dog!"])?;
/// assert_eq!(layer.get_vocabulary(), ["", "[UNK]", "the", "dog", "cat"]);
/// assert_eq!(layer.encode("The blue dog")?, [2.0, 1.0, 3.0, 0.0]);
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextVectorization {
    form: TextForm,
    lookup: StringLookup,
    /// Inverse document frequencies by index, for `TfIdf`.
    idf: Vec<f64>,
}

/// Settings of a [`TextVectorization`], with Keras's names and defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextVectorizationSettings {
    form: TextForm,
    max_tokens: Option<usize>,
    counts: HashMap<String, u64>,
    /// Number of texts in which each token occurs.
    documents: HashMap<String, u64>,
    texts: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct TextForm {
    standardize: Standardize,
    split: Split,
    /// Lengths of the n-grams; 1 alone if empty.
    ngrams: Vec<usize>,
    output_mode: OutputMode,
    /// Values per text in the mode `Int`.
    output_sequence_length: usize,
}

impl TextVectorizationSettings {
    /// Sets the maximum size of the vocabulary, special tokens included.
    #[must_use]
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Sets the standardization of a text before it is split.
    #[must_use]
    pub fn standardize(mut self, standardize: Standardize) -> Self {
        self.form.standardize = standardize;
        self
    }

    /// Sets the splitting of a text.
    #[must_use]
    pub fn split(mut self, split: Split) -> Self {
        self.form.split = split;
        self
    }

    /// Sets the maximum length of n-grams, at least 1: shorter ones are tokens too.
    #[must_use]
    pub fn ngrams(mut self, most: usize) -> Self {
        self.form.ngrams = if most == 0 { vec![0] } else { (1..=most).collect() };
        self
    }

    /// Sets the encoding of the tokens.
    #[must_use]
    pub fn output_mode(mut self, mode: OutputMode) -> Self {
        self.form.output_mode = mode;
        self
    }

    /// Sets the values per text in the mode [`Int`](OutputMode::Int): longer texts are cut, shorter ones are padded
    /// with 0.
    #[must_use]
    pub fn output_sequence_length(mut self, values: usize) -> Self {
        self.form.output_sequence_length = values;
        self
    }

    /// Counts the words of texts, for data that is read in parts; call [`adapted`](Self::adapted) at the end.
    pub fn update<'v>(&mut self, texts: impl IntoIterator<Item = &'v str>) {
        for text in texts {
            self.texts += 1;
            let mut tokens = self.form.tokens(text);
            for token in &tokens {
                *self.counts.entry(token.clone()).or_default() += 1;
            }
            if self.form.output_mode == OutputMode::TfIdf {
                tokens.sort_unstable();
                tokens.dedup();
                for token in tokens {
                    *self.documents.entry(token).or_default() += 1;
                }
            }
        }
    }

    /// Creates the vocabulary of the counted texts.
    ///
    /// # Errors
    /// [`Setting`](TableFault::Setting) if `max_tokens` leaves no word, [`ngrams`](Self::ngrams) is 0, or the mode is `Int` without an [`output_sequence_length`](Self::output_sequence_length).
    pub fn adapted(self) -> Result<TextVectorization, Error> {
        self.check()?;
        let TextVectorizationSettings { form, max_tokens, counts, documents, texts } = self;
        let mut settings = StringLookup::new();
        settings.special = form.special(max_tokens);
        settings.counts = counts;
        let lookup = settings.adapted()?;
        let of = |token: &String| {
            (1.0 + texts as f64 / (1.0 + documents.get(token).copied().unwrap_or(0) as f64)).ln()
        };
        let mut idf: Vec<f64> = vec![];
        if form.output_mode == OutputMode::TfIdf {
            idf = lookup.entries().iter().map(of).collect();
            // The frequency of unknown words is not known: Keras uses the mean.
            let mean = idf.iter().sum::<f64>() / idf.len().max(1) as f64;
            idf.splice(0..0, std::iter::repeat_n(mean, lookup.0.special.first()));
        }
        Ok(TextVectorization { form, lookup, idf })
    }

    /// Creates the vocabulary of these texts. Use those of the training part only.
    ///
    /// # Errors
    /// Those of [`adapted`](Self::adapted).
    pub fn adapt<'v>(mut self, texts: impl IntoIterator<Item = &'v str>) -> Result<TextVectorization, Error> {
        self.update(texts);
        self.adapted()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.form.ngrams.contains(&0) {
            let what = "`ngrams` is the largest number of words in a token, so it is at least 1";
            return Err(fault(TableFault::Setting { what }));
        }
        if self.form.output_mode == OutputMode::Int && self.form.output_sequence_length == 0 {
            let what = "indices of words need an `output_sequence_length`: the values that each text has";
            return Err(fault(TableFault::Setting { what }));
        }
        Ok(())
    }
}

impl TextForm {
    fn special(&self, max_tokens: Option<usize>) -> Special<String> {
        // Counts have no index for the padding.
        let mask_token = (self.output_mode == OutputMode::Int).then(String::new);
        Special { mask_token, num_oov_indices: 1, oov_token: "[UNK]".to_owned(), max_tokens }
    }

    /// Returns the tokens of a text.
    fn tokens(&self, text: &str) -> Vec<String> {
        let (lower, strip) = match self.standardize {
            Standardize::LowerAndStripPunctuation => (true, true),
            Standardize::Lower => (true, false),
            Standardize::StripPunctuation => (false, true),
            Standardize::None => (false, false),
        };
        let kept = text.chars().filter(|c| !strip || !c.is_ascii_punctuation());
        let text: String = kept.map(|c| if lower { c.to_ascii_lowercase() } else { c }).collect();
        let words: Vec<&str> = match self.split {
            Split::Whitespace =>
            // TensorFlow splits at the white space of C: a no-break space is part of a word.
            {
                text.split([' ', '\t', '\n', '\x0b', '\x0c', '\r']).filter(|word| !word.is_empty()).collect()
            }
            Split::Character => text.split("").filter(|word| !word.is_empty()).collect(),
        };
        if self.ngrams.is_empty() {
            return words.into_iter().map(str::to_owned).collect();
        }
        let windows = self.ngrams.iter().flat_map(|len| words.windows((*len).max(1)));
        windows.map(|window| window.join(" ")).collect()
    }
}

impl TextVectorization {
    /// Creates settings with Keras's defaults.
    #[allow(clippy::new_ret_no_self, reason = "a vocabulary is there when the settings have seen data")]
    pub fn new() -> TextVectorizationSettings {
        TextVectorizationSettings::default()
    }

    /// Returns all tokens by index, special ones included: Keras's `get_vocabulary()`.
    pub fn get_vocabulary(&self) -> Vec<String> {
        self.lookup.get_vocabulary()
    }

    /// Number of indices, special ones included: the `input_dim` of an `Embedding`.
    pub fn vocabulary_size(&self) -> usize {
        self.lookup.vocabulary_size()
    }

    /// Values per text.
    pub fn width(&self) -> usize {
        match self.form.output_mode {
            OutputMode::Int => self.form.output_sequence_length,
            _ => self.vocabulary_size(),
        }
    }

    /// The largest index plus 1, in the mode [`Int`](OutputMode::Int).
    pub(crate) fn indices(&self) -> Option<usize> {
        (self.form.output_mode == OutputMode::Int).then(|| self.vocabulary_size())
    }

    /// Returns the values of a text, [`width`](Self::width) of them.
    ///
    /// # Errors
    /// None with vocabularies created by this crate.
    pub fn encode(&self, text: &str) -> Result<Vec<f64>, Error> {
        let mut values = vec![0.0; self.width()];
        for (place, token) in self.form.tokens(text).into_iter().enumerate() {
            let index = self.lookup.index(&token)?;
            let (place, value) = match self.form.output_mode {
                OutputMode::Int => (place, index as f64),
                _ => (index, 1.0),
            };
            let Some(to) = values.get_mut(place) else { continue };
            match self.form.output_mode {
                OutputMode::Int | OutputMode::MultiHot => *to = value,
                OutputMode::Count => *to += value,
                OutputMode::TfIdf => *to += self.idf.get(index).copied().unwrap_or(0.0),
            }
        }
        Ok(values)
    }
}
