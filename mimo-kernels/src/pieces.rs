//! Disjoint parts of a slice, distributed to threads.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, Ordering};

/// Record of the taken pieces; reused from step to step so that no step allocates.
#[derive(Debug, Default)]
pub struct Claims(Vec<AtomicBool>);

impl Claims {
    /// Creates a record with room for `pieces` pieces.
    pub fn new(pieces: usize) -> Self {
        Self((0..pieces).map(|_| AtomicBool::new(false)).collect())
    }

    /// Makes room for at least `pieces` pieces; allocates only if there was less.
    pub fn grow(&mut self, pieces: usize) {
        if self.0.len() < pieces {
            *self = Self::new(pieces);
        }
    }
}

/// A slice divided at given boundaries. Each piece can be taken for writing once, by any thread.
pub struct Pieces<'a, E> {
    start: *mut E,
    bounds: &'a [usize],
    claims: &'a [AtomicBool],
    slice: PhantomData<&'a mut [E]>,
}

// SAFETY: sharing `Pieces` lets another thread take `&mut [E]` out of it, which is sending it `E`s. Each
// piece goes to one taker only.
unsafe impl<E: Send> Sync for Pieces<'_, E> {}
// SAFETY: as for `&mut [E]`.
unsafe impl<E: Send> Send for Pieces<'_, E> {}

impl<'a, E> Pieces<'a, E> {
    /// Cuts `slice` in pieces `bounds[i]..bounds[i + 1]`. All pieces are free again.
    ///
    /// `bounds` must ascend and end within the slice, and `claims` have room for all pieces.
    pub fn new(slice: &'a mut [E], bounds: &'a [usize], claims: &'a mut Claims) -> Self {
        let pieces = bounds.len().saturating_sub(1);
        assert!(bounds.is_sorted(), "the bounds of pieces must ascend");
        assert!(bounds.last().is_none_or(|&last| last <= slice.len()), "a piece ends outside its slice");
        assert!(pieces <= claims.0.len(), "there are more pieces than claims");
        let claims = &mut claims.0[..pieces];
        for claim in claims.iter_mut() {
            *claim.get_mut() = false;
        }
        Self { start: slice.as_mut_ptr(), bounds, claims, slice: PhantomData }
    }

    /// The number of pieces, taken or not.
    pub fn len(&self) -> usize {
        self.claims.len()
    }

    /// Whether there are no pieces.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Piece `index`, or `None` if there is no such piece or it was taken before.
    pub fn take(&self, index: usize) -> Option<&'a mut [E]> {
        // Relaxed is enough: whatever passed `self` to the taker also synchronizes it with the creator of `Pieces`,
        // and a piece never passes from taker to taker.
        if self.claims.get(index)?.swap(true, Ordering::Relaxed) {
            return None;
        }
        let (from, to) = (self.bounds[index], self.bounds[index + 1]);
        // SAFETY: from <= to <= the length of the slice, which is borrowed exclusively for 'a. Ascending
        // bounds make pieces disjoint, and the claim just made is the only one ever on this piece.
        Some(unsafe { core::slice::from_raw_parts_mut(self.start.add(from), to - from) })
    }
}

impl<E> fmt::Debug for Pieces<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces").field("bounds", &self.bounds).field("claims", &self.claims).finish()
    }
}
