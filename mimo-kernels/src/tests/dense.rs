use super::*;
use crate::{
    Blocks, Epilogue, column_sums, dense_forward, dense_input_gradient, dense_kernel_gradient,
    pack_transposed, packed_len,
};

/// Shapes (rows, inputs, outputs): every tail of every tile, one-column heads, and depths beyond one block.
const SHAPES: &[(usize, usize, usize)] = &[
    (1, 1, 1),
    (9, 37, 1),
    (3, 48, 2),
    (17, 40, 3),
    (10, 75, 4),
    (16, 1, 1),
    (2, 3, 4),
    (3, 1, 7),
    (5, 10, 3),
    (7, 13, 16),
    (8, 32, 17),
    (9, 33, 31),
    (12, 31, 32),
    (13, 64, 33),
    (15, 100, 64),
    (16, 65, 47),
    (17, 5, 48),
    (31, 36, 63),
    (32, 100, 65),
    (4, 513, 40),
    (6, 700, 9),
    (11, 20, 515),
    (3, 40, 1025),
    (0, 4, 5),
    (4, 0, 5),
    (4, 5, 0),
];

/// For Miri: part of a tile, a whole tile and more than one, in rows and in columns; also without rows, depth or
/// columns.
const FEW_SHAPES: &[(usize, usize, usize)] =
    &[(1, 1, 1), (9, 3, 1), (3, 2, 7), (5, 2, 9), (0, 4, 5), (4, 0, 5), (4, 5, 0)];

/// The shapes with their numbers.
fn shapes() -> impl Iterator<Item = (usize, (usize, usize, usize))> {
    cases(SHAPES, FEW_SHAPES).iter().copied().enumerate()
}

/// Two matrices side by side in rows of one stride, after `offset` values.
fn interleaved(offset: usize, rows: usize, left: usize, right: usize, gap: usize) -> (Mat, Mat) {
    let stride = left + right + gap;
    (Mat { offset, rows, cols: left, stride }, Mat { offset: offset + left, rows, cols: right, stride })
}

fn forward<E: Element>(table: &str) {
    for (case, (rows, inputs, outputs)) in shapes() {
        for relu in [false, true] {
            for bias in [false, true] {
                let what = format!("{table} forward {rows}x{inputs}x{outputs} relu {relu} bias {bias}");
                let mut source = Source::new(case as u64);
                let (x, y) = interleaved(3, rows, inputs, outputs, 1);
                let ld = outputs + source.below(3);
                let mut arena: Vec<E> = source.values(3 + rows * x.stride + 5);
                let kernel: Vec<E> = source.values((inputs * ld).saturating_sub(ld - outputs));
                let biases: Vec<E> = source.values(outputs);
                let before = arena.clone();
                dense_forward(&mut arena, x, y, &kernel, ld, bias.then_some(&biases), relu);
                assert_only_changed(&before, &arena, y, &what);
                for row in 0..rows {
                    for col in 0..outputs {
                        let mut want = if bias { biases[col].f64() } else { 0.0 };
                        let mut scale = 1.0;
                        for k in 0..inputs {
                            let term = at(&before, x, row, k) * kernel[k * ld + col].f64();
                            want += term;
                            scale += term.abs();
                        }
                        let want = if relu { want.max(0.0) } else { want };
                        assert_near(at(&arena, y, row, col), want, scale, tolerance::<E>(), &what);
                    }
                }
            }
        }
    }
}

#[test]
fn forward_is_the_product() {
    every_table(forward::<f32>, || forward::<f64>("f64"));
}

