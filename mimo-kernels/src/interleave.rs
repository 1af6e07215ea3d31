//! Interleaved kernels of several gates, in the layout of the fused steps of recurrent layers.
//!
//! Such a kernel has `parts` groups of `units` columns. A fused step needs the weights of a vector of units in all
//! parts, two parts at a time, from the first row to the last. So the layout is a sequence of blocks of [`BLOCK`]
//! units. A block holds, for every vector of units and every [pair](PAIR) of parts, row after row, the vectors of the
//! pair: a tile reads one contiguous stream that fits in the first-level cache.

use super::dispatch::Kernels;
use super::element::Element;
use super::simd::Simd;

/// Units per block: the lanes of the widest vectors. The lanes of all instruction sets divide it, so that blocks
/// begin at the same offsets for all of them.
pub const BLOCK: usize = 16;

/// Number of parts whose vectors alternate.
pub const PAIR: usize = 2;

/// Length of the interleaved form of a kernel with `rows` rows and `parts` groups of `units` columns.
///
/// # Panics
///
/// If that overflows `usize`.
pub const fn interleaved_len(rows: usize, parts: usize, units: usize) -> usize {
    match interleaved_block_len(rows, parts).checked_mul(units.div_ceil(BLOCK)) {
        Some(len) => len,
        None => panic!("interleaved kernel is too large"),
    }
}

/// Length of one block of it.
///
/// # Panics
///
/// If that overflows `usize`.
pub const fn interleaved_block_len(rows: usize, parts: usize) -> usize {
    match rows.checked_mul(parts) {
        Some(vectors) => match vectors.checked_mul(BLOCK) {
            Some(len) => len,
            None => panic!("interleaved kernel is too large"),
        },
        None => panic!("interleaved kernel is too large"),
    }
}

/// One block of an interleaved kernel to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interleaving<E> {
    /// `rows x parts * units` without gaps.
    from: *const E,
    rows: usize,
    parts: usize,
    units: usize,
    /// The first unit of the block.
    first: usize,
    /// `rows * parts * BLOCK` values.
    to: *mut E,
}

/// Writes a block. Lanes beyond the last unit are zero.
///
/// # Safety
///
/// The processor must have the instruction set; `from` and `to` must be valid as their fields say.
#[inline(always)]
pub(crate) unsafe fn interleave_block<S: Simd>(block: &Interleaving<S::Elem>) {
    let Interleaving { from, rows, parts, units, first, mut to } = *block;
    for unit in (first..first + BLOCK).step_by(S::LANES) {
        let here = units.saturating_sub(unit).min(S::LANES);
        for pair in (0..parts).step_by(PAIR) {
            for row in 0..rows {
                for part in pair..parts.min(pair + PAIR) {
                    // SAFETY: the `here` lanes from `unit` on are columns of this part and row. Each of the BLOCK /
                    // LANES · rows · parts vectors is written once, in order.
                    unsafe {
                        let from = from.wrapping_add((row * parts + part) * units + unit);
                        let vector = if here == S::LANES { S::load(from) } else { S::load_first(from, here) };
                        S::store(to, vector);
                        to = to.add(S::LANES);
                    }
                }
            }
        }
    }
}

/// Writes block `block` of the interleaved form of a kernel with `parts` groups of `units` columns.
pub fn interleave<E: Element>(kernel: &[E], parts: usize, units: usize, block: usize, to: &mut [E]) {
    let cols = parts.saturating_mul(units).max(1);
    let rows = kernel.len() / cols;
    assert_eq!(rows * cols, kernel.len(), "the kernel's last row is not whole");
    assert_eq!(to.len(), interleaved_block_len(rows, parts), "an interleaved block has another size");
    assert!(block < units.div_ceil(BLOCK), "no such block of units: {block}");
    let (from, to) = (kernel.as_ptr(), to.as_mut_ptr());
    let block = Interleaving { from, rows, parts, units, first: block * BLOCK, to };
    // SAFETY: the sizes were checked above, and the table is for this processor.
    unsafe { E::kernels().interleave_block(&block) }
}
