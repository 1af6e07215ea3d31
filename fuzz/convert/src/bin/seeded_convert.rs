//! A target on random bytes, without coverage, on any machine: `cargo run --release -p mimo-fuzz-convert --bin seeded_convert TARGET SECONDS [SEED]`.

#[path = "../../../seeded.rs"]
mod seeded;

fn main() {
    use mimo_fuzz_convert::{config, description, hdf5, keras_file, onnx, zip};
    seeded::run(
        &[
            ("zip", zip),
            ("hdf5", hdf5),
            ("keras_file", keras_file),
            ("config", config),
            ("onnx", onnx),
            ("description", description),
        ],
        // Few changes: a file with many is refused at the first.
        |random| {
            let len = 2 + random() as usize % 32;
            (0..len).map(|_| random() as u8).collect()
        },
    );
}
