//! A target on random bytes, without coverage, on any machine: `cargo run --release --bin seeded TARGET SECONDS [SEED]`.

#[path = "../../seeded.rs"]
mod seeded;

fn main() {
    seeded::run(
        &[("tokens", mimo_fuzz::targets::tokens), ("models", mimo_fuzz::targets::models)],
        |random| {
            let len = random() as usize % 400;
            (0..len).map(|_| random() as u8).collect()
        },
    );
}