fn input_gradient<E: Element>(table: &str) {
    for (case, (rows, inputs, outputs)) in shapes() {
        for accumulate in [false, true] {
            for masked in [false, true] {
                let what = format!("{table} dX {rows}x{inputs}x{outputs} acc {accumulate} mask {masked}");
                let mut source = Source::new(100 + case as u64);
                let (dy, dx) = interleaved(2, rows, outputs, inputs, 2);
                let mask = Mat::contiguous(2 + rows * dx.stride, rows, inputs);
                let mut arena: Vec<E> = source.values(mask.offset + rows * inputs);
                // A mask of exactly zero counts as not positive.
                for value in &mut arena[mask.offset..] {
                    if source.below(4) == 0 {
                        *value = E::zero();
                    }
                }
                let kernel: Vec<E> = source.values(inputs * outputs);
                // The content of the padding must not matter.
                let mut packed = vec![E::nan(); packed_len(inputs, outputs)];
                pack_transposed(&kernel, 0, inputs, outputs, &mut packed);
                let before = arena.clone();
                let epilogue = Epilogue { accumulate, mask: masked.then_some(mask) };
                dense_input_gradient(&mut arena, dy, dx, &packed, epilogue);
                assert_only_changed(&before, &arena, dx, &what);
                for row in 0..rows {
                    for k in 0..inputs {
                        let mut want = if accumulate { at(&before, dx, row, k) } else { 0.0 };
                        let mut scale = 1.0;
                        for n in 0..outputs {
                            let term = at(&before, dy, row, n) * kernel[k * outputs + n].f64();
                            want += term;
                            scale += term.abs();
                        }
                        if masked && at(&before, mask, row, k) <= 0.0 {
                            want = 0.0;
                        }
                        assert_near(at(&arena, dx, row, k), want, scale, tolerance::<E>(), &what);
                    }
                }
            }
        }
    }
}

#[test]
fn input_gradient_is_the_product_with_the_transpose() {
    every_table(input_gradient::<f32>, || input_gradient::<f64>("f64"));
}

fn kernel_gradient<E: Element>(table: &str) {
    for (case, (chunk_rows, inputs, outputs)) in shapes() {
        for (chunks, last) in [(1, chunk_rows), (2, chunk_rows), (3, chunk_rows.div_ceil(2))] {
            for accumulate in [false, true] {
                let rows = chunk_rows * (chunks - 1) + last;
                let what = format!("{table} dW {rows} by {chunk_rows} {inputs}x{outputs} acc {accumulate}");
                let mut source = Source::new(200 + case as u64);
                let (x, dy) = interleaved(1, chunk_rows, inputs, outputs, 0);
                let chunk_stride = chunk_rows * x.stride + 7;
                // Ends right after the last row of the last chunk.
                let len = 1 + (chunks - 1) * chunk_stride + last * x.stride;
                let arena: Vec<E> = source.values(len);
                let from = source.below(inputs + 1);
                let k = from..from + source.below(inputs - from + 1);
                let mut gradient: Vec<E> = source.values(k.len() * outputs);
                let mut sums: Vec<E> = source.values(outputs);
                let (old_gradient, old_sums) = (gradient.clone(), sums.clone());
                let blocks = |mat| Blocks { mat, chunk_stride, rows };
                dense_kernel_gradient(&arena, blocks(x), blocks(dy), k.clone(), &mut gradient, accumulate);
                column_sums(&arena, blocks(dy), &mut sums, accumulate);

                let row = |mat: Mat, row: usize, col: usize| {
                    let chunk = row / chunk_rows;
                    let mat = Mat { offset: mat.offset + chunk * chunk_stride, ..mat };
                    at(&arena, mat, row % chunk_rows, col)
                };
                let old = |value: E| if accumulate { value.f64() } else { 0.0 };
                for col in 0..outputs {
                    let want = old(old_sums[col]) + (0..rows).map(|r| row(dy, r, col)).sum::<f64>();
                    assert_near(sums[col].f64(), want, 1.0 + rows as f64, tolerance::<E>(), &what);
                    for (i, k) in k.clone().enumerate() {
                        let terms = (0..rows).map(|r| row(x, r, k) * row(dy, r, col));
                        let want = old(old_gradient[i * outputs + col]) + terms.sum::<f64>();
                        let got = gradient[i * outputs + col].f64();
                        assert_near(got, want, 1.0 + rows as f64, tolerance::<E>(), &what);
                    }
                }
            }
        }
    }
}

#[test]
fn kernel_gradient_and_column_sums_run_over_all_chunks() {
    every_table(kernel_gradient::<f32>, || kernel_gradient::<f64>("f64"));
}

