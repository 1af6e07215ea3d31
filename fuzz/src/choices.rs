//! Decisions from bytes: a fuzzer that changes a byte changes a decision. Without bytes, each is the first option.

/// The remaining decisions.
#[derive(Debug)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Creates decisions from these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Choices { bytes }
    }

    /// Whether every byte was used.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A byte, or 0.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        first
    }

    /// A number below `n`, which is at most 65,536.
    pub fn below(&mut self, n: usize) -> usize {
        let number =
            if n <= 256 { self.byte().into() } else { u16::from_le_bytes([self.byte(), self.byte()]) };
        usize::from(number) % n.max(1)
    }

    /// Selects one of these.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Whether one of `n` equally likely cases occurs; without bytes it does not.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}
