//! A target on random bytes, without coverage, on any machine: `cargo run --release -p mimo-fuzz-data --bin seeded_data TARGET SECONDS [SEED]`.

#[path = "../../../seeded.rs"]
mod seeded;

fn main() {
    seeded::run(&[("csv", mimo_fuzz_data::csv), ("arrays", mimo_fuzz_data::arrays)], |random| {
        let len = 1 + random() as usize % 60;
        let mut bytes: Vec<u8> = (0..len).map(|_| random() as u8).collect();
        // Mostly valid files with changes.
        bytes[0] = if random() % 8 == 0 { bytes[0] } else { (random() % 4) as u8 };
        bytes
    });
}
