//! Clones of a predictor do not copy its weights.
//!
//! `allocation-counter` counts the memory that this thread allocates, and the predictors here have no other threads.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use allocation_counter::measure;
use mimo::prelude::*;

model! {
    /// Twenty megabytes of weights.
    pub Large {
        let x = Input(shape = [1000]);
        let h = Dense(2000, activation = relu)(x);
        let y = Dense(1500)(h);
        Model(inputs = [x], outputs = [y])
    }
}

const MEGABYTE: u64 = 1_000_000;

#[test]
fn eight_clones_have_the_weights_once() {
    let weights = (Large::PARAMETERS * size_of::<f32>()) as u64;
    assert!((20 * MEGABYTE..21 * MEGABYTE).contains(&weights));
    let model = Large::new(1);
    let x = [0.5; 1000];
    let sample = LargeSample { x: &x };

    let mut first = None;
    let info = measure(|| {
        let mut predictor = Predictor::with_threads(&model, 1).expect("a predictor");
        predictor.predict_one(&sample).expect("a prediction");
        first = Some(predictor);
    });
    // The weights, and their transposed copies.
    let bytes = info.bytes_current as u64;
    assert!((weights..2 * weights + MEGABYTE).contains(&bytes), "a predictor has {bytes} bytes");
    drop(model);

    let first = first.expect("a predictor");
    let mut clones = vec![];
    let info = measure(|| {
        for _ in 0..8 {
            let mut clone = first.clone();
            clone.predict_one(&sample).expect("a prediction");
            clones.push(clone);
        }
    });
    // The values of one sample between the layers, and lists.
    let bytes = info.bytes_current as u64;
    assert!(bytes < MEGABYTE, "eight clones have {bytes} bytes");
    println!("a predictor of {weights} bytes of weights; eight clones have {bytes} bytes more");

    // The old weights are freed when the last clone has seen the new ones.
    let other = Large::new(2);
    let info = measure(|| {
        first.replace_weights(&other).expect("memory");
        let mut first = first;
        for predictor in clones.iter_mut().chain([&mut first]) {
            predictor.predict_one(&sample).expect("a prediction");
        }
        clones.push(first);
    });
    let more = info.bytes_current;
    assert!(more.unsigned_abs() < MEGABYTE, "{more} bytes more after the weights were replaced");
}
