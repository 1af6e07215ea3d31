//! The reader of the electrocardiogram, and the files themselves.
//!
//! Including the module runs its own tests; the test here compares the data with its README.

#[path = "../examples/support/ecg.rs"]
mod ecg;

#[test]
fn the_recording_is_what_its_readme_says() {
    let recording = ecg::Recording::load().expect("the files of the examples");
    assert_eq!(recording.millivolts.len(), 300 * ecg::RATE);
    // Every sample is a multiple of 5 µV.
    let steps: i64 = recording.millivolts.iter().map(|mv| (mv * 200.0).round() as i64 + 1024).sum();
    assert_eq!(steps, 107_025_651);
    assert_eq!(recording.beats.len(), 497);
    let wide = recording.beats.iter().filter(|beat| beat.width >= 90).count();
    let narrow = recording.beats.iter().filter(|beat| beat.width < 50).count();
    assert_eq!((narrow, wide), (369, 90));
}
