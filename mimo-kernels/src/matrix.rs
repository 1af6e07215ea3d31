//! Matrices inside an arena.

/// Rows of a matrix inside a slice: `rows` rows of `cols` values, row `r` starting at
/// `offset + r * stride`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mat {
    /// Index of the first value of row 0.
    pub offset: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of values in a row.
    pub cols: usize,
    /// Distance between the starts of two consecutive rows, at least `cols`.
    pub stride: usize,
}

impl Mat {
    /// `rows` rows of `cols` values without gaps, from `offset` on.
    pub const fn contiguous(offset: usize, rows: usize, cols: usize) -> Self {
        Self { offset, rows, cols, stride: cols }
    }

    /// Some columns of every row.
    pub const fn columns(self, column: usize, cols: usize) -> Self {
        Self { offset: self.offset + column, cols, ..self }
    }

    /// Whether the rows follow each other without a gap, so that they can be read as one.
    pub(crate) const fn is_contiguous(self) -> bool {
        self.stride == self.cols || self.rows <= 1
    }

    /// One past the last index the matrix touches; `None` if that does not fit in `usize`.
    const fn end(self) -> Option<usize> {
        if self.rows == 0 || self.cols == 0 {
            return Some(0);
        }
        match (self.rows - 1).checked_mul(self.stride) {
            Some(last) => match last.checked_add(self.cols) {
                Some(size) => size.checked_add(self.offset),
                None => None,
            },
            None => None,
        }
    }

    /// Panics unless every value of the matrix is inside a slice of `len` values.
    ///
    /// The kernels rely on this and on nothing else about a `Mat`.
    #[inline]
    #[track_caller]
    pub(crate) fn check(self, len: usize) {
        let inside = self.end().is_some_and(|end| end <= len) && (self.stride >= self.cols || self.rows <= 1);
        assert!(inside, "{self:?} is not inside an arena of {len} values");
    }

    /// Panics unless the matrix is inside a slice of `len` values and has the shape of `other`.
    #[inline]
    #[track_caller]
    pub(crate) fn check_like(self, other: Self, len: usize) {
        self.check(len);
        assert!(self.rows == other.rows && self.cols == other.cols, "{self:?} and {other:?} differ in shape");
    }

    /// A pointer to the first value in the slice that starts at `base`.
    ///
    /// An empty matrix may have any offset; it is never dereferenced.
    #[inline]
    pub(crate) fn within<E>(self, base: *const E) -> *const E {
        base.wrapping_add(self.offset)
    }

    /// [`Mat::within`] for writing.
    #[inline]
    pub(crate) fn within_mut<E>(self, base: *mut E) -> *mut E {
        base.wrapping_add(self.offset)
    }
}

/// The rows of one value over a whole batch.
///
/// The batch is cut in chunks; the rows of chunk `c` begin `c * chunk_stride` values after those of `mat`. Every
/// chunk has `mat.rows` rows except the last, which has the remaining rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The rows of chunk 0.
    pub mat: Mat,
    /// Distance between the same value in two consecutive chunks.
    pub chunk_stride: usize,
    /// Number of rows in all chunks together.
    pub rows: usize,
}

impl Blocks {
    /// All rows in a single chunk.
    pub const fn single(mat: Mat) -> Self {
        Self { mat, chunk_stride: 0, rows: mat.rows }
    }

    /// Panics unless every row of every chunk is inside a slice of `len` values.
    #[track_caller]
    pub(crate) fn check(self, len: usize) {
        if self.rows == 0 {
            return;
        }
        assert!(self.mat.rows > 0, "{self:?} has rows but its chunks have none");
        let last = (self.rows - 1) / self.mat.rows;
        let chunk = |index: usize, rows: usize| {
            let moved = index.checked_mul(self.chunk_stride).and_then(|by| by.checked_add(self.mat.offset));
            assert!(moved.is_some(), "{self:?} overflows");
            Mat { offset: moved.unwrap_or(0), rows, ..self.mat }.check(len);
        };
        if last > 0 {
            chunk(last - 1, self.mat.rows);
        }
        chunk(last, self.rows - last * self.mat.rows);
    }
}
