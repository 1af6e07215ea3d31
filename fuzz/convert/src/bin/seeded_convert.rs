//! A target on random bytes, without coverage, on any machine: `cargo run --release -p mimo-fuzz-convert --bin seeded_convert TARGET SECONDS [SEED]`.

use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1);
    let (name, seconds) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let target = match name.as_str() {
        "zip" => mimo_fuzz_convert::zip,
        "hdf5" => mimo_fuzz_convert::hdf5,
        "keras_file" => mimo_fuzz_convert::keras_file,
        "onnx" => mimo_fuzz_convert::onnx,
        _ => panic!("the targets are `zip`, `hdf5`, `keras_file` and `onnx`"),
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
        // Few changes: a file with many is refused at the first.
        let len = 2 + random() as usize % 32;
        let bytes: Vec<u8> = (0..len).map(|_| random() as u8).collect();
        if std::panic::catch_unwind(|| target(&bytes)).is_err() {
            println!("bytes {bytes:?}");
            std::process::exit(1);
        }
        runs += 1;
    }
    println!("{name}: {runs} runs in {:.0} s", start.elapsed().as_secs_f64());
}
