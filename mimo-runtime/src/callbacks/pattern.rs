//! Names of files with placeholders: `{epoch:03}-{val_loss:.2}.safetensors`.

use crate::callbacks::CallbackFault;

/// A name with placeholders.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Value(Placeholder),
}

/// `{val_loss:8.3}`: a name, and how its number is written.
#[derive(Clone, Debug, PartialEq)]
struct Placeholder {
    name: String,
    zeros: bool,
    width: usize,
    decimals: Option<usize>,
    scientific: bool,
}

/// Widths and decimals of this size or more make no sense in a file's name, and would fill the memory.
const LIMIT: usize = 100;

impl Pattern {
    /// Reads a pattern. `{{` and `}}` are braces.
    pub(super) fn parse(pattern: &str) -> Result<Self, CallbackFault> {
        let fault = |what: String| CallbackFault::Pattern { pattern: pattern.into(), what };
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = pattern;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            text.push_str(before);
            if let Some(escaped) = after.strip_prefix("{{") {
                text.push('{');
                rest = escaped;
            } else if let Some(escaped) = after.strip_prefix("}}") {
                text.push('}');
                rest = escaped;
            } else if let Some((inner, behind)) =
                after.strip_prefix('{').and_then(|after| after.split_once('}'))
            {
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Value(Placeholder::parse(inner).map_err(fault)?));
                rest = behind;
            } else {
                return Err(fault(
                    "a brace is not closed, or not opened; write `{{` or `}}` for a brace".into(),
                ));
            }
        }
        text.push_str(rest);
        parts.push(Part::Text(text));
        Ok(Pattern { parts })
    }

    /// The names of the placeholders.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(placeholder) => Some(&*placeholder.name),
            Part::Text(_) => None,
        })
    }

    /// The name, with the values that `value` gives; `NA` for what has none.
    pub(super) fn fill(&self, mut value: impl FnMut(&str) -> Option<f64>) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(placeholder) => match value(&placeholder.name) {
                Some(value) => placeholder.show(value),
                None => "NA".into(),
            },
        });
        parts.collect()
    }
}

impl Placeholder {
    /// Reads what stands between braces; the error says what is wrong with it.
    fn parse(inner: &str) -> Result<Self, String> {
        let (name, format) = inner.split_once(':').unwrap_or((inner, ""));
        if name.is_empty() {
            return Err(format!(
                "`{{{inner}}}` has no name; write `{{epoch}}`, `{{batch}}`, or a key such as `{{val_loss}}`"
            ));
        }
        let scientific = format.ends_with('e');
        let digits = format.strip_suffix('e').unwrap_or(format);
        let (width, decimals) = match digits.split_once('.') {
            Some((width, decimals)) => (width, Some(decimals)),
            None => (digits, None),
        };
        let zeros = width.starts_with('0');
        let number = |digits: &str| digits.parse::<usize>().ok().filter(|number| *number < LIMIT);
        let wrong = || {
            // Keras's patterns are those of Python: `{epoch:02d}`.
            let rust = digits.trim_end_matches(['d', 'f', 'g']);
            let meant = if rust != digits && rust.chars().all(|sign| sign.is_ascii_digit() || sign == '.') {
                format!("write `{{{name}:{rust}}}`")
            } else {
                "write a width, decimals, or both after the colon: `{epoch:03}`, `{val_loss:.2}`".into()
            };
            format!("`{{{inner}}}` is not a valid placeholder; {meant}")
        };
        let width = if width.is_empty() { 0 } else { number(width).ok_or_else(wrong)? };
        let decimals = decimals.map(|digits| number(digits).ok_or_else(wrong)).transpose()?;
        Ok(Placeholder { name: name.into(), zeros, width, decimals, scientific })
    }

    fn show(&self, value: f64) -> String {
        let Placeholder { zeros, width, decimals, scientific, .. } = *self;
        match (scientific, zeros, decimals) {
            (false, false, None) => format!("{value:width$}"),
            (false, true, None) => format!("{value:0width$}"),
            (false, false, Some(decimals)) => format!("{value:width$.decimals$}"),
            (false, true, Some(decimals)) => format!("{value:0width$.decimals$}"),
            (true, false, None) => format!("{value:width$e}"),
            (true, true, None) => format!("{value:0width$e}"),
            (true, false, Some(decimals)) => format!("{value:width$.decimals$e}"),
            (true, true, Some(decimals)) => format!("{value:0width$.decimals$e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str) -> String {
        let pattern = Pattern::parse(pattern).expect(pattern);
        pattern.fill(|name| match name {
            "epoch" => Some(7.0),
            "val_loss" => Some(0.123_456),
            _ => None,
        })
    }

    #[test]
    fn values_are_written_as_rust_writes_them() {
        for (pattern, name) in [
            ("weights.safetensors", "weights.safetensors"),
            ("{epoch}", "7"),
            ("{epoch:03}-{val_loss:.2}.st", "007-0.12.st"),
            ("{epoch:4}|{val_loss:08.3}", "   7|0000.123"),
            ("{val_loss:.1e}", "1.2e-1"),
            ("{{{epoch}}}", "{7}"),
            ("{val_auc:.3}", "NA"),
        ] {
            assert_eq!(shown(pattern), name, "{pattern}");
        }
    }

    #[test]
    fn wrong_patterns_say_what_to_write() {
        for (pattern, part) in [
            ("{epoch:02d}", "write `{epoch:02}`"),
            ("{val_loss:.2f}", "write `{val_loss:.2}`"),
            ("{val_loss:>8}", "write a width"),
            ("{epoch:1000000000}", "write a width"),
            ("{epoch:99999999999999999999999}", "write a width"),
            ("{}", "has no name"),
            ("{epoch", "not closed"),
            ("epoch}", "not opened"),
        ] {
            let fault = Pattern::parse(pattern).expect_err(pattern).to_string();
            assert!(fault.contains(part), "{pattern}: {fault}");
        }
    }
}
