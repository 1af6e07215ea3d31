//! A target on random bytes, without coverage, on any machine: `cargo run --release -p mimo-fuzz-data --bin seeded_data TARGET SECONDS [SEED]`.

use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1);
    let (name, seconds) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let target = match name.as_str() {
        "csv" => mimo_fuzz_data::csv,
        "arrays" => mimo_fuzz_data::arrays,
        "onnx" => mimo_fuzz_data::onnx,
        _ => panic!("the targets are `csv`, `arrays` and `onnx`"),
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
        let len = 1 + random() as usize % 60;
        let mut bytes: Vec<u8> = (0..len).map(|_| random() as u8).collect();
        // Mostly valid files with changes.
        bytes[0] = if random() % 8 == 0 { bytes[0] } else { (random() % 4) as u8 };
        if std::panic::catch_unwind(|| target(&bytes)).is_err() {
            println!("bytes {bytes:?}");
            std::process::exit(1);
        }
        runs += 1;
    }
    println!("{name}: {runs} runs in {:.0} s", start.elapsed().as_secs_f64());
}
