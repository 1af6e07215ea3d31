//! Files written by Keras and h5py: the fixtures of mimo-convert.

use std::sync::LazyLock;

use mimo_convert::hdf5::File;
use mimo_convert::zip::Archive;

const KERAS: &[u8] = include_bytes!("../../../mimo-convert/tests/fixtures/keras.zip");
const HDF5: &[u8] = include_bytes!("../../../mimo-convert/tests/fixtures/hdf5.zip");
const TWO: &[u8] = include_bytes!("../../../mimo-convert/tests/fixtures/two.zip");

pub(crate) struct Seeds {
    /// Archives: stored, compressed, and with data descriptors after the members.
    pub(crate) archives: Vec<Vec<u8>>,
    /// HDF5 files below 20 kB, so that a change meets something.
    pub(crate) hdf5: Vec<Vec<u8>>,
    /// Files of Keras.
    pub(crate) keras: Vec<Vec<u8>>,
    /// The config of one, and weights of another.
    pub(crate) config: Vec<u8>,
    pub(crate) weights: Vec<u8>,
}

pub(crate) static SEEDS: LazyLock<Seeds> = LazyLock::new(|| {
    let files = |archive: &[u8]| -> Vec<(String, Vec<u8>)> {
        let archive = Archive::parse(archive).expect("an archive");
        let read = |name: &str| archive.read(name).expect("a whole member").expect("a member").into_owned();
        archive.names().map(|name| (name.to_owned(), read(name))).collect()
    };
    let (of_keras, of_hdf5) = (files(KERAS), files(HDF5));
    let named = |name: &str| {
        let found = of_keras.iter().find(|(it, _)| it == name);
        found.map(|(_, bytes)| bytes.clone()).expect("a fixture")
    };
    let old = named("keras2.h5");
    let own = File::parse(&old).and_then(|file| file.to_bytes()).expect("a file");
    let small = |(_, bytes): &(String, Vec<u8>)| (bytes.len() < 20_000).then(|| bytes.clone());
    let hdf5 = [own, old].into_iter().chain(of_hdf5.iter().filter_map(small)).collect();
    let descriptors = mimo_convert::zip::write(&[("a", b"stored"), ("b/c", b"")]).expect("an archive");
    Seeds {
        archives: vec![TWO.to_vec(), descriptors, named("small_deflated.keras"), named("bfloat16.keras")],
        hdf5,
        keras: of_keras.iter().map(|(_, bytes)| bytes.clone()).collect(),
        config: br#"{"class_name": "Sequential", "config": {"name": "old", "layers": [1, -2.5e3, null, true]}, "compile_config": {}}"#.to_vec(),
        weights: named("sharded_00002.weights.h5"),
    }
});
