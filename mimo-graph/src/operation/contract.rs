//! Products of two tensors, summed over axes: `matmul`, `einsum` and `Dot`.

use super::{During, Planned, Read, Scratch, View, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// Matrix products, one for each position of some axes: `y[l, m, n] = Σ x₀[l, m, k] · x₁[l, k, n]`, with the axes
    /// in any order in memory.
    ///
    /// **Keras equivalent:** `keras.ops.matmul`, `keras.ops.einsum`, `keras.layers.Dot`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Contract<L> {
        /// Lengths of the axes over which matrix products are repeated.
        pub loops: List<L>,
        /// Strides along these axes: of both tensors, and of the result. 0 for an axis that a tensor does not have.
        pub steps: [List<L>; 3],
        /// Number of rows and columns of the result, and the length of the sum.
        pub lengths: [L; 3],
        /// Strides of the matrices along rows and columns: of both tensors, and of the result.
        pub strides: [[L; 2]; 3],
        /// Memory for copies of matrices in a layout that no kernel reads.
        pub memory: Option<Scratch<L>>,
        /// Memory for the backward.
        pub gradient_memory: Option<Scratch<L>>,
        /// The two tensors.
        pub x: [Read<L>; 2],
        /// The result.
        pub y: Written<L>,
    }
}

/// Values per row of panels. Must equal the constant of `mimo-kernels`, on which this crate does not depend.
const PANEL: usize = 32;

/// Layout of a matrix.
#[derive(Clone, Copy)]
struct Layout {
    /// Whether the values of each row follow each other.
    rows: bool,
    /// Whether the values of each column follow each other.
    columns: bool,
}

impl Layout {
    fn transposed(self) -> Self {
        Layout { rows: self.columns, columns: self.rows }
    }
}

impl Contract<Dim> {
    /// Upper bound on the number of values that the forward pass copies.
    pub(crate) fn copies(&self) -> Dim {
        let [rows, columns, summed] = &self.lengths;
        let [left, right, y] = self.layouts();
        copies(left, right, y, [rows, summed, columns])
    }

    /// The layouts of both tensors and of the result.
    fn layouts(&self) -> [Layout; 3] {
        let [rows, columns, summed] = &self.lengths;
        let layout = |index: usize, [rows, columns]: [&Dim; 2]| {
            let [by_row, by_column] = &self.strides[index];
            let one = |dim: &Dim| *dim == Dim::Known(1);
            Layout { rows: one(by_column) || one(columns), columns: one(by_row) || one(rows) }
        };
        [layout(0, [rows, summed]), layout(1, [summed, columns]), layout(2, [rows, columns])]
    }
}

/// Upper bound on the number of values that the product of two matrices copies, as `matmul` of `mimo-kernels`
/// decides; with too little memory, `matmul` uses a slow loop. `lengths` are the rows of `left`, its columns, and the
/// columns of `right`.
fn copies(left: Layout, right: Layout, output: Layout, lengths: [&Dim; 3]) -> Dim {
    let [rows, depth, columns] = lengths;
    // A single column is computed as a row.
    let is_column = *columns == Dim::Known(1) && *rows != Dim::Known(1);
    if (!output.rows || is_column) && output.columns {
        let rows_first = Layout { rows: true, columns: false };
        return copies(right.transposed(), left.transposed(), rows_first, [columns, depth, rows]);
    }
    let product = |a: &Dim, b: &Dim| a.clone() * b.clone();
    let by_columns = !right.rows && right.columns;
    let panels =
        || (columns.clone() + Dim::Known(PANEL - 1)) / Dim::Known(PANEL) * product(&Dim::Known(PANEL), depth);
    let parts = [
        (!output.rows).then(|| product(rows, columns)),
        (!left.rows && (by_columns || !left.columns)).then(|| product(rows, depth)),
        (!by_columns && !right.rows).then(|| product(depth, columns)),
        by_columns.then(panels),
    ];
    parts.into_iter().flatten().fold(Dim::Known(0), |sum, part| sum + part)
}

impl Planned for Contract<Dim> {
    fn prepare_backward(&mut self, fixed: &mut dyn FnMut(Dim) -> View<Dim>) {
        let [first, second] = [0, 1].map(|i: usize| self.x[i].gradient.is_some());
        (self.x[0].kept, self.x[1].kept) = (second, first);
        let [rows, columns, summed] = self.lengths.clone();
        let [left, right, y] = self.layouts();
        let of_first = first.then(|| copies(y, right.transposed(), left, [&rows, &columns, &summed]));
        let of_second = second.then(|| copies(left.transposed(), y, right, [&summed, &rows, &columns]));
        let len = [of_first, of_second].into_iter().flatten().fold(Dim::Known(0), Dim::max);
        if len != Dim::Known(0) {
            self.gradient_memory = Some(Scratch::fixed(fixed(len), During::Backward));
        }
    }
}
