//! Epochs as lines of CSV text.

use std::borrow::Cow;

use crate::history::EpochLogs;
use crate::model::Trainable;

/// `epoch,loss,val_loss`
pub(crate) fn header(keys: &[String], separator: char) -> String {
    let mut line = String::from("epoch");
    for key in keys {
        line.push(separator);
        line.push_str(&quoted(key, separator));
    }
    line
}

/// Formats the epoch from 0, and a value for each key; `NA` for missing values. Numbers are read back as the same
/// `f64`.
pub(crate) fn line<M: Trainable>(epoch: &EpochLogs<M>, keys: &[String], separator: char) -> String {
    let mut line = epoch.epoch.to_string();
    for key in keys {
        line.push(separator);
        match epoch.get(key) {
            Some(value) => line.push_str(&quoted(&value.to_string(), separator)),
            None => line.push_str("NA"),
        }
    }
    line
}

/// A field, quoted if necessary (RFC 4180).
pub(crate) fn quoted(field: &str, separator: char) -> Cow<'_, str> {
    if field.contains([separator, '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}
