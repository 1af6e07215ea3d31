//! Archives of Python are read, own ones are read back, and archives that are made to harm are refused.

mod fixtures;

use fixtures::{KERAS, file};
use mimo_convert::zip::{Archive, write};
use proptest::prelude::*;

fn error(bytes: &[u8]) -> String {
    match Archive::parse(bytes) {
        Ok(archive) => {
            let read = archive.names().map(|name| archive.read(name)).find_map(Result::err);
            read.expect("an archive that is refused").to_string()
        }
        Err(error) => error.to_string(),
    }
}

/// An archive of `a` and `b`, whose records are at known places.
struct Two {
    bytes: Vec<u8>,
    /// Headers of the members.
    headers: [usize; 2],
    /// Records of the members in the directory.
    records: [usize; 2],
    /// The record at the end.
    end: usize,
}

impl Two {
    fn new() -> Self {
        // As Keras does it: stored, without descriptors behind the members.
        let bytes = include_bytes!("fixtures/two.zip").to_vec();
        let places = |signature: &[u8]| -> Vec<usize> {
            bytes.windows(4).enumerate().filter(|(_, it)| *it == signature).map(|(at, _)| at).collect()
        };
        let headers = places(b"PK\x03\x04").try_into().expect("two members");
        let records = places(b"PK\x01\x02").try_into().expect("two records");
        let end = places(b"PK\x05\x06")[0];
        Two { bytes, headers, records, end }
    }

