//! Times the steps of `by_hand` and prints the same JSON lines as `small_nets.py`.
//!
//! ```text
//! small_nets [--net two_heads|three_heads] [--threads N] [--seconds S]
//! ```
//!
//! Left out: both nets, one thread, five seconds.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Steps that are run first and not timed.
const WARM_UP: usize = 200;
/// Steps after which the training starts over, so that no gradient or moment becomes denormal.
const RESTART: usize = 500;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (mut nets, mut threads, mut seconds) = (vec!["two_heads", "three_heads"], 1, 5.0);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let wrong = || format!("{name} cannot be `{value}`");
        match name.as_str() {
            "--net" => {
                nets.retain(|net| *net == value);
                if nets.is_empty() {
                    return Err(wrong());
                }
            }
            "--threads" => threads = value.parse().ok().filter(|&n| n > 0).ok_or_else(wrong)?,
            "--seconds" => seconds = value.parse().map_err(|_| wrong())?,
            _ => return Err(format!("there is no {name}; there are --net, --threads and --seconds")),
        }
    }
    let limit = Duration::try_from_secs_f64(seconds).map_err(|error| format!("--seconds: {error}"))?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| format!("--threads: {error}"))?;
    for net in nets {
        match net {
            "two_heads" => measure(net, by_hand::PARAMETERS[0], threads, limit, by_hand::two_heads_step),
            _ => measure(net, by_hand::PARAMETERS[1], threads, limit, by_hand::three_heads_step),
        }
    }
    Ok(())
}

fn measure<S: FnMut() -> f32>(
    net: &str,
    parameters: usize,
    threads: usize,
    limit: Duration,
    fresh: fn() -> S,
) {
    let mut step = fresh();
    let losses: Vec<f32> = (0..WARM_UP).map(|_| step()).collect();
    let mut times = Vec::new();
    let start = Instant::now();
    while times.is_empty() || start.elapsed() < limit {
        if times.len().is_multiple_of(RESTART) {
            step = fresh();
        }
        let now = Instant::now();
        black_box(step());
        times.push(now.elapsed());
    }
    times.sort_unstable();
    // Nearest rank; with some thousands of steps the difference to interpolation is not seen.
    let quantile = |q: f64| times[((times.len() - 1) as f64 * q).round() as usize].as_secs_f64() * 1e6;
    println!(
        "{{\"net\": \"{net}\", \"framework\": \"dfdx\", \"version\": \"0.13.0\", \"threads\": {threads}, \
         \"median_us\": {:.2}, \"p10_us\": {:.2}, \"min_us\": {:.2}, \"steps\": {}, \"parameters\": {parameters}, \
         \"loss_1\": {:.6}, \"loss_100\": {:.6}}}",
        quantile(0.5),
        quantile(0.1),
        quantile(0.0),
        times.len(),
        losses[0],
        losses[99],
    );
}
