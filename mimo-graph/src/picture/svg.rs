//! Writing SVG: shapes with classes, whose colours are those of [`STYLE`] or of the page around them.

use std::borrow::Cow;
use std::fmt::Write;

/// Colours of a picture that stands alone. A report has its own, for light and dark screens.
///
/// Blue and vermilion are those of Okabe and Ito's palette, which people with any colour vision tell apart.
pub const STYLE: &str = "\
text{font-family:'DejaVu Sans',Verdana,sans-serif}.strong{font-weight:bold}\
.ink{fill:#1a1c1f}.dim{fill:#59626d}.paper{fill:#fff}\
.halo{stroke:#fff;stroke-width:3px;paint-order:stroke}.grid{stroke:#e2e6ea}.axis{stroke:#9aa3ad}.cell{stroke:#fff}\
.train{stroke:#0072b2}.val{stroke:#d55e00}.dot-train{fill:#0072b2}.dot-val{fill:#d55e00}\
.edge{stroke:#7d8793}.head{fill:#7d8793}\
.box{fill:#f4f6f8;stroke:#9aa3ad}.input{fill:#e2f0f9;stroke:#0072b2}.output{fill:#fdeee0;stroke:#d55e00}\
.nested{fill:#efe9f5;stroke:#7b5ea7}";

/// Text, or the value of an attribute: markup is escaped, and characters that XML does not have are replaced.
pub fn escape(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\'') && is_xml(c);
    if text.chars().all(plain) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if is_xml(c) => escaped.push(c),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped.into()
}

/// Characters of XML 1.0.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{7f}'..='\u{9f}')
}

/// Alignment of a text at its point.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// To its right.
    Start,
    /// On both sides of it.
    Middle,
    /// To its left.
    End,
}

/// Shapes, one after another.
#[derive(Debug, Default)]
pub struct Canvas {
    /// Elements of SVG, a line each.
    pub body: String,
}

impl Canvas {
    /// A line of text.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: f64, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y, size) = (Number(x), Number(y), Number(size));
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" class=\"{class}\"{anchor}>{}</text>\n",
            escape(text)
        ));
    }

    /// A text from the bottom left to the top right, which ends or begins at a point.
    pub fn slanted(&mut self, (x, y): (f64, f64), size: f64, class: &str, text: &str) {
        let (x, y, size) = (Number(x), Number(y), Number(size));
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" class=\"{class}\" transform=\"rotate(-45 {x} {y})\">{}</text>\n",
            escape(text)
        ));
    }

    /// A straight line.
    pub fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(Number);
        self.push(format_args!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" class=\"{class}\"/>\n"
        ));
    }

    /// A rectangle; `attributes` stand in its tag, and `hint` is shown where the mouse is.
    pub fn rect(&mut self, [x, y, width, height]: [f64; 4], attributes: &str, hint: Option<&str>) {
        let [x, y, width, height] = [x, y, width, height].map(Number);
        let tag =
            format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {attributes}");
        match hint {
            Some(hint) => self.push(format_args!("{tag}><title>{}</title></rect>\n", escape(hint))),
            None => self.push(format_args!("{tag}/>\n")),
        }
    }

    /// Straight lines from point to point.
    pub fn polyline(&mut self, points: &[(f64, f64)], attributes: &str) {
        self.body.push_str("<polyline fill=\"none\" points=\"");
        for (i, (x, y)) in points.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            self.push(format_args!("{space}{},{}", Number(*x), Number(*y)));
        }
        self.push(format_args!("\" {attributes}/>\n"));
    }

    /// A circle; `attributes` and `hint` as those of [`rect`](Self::rect).
    pub fn circle(&mut self, (x, y): (f64, f64), radius: f64, attributes: &str, hint: Option<&str>) {
        let [x, y, radius] = [x, y, radius].map(Number);
        let tag = format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {attributes}");
        match hint {
            Some(hint) => self.push(format_args!("{tag}><title>{}</title></circle>\n", escape(hint))),
            None => self.push(format_args!("{tag}/>\n")),
        }
    }

    /// Writes an element as it is.
    pub fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = self.body.write_fmt(text);
    }
}

/// A coordinate with at most two decimals.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = if self.0.is_finite() { (self.0 * 100.0).round() / 100.0 } else { 0.0 };
        // Without the sign of a negative zero.
        write!(f, "{}", value + 0.0)
    }
}

/// An upper bound of the width of a text in any usual font without serifs: that in DejaVu Sans, which is a wide one.
pub fn width(text: &str, size: f64) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '|' | '\'' => 0.3,
        ' ' | '.' | ',' | ':' | ';' | '!' | '/' | '(' | ')' | '[' | ']' | 'f' | 't' | 'r' => 0.4,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '→' => 1.0,
        'A'..='Z' => 0.74,
        '\0'..='\u{2fff}' => 0.64,
        _ => 1.05,
    };
    text.chars().map(of).sum::<f64>() * size
}

/// A text that is not wider than `limit`; the middle of a longer one is an ellipsis, because names that begin alike differ at their ends.
pub fn fitted_middle(text: &str, size: f64, limit: f64) -> Cow<'_, str> {
    if width(text, size) <= limit {
        return text.into();
    }
    let letters: Vec<char> = text.chars().collect();
    let (mut head, mut tail) = (String::new(), String::new());
    let (mut from, mut to) = (0, letters.len());
    while from < to {
        let at_end = head.chars().count() > tail.chars().count();
        let Some(&c) = letters.get(if at_end { to - 1 } else { from }) else { break };
        if width(&head, size) + width(&tail, size) + width(c.encode_utf8(&mut [0; 4]), size) + size > limit {
            break;
        }
        if at_end {
            tail.insert(0, c);
            to -= 1;
        } else {
            head.push(c);
            from += 1;
        }
    }
    format!("{head}…{tail}").into()
}

/// A text that is not wider than `limit`; the end of a longer one is an ellipsis.
pub fn fitted(text: &str, size: f64, limit: f64) -> Cow<'_, str> {
    if width(text, size) <= limit {
        return text.into();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width(&short, size) + size > limit {
            short.pop();
            break;
        }
    }
    short.push('…');
    short.into()
}