/// Cutting the kernel's rows among threads must not change a bit.
#[test]
fn kernel_gradient_does_not_depend_on_the_cut() {
    forced::each(|table| {
        let (rows, inputs, outputs) = if cfg!(miri) { (3, 9, 7) } else { (20, 45, 37) };
        let arena: Vec<f32> = Source::new(7).values(rows * (inputs + outputs));
        let (x, dy) = interleaved(0, rows, inputs, outputs, 0);
        let (x, dy) = (Blocks::single(x), Blocks::single(dy));
        let mut whole = vec![0.0; inputs * outputs];
        dense_kernel_gradient(&arena, x, dy, 0..inputs, &mut whole, false);
        for cut in (0..=inputs).step_by(if cfg!(miri) { 3 } else { 1 }) {
            let mut parts = vec![0.0; inputs * outputs];
            let (first, second) = parts.split_at_mut(cut * outputs);
            dense_kernel_gradient(&arena, x, dy, 0..cut, first, false);
            dense_kernel_gradient(&arena, x, dy, cut..inputs, second, false);
            assert_eq!(parts, whole, "{table} cut at {cut}");
        }
    });
}

fn packing<E: Element>(table: &str) {
    let all = [(1, 1), (8, 8), (31, 3), (32, 9), (33, 16), (100, 7), (64, 64), (0, 3), (5, 0)];
    for &(k, n) in cases(&all, &[(1, 1), (31, 3), (33, 5), (0, 3), (5, 0)]) {
        let kernel: Vec<E> = Source::new(1).values(k * n);
        let mut packed = vec![E::zero(); packed_len(k, n)];
        // In pieces of one and two panels.
        for k0 in (0..k).step_by(64) {
            for (from, to) in [(k0, k.min(k0 + 32)), ((k0 + 32).min(k), k.min(k0 + 64))] {
                if from < to {
                    let panel = &mut packed[from / 32 * 32 * n..];
                    pack_transposed(&kernel[from * n..to * n], from, to, n, panel);
                }
            }
        }
        for row in 0..k.div_ceil(32) * 32 {
            for col in 0..n {
                let want = if row < k { kernel[row * n + col] } else { E::zero() };
                let got = packed[row / 32 * 32 * n + col * 32 + row % 32];
                assert!(got == want, "{table} {k}x{n} at {row}, {col}");
            }
        }
    }
}

#[test]
fn packing_transposes_into_panels() {
    every_table(packing::<f32>, || packing::<f64>("f64"));
}

#[test]
fn not_a_number_passes_through_the_product_and_relu() {
    forced::each(|table| {
        for outputs in [1, 16, 20] {
            let x = Mat::contiguous(0, 1, 2);
            let y = Mat::contiguous(2, 1, outputs);
            let mut arena = vec![f32::NAN; 2 + outputs];
            dense_forward(&mut arena, x, y, &vec![1.0; 2 * outputs], outputs, None, true);
            assert!(arena.iter().all(|y| y.is_nan()), "{table}");
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "a panic takes seconds, and no kernel runs on what is refused")]
fn matrices_outside_the_arena_are_refused() {
    let refused = |x: Mat, y: Mat, kernel: usize| {
        let run = || {
            let mut arena = vec![0.0f32; 20];
            dense_forward(&mut arena, x, y, &vec![0.0; kernel], y.cols, None, false);
        };
        std::panic::catch_unwind(run).is_err()
    };
    let x = Mat::contiguous(0, 2, 3);
    let y = Mat::contiguous(6, 2, 2);
    assert!(!refused(x, y, 6));
    assert!(refused(Mat { offset: 15, ..x }, y, 6), "ends outside");
    assert!(refused(x, Mat { stride: 13, ..y }, 6), "second row outside");
    assert!(refused(x, Mat { offset: usize::MAX, ..y }, 6), "overflows");
    assert!(refused(Mat { stride: usize::MAX, ..x }, y, 6), "overflows");
    assert!(refused(Mat { stride: 1, ..x }, y, 6), "rows overlap");
    assert!(refused(Mat { rows: 1, ..x }, y, 6), "rows differ");
    assert!(refused(x, y, 5), "kernel too short");
    let blocks = Blocks { mat: x, chunk_stride: 6, rows: 7 };
    let sums = |arena: usize| {
        std::panic::catch_unwind(|| column_sums(&vec![0.0f32; arena], blocks, &mut [0.0; 3], false)).is_err()
    };
    assert!(!sums(21) && sums(20), "a short last chunk needs its own rows and no more");
}
