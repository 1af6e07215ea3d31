//! Gradients of a recurrent layer's weights, summed over some of its steps.

use super::dispatch::Kernels;
use super::element::Element;
use super::matrix::Mat;
use super::product::Correlation;

/// Values of consecutive steps, one matrix per step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The values of the first step.
    pub first: Mat,
    /// Distance between the values of consecutive steps.
    pub apart: usize,
    /// Whether the next step lies before a step in memory instead of after it.
    pub backwards: bool,
    /// Number of steps.
    pub count: usize,
}

impl Steps {
    /// Panics unless all steps are inside a slice of `len` values.
    #[track_caller]
    fn check(self, len: usize) {
        let Some(further) = self.count.checked_sub(1) else { return };
        self.first.check(len);
        let moved = further.checked_mul(self.apart).and_then(|by| match self.backwards {
            true => self.first.offset.checked_sub(by),
            false => self.first.offset.checked_add(by),
        });
        assert!(moved.is_some(), "{self:?} leaves its arena");
        Mat { offset: moved.unwrap_or(0), ..self.first }.check(len);
    }

    /// The distance between steps, for pointers that wrap.
    const fn distance(self) -> usize {
        if self.backwards { self.apart.wrapping_neg() } else { self.apart }
    }
}

/// `gradient += Σ xᵀ·dy` over all rows of all steps. The gradient has a row for each column of `x`.
pub fn add_steps_gradient<E: Element>(arena: &mut [E], x: Steps, dy: Steps, gradient: Mat) {
    x.check(arena.len());
    dy.check(arena.len());
    gradient.check(arena.len());
    assert!(x.count == dy.count && x.first.rows == dy.first.rows, "steps differ in number or rows");
    assert!(
        gradient.rows == x.first.cols && gradient.cols == dy.first.cols,
        "the gradient of a kernel has another shape"
    );
    let base = arena.as_mut_ptr();
    let correlation = Correlation {
        chunk_rows: x.first.rows,
        rows: x.first.rows * x.count,
        left: x.first.within(base),
        left_stride: x.first.stride,
        left_chunk: x.distance(),
        depth: x.first.cols,
        right: dy.first.within(base),
        right_stride: dy.first.stride,
        right_chunk: dy.distance(),
        cols: dy.first.cols,
        gradient: gradient.within_mut(base),
        gradient_stride: gradient.stride,
        accumulate: true,
    };
    // SAFETY: first and last step of both operands were checked, and the others lie between them; so was the gradient. The
    // kernel moves from step to step by wrapping. The table is for this processor.
    unsafe { E::kernels().correlation(&correlation) }
}

/// `sums += Σ dy` over all rows of all steps.
pub fn add_steps_sums<E: Element>(arena: &mut [E], dy: Steps, sums: Mat) {
    dy.check(arena.len());
    sums.check(arena.len());
    assert!(sums.rows == 1 && sums.cols == dy.first.cols, "the gradient of a bias has another shape");
    let base = arena.as_mut_ptr();
    let correlation = Correlation {
        chunk_rows: dy.first.rows,
        rows: dy.first.rows * dy.count,
        left: dy.first.within(base),
        left_stride: 0,
        left_chunk: 0,
        depth: 1,
        right: dy.first.within(base),
        right_stride: dy.first.stride,
        right_chunk: dy.distance(),
        cols: dy.first.cols,
        gradient: sums.within_mut(base),
        gradient_stride: sums.stride,
        accumulate: true,
    };
    // SAFETY: as for `add_steps_gradient`.
    unsafe { E::kernels().column_sums(&correlation) }
}
