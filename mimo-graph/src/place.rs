//! Placement of slots in the memory of a chunk: slots that are never alive together may share memory.
//!
//! The macro places the slots of a model whose lengths it knows; the others are placed by const evaluation, which takes
//! a thousand times as long for the same work. Both call this.

/// Alignment of slots, a cache line for any number of rows: lengths are rounded up to a multiple of it.
pub const ALIGN: usize = 16;

/// Request for a slot: its size and the times of its first and last use.
#[derive(Clone, Copy, Debug)]
pub struct SlotRequest {
    /// Values per sample, or per chunk if it is fixed.
    pub len: usize,
    /// Whether its size does not depend on the number of rows of a chunk, such as a chunk accumulator or scratch
    /// memory.
    pub fixed: bool,
    /// Time of the first write.
    pub from: usize,
    /// Time of the last read.
    pub to: usize,
}

impl SlotRequest {
    /// A slot that is never alive and takes no memory.
    pub const UNUSED: Self = Self::new(0, usize::MAX, usize::MAX);

    /// A slot of `len` values per sample, written at `from` and last read at `to`.
    pub const fn new(len: usize, from: usize, to: usize) -> Self {
        SlotRequest { len, fixed: false, from, to }
    }

    /// A slot of `len` values for any number of rows of a chunk.
    pub const fn fixed(len: usize, from: usize, to: usize) -> Self {
        SlotRequest { len, fixed: true, from, to }
    }
}

/// Rounds up to a whole cache line.
pub const fn aligned(len: usize) -> usize {
    len.div_ceil(ALIGN) * ALIGN
}

/// Places slots by liveness, first fit in the order of their first use. Returns the length of the area per sample,
/// and of the area per chunk. `slots` are sorted by `from`, except for those of length 0, which are unused and may be
/// anywhere. `offsets` and `alive`, which is scratch, are as long as `slots`.
pub const fn place(slots: &[SlotRequest], offsets: &mut [usize], alive: &mut [usize]) -> (usize, usize) {
    let len = place_area(slots, false, offsets, alive);
    let fixed = place_area(slots, true, offsets, alive);
    (len, fixed)
}

/// Places either the fixed slots or the others.
const fn place_area(
    slots: &[SlotRequest],
    fixed: bool,
    offsets: &mut [usize],
    // Slots alive at the time of the current one, ordered by offset.
    alive: &mut [usize],
) -> usize {
    let mut len = 0;
    let mut count = 0;
    let mut i = 0;
    while i < slots.len() {
        let request = slots[i];
        let size = aligned(request.len);
        if size == 0 || request.fixed != fixed {
            i += 1;
            continue;
        }
        let mut kept = 0;
        let mut a = 0;
        while a < count {
            if slots[alive[a]].to >= request.from {
                alive[kept] = alive[a];
                kept += 1;
            }
            a += 1;
        }
        count = kept;
        let mut offset = 0;
        let mut at = 0;
        while at < count && offsets[alive[at]] < offset + size {
            let end = offsets[alive[at]] + aligned(slots[alive[at]].len);
            if end > offset {
                offset = end;
            }
            at += 1;
        }
        offsets[i] = offset;
        if offset + size > len {
            len = offset + size;
        }
        let mut shift = count;
        while shift > at {
            alive[shift] = alive[shift - 1];
            shift -= 1;
        }
        alive[at] = i;
        count += 1;
        i += 1;
    }
    len
}
