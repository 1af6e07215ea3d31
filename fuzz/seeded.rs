//! Targets on random bytes, without coverage, on any machine. Included by the binaries of all packages of targets, whose arguments are
//! `TARGET SECONDS [SEED]`.

use std::time::{Duration, Instant};

/// A function that panics if a property does not hold.
pub type Target = fn(&[u8]);

/// Runs the target named by the arguments on inputs drawn by `input`, until the time is over or an input fails.
pub fn run(targets: &[(&str, Target)], mut input: impl FnMut(&mut dyn FnMut() -> u32) -> Vec<u8>) {
    let mut args = std::env::args().skip(1);
    let (name, seconds) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let Some((_, target)) = targets.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = targets.iter().map(|(name, _)| *name).collect();
        panic!("the targets are {}", names.join(", "));
    };
    let limit = Duration::from_secs(seconds.parse().expect("a number of seconds"));
    let mut state: u64 = args.next().map_or(0x9E37_79B9_7F4A_7C15, |seed| seed.parse().expect("a seed"));
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    let (start, mut runs) = (Instant::now(), 0_u64);
    while start.elapsed() < limit {
        let bytes = input(&mut random);
        if std::panic::catch_unwind(|| target(&bytes)).is_err() {
            println!("bytes {bytes:?}");
            std::process::exit(1);
        }
        runs += 1;
    }
    println!("{name}: {runs} runs in {:.0} s", start.elapsed().as_secs_f64());
}
