//! Vocabularies and encodings as Keras makes them: `tests/golden/make_lookups.py`.

use mimo_data::{
    IntegerLookup, OutputMode, Split, Standardize, StringLookup, TextVectorization, TextVectorizationSettings,
};
use serde_json::Value;

fn golden(kind: &str) -> Vec<Value> {
    let text = include_str!("../../tests/golden/lookups.json");
    let all: Value = serde_json::from_str(text).expect("JSON");
    let cases = all[kind].as_array().expect("a list").clone();
    assert!(cases.len() >= 5, "{kind}");
    cases
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|it| it.as_str().expect("a word")).collect()
}

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().expect("a list").iter().map(|it| it.as_i64().expect("a number")).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().expect("a size") as usize
}

#[test]
fn words_have_the_indices_of_keras() {
    for case in golden("strings") {
        let mut lookup = StringLookup::new();
        for (name, value) in case["settings"].as_object().expect("settings") {
            lookup = match name.as_str() {
                "max_tokens" => lookup.max_tokens(size(value)),
                "num_oov_indices" => lookup.num_oov_indices(size(value)),
                "mask_token" => lookup.mask_token(value.as_str().expect("a word")),
                "oov_token" => lookup.oov_token(value.as_str().expect("a word")),
                _ => panic!("{name}"),
            };
        }
        let adapted = lookup.clone().adapt(words(&case["data"])).expect("a vocabulary");
        assert_eq!(adapted.get_vocabulary(), words(&case["vocabulary"]), "{}", case["settings"]);
        let found: Vec<i64> =
            words(&case["asked"]).iter().map(|word| adapted.index(word).expect("an index") as i64).collect();
        assert_eq!(found, numbers(&case["indices"]), "{}", case["settings"]);
        // The list that Keras returns makes the same vocabulary, and so does what was saved.
        let listed = lookup.vocabulary(words(&case["vocabulary"])).expect("a vocabulary");
        assert_eq!(listed.get_vocabulary(), adapted.get_vocabulary());
        let saved = serde_json::to_string(&adapted).expect("JSON");
        assert_eq!(serde_json::from_str::<StringLookup>(&saved).expect("a vocabulary"), adapted);
    }
}

#[test]
fn whole_numbers_have_the_indices_of_keras() {
    for case in golden("integers") {
        let mut lookup = IntegerLookup::new();
        for (name, value) in case["settings"].as_object().expect("settings") {
            let number = value.as_i64().expect("a number");
            lookup = match name.as_str() {
                "max_tokens" => lookup.max_tokens(size(value)),
                "num_oov_indices" => lookup.num_oov_indices(size(value)),
                "mask_token" => lookup.mask_token(&number),
                "oov_token" => lookup.oov_token(&number),
                _ => panic!("{name}"),
            };
        }
        let adapted = lookup.adapt(&numbers(&case["data"])).expect("a vocabulary");
        assert_eq!(adapted.get_vocabulary(), numbers(&case["vocabulary"]), "{}", case["settings"]);
        let asked = numbers(&case["asked"]);
        let found: Vec<i64> = asked.iter().map(|it| adapted.index(it).expect("an index") as i64).collect();
        assert_eq!(found, numbers(&case["indices"]), "{}", case["settings"]);
    }
}

fn settings(case: &Value) -> TextVectorizationSettings {
    let mut layer = TextVectorization::new();
    for (name, value) in case["settings"].as_object().expect("settings") {
        layer = match (name.as_str(), value.as_str()) {
            ("output_sequence_length", _) => layer.output_sequence_length(size(value)),
            ("max_tokens", _) => layer.max_tokens(size(value)),
            ("ngrams", _) => layer.ngrams(size(value)),
            ("standardize", Some("lower")) => layer.standardize(Standardize::Lower),
            ("standardize", Some("strip_punctuation")) => layer.standardize(Standardize::StripPunctuation),
            ("standardize", None) => layer.standardize(Standardize::None),
            ("split", Some("character")) => layer.split(Split::Character),
            ("output_mode", Some("multi_hot")) => layer.output_mode(OutputMode::MultiHot),
            ("output_mode", Some("count")) => layer.output_mode(OutputMode::Count),
            ("output_mode", Some("tf_idf")) => layer.output_mode(OutputMode::TfIdf),
            _ => panic!("{name}"),
        };
    }
    layer
}

#[test]
fn texts_have_the_values_of_keras() {
    for case in golden("texts") {
        let layer = settings(&case).adapt(words(&case["data"])).expect("a vocabulary");
        assert_eq!(layer.get_vocabulary(), words(&case["vocabulary"]), "{}", case["settings"]);
        let expected = case["values"].as_array().expect("rows");
        for (text, expected) in words(&case["asked"]).into_iter().zip(expected) {
            let expected: Vec<f64> =
                expected.as_array().expect("a row").iter().map(|it| it.as_f64().expect("a number")).collect();
            let found = layer.encode(text).expect("values");
            assert_eq!(found.len(), expected.len(), "{text:?} {}", case["settings"]);
            for (found, expected) in found.iter().zip(&expected) {
                // Keras computes in single precision.
                assert!(
                    (found - expected).abs() <= 2e-6 * expected.abs(),
                    "{text:?} {}: {found} {expected}",
                    case["settings"]
                );
            }
        }
        // Texts that come in parts make the same vocabulary.
        let mut parts = settings(&case);
        for text in words(&case["data"]) {
            parts.update([text]);
        }
        assert_eq!(parts.adapted().expect("a vocabulary"), layer);
    }
}

#[test]
fn settings_that_make_no_sense_are_errors() {
    let text = |error: Option<mimo_runtime::error::Error>| error.expect("an error").to_string();
    assert_eq!(
        text(StringLookup::new().max_tokens(1).adapt(["a"]).err()),
        "`max_tokens` counts the special tokens too, and has to be greater than their number"
    );
    assert_eq!(
        text(StringLookup::new().vocabulary(["a", "b", "a"]).err()),
        "the vocabulary has `a` twice, or it is a special token"
    );
    assert_eq!(
        text(TextVectorization::new().adapt(["a"]).err()),
        "indices of words need an `output_sequence_length`: the values that each text has"
    );
    assert_eq!(
        text(TextVectorization::new().output_sequence_length(2).ngrams(0).adapt(["a"]).err()),
        "`ngrams` is the largest number of words in a token, so it is at least 1"
    );
    let strict = StringLookup::new().num_oov_indices(0).adapt(["house", "flat"]).expect("a vocabulary");
    assert_eq!(
        text(strict.index("hause").err()),
        "`hause` is not in the vocabulary, which has no index for other values; did you mean `house`?"
    );
    // A saved vocabulary that was changed is no vocabulary.
    let saved = serde_json::to_string(&strict).expect("JSON").replace("flat", "house");
    assert!(serde_json::from_str::<StringLookup>(&saved).is_err());
}
