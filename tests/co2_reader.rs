//! The reader of the weekly concentrations, and the file itself.
//!
//! Including the module runs its own tests; the test here compares the data with its README.

#[path = "../examples/support/co2.rs"]
mod co2;

#[test]
fn the_concentrations_are_what_their_readme_says() {
    let series = co2::Series::load().expect("the file of the examples");
    assert_eq!(series.len(), 2284);
    assert_eq!(series.measured.iter().filter(|measured| !**measured).count(), 59);
    assert_eq!((series.weeks[0].as_str(), series.ppm[0]), ("1958-03-29", 316.1));
    assert_eq!((series.weeks[2283].as_str(), series.ppm[2283]), ("2001-12-29", 371.5));
    // The last gap ends in 1985; the held-out part was measured completely.
    assert!(series.measured[series.year(1986)..].iter().all(|measured| *measured));
    assert!(series.ppm.iter().all(|ppm| (312.0..375.0).contains(ppm)));
}
