//! Where slots lie in the memory of a chunk: slots that are never alive together share it.
//!
//! The macro places the slots of a model whose lengths it knows; the others are placed by const evaluation, which takes
//! a thousand times as long for the same work. Both call this.

/// Slots start on a cache line whatever the number of rows: lengths are rounded up to this many values.
pub const ALIGN: usize = 16;

/// A slot that the plan asks for: its size and the first and last point in time of its use.
#[derive(Clone, Copy, Debug)]
pub struct SlotRequest {
    /// Values per sample, or per chunk if it is fixed.
    pub len: usize,
    /// Whether its size is the same however many rows a chunk has: the private gradient of a weight, scratch.
    pub fixed: bool,
    /// When it is first written.
    pub from: usize,
    /// When it is last read.
    pub to: usize,
}

impl SlotRequest {
    /// A slot that is never alive and takes no room.
    pub const UNUSED: Self = Self::new(0, usize::MAX, usize::MAX);

    /// A slot of `len` values per sample, written at `from` and last read at `to`.
    pub const fn new(len: usize, from: usize, to: usize) -> Self {
        SlotRequest { len, fixed: false, from, to }
    }

    /// A slot of `len` values however many rows a chunk has.
    pub const fn fixed(len: usize, from: usize, to: usize) -> Self {
        SlotRequest { len, fixed: true, from, to }
    }
}

/// Rounds up to a whole cache line.
pub const fn aligned(len: usize) -> usize {
    len.div_ceil(ALIGN) * ALIGN
}

/// Places slots by liveness, first fit in the order of their first use, and gives the length of the area that is as long
/// per sample, and of the one that is as long per chunk. `slots` are sorted by `from`, but for those of length 0, which
/// are not used at all and may stand anywhere. `offsets` and `alive`, which is scratch, are as long as `slots`.
pub const fn place(slots: &[SlotRequest], offsets: &mut [usize], alive: &mut [usize]) -> (usize, usize) {
    let len = place_area(slots, false, offsets, alive);
    let fixed = place_area(slots, true, offsets, alive);
    (len, fixed)
}

/// Places the slots that are fixed, or those that are not.
const fn place_area(
    slots: &[SlotRequest],
    fixed: bool,
    offsets: &mut [usize],
    // Slots alive at the current one, ordered by offset.
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
