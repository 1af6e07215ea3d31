//! Texts as indices or counts of their words.

use std::collections::HashMap;

use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;
use serde::{Deserialize, Serialize};

use crate::lookup::{Special, StringLookup};
use crate::table::fault;

/// Encoding of the tokens of a text, with Keras's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OutputMode {
    /// Indices, in order.
    #[default]
    Int,
    /// By index, 1 if the token occurs.
    MultiHot,
    /// By index, how often the token occurs.
    Count,
    /// By index, how often the token occurs times its inverse document frequency.
    TfIdf,
}

/// Changes of a text before it is split, with Keras's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Standardize {
    /// ASCII letters become lower case, ASCII punctuation is removed.
    #[default]
    LowerAndStripPunctuation,
    /// ASCII letters become lower case.
    Lower,
    /// ASCII punctuation is removed.
    StripPunctuation,
    /// The text stays as it is.
    None,
}

/// Parts into which a text is split, with Keras's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Split {
    /// Words, between white space.
    #[default]
    Whitespace,
    /// Characters.
    Character,
}

/// From texts to indices or counts of words, as Keras's `TextVectorization`.
///
/// ```
/// use mimo_data::TextVectorization;
///
/// let texts = ["the cat", "The dog!"];
/// let layer = TextVectorization::new().output_sequence_length(4).adapt(texts)?;
/// assert_eq!(layer.get_vocabulary(), ["", "[UNK]", "the", "dog", "cat"]);
/// assert_eq!(layer.encode("The blue dog")?, [2.0, 1.0, 3.0, 0.0]);
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextVectorization {
    form: TextForm,
    lookup: StringLookup,
    /// By index, for `TfIdf`.
    idf: Vec<f64>,
}

/// Settings of a [`TextVectorization`], with Keras's names and defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextVectorizationSettings {
    form: TextForm,
    max_tokens: Option<usize>,
    counts: HashMap<String, u64>,
    /// By token: texts in which it occurs.
    documents: HashMap<String, u64>,
    texts: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct TextForm {
    standardize: Standardize,
    split: Split,
    /// Lengths of the sequences of words that are tokens; 1 alone if empty.
    ngrams: Vec<usize>,
    output_mode: OutputMode,
    /// Values per text in the mode `Int`.
    output_sequence_length: usize,
}

impl TextVectorizationSettings {
    /// The largest size of the vocabulary, special tokens included.
    #[must_use]
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Changes of a text before it is split.
    #[must_use]
    pub fn standardize(mut self, standardize: Standardize) -> Self {
        self.form.standardize = standardize;
        self
    }

    /// Parts into which a text is split.
    #[must_use]
    pub fn split(mut self, split: Split) -> Self {
        self.form.split = split;
        self
    }

    /// Sequences of up to so many words are tokens too; at least 1.
    #[must_use]
    pub fn ngrams(mut self, most: usize) -> Self {
        self.form.ngrams = if most == 0 { vec![0] } else { (1..=most).collect() };
        self
    }

    /// Encoding of the tokens.
    #[must_use]
    pub fn output_mode(mut self, mode: OutputMode) -> Self {
        self.form.output_mode = mode;
        self
    }

    /// Values per text in the mode [`Int`](OutputMode::Int): longer texts are cut, shorter ones are filled with 0.
    #[must_use]
    pub fn output_sequence_length(mut self, values: usize) -> Self {
        self.form.output_sequence_length = values;
        self
    }

    /// Counts the words of texts. For data that is read in parts: [`adapted`](Self::adapted) ends it.
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

    /// The vocabulary of the texts that were counted.
    ///
    /// # Errors
    /// [`Setting`](TableFault::Setting) if `max_tokens` leaves no word, [`ngrams`](Self::ngrams) is 0, or indices are wanted without an
    /// [`output_sequence_length`](Self::output_sequence_length).
    pub fn adapted(self) -> Result<TextVectorization, Error> {
        self.check()?;
        let TextVectorizationSettings { form, max_tokens, counts, documents, texts } = self;
        let mut settings = StringLookup::new();
        settings.special = form.special(max_tokens);
        let special_tokens = settings.special.first();
        settings.counts = counts;
        let lookup = settings.adapted()?;
        let of = |token: &String| {
            (1.0 + texts as f64 / (1.0 + documents.get(token).copied().unwrap_or(0) as f64)).ln()
        };
        let mut idf: Vec<f64> = vec![];
        if form.output_mode == OutputMode::TfIdf {
            idf = lookup.entries().iter().map(of).collect();
            // The frequency of unknown words is not known: Keras takes the mean.
            let mean = idf.iter().sum::<f64>() / idf.len().max(1) as f64;
            idf.splice(0..0, std::iter::repeat_n(mean, special_tokens));
        }
        Ok(TextVectorization { form, lookup, idf })
    }

    /// The vocabulary of some texts. Use those of the training part only.
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

    /// The tokens of a text.
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
            // TensorFlow knows the white space of C: a no-break space is a part of a word.
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
    /// Settings with Keras's defaults.
    #[allow(clippy::new_ret_no_self, reason = "a vocabulary is there when the settings have seen data")]
    pub fn new() -> TextVectorizationSettings {
        TextVectorizationSettings::default()
    }

    /// All tokens by index, special ones included: Keras's `get_vocabulary()`.
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

    /// The values of a text, as many as [`width`](Self::width) says.
    ///
    /// # Errors
    /// None with vocabularies that were made here.
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
