//! Checks of lengths that only const evaluation knows: `model!` generates a call for each, at the tokens that are
//! wrong if it fails.
//!
//! ```compile_fail
//! const FEATURES: usize = 10;
//! const _: () =
//!     mimo_runtime::check::dim_equal("mimo::E0301", FEATURES, 12, "axis of `x`", "", "");
//! ```

/// Maximum length of a message, in bytes.
const ROOM: usize = 2048;

/// The message of a const panic, which accepts only a finished `&str`. Longer messages are cut.
#[derive(Debug)]
struct Text {
    bytes: [u8; ROOM],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Text { bytes: [0; ROOM], len: 0 }
    }

    /// Appends `text`, or as many whole characters of it as fit.
    const fn str(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut n = text.len();
        if n > self.bytes.len() - self.len {
            n = self.bytes.len() - self.len;
            // A byte `10……` continues a character, which must not be split.
            while n > 0 && text[n] & 0xC0 == 0x80 {
                n -= 1;
            }
        }
        let mut i = 0;
        while i < n {
            self.bytes[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    const fn num(self, n: usize) -> Self {
        let mut digits = [0_u8; 20];
        let (mut at, mut rest) = (digits.len(), n);
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let (_, digits) = digits.split_at(at);
        match std::str::from_utf8(digits) {
            Ok(digits) => self.str(digits),
            Err(_) => self,
        }
    }

    /// Appends `  = help: …` and `  = note: …`, in the layout of rustc.
    const fn remarks(mut self, help: &str, note: &str) -> Self {
        if !help.is_empty() || !note.is_empty() {
            self = self.str("\n");
        }
        if !help.is_empty() {
            self = self.str("\n  = help: ").str(help);
        }
        if !note.is_empty() {
            self = self.str("\n  = note: ").str(note);
        }
        self
    }

    const fn get(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "two lengths do not agree",
        }
    }
}

/// Builds `what is 10, but 12 is required [code]`, with the words between the numbers.
const fn mismatch(
    code: &str,
    found: usize,
    relation: &str,
    wanted: usize,
    what: &str,
    help: &str,
    note: &str,
) -> Text {
    let text = Text::new().str(what).str(" is ").num(found).str(relation).num(wanted);
    text.str(" is required [").str(code).str("]").remarks(help, note)
}

const EQUAL: &str = ", but ";
const AT_LEAST: &str = ", but at least ";
const AT_MOST: &str = ", but at most ";
const MULTIPLE_OF: &str = ", but a multiple of ";

/// Fails if `found` is not `wanted`. `code` is that of the rule, `what` names the length; `help` and `note` may be
/// empty.
#[track_caller]
pub const fn dim_equal(code: &str, found: usize, wanted: usize, what: &str, help: &str, note: &str) {
    if found != wanted {
        panic!("{}", mismatch(code, found, EQUAL, wanted, what, help, note).get());
    }
}

/// Fails if `found` is less than `wanted`.
#[track_caller]
pub const fn dim_at_least(code: &str, found: usize, wanted: usize, what: &str, help: &str, note: &str) {
    if found < wanted {
        panic!("{}", mismatch(code, found, AT_LEAST, wanted, what, help, note).get());
    }
}

/// Fails if `found` is more than `wanted`.
#[track_caller]
pub const fn dim_at_most(code: &str, found: usize, wanted: usize, what: &str, help: &str, note: &str) {
    if found > wanted {
        panic!("{}", mismatch(code, found, AT_MOST, wanted, what, help, note).get());
    }
}

/// Returns the length, if a machine can hold that many values.
#[track_caller]
pub const fn length(code: &str, n: usize, most: usize) -> usize {
    dim_at_most(code, n, most, "this length", "write a smaller number", "");
    n
}

/// Saturating arithmetic of sizes, so that too large sizes reach the comparison with a limit.
pub mod saturating {
    /// Returns `a + b`.
    pub const fn add(a: usize, b: usize) -> usize {
        a.saturating_add(b)
    }

    /// Returns `a - b`, at least 0.
    pub const fn sub(a: usize, b: usize) -> usize {
        a.saturating_sub(b)
    }

    /// Returns `a * b`.
    pub const fn mul(a: usize, b: usize) -> usize {
        a.saturating_mul(b)
    }

    /// Returns `a / b`; 0 for a division by 0.
    pub const fn div(a: usize, b: usize) -> usize {
        match a.checked_div(b) {
            Some(n) => n,
            None => 0,
        }
    }

    /// Returns the larger of the two.
    pub const fn max(a: usize, b: usize) -> usize {
        if a > b { a } else { b }
    }
}

/// Fails if `found` is not a multiple of `wanted`; only 0 is a multiple of 0.
#[track_caller]
pub const fn dim_multiple_of(code: &str, found: usize, wanted: usize, what: &str, help: &str, note: &str) {
    if !found.is_multiple_of(wanted) {
        panic!("{}", mismatch(code, found, MULTIPLE_OF, wanted, what, help, note).get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const _: () = dim_equal("", 3, 3, "", "", "");
    const _: () = dim_at_least("", 3, 2, "", "", "");
    const _: () = dim_at_most("", 3, 3, "", "", "");
    const _: () = dim_multiple_of("", 6, 3, "", "", "");
    const _: () = assert!(saturating::mul(usize::MAX, 2) == usize::MAX && saturating::div(3, 0) == 0);
    const _: () = dim_multiple_of("", 0, 0, "", "", "");

    #[test]
    fn the_text_has_names_and_numbers() {
        const TEXT: Text =
            mismatch("mimo::E0301", 10, EQUAL, 12, "last axis of `x`", "set `units` to 12", "");
        assert_eq!(
            TEXT.get(),
            "last axis of `x` is 10, but 12 is required [mimo::E0301]\n\n  = help: set `units` to 12"
        );
        let text = mismatch("c", 0, AT_LEAST, usize::MAX, "a", "", "b");
        assert_eq!(text.get(), "a is 0, but at least 18446744073709551615 is required [c]\n\n  = note: b");
        let text = mismatch("c", 7, MULTIPLE_OF, 2, "a", "b", "c");
        assert_eq!(text.get(), "a is 7, but a multiple of 2 is required [c]\n\n  = help: b\n  = note: c");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for n in ROOM - 12..ROOM + 8 {
            let text = Text::new().str(&"a".repeat(n)).str("größe").str("größe");
            assert!(text.get().len() <= ROOM);
            assert!(text.get().starts_with("aaa"), "{n}");
        }
    }

    #[test]
    #[should_panic(expected = "units is 3, but at least 4 is required [mimo::E0227]")]
    fn what_does_not_hold_panics() {
        dim_at_least("mimo::E0227", 3, 4, "units", "", "");
    }
}
