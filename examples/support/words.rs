//! Sentences in twenty languages as indices of words, some of which are replaced by words of other languages.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;

#[path = "messages.rs"]
pub mod messages;
#[path = "random.rs"]
pub mod random;

use messages::{LANGUAGES, Language, Messages};
use random::Random;

/// Number of words of the longest sentence.
pub const LENGTH: usize = 24;
/// Number of word indices: 0 is padding, 1 any word that is not among the most frequent.
pub const WORDS: usize = 3000;
/// Probability that a word is replaced by one of another language.
const REPLACED: f32 = 0.15;
/// Probability that a training word is made unknown: held-out sentences have many unknown words.
const UNKNOWN: f32 = 0.1;

/// Training sentences, each twelve times with other words replaced, and the last fifth of each language, each twice.
pub fn split(messages: &Messages) -> (Texts, Texts) {
    let sentences = |held_out: bool| -> Vec<Vec<Vec<String>>> {
        let of_language = |language: &Language| {
            let (first, last) = language.sentences.split_at(language.sentences.len() * 4 / 5);
            let chosen = if held_out { last } else { first };
            chosen.iter().map(|sentence| words_of(&messages.text(sentence))).collect()
        };
        messages.languages.iter().map(of_language).collect()
    };
    let (train, held_out) = (sentences(false), sentences(true));
    let vocabulary = vocabulary(&train);
    (Texts::draw(&train, &vocabulary, 12, UNKNOWN, 1), Texts::draw(&held_out, &vocabulary, 2, 0.0, 2))
}

/// Fraction of pairs in which the marked value is larger than the unmarked one.
fn before(told: &[(f32, bool)]) -> f64 {
    let mut sorted = told.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut others, mut pairs) = (0.0, 0.0);
    for (_, foreign) in &sorted {
        if *foreign { pairs += others } else { others += 1.0 }
    }
    pairs / (others * (sorted.len() as f64 - others))
}

fn words_of(sentence: &str) -> Vec<String> {
    sentence.split_whitespace().map(|word| word.trim_matches(['.', ',', '\'']).to_owned()).collect()
}

/// Index of each of the most frequent words, from 2.
fn vocabulary(languages: &[Vec<Vec<String>>]) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in languages.iter().flatten().flatten() {
        *counts.entry(word).or_default() += 1;
    }
    // A word that occurs once represents all unknown ones.
    let mut words: Vec<(&str, usize)> = counts.into_iter().filter(|&(_, count)| count > 1).collect();
    words.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    words.truncate(WORDS - 2);
    words.into_iter().zip(2..).map(|((word, _), number)| (word.to_owned(), number)).collect()
}

/// Sentences as word indices.
#[derive(Debug, Default)]
pub struct Texts {
    /// Word indices, sentence by sentence, each padded with 0.
    pub words: Vec<usize>,
    /// 1 for a word of another language.
    pub foreign: Vec<f32>,
    /// The language of each sentence.
    pub languages: Vec<usize>,
}

impl Texts {
    /// Returns the area under the ROC curve of foreign words. `chances` are the predictions for all positions.
    pub fn told(&self, chances: &[f32]) -> f64 {
        let words = self.words.iter().zip(chances.iter().zip(&self.foreign));
        let told = words.filter(|(word, _)| **word != 0);
        before(&told.map(|(_, (chance, foreign))| (*chance, *foreign > 0.5)).collect::<Vec<_>>())
    }

    /// Repeats every sentence, each time with other words replaced.
    fn draw(
        languages: &[Vec<Vec<String>>],
        vocabulary: &BTreeMap<String, usize>,
        times: usize,
        unknown: f32,
        seed: u64,
    ) -> Self {
        let mut random = Random::new(seed);
        let mut texts = Texts::default();
        let number = |word: &String| vocabulary.get(word).copied().unwrap_or(1);
        for _ in 0..times {
            for (language, sentences) in languages.iter().enumerate() {
                for sentence in sentences {
                    let sentence = &sentence[..sentence.len().min(LENGTH)];
                    for word in sentence {
                        let replaced = random.chance(REPLACED);
                        let other = (language + 1 + random.below(LANGUAGES - 1)) % LANGUAGES;
                        let from = &languages[other][random.below(languages[other].len())];
                        let word = if replaced { &from[random.below(from.len())] } else { word };
                        texts.words.push(if random.chance(unknown) { 1 } else { number(word) });
                        texts.foreign.push(f32::from(u8::from(replaced)));
                    }
                    let padding = LENGTH - sentence.len();
                    texts.words.extend(std::iter::repeat_n(0, padding));
                    texts.foreign.extend(std::iter::repeat_n(0.0, padding));
                    texts.languages.push(language);
                }
            }
        }
        texts
    }
}
