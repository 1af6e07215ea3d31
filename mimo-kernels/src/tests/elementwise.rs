use super::*;
use crate::{Binary, binary, copy, dropout, fill, gaussian_noise, normal, scale_add};

/// Two matrices side by side and one after them, none of which has rows that follow each other.
fn mats(rows: usize, cols: usize) -> ([Mat; 3], usize) {
    let stride = 2 * cols + 1;
    let third = 3 + rows * stride;
    let mats = [
        Mat { offset: 3, rows, cols, stride },
        Mat { offset: 3 + cols, rows, cols, stride },
        Mat { offset: third, rows, cols, stride: cols + 2 },
    ];
    (mats, third + rows * (cols + 2))
}

fn check<E: Element>(table: &str) {
    let all = [(1, 1), (3, 5), (4, 16), (2, 37), (0, 2), (2, 0)];
    for &(rows, cols) in cases(&all, &[(3, 5), (0, 2), (2, 0)]) {
        let ([a, b, y], len) = mats(rows, cols);
        let start: Vec<E> = Source::new(9).values(len);
        let run = |what: &str, work: &dyn Fn(&mut [E]), want: &dyn Fn(f64, f64, f64) -> f64| {
            let what = format!("{table} {what} {rows}x{cols}");
            let mut arena = start.clone();
            work(&mut arena);
            assert_only_changed(&start, &arena, y, &what);
            for row in 0..rows {
                for col in 0..cols {
                    let want =
                        want(at(&start, a, row, col), at(&start, b, row, col), at(&start, y, row, col));
                    assert_near(at(&arena, y, row, col), want, 1.0, tolerance::<E>(), &what);
                }
            }
        };
        run("add", &|arena| binary(arena, Binary::Add, a, b, y), &|a, b, _| a + b);
        run("subtract", &|arena| binary(arena, Binary::Subtract, a, b, y), &|a, b, _| a - b);
        run("multiply", &|arena| binary(arena, Binary::Multiply, a, b, y), &|a, b, _| a * b);
        run("maximum", &|arena| binary(arena, Binary::Maximum, a, b, y), &|a, b, _| a.max(b));
        run("minimum", &|arena| binary(arena, Binary::Minimum, a, b, y), &|a, b, _| a.min(b));
        run("copy", &|arena| copy(arena, a, y, false), &|a, _, _| a);
        run("copy accumulating", &|arena| copy(arena, a, y, true), &|a, _, y| a + y);
        run("scale_add", &|arena| scale_add(arena, E::of(-0.5), a, y), &|a, _, y| y - 0.5 * a);
        run("fill", &|arena| fill(arena, y, E::of(0.25)), &|_, _, _| 0.25);
    }
}

#[test]
fn elementwise_operations() {
    every_table(check::<f32>, || check::<f64>("f64"));
}

#[test]
fn dropout_drops_the_same_values_whatever_the_cut() {
    let (rows, cols) = if cfg!(miri) { (2, 19) } else { (8, 75) };
    let n = rows * cols;
    let whole = |rate: f64| {
        let mut arena = vec![1.0f32; 2 * n];
        let (x, y) = (Mat::contiguous(0, rows, cols), Mat::contiguous(n, rows, cols));
        dropout(&mut arena, 42, 1000, rate, x, y, false);
        arena.split_off(n)
    };
    let mut reference = None;
    forced::each(|table| {
        let got = whole(0.3);
        assert!(got.iter().all(|&y| y == 0.0 || (y - 1.0 / 0.7).abs() < 1e-6), "{table}");
        assert_eq!(&got, reference.get_or_insert_with(|| got.clone()), "{table}");
        // Row by row, strided, in place, accumulating on zeros: the same mask.
        let stride = cols + 3;
        let mut arena = vec![1.0f32; rows * stride];
        for row in 0..rows {
            let mat = Mat { offset: row * stride, rows: 1, cols, stride };
            dropout(&mut arena, 42, 1000 + (row * cols) as u64, 0.3, mat, mat, false);
            let part: Vec<f64> = got[row * cols..(row + 1) * cols].iter().map(|y| f64::from(*y)).collect();
            assert_eq!(values(&arena, mat), part, "{table} row {row}");
        }
        let (x, y) = (
            Mat { offset: 0, rows, cols, stride: 2 * cols },
            Mat { offset: cols, rows, cols, stride: 2 * cols },
        );
        let mut arena = vec![1.0f32; 2 * n];
        dropout(&mut arena, 42, 1000, 0.3, x, y, true);
        for (sum, kept) in values(&arena, y).iter().zip(&got) {
            assert_near(*sum, 1.0 + f64::from(*kept), 1.0, 1e-6, table);
        }
        assert!(whole(0.0).iter().all(|&y| y == 1.0), "{table}");
        assert!(whole(1.0).iter().all(|&y| y == 0.0), "{table}");
    });
    // The same mask in double precision.
    let mut arena = vec![1.0f64; n];
    let mat = Mat::contiguous(0, rows, cols);
    dropout(&mut arena, 42, 1000, 0.3, mat, mat, false);
    let single = reference.unwrap();
    assert!(arena.iter().zip(&single).all(|(a, b)| (*a == 0.0) == (*b == 0.0)));
}