    fn set(mut self, at: usize, bytes: &[u8]) -> Self {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn error(&self) -> String {
        error(&self.bytes)
    }
}

#[test]
fn stored_and_compressed_members_are_the_same() {
    let [stored, deflated] = ["small.keras", "small_deflated.keras"].map(|name| file(KERAS, name));
    let [stored, deflated] = [&stored, &deflated].map(|bytes| Archive::parse(bytes).expect("an archive"));
    let names: Vec<&str> = stored.names().collect();
    assert_eq!(names, ["config.json", "metadata.json", "model.weights.h5"]);
    assert!(deflated.names().eq(names.iter().copied()));
    for name in names {
        let bytes = stored.read(name).expect("a whole member");
        assert!(bytes.is_some(), "{name}");
        assert_eq!(bytes, deflated.read(name).expect("a whole member"));
    }
    assert_eq!(stored.read("config"), Ok(None));
}

#[test]
fn every_attack_is_refused() {
    let two = Two::new;
    let Two { headers: [first, second], records: [first_record, second_record], end, .. } = two();

    let contradiction = "a: the header of the member and the directory of the archive contradict each other";
    let damaged = "not a zip archive, or a damaged one: ";
    let cases = [
        // Two members of one name: readers differ in which they take.
        (two().set(second_record + 46, b"a").set(second + 30, b"a"), "a: there are two members of this name".to_owned()),
        // Another name than the directory's.
        (two().set(first + 30, b"c"), contradiction.to_owned()),
        // The second member is the first one: bytes that are counted twice.
        (
            two().set(second_record, &two().bytes[first_record..first_record + 47]),
            "a: there are two members of this name".to_owned(),
        ),
        (
            two().set(second_record + 42, &(first as u32).to_le_bytes()),
            "b: the header of the member and the directory of the archive contradict each other".to_owned(),
        ),
        // The first member contains the second.
        (
            two().set(first + 18, &[100, 0, 0, 0, 100]).set(first_record + 20, &[100, 0, 0, 0, 100]),
            "a: the member overlaps `b`".to_owned(),
        ),
        // The second member contains the directory.
        (
            two().set(second + 18, &[90, 0, 0, 0, 90]).set(second_record + 20, &[90, 0, 0, 0, 90]),
            "b: the member overlaps `the directory`".to_owned(),
        ),
        // Encryption.
        (
            two().set(first + 6, &[1]).set(first_record + 8, &[1]),
            "a: the member is encrypted; write the archive without a password".to_owned(),
        ),
        // Another size than the header's: a lie to one of two readers.
        (two().set(first_record + 24, &[7, 0, 0, 0]), contradiction.to_owned()),
        // A size of 64 bits, which would be in a field that is not there.
        (two().set(first_record + 24, &[0xFF; 4]), contradiction.to_owned()),
        // 4 GiB of 50 bytes.
        (
            two().set(first + 22, &[0xFE, 0xFF, 0xFF, 0xFF]).set(first_record + 24, &[0xFE, 0xFF, 0xFF, 0xFF]),
            "a: 4294967294 bytes are declared, more than 100 times the 50 that are stored; if the file is what you expect, \
             write it again without compression"
                .to_owned(),
        ),
        // Less bytes than stored.
        (
            two().set(first + 22, &[7, 0, 0, 0]).set(first_record + 24, &[7, 0, 0, 0]),
            "a: the member has 50 bytes, but 7 are declared".to_owned(),
        ),
        // Other contents.
        (two().set(first + 31, b"!"), "a: the member is damaged: its checksum is another".to_owned()),
        // Bytes that are no DEFLATE.
        (two().set(first + 8, &[8]).set(first_record + 10, &[8]), "a: the member is damaged: Failed".to_owned()),
        // bzip2, LZMA.
        (
            two().set(first + 8, &[12]).set(first_record + 10, &[12]),
            "a: the member is compressed by method 12, which is not read; write it without compression".to_owned(),
        ),
        // More and less members than the directory has.
        (two().set(end + 8, &[3, 0, 3, 0]), "the archive declares 3 members, but its directory has 2".to_owned()),
        (two().set(end + 8, &[1, 0, 1, 0]), "the archive declares 1 members, but its directory has 2".to_owned()),
    ];
    for (archive, expected) in &cases {
        assert_eq!(&archive.error(), expected);
    }
    // Places that are outside of the file.
    for (at, what) in [(first_record + 42, "a header"), (end + 16, "the directory")] {
        let error = two().set(at, &[0xF0, 0xFF, 0xFF, 0x7F]).error();
        assert!(
            error.starts_with(damaged) || error.starts_with("a: the member is damaged: "),
            "{what}: {error}"
        );
    }
    for len in 0..two().bytes.len() {
        assert!(Archive::parse(&two().bytes[..len]).is_err(), "{len} bytes");
    }
}

/// A member may have up to 1 MiB, but many may not have many times the file.
#[test]
fn members_are_bounded_together() {
    let one = Two::new();
    let Two { headers: [first, _], records: [first_record, second_record], .. } = one;
    let large = 1_000_000_u32.to_le_bytes();
    let one = one.set(first + 22, &large).set(first_record + 24, &large);
    assert!(Archive::parse(&one.bytes).is_ok());
    let second = one.headers[1];
    let two = one.set(second + 22, &large).set(second_record + 24, &large);
    let expected = "2000000 bytes are declared, more than 100 times the 288 that are stored; if the file is what you expect, \
                    write it again without compression";
    assert_eq!(two.error(), expected);
}

/// Members are bytes by name: nothing is written anywhere, whatever the names are.
#[test]
fn names_are_keys() {
    let names = ["../up", "/etc/passwd", "C:\\file", "a/../b", "link"];
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, name.as_bytes())).collect();
    let bytes = write(&members).expect("an archive");
    let archive = Archive::parse(&bytes).expect("an archive");
    for name in names {
        assert_eq!(archive.read(name).expect("a whole member").as_deref(), Some(name.as_bytes()));
    }
    assert_eq!(
        write(&[("a", b""), ("a", b"")]).expect_err("two of a name").to_string(),
        "a: there are two members of this name"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(
        members in proptest::collection::btree_map("[a-zé/._]{0,19}[a-z]", proptest::collection::vec(any::<u8>(), 0..99), 0..9)
    ) {
        let given: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let bytes = write(&given).expect("an archive");
        let archive = Archive::parse(&bytes).expect("an archive");
        prop_assert!(archive.names().eq(members.keys()));
        for (name, bytes) in &members {
            let read = archive.read(name).expect("a whole member");
            prop_assert_eq!(read.as_deref(), Some(bytes.as_slice()));
        }
    }
}
