//! Aligned buffers.

use super::element::Element;
use alloc::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A cache line, and the widest vector.
const ALIGNMENT: usize = 64;

/// Error: a buffer could not be allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationError {
    /// Requested number of values.
    pub len: usize,
}

impl fmt::Display for AllocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not enough memory for {} values", self.len)
    }
}

impl core::error::Error for AllocationError {}

/// A heap-allocated slice of numbers, aligned to 64 bytes and zero-initialized. Its length never changes.
pub struct AlignedVec<E: Element> {
    start: NonNull<E>,
    len: usize,
}

// SAFETY: the buffer is owned exclusively, like a `Box<[E]>`, and numbers are `Send`.
unsafe impl<E: Element> Send for AlignedVec<E> {}
// SAFETY: a shared reference gives only shared access to numbers, which are `Sync`.
unsafe impl<E: Element> Sync for AlignedVec<E> {}

impl<E: Element> AlignedVec<E> {
    /// Layout of `len` values; `None` if it exceeds the address space.
    fn layout(len: usize) -> Option<Layout> {
        Layout::from_size_align(len.checked_mul(size_of::<E>())?, ALIGNMENT).ok()
    }

    /// Allocates `len` zeros.
    ///
    /// # Errors
    ///
    /// If there is not enough memory.
    pub fn try_zeroed(len: usize) -> Result<Self, AllocationError> {
        if len == 0 {
            return Ok(Self::default());
        }
        let layout = Self::layout(len).ok_or(AllocationError { len })?;
        // SAFETY: the layout has a size, as `len` and the size of `E` are not zero.
        let start = unsafe { alloc_zeroed(layout) };
        // All-zero bytes are the number zero for both element types.
        let start = NonNull::new(start.cast::<E>()).ok_or(AllocationError { len })?;
        Ok(Self { start, len })
    }
}

impl<E: Element> Default for AlignedVec<E> {
    fn default() -> Self {
        // An address that is never accessed. It is still a multiple of 64, so that callers need no special case.
        let start = NonNull::without_provenance(const { core::num::NonZero::new(ALIGNMENT).unwrap() });
        Self { start, len: 0 }
    }
}

impl<E: Element> Drop for AlignedVec<E> {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.len).filter(|layout| layout.size() > 0) {
            // SAFETY: a buffer with a length was allocated with this layout, and nothing else frees it.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) }
        }
    }
}

impl<E: Element> Deref for AlignedVec<E> {
    type Target = [E];

    #[inline]
    fn deref(&self) -> &[E] {
        // SAFETY: `len` values starting here are allocated and initialised, and borrowed with `self`.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<E: Element> DerefMut for AlignedVec<E> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [E] {
        // SAFETY: as in `deref`, and `self` is borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<E: Element> Clone for AlignedVec<E> {
    /// Aborts if there is no memory, as `Vec` does.
    fn clone(&self) -> Self {
        let mut copy = Self::try_zeroed(self.len)
            .unwrap_or_else(|_| handle_alloc_error(Self::layout(self.len).unwrap_or_else(Layout::new::<E>)));
        copy.copy_from_slice(self);
        copy
    }
}

impl<E: Element> fmt::Debug for AlignedVec<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
