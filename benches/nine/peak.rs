//! Peak rate of multiplications and additions of `f32`, measured by a loop of nothing else.

use std::time::{Duration, Instant};

/// Independent sums, so that none waits for the previous one.
const CHAINS: usize = 12;
const REPEATS: usize = 20_000;

/// Largest number of floating-point operations per second, in thousands of millions, of some threads together.
pub fn gigaflops(threads: usize) -> f64 {
    std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        working.into_iter().map(|thread| thread.join().unwrap_or(f64::NAN)).sum()
    })
}

fn one_thread() -> f64 {
    let mut best: f64 = 0.0;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(200) {
        let now = Instant::now();
        let operations = burst();
        best = best.max(operations as f64 / now.elapsed().as_secs_f64() / 1e9);
    }
    best
}

/// Executes some operations and returns their number.
fn burst() -> usize {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "what a processor can do is only reached by its own instructions")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512.
            return unsafe { x86::avx512() };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA.
            return unsafe { x86::avx2() };
        }
    }
    let mut sums = std::hint::black_box([[0.5_f32; 4]; CHAINS]);
    for _ in 0..REPEATS {
        for sum in sums.as_flattened_mut() {
            *sum = *sum * 0.999 + 0.001;
        }
    }
    std::hint::black_box(sums);
    REPEATS * CHAINS * 4 * 2
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{CHAINS, REPEATS};
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps, _mm512_set1_ps};
    use std::hint::black_box;

    #[target_feature(enable = "avx512f")]
    pub(super) fn avx512() -> usize {
        let (factor, term) = black_box((_mm512_set1_ps(0.999), _mm512_set1_ps(0.001)));
        let mut sums = [term; CHAINS];
        for _ in 0..REPEATS {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, factor, term);
            }
        }
        black_box(sums);
        REPEATS * CHAINS * 16 * 2
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2() -> usize {
        let (factor, term) = black_box((_mm256_set1_ps(0.999), _mm256_set1_ps(0.001)));
        let mut sums = [term; CHAINS];
        for _ in 0..REPEATS {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, term);
            }
        }
        black_box(sums);
        REPEATS * CHAINS * 8 * 2
    }
}
