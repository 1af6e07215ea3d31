//! Conversions of files that Keras made; `tests/keras/make.py` makes them, and `tests/parity/keras2.py` those of Keras 2. `UPDATE=1 cargo test -p mimo-convert --test conversions` writes
//! the sources anew, which `tests/compiled.rs` compiles.

use std::path::{Path, PathBuf};

use mimo_convert::cli::convert::source_of;
use mimo_convert::keras::{Conversion, KerasFile, Options, convert, weights};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras")
}

fn converted(file: &str, lengths: &[(&str, usize)]) -> (KerasFile, Conversion) {
    let file = KerasFile::read(&directory().join(file)).unwrap();
    let lengths = lengths.iter().map(|&(input, length)| (input.to_owned(), vec![length])).collect();
    let options = Options { name: None, lengths };
    let conversion = convert(file.config.as_ref().unwrap(), file.compile_config.as_ref(), &options).unwrap();
    (file, conversion)
}

/// Compares a source with the one that is stored.
fn is_stored(name: &str, file: &str, conversion: &Conversion) {
    let path = directory().join(name);
    let source = source_of(conversion, Path::new(file));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &source).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(source, stored, "{}: UPDATE=1 writes it anew", path.display());
}

#[test]
fn files_of_keras_become_the_sources_that_are_stored() {
    for (file, lengths, name) in [
        ("churn.keras", &[][..], "churn.rs"),
        ("siamese.keras", &[], "siamese.rs"),
        ("mood.keras", &[("words", 6)], "mood.rs"),
        ("review.keras", &[], "review.rs"),
        ("keras2.keras", &[], "keras2.rs"),
        ("residual.config.json", &[], "residual.rs"),
        ("unusual.config.json", &[], "unusual.rs"),
    ] {
        let (_, conversion) = converted(file, lengths);
        is_stored(name, file, &conversion);
        assert_eq!(conversion.is_complete(), name != "unusual.rs", "{file}: {:?}", conversion.problems);
    }
}

#[test]
fn a_legacy_file_has_the_same_source_and_the_same_weights() {
    for (name, count) in [("churn", 12), ("review", 18), ("keras2", 34)] {
        let (new, of_new) = converted(&format!("{name}.keras"), &[]);
        let (old, of_old) = converted(&format!("{name}.h5"), &[]);
        let named = |conversion: &Conversion| source_of(conversion, Path::new(name));
        assert_eq!(named(&of_new), named(&of_old));
        let new = weights::assign(&weights::layers_of(&of_new), &new).unwrap();
        let old = weights::assign(&weights::layers_of(&of_old), &old).unwrap();
        assert_eq!(new.len(), count, "{:?}", new.keys());
        assert_eq!(new, old);
    }
}

#[test]
fn a_length_that_is_open_has_to_be_given() {
    let file = KerasFile::read(&directory().join("mood.keras")).unwrap();
    let error = convert(file.config.as_ref().unwrap(), None, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("`--length words=…`"), "{error}");
    let lengths = [("letters".to_owned(), vec![3])].into();
    let error = convert(file.config.as_ref().unwrap(), None, &Options { name: None, lengths }).unwrap_err();
    assert_eq!(error.to_string(), "--length: there is no input `letters`; the inputs are words");
}

#[test]
fn weights_of_another_model_are_an_error_that_names_the_layer() {
    let (_, churn) = converted("churn.keras", &[]);
    let (mood, _) = converted("mood.keras", &[("words", 6)]);
    let error = weights::assign(&weights::layers_of(&churn), &mood).unwrap_err();
    assert!(error.to_string().starts_with("layer `conv`: "), "{error}");
}
