//! `Concatenate`: values one after another along an axis.

use crate::program::{Sink, View};

/// Copies parts into one value.
#[derive(Clone, Copy, Debug)]
pub struct Concatenate {
    /// The axes before the concatenated one, multiplied: how often the parts alternate per sample.
    pub outer: usize,
    /// What is read, in order.
    pub parts: &'static [Part],
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
}

/// One of the concatenated values.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What is read; `outer` runs of equal length.
    pub x: View,
    /// Where its gradient goes.
    pub dx: Option<Sink>,
}
