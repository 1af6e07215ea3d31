//! The sentences in twenty languages of `examples/data/messages.txt`, as numbers of symbols.
//!
//! The format of the file is described beside it, in `examples/data/README.md`.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::path::Path;

#[path = "reading.rs"]
pub mod reading;

use reading::{FOLDER, ReadError, content, lines};

/// Number of symbols in the sentences.
pub const SYMBOLS: usize = 50;
/// Number of languages.
pub const LANGUAGES: usize = 20;

/// Sentences, language by language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Messages {
    /// The symbols, by number.
    pub symbols: Vec<char>,
    /// The languages.
    pub languages: Vec<Language>,
}

/// The sentences of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its two letters in ISO 639-1.
    pub name: String,
    /// Its sentences, each as numbers of symbols.
    pub sentences: Vec<Vec<u8>>,
}

impl Messages {
    /// Reads the file that comes with the examples.
    pub fn load() -> Result<Self, ReadError> {
        Self::read(Path::new(FOLDER).join("messages.txt"))
    }

    /// Reads another file of the same format.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        Self::parse(content(path)?)
    }

    /// Reads the content of such a file.
    pub fn parse(content: impl AsRef<[u8]>) -> Result<Self, ReadError> {
        let mut messages = Self { symbols: Vec::new(), languages: Vec::new() };
        let mut last = None;
        for line in lines("sentences", content.as_ref())? {
            last = Some(line);
            if messages.symbols.is_empty() {
                messages.symbols = line.text()?.chars().collect();
                let mut different = messages.symbols.clone();
                different.sort_unstable();
                different.dedup();
                if messages.symbols.len() != SYMBOLS || different.len() != SYMBOLS {
                    return Err(line.refuse("fifty different symbols"));
                }
                continue;
            }
            let (name, sentence) = line.pair("a language and a sentence")?;
            let numbers = messages.numbers(sentence);
            let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
                return Err(line.refuse("a sentence in the symbols of the first line"));
            };
            match messages.languages.last_mut() {
                Some(language) if language.name == name => language.sentences.push(numbers),
                Some(language) if language.name.as_str() >= name => {
                    return Err(line.refuse("the languages in the order of their names"));
                }
                _ => messages.languages.push(Language { name: name.to_owned(), sentences: vec![numbers] }),
            }
        }
        match last {
            Some(line) if messages.languages.len() != LANGUAGES => {
                Err(line.refuse("twenty languages up to this line, the last"))
            }
            _ => Ok(messages),
        }
    }

    /// Converts a text to numbers of symbols; `None` if it has others.
    pub fn numbers(&self, text: &str) -> Option<Vec<u8>> {
        let number = |character| self.symbols.iter().position(|symbol| *symbol == character);
        text.chars().map(|character| number(character).and_then(|number| u8::try_from(number).ok())).collect()
    }

    /// Converts numbers of symbols to text.
    pub fn text(&self, numbers: &[u8]) -> String {
        numbers.iter().filter_map(|number| self.symbols.get(usize::from(*number))).collect()
    }

    /// Joins the sentences of each language, separated by spaces, in two texts: the first ones, and the fraction at
    /// the end that is held out.
    pub fn split(&self, held_out: f64) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let space = self.numbers(" ").unwrap_or_default();
        let texts = |language: &Language| {
            let sentences = &language.sentences;
            let cut = (sentences.len() as f64 * (1.0 - held_out.clamp(0.0, 1.0))).round() as usize;
            let (first, last) = sentences.split_at(cut.min(sentences.len()));
            (first.join(&space[..]), last.join(&space[..]))
        };
        self.languages.iter().map(texts).unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fifty symbols.
    fn symbols() -> String {
        (' '..).take(1).chain(('a'..='z').chain('A'..).take(SYMBOLS - 1)).collect()
    }

    /// A valid file: two sentences of each of twenty languages.
    fn file() -> String {
        let sentences = ('a'..).take(LANGUAGES).map(|name| format!("x{name} one\nx{name} two words\n"));
        std::iter::once(symbols() + "\n").chain(sentences).collect()
    }

    /// Returns the error of invalid content.
    fn refusal(content: impl AsRef<[u8]>) -> String {
        Messages::parse(content).expect_err("must be refused").to_string()
    }

    #[test]
    fn reads_and_splits_sentences() {
        let messages = Messages::parse(file()).expect("a good file");
        assert_eq!(messages.languages.len(), LANGUAGES);
        assert_eq!(messages.languages[1].name, "xb");
        assert_eq!(messages.languages[1].sentences[0], [15, 14, 5]);
        assert_eq!(messages.text(&messages.languages[19].sentences[1]), "two words");
        let (train, held_out) = messages.split(0.5);
        assert_eq!(
            (messages.text(&train[3]), messages.text(&held_out[3])),
            ("one".into(), "two words".into())
        );
        let (train, held_out) = messages.split(0.0);
        assert_eq!((messages.text(&train[3]).as_str(), held_out[3].len()), ("one two words", 0));
    }

    #[test]
    fn wrong_lines_are_named() {
        assert_eq!(refusal(""), "the file of sentences is empty");
        assert!(refusal("abc\nde ja\n").starts_with("line 1 of sentences: expected fifty different symbols"));
        let twice = symbols().replace('b', "a");
        assert!(refusal(twice).starts_with("line 1 of sentences: expected fifty different symbols"));
        for (from, to, wanted) in [
            ("xa one", "xa", "line 2 of sentences: expected a language and a sentence, found `xa`"),
            (
                "xa one",
                "xa 1",
                "line 2 of sentences: expected a sentence in the symbols of the first line, found `xa 1`",
            ),
            (
                "xa one",
                "xa ",
                "line 2 of sentences: expected a sentence in the symbols of the first line, found `xa `",
            ),
            (
                "xc one",
                "xa one",
                "line 6 of sentences: expected the languages in the order of their names, found `xa one`",
            ),
            (
                "xt one\nxt two words\n",
                "",
                "line 39 of sentences: expected twenty languages up to this line, the last, found `xs two words`",
            ),
        ] {
            assert_eq!(refusal(file().replace(from, to)), wanted);
        }
        let mut bytes = file().into_bytes();
        bytes.extend([b'x', b't', b' ', 0xff]);
        assert!(refusal(bytes).starts_with("line 42 of sentences: expected text in UTF-8"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Messages::read("no/such/file.txt").expect_err("there is none");
        assert!(error.to_string().starts_with("cannot read no/such/file.txt: "), "{error}");
    }
}
