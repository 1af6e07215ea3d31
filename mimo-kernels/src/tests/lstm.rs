use super::*;
use crate::{
    LstmPlaces, LstmWeights, Steps, add_steps_gradient, add_steps_sums, interleave, interleaved_block_len,
    interleaved_len, lstm_step,
};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A kernel with four parts, block by block.
fn interleaved<E: Element>(kernel: &[E], rows: usize, units: usize) -> Vec<E> {
    let mut to = vec![E::of(f64::NAN); interleaved_len(rows, 4, units)];
    for (block, to) in to.chunks_exact_mut(interleaved_block_len(rows, 4)).enumerate() {
        interleave(kernel, 4, units, block, to);
    }
    to
}

/// Matrices in an arena, one after another, with gaps between their rows.
struct Arena {
    end: usize,
}

impl Arena {
    fn mat(&mut self, rows: usize, cols: usize, gap: usize) -> Mat {
        let mat = Mat { offset: self.end + gap, rows, cols, stride: cols + gap };
        self.end += gap + rows * (cols + gap);
        mat
    }
}

fn steps<E: Element>(table: &str) {
    // Whole vectors of every instruction set and parts of one; tiles of every height.
    let all = [
        (1, 1, 1),
        (1, 3, 16),
        (1, 5, 37),
        (1, 2, 64),
        (2, 2, 8),
        (3, 1, 5),
        (7, 3, 48),
        (15, 2, 21),
        (16, 1, 32),
    ];
    for &(rows, features, units) in cases(&all, &[(1, 2, 5), (3, 1, 2)]) {
        for (begins, keeps, has_bias) in [(true, true, true), (false, true, true), (false, false, false)] {
            let what = format!("{table} {rows}x{features}x{units} {begins} {keeps} {has_bias}");
            let mut arena = Arena { end: 0 };
            let x = arena.mat(rows, features, 3);
            let before = [arena.mat(rows, units, 0), arena.mat(rows, units, 1)];
            let gates = arena.mat(rows, 4 * units, 2);
            let (state, cell) = (arena.mat(rows, units, 5), arena.mat(rows, units, 0));
            let start: Vec<E> = Source::new(1).values(arena.end);
            let kernel: Vec<E> = Source::new(2).values(features * 4 * units);
            let recurrent: Vec<E> = Source::new(3).values(units * 4 * units);
            let bias: Vec<E> = Source::new(4).values(4 * units);
            let weights = LstmWeights {
                kernel: &interleaved(&kernel, features, units),
                recurrent_kernel: &interleaved(&recurrent, units, units),
                bias: has_bias.then_some(&bias[..]),
            };
            let places = LstmPlaces {
                x,
                before: (!begins).then_some(before),
                gates: keeps.then_some(gates),
                state,
                cell,
            };
            let mut after = start.clone();
            lstm_step(&mut after, weights, places);
            for row in 0..rows {
                for unit in 0..units {
                    let sum = |gate: usize| -> f64 {
                        let col = gate * units + unit;
                        let weight = |kernel: &[E], k: usize| kernel[k * 4 * units + col].f64();
                        let mut sum = if has_bias { bias[col].f64() } else { 0.0 };
                        sum += (0..features).map(|k| at(&start, x, row, k) * weight(&kernel, k)).sum::<f64>();
                        if !begins {
                            let h = |k: usize| at(&start, before[0], row, k);
                            sum += (0..units).map(|k| h(k) * weight(&recurrent, k)).sum::<f64>();
                        }
                        sum
                    };
                    let (i, f, g, o) = (sigmoid(sum(0)), sigmoid(sum(1)), sum(2).tanh(), sigmoid(sum(3)));
                    let c = if begins { 0.0 } else { f * at(&start, before[1], row, unit) } + i * g;
                    let near = |got: f64, want: f64| assert_near(got, want, 2.0, tolerance::<E>(), &what);
                    near(at(&after, cell, row, unit), c);
                    near(at(&after, state, row, unit), o * c.tanh());
                    for (gate, want) in [i, f, g, o].into_iter().enumerate().filter(|_| keeps) {
                        near(at(&after, gates, row, gate * units + unit), want);
                    }
                }
            }
            let mut expected = start.clone();
            for mat in [state, cell].into_iter().chain(keeps.then_some(gates)) {
                for row in 0..rows {
                    let place = mat.offset + row * mat.stride;
                    expected[place..place + mat.cols].copy_from_slice(&after[place..place + mat.cols]);
                }
            }
            assert!(expected == after, "{what}: wrote elsewhere");
        }
    }
}

#[test]
fn a_fused_step_of_an_lstm() {
    every_table(steps::<f32>, || steps::<f64>("f64"));
}