#[test]
fn dropped_values_are_zero_even_if_they_were_infinite() {
    forced::each(|table| {
        let mat = Mat::contiguous(0, 1, 100);
        let mut arena = vec![f32::INFINITY; 100];
        dropout(&mut arena, 1, 0, 0.5, mat, mat, false);
        assert!(arena.contains(&0.0) && arena.iter().all(|y| !y.is_nan()), "{table}");
    });
}

#[test]
#[cfg_attr(miri, ignore = "a distribution needs many numbers, and nothing here is unsafe")]
fn random_numbers_have_their_distribution() {
    let n = 100_000u64;
    let mean = |f: &dyn Fn(u64) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
    // Five standard errors, with fixed keys.
    for key in [0, 1, u64::MAX] {
        assert!((0..n).all(|i| (0.0..1.0).contains(&uniform(key, i))));
        assert_near(mean(&|i| uniform(key, i)), 0.5, 1.0, 0.005, "uniform mean");
        assert_near(mean(&|i| uniform(key, i).powi(2)), 1.0 / 3.0, 1.0, 0.005, "uniform square");
        assert_near(mean(&|i| normal(key, i)), 0.0, 1.0, 0.016, "normal mean");
        assert_near(mean(&|i| normal(key, i).powi(2)), 1.0, 1.0, 0.023, "normal variance");
        assert_near(mean(&|i| normal(key, i).powi(4)), 3.0, 1.0, 0.16, "normal kurtosis");
        // Neighbouring numbers, and those with the same index under neighbouring keys, are uncorrelated.
        let after = |i| (uniform(key, i) - 0.5) * (uniform(key, i + 1) - 0.5);
        assert_near(mean(&after), 0.0, 1.0, 0.0014, "serial correlation");
        let beside = |i| (uniform(key, i) - 0.5) * (uniform(key.wrapping_add(1), i) - 0.5);
        assert_near(mean(&beside), 0.0, 1.0, 0.0014, "correlation of keys");
    }
}

/// Output 0 and 1 of SplitMix64 started from 1234567, from its authors' C code.
#[test]
fn the_bits_are_those_of_splitmix64() {
    use crate::random::{bits, mix};
    assert_eq!(
        [bits(1_234_567, 0), bits(1_234_567, 1)],
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
    );
    assert_ne!(mix(1), mix(2));
}

#[test]
#[cfg_attr(miri, ignore = "libm computes the square root in inline assembly, which Miri does not run")]
fn noise_is_added_by_index() {
    let (rows, cols) = (3, 5);
    let (x, y) = (Mat { offset: 0, rows, cols, stride: 11 }, Mat { offset: 5, rows, cols, stride: 11 });
    let start: Vec<f64> = Source::new(2).values(33);
    let mut arena = start.clone();
    gaussian_noise(&mut arena, 7, 50, 0.3, x, y);
    assert_only_changed(&start, &arena, y, "noise");
    for (i, (got, x)) in values(&arena, y).iter().zip(values(&start, x)).enumerate() {
        assert_near(*got, x + 0.3 * normal(7, 50 + i as u64), 1.0, 1e-12, "noise");
    }
}
