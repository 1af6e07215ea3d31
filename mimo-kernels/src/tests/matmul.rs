use super::*;
use crate::{Strided, matmul, packed_len};

/// Rows, depth and columns: products by a plain loop, few rows or columns, tails of tiles.
const SHAPES: &[(usize, usize, usize)] = &[
    (1, 1, 1),
    (2, 3, 4),
    (1, 40, 37),
    (3, 40, 37),
    (37, 40, 1),
    (37, 40, 3),
    (9, 17, 33),
    (8, 64, 64),
    (33, 5, 70),
    (0, 40, 5),
    (5, 0, 40),
    (40, 5, 0),
];
const FEW_SHAPES: &[(usize, usize, usize)] = &[(3, 4, 5), (5, 3, 6), (6, 5, 1), (0, 40, 5)];

/// Layouts of a matrix: by rows, by columns, and with gaps between both.
fn layouts(offset: usize, rows: usize, cols: usize) -> [Strided; 4] {
    let by = |row_stride, col_stride| Strided { offset, rows, cols, row_stride, col_stride };
    [by(cols, 1), by(cols + 3, 1), by(1, rows + 2), by(2 * cols + 1, 2)]
}

/// All layouts; under Miri only those that are copied: by columns and with gaps.
fn some(layouts: &[Strided]) -> &[Strided] {
    if cfg!(miri) { &layouts[2..] } else { layouts }
}

/// At least the number of values that a matrix spans in any layout.
fn span(rows: usize, cols: usize) -> usize {
    3 * (rows + 3) * (cols + 3)
}

fn products<E: Element>(table: &str) {
    for (case, &(rows, depth, cols)) in cases(SHAPES, FEW_SHAPES).iter().enumerate() {
        let starts = [0, span(rows, depth), span(rows, depth) + span(depth, cols)];
        let end = starts[2] + span(rows, cols);
        let needed = rows * depth + rows * cols + packed_len(cols, depth).max(packed_len(rows, depth));
        let mut source = Source::new(case as u64);
        let before: Vec<E> = source.values(end + 2 * needed);
        for &left in some(&layouts(starts[0], rows, depth)) {
            for &right in some(&layouts(starts[1], depth, cols)) {
                for &output in some(&layouts(starts[2], rows, cols)) {
                    for (accumulate, memory) in [(false, 2 * needed), (true, 2 * needed), (true, 0)] {
                        let mut arena = before.clone();
                        matmul(&mut arena, left, right, output, accumulate, end..end + memory);
                        let mut wanted: Vec<f64> = before.iter().map(|x| x.f64()).collect();
                        let at =
                            |m: Strided, i: usize, j: usize| m.offset + i * m.row_stride + j * m.col_stride;
                        for i in 0..rows {
                            for j in 0..cols {
                                let sum: f64 = (0..depth)
                                    .map(|k| before[at(left, i, k)].f64() * before[at(right, k, j)].f64())
                                    .sum();
                                let to = &mut wanted[at(output, i, j)];
                                *to = if accumulate { *to + sum } else { sum };
                            }
                        }
                        for (found, wanted) in arena[..end].iter().zip(&wanted) {
                            let error = (found.f64() - wanted).abs();
                            assert!(
                                error <= tolerance::<E>() * (1.0 + depth as f64),
                                "{table} {left:?} {right:?} {output:?} {accumulate}: {found:?} {wanted}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_product_is_the_same_wherever_its_matrices_lie() {
    every_table(products::<f32>, || products::<f64>("f64"));
}
