//! The examples' reader of digits, and its file.
//!
//! Including the module runs its own tests; the test here compares the file with its README.

#[path = "../examples/support/digits.rs"]
mod digits;

use digits::{CLASSES, Digits, PIXELS};

#[test]
fn the_file_is_what_its_readme_says() {
    let digits = Digits::load().expect("the file of the examples");
    assert_eq!(digits.len(), 1797);
    assert_eq!(digits.pixels.len(), 1797 * PIXELS);

    let mut counts = [0; CLASSES];
    for &label in &digits.labels {
        counts[label] += 1;
    }
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);

    // Sixteenths are exact in f32, so the sum of all grey levels is an integer again.
    let levels: f64 = digits.pixels.iter().map(|&pixel| f64::from(pixel) * 16.0).sum();
    assert_eq!(levels, 561_718.0);
    assert!(digits.pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    assert_eq!(digits.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(digits.even().iter().sum::<f32>(), 891.0);
    assert!(digits.ink().iter().all(|ink| (0.18..0.43).contains(ink)));
}
