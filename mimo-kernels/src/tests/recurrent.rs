use super::*;
use crate::{Blocks, lstm_backward, lstm_forward, scatter_add};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// One step of one unit: gates, cell state and state.
fn step([i, f, g, o]: [f64; 4], before: f64) -> ([f64; 4], f64, f64) {
    let (i, f, g, o) = (sigmoid(i), sigmoid(f), g.tanh(), sigmoid(o));
    let cell = f * before + i * g;
    ([i, f, g, o], cell, o * cell.tanh())
}

fn lstm<E: Element>(table: &str) {
    for &(rows, units) in cases(&[(1, 1), (3, 5), (2, 16), (4, 37)], &[(1, 1), (3, 5)]) {
        let what = format!("{table} {rows}x{units}");
        let gates = Mat { offset: 2, rows, cols: 4 * units, stride: 4 * units + 1 };
        let mut end = 2 + rows * (4 * units + 1);
        let [before, cell, state, dh, dc] = std::array::from_fn(|_| {
            let mat = Mat::contiguous(end, rows, units);
            end += rows * units;
            mat
        });
        let start: Vec<E> = Source::new(3).values(end);
        let products = |row: usize, unit: usize| -> [f64; 4] {
            std::array::from_fn(|gate| at(&start, gates, row, gate * units + unit))
        };
        let mut arena = start.clone();
        lstm_forward(&mut arena, gates, before, cell, state);
        let forward = arena.clone();
        lstm_backward(&mut arena, gates, before, cell, dh, dc);
        for row in 0..rows {
            for unit in 0..units {
                let (x, c) = (products(row, unit), at(&start, before, row, unit));
                let (wanted, wanted_cell, wanted_state) = step(x, c);
                let near = |got: f64, want: f64| assert_near(got, want, 1.0, tolerance::<E>(), &what);
                for (gate, wanted) in wanted.into_iter().enumerate() {
                    near(at(&forward, gates, row, gate * units + unit), wanted);
                }
                near(at(&forward, cell, row, unit), wanted_cell);
                near(at(&forward, state, row, unit), wanted_state);
                // The gradients of `dh · state + dc · cell`, by differences.
                let (dh, dcell) = (at(&start, dh, row, unit), at(&start, dc, row, unit));
                let total = |x: [f64; 4], c: f64| {
                    let (_, cell, state) = step(x, c);
                    dh * state + dcell * cell
                };
                let h = 1e-5;
                let slope = |move_by: &dyn Fn(f64) -> f64| (move_by(h) - move_by(-h)) / (2.0 * h);
                for gate in 0..4 {
                    let wanted = slope(&|by| {
                        let mut x = x;
                        x[gate] += by;
                        total(x, c)
                    });
                    let got = at(&arena, gates, row, gate * units + unit);
                    assert_near(got, wanted, 1.0, tolerance::<E>().max(1e-9), &what);
                }
                let wanted = slope(&|by| total(x, c + by));
                assert_near(at(&arena, dc, row, unit), wanted, 1.0, tolerance::<E>().max(1e-9), &what);
            }
        }
    }
}

#[test]
fn a_step_of_an_lstm() {
    every_table(lstm::<f32>, || lstm::<f64>("f64"));
}

#[test]
fn rows_are_added_by_number_over_all_chunks() {
    // Three rows in chunks of two: numbers 2, 0 and 2.
    let arena = [2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 2.0, 9.0, 5.0, 6.0, 9.0, 9.0_f64];
    let blocks = |offset: usize, cols: usize| Blocks {
        mat: Mat::contiguous(offset, 2, cols),
        chunk_stride: 6,
        rows: 3,
    };
    let mut gradient = [0.0; 6];
    scatter_add(&arena, blocks(0, 1), blocks(2, 2), 0..3, &mut gradient);
    assert_eq!(gradient, [3.0, 4.0, 0.0, 0.0, 6.0, 8.0]);
    let mut part = [1.0; 4];
    scatter_add(&arena, blocks(0, 1), blocks(2, 2), 1..3, &mut part);
    assert_eq!(part, [1.0, 1.0, 7.0, 9.0]);
}