/// The gates of one unit whose products are the numbers themselves.
fn gates<E: Element>(numbers: &[f64]) -> Vec<[f64; 4]> {
    let rows = numbers.len();
    let mut arena = Arena { end: 0 };
    let (x, gates) = (arena.mat(rows, 1, 0), arena.mat(rows, 4, 0));
    let (state, cell) = (arena.mat(rows, 1, 0), arena.mat(rows, 1, 0));
    let mut values = vec![E::of(0.0); arena.end];
    for (value, number) in values.iter_mut().zip(numbers) {
        *value = E::of(*number);
    }
    let kernel = interleaved(&[E::of(1.0); 4], 1, 1);
    let weights = LstmWeights { kernel: &kernel, recurrent_kernel: &kernel, bias: None };
    lstm_step(&mut values, weights, LstmPlaces { x, before: None, gates: Some(gates), state, cell });
    (0..rows).map(|row| std::array::from_fn(|gate| at(&values, gates, row, gate))).collect()
}

fn precise<E: Element>(table: &str) {
    let magnitudes = (-60..20)
        .step_by(if cfg!(miri) { 13 } else { 1 })
        .map(|power| 10_f64.powf(f64::from(power) / 10.0))
        .chain([0.0]);
    let numbers: Vec<f64> = magnitudes.flat_map(|x| [x, -x]).map(|x| E::of(x).f64()).collect();
    for (x, [i, f, g, o]) in numbers.iter().zip(gates::<E>(&numbers)) {
        // Results of the sigmoid below 1e-38 are only known to be that small.
        let scale = sigmoid(*x).max(if x < &-80.0 { 1.0 } else { 0.0 });
        for gate in [i, f, o] {
            assert_near(
                gate,
                sigmoid(*x),
                scale,
                8.0 * E::epsilon().f64(),
                &format!("{table} sigmoid of {x}"),
            );
        }
        assert_near(g, x.tanh(), x.tanh().abs(), 8.0 * E::epsilon().f64(), &format!("{table} tanh of {x}"));
    }
    let extreme = gates::<E>(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
    for ([i, f, g, o], want) in extreme.iter().zip([1.0, 0.0]) {
        for gate in [i, f, o] {
            assert!(
                (gate - want).abs() < 1e-37 + 8.0 * E::epsilon().f64() * want,
                "{table}: {gate}, not {want}"
            );
        }
        assert_near(*g, 2.0 * want - 1.0, 1.0, 8.0 * E::epsilon().f64(), table);
    }
    assert!(extreme[2].iter().all(|gate| gate.is_nan()), "{table}: a NaN was lost");
}

#[test]
fn gates_are_precise() {
    every_table(precise::<f32>, || precise::<f64>("f64"));
}

fn gradients<E: Element>(table: &str) {
    let all = [(1, 1, 5, 1), (2, 3, 40, 4), (3, 9, 33, 3), (5, 16, 64, 2)];
    for &(rows, depth, cols, count) in cases(&all, &[(1, 1, 5, 1), (2, 3, 6, 3)]) {
        for backwards in [false, true] {
            let what = format!("{table} {rows}x{depth}x{cols}, {count} steps, {backwards}");
            // Steps next to each other in the rows, and one after another.
            let mut arena = Arena { end: 0 };
            let all = arena.mat(rows, count * depth, 2);
            let first = if backwards { (count - 1) * depth } else { 0 };
            let x = Steps { first: all.columns(first, depth), apart: depth, backwards, count };
            let dys: Vec<Mat> = (0..count).map(|_| arena.mat(rows, cols, 0)).collect();
            let dy = Steps { first: dys[0], apart: rows * cols, backwards: false, count };
            let (gradient, sums) = (arena.mat(depth, cols, 0), arena.mat(1, cols, 0));
            let start: Vec<E> = Source::new(7).values(arena.end);
            let mut after = start.clone();
            add_steps_gradient(&mut after, x, dy, gradient);
            add_steps_sums(&mut after, dy, sums);
            for col in 0..cols {
                let mut sum = at(&start, sums, 0, col);
                let mut products: Vec<f64> = (0..depth).map(|k| at(&start, gradient, k, col)).collect();
                for (step, dy) in dys.iter().enumerate() {
                    let place = if backwards { count - 1 - step } else { step };
                    for row in 0..rows {
                        let dy = at(&start, *dy, row, col);
                        sum += dy;
                        for (k, product) in products.iter_mut().enumerate() {
                            *product += at(&start, all, row, place * depth + k) * dy;
                        }
                    }
                }
                assert_near(at(&after, sums, 0, col), sum, 4.0, tolerance::<E>(), &what);
                for (k, want) in products.into_iter().enumerate() {
                    assert_near(at(&after, gradient, k, col), want, 4.0, tolerance::<E>(), &what);
                }
            }
        }
    }
}

#[test]
fn gradients_of_weights_over_steps() {
    every_table(gradients::<f32>, || gradients::<f64>("f64"));
}

#[test]
#[should_panic = "leaves its arena"]
fn steps_stay_in_their_arena() {
    let first = Mat::contiguous(1, 1, 1);
    let steps = Steps { first, apart: 1, backwards: true, count: 3 };
    add_steps_gradient(&mut [0.0; 9], steps, steps, Mat::contiguous(8, 1, 1));
}
