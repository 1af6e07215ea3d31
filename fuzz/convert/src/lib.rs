//! Properties of readers for any bytes of a file: they return a value or an error, and need memory in proportion to the file.
//! A target panics where they do not.

mod changes;
mod config;
mod onnx;
mod seeds;

use allocation_counter::measure;
use mimo_convert::hdf5::{Data, File, Group, Member};
use mimo_convert::keras::container::{KerasFile, ShardIndex};
use mimo_convert::zip::{self, Archive};

use changes::changed;
pub use config::{config, description};
pub use onnx::onnx;
use seeds::{SEEDS, Seeds};

/// Peak memory that a reader allocates.
fn peak<T>(read: impl FnOnce() -> T) -> (T, u64) {
    let mut value = None;
    let info = measure(|| value = Some(read()));
    (value.expect("a reader that returned"), info.bytes_max)
}

/// Panics if a file of `len` bytes needed more than `times` as many, and 64 KiB.
fn assert_bounded(peak: u64, len: usize, times: u64) {
    let limit = times * len as u64 + (64 << 10);
    assert!(peak <= limit, "{peak} bytes are allocated for a file of {len}, more than {limit}");
}

/// A seed with changes, or arbitrary bytes. The first byte selects the seed.
fn file(bytes: &[u8], seeds: &[Vec<u8>]) -> Vec<u8> {
    let Some((kind, rest)) = bytes.split_first() else { return vec![] };
    match seeds.get(usize::from(*kind) % (seeds.len() + 1)) {
        Some(seed) => changed(seed, rest),
        None => rest.to_vec(),
    }
}

/// Zip archives.
pub fn zip(bytes: &[u8]) {
    archive(&file(bytes, &SEEDS.archives));
}

fn archive(file: &[u8]) {
    let (archive, bytes) = peak(|| Archive::parse(file));
    assert_bounded(bytes, file.len(), 16);
    let Ok(archive) = archive else { return };
    let mut members = Vec::new();
    for name in archive.names() {
        let (read, bytes) = peak(|| archive.read(name));
        // Up to 1 MiB members may have any ratio.
        assert_bounded(bytes.saturating_sub(2 << 20), file.len(), 200);
        match read {
            Ok(Some(bytes)) => members.push((name, bytes)),
            Ok(None) => panic!("a member without a name"),
            Err(_) => return,
        }
    }
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
    let Ok(written) = zip::write(&members) else { return };
    let again = Archive::parse(&written).expect("an archive that was written");
    assert_eq!(again.names().len(), members.len());
}

/// HDF5 files.
pub fn hdf5(bytes: &[u8]) {
    tree(&file(bytes, &SEEDS.hdf5));
}

fn tree(file: &[u8]) {
    let (parsed, bytes) = peak(|| File::parse(file));
    assert_bounded(bytes, file.len(), 64);
    let Ok(parsed) = parsed else { return };
    check(parsed.root());
    // Attributes may be too large for the other format, and names of attributes empty.
    let Ok(written) = parsed.to_bytes() else { return };
    let again = File::parse(&written).expect("a file that was written");
    // Bytes, since numbers may be NaN.
    assert_eq!(again.to_bytes().as_ref(), Ok(&written));
}

fn check(group: &Group) {
    let fits = |shape: &[usize], data: &Data| {
        assert_eq!(shape.iter().product::<usize>(), data.len());
        let _ = (data.to_f32(), data.texts());
    };
    group.attributes.values().for_each(|it| fits(&it.shape, &it.data));
    for (_, member) in group.members() {
        match member {
            Member::Group(group) => check(group),
            Member::Dataset(dataset) => {
                fits(&dataset.shape, &dataset.data);
                dataset.attributes.values().for_each(|it| fits(&it.shape, &it.data));
            }
        }
    }
}

/// Files of Keras: complete files, and archives whose members are changed before they are packed.
pub fn keras_file(bytes: &[u8]) {
    let Some((&how, rest)) = bytes.split_first() else { return };
    let Seeds { keras, config, weights, .. } = &*SEEDS;
    let file = match how % 4 {
        0 => file(rest, keras),
        1 => changed(config, rest),
        _ => {
            let (one, other) = rest.split_at(rest.len() / 2);
            let (config, weights) = match how % 4 {
                2 => (config.clone(), changed(weights, rest)),
                _ => (changed(config, one), changed(weights, other)),
            };
            let members: [(&str, &[u8]); 2] = [("config.json", &config), ("model.weights.h5", &weights)];
            zip::write(&members).expect("two names")
        }
    };
    // Compressed members are larger than their files.
    let inflated = Archive::parse(&file).map_or(0, |archive| {
        archive.names().map(|name| archive.read(name).ok().flatten().map_or(0, |it| it.len())).sum()
    });
    let (parsed, bytes) = peak(|| KerasFile::parse(&file));
    // JSON needs most: an object with one number is 8 bytes, and 700 in memory.
    assert_bounded(bytes, file.len() + inflated, 128);
    if let Ok(parsed) = parsed {
        for variable in parsed.weights.into_iter().chain(parsed.optimizer).flat_map(|it| it.variables) {
            let len: usize = variable.shape.iter().product();
            let array = variable.into_array().expect("numbers");
            assert_eq!(array.values.len(), len);
        }
    }
    if let Some(Ok(index)) = ShardIndex::parse(&file) {
        for name in index.files() {
            assert!(!name.contains(['/', '\\']) && !name.starts_with('.'), "{name}");
        }
        let _ = index.read(|_| Ok(weights.clone()));
    }
}
