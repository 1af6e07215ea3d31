//! HDF5 files of h5py are read, own ones are read back, and what harms is refused.

mod fixtures;

use fixtures::{HDF5, file, position};
use mimo_convert::hdf5::{Attribute, Data, Dataset, File, Group, Member};

fn parse(name: &str) -> Group {
    let parsed = File::parse(&file(HDF5, name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    parsed.into_root()
}

fn error(bytes: &[u8]) -> String {
    File::parse(bytes).expect_err("a file that is refused").to_string()
}

/// A file of these datasets.
fn of(members: impl IntoIterator<Item = (&'static str, Dataset)>) -> Vec<u8> {
    let mut root = Group::default();
    for (path, dataset) in members {
        root.insert(path, dataset).expect("a new path");
    }
    File::new(root).to_bytes().expect("a tree that can be stored")
}

#[test]
fn every_kind_of_data_is_read() {
    let root = parse("kinds.h5");
    let expected: [(&str, Data); 15] = [
        ("floats/float16", Data::F16(vec![0, 0x3C00, 0x4000, 0x4200, 0x4400, 0x5640])),
        ("floats/float32", Data::F32(vec![0.0, 1.0, 2.0, 3.0, 4.0, 100.0])),
        ("floats/float64", Data::F64(vec![0.0, 1.0, 2.0, 3.0, 4.0, 100.0])),
        ("signed/int8", Data::I8(vec![0, 1, 2, 3, 4, 100])),
        ("unsigned/uint8", Data::U8(vec![0, 1, 2, 3, 4, 100])),
        ("signed/int32", Data::I32(vec![0, 1, 2, 3, 4, 100])),
        ("signed/int64", Data::I64(vec![0, 1, 2, 3, 4, 100])),
        ("unsigned/uint32", Data::U32(vec![0, 1, 2, 3, 4, 100])),
        ("unsigned/uint64", Data::U64(vec![0, 1, 2, 3, 4, 100])),
        ("unsigned/bool", Data::Bool(vec![false, true, true, true, true, true])),
        ("other/big_endian", Data::F32(vec![1.5, -2.5])),
        ("other/big_endian_int", Data::I32(vec![1, -2])),
        ("other/text", Data::Text(vec!["a".into(), "déjà".into()])),
        ("other/fixed", Data::FixedText { width: 3, bytes: b"ab\0abc".to_vec() }),
        ("other/opaque", Data::Opaque { width: 2, bytes: vec![0x80, 0x3F, 0, 0x40] }),
    ];
    for (name, data) in &expected {
        let dataset = root.dataset(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(&dataset.data, data, "{name}");
        assert_eq!(dataset.shape, if data.len() == 6 { vec![2, 3] } else { vec![2] }, "{name}");
    }
    let numbers = root.dataset("floats/float16").expect("float16").data.to_f32();
    assert_eq!(numbers, Ok(vec![0.0, 1.0, 2.0, 3.0, 4.0, 100.0]));

    let shape =
        |name: &str| root.dataset(&format!("shapes/{name}")).map(|it| (it.shape.clone(), it.data.clone()));
    assert_eq!(shape("scalar"), Some((vec![], Data::I64(vec![7]))));
    assert_eq!(shape("empty"), Some((vec![0, 3], Data::F32(vec![]))));
    assert_eq!(shape("null"), Some((vec![0], Data::F32(vec![]))));
    assert_eq!(shape("one"), Some((vec![1, 1, 1], Data::F32(vec![1.0]))));
    assert_eq!(root.dataset("compact"), Some(&Dataset::new([3], Data::F32(vec![1.0, 2.0, 3.0]))));

    let attributes = root.group("attributes").expect("attributes");
    let texts = |name: &str| attributes.attribute(name).expect("an attribute").data.texts();
    assert_eq!(attributes.attribute("fixed").expect("an attribute").as_text(), Ok("fixed".into()));
    assert_eq!(attributes.attribute("text"), Some(&Attribute::text("vâriable")));
    assert_eq!(attributes.attribute("texts"), Some(&Attribute::texts(["one", "two", "", "four"])));
    assert_eq!(texts("fixed_texts"), Ok(vec!["a".into(), "bc".into()]));
    assert_eq!(texts("none"), Ok(vec![]));
    assert_eq!(attributes.attribute("number"), Some(&Attribute { shape: vec![], data: Data::I64(vec![3]) }));
    assert_eq!(
        attributes.attribute("flag"),
        Some(&Attribute { shape: vec![], data: Data::Bool(vec![true]) })
    );
    let numbers = Attribute { shape: vec![2], data: Data::F64(vec![1.5, 2.5]) };
    assert_eq!(attributes.attribute("numbers"), Some(&numbers));
}

#[test]
fn both_formats_of_the_library_are_the_same_tree() {
    assert_eq!(parse("kinds_latest.h5"), parse("kinds.h5"));
}

#[test]
fn a_tree_of_names_has_levels() {
    let root = parse("deep.h5");
    assert_eq!(root.members().len(), 300);
    for (at, (name, member)) in root.members().enumerate() {
        assert_eq!(name, format!("g{at:03}"));
        let expected = match at % 2 {
            0 => Dataset::new([], Data::F32(vec![at as f32])),
            _ => Dataset::new([0], Data::F32(vec![])),
        };
        assert_eq!(member, &Member::Dataset(expected));
    }
}

#[test]
fn links_and_attributes_have_indices() {
    for (count, links) in [(9, 9), (60, 60), (1200, 0)] {
        let root = parse(&format!("dense_{count}.h5"));
        assert_eq!((root.members().len(), root.attributes.len()), (links, count));
        for at in 0..links {
            assert_eq!(root.dataset(&format!("g{at:04}")), Some(&Dataset::new([0], Data::F32(vec![]))));
        }
        for at in 0..count {
            let attribute = Attribute { shape: vec![], data: Data::F32(vec![at as f32]) };
            assert_eq!(root.attribute(&format!("a{at:04}")), Some(&attribute));
        }
    }
    let root = parse("accents.h5");
    assert_eq!(root.members().len(), 20);
    for at in 0..20 {
        assert_eq!(root.dataset(&format!("é{at:02}")), Some(&Dataset::new([], Data::F32(vec![at as f32]))));
    }
}

/// Each with what is wrong and what to do, at the object.
#[test]
fn what_is_not_read_is_refused_by_name() {
    let link = "links are not followed; copy what it leads to into a new file with h5py";
    let object =
        "the object has a second name (a hard link), or contains itself; copy it into a new file with h5py";
    let again = "load the file with Keras and save it again";
    let chunks = format!("{again}, or use `h5repack -f NONE -l CONTI in.h5 out.h5`");
    let elements = "are not read; store the values as numbers or strings in a new file with h5py";
    let huge = "a dataset of shape [100000000, 25000000] has 10000000000000000 bytes, but 0 are stored";
    let cases = [
        ("chunks.h5", format!("chunked: the values are stored in chunks, which are not read; {chunks}")),
        ("shape_bomb.h5", format!("data: the values are stored in chunks, which are not read; {chunks}")),
        ("unwritten.h5", format!("data: {huge}; values that were never written are not filled in")),
        ("links.h5", format!("soft: the member is a soft link, and {link}")),
        ("hard_link.h5", format!("second: {object}")),
        ("cycle.h5", format!("a: b: a: {object}")),
        ("external_link.h5", format!("outside: the member is an external link, and {link}")),
        (
            "external_storage.h5",
            "data: the values are in another file (external storage), which is not opened".to_owned(),
        ),
        (
            "virtual.h5",
            "data: the values are those of other datasets (virtual dataset), which are not opened; copy them into a new file \
             with h5py"
                .to_owned(),
        ),
        ("compound.h5", format!("pair: elements of type `compound` {elements}")),
        ("reference.h5", format!("reference: elements of type `reference` {elements}")),
        (
            "user_block.h5",
            "not an HDF5 file: it does not begin with `\\x89HDF`; if it has a user block, remove it with `h5unjam`"
                .to_owned(),
        ),
    ];
    for (name, expected) in &cases {
        assert_eq!(&error(&file(HDF5, name)), expected, "{name}");
    }
    let read = [
        "kinds.h5",
        "kinds_latest.h5",
        "deep.h5",
        "accents.h5",
        "dense_9.h5",
        "dense_60.h5",
        "dense_1200.h5",
    ];
    let all = fixtures::names(HDF5);
    let named = |it: &&String| !read.contains(&it.as_str()) && !cases.iter().any(|(name, _)| name == it);
    assert_eq!(all.iter().find(named), None, "a fixture without a test");
}

/// What the library writes for one dataset of `shape`, with another declared shape.
fn claims(shape: [u64; 2]) -> Vec<u8> {
    let mut bytes = of([("data", Dataset::new([7, 9], Data::U8(vec![1; 63])))]);
    let declared = [7_u64, 9].map(u64::to_le_bytes).concat();
    let at = position(&bytes, &declared);
    bytes[at..at + 16].copy_from_slice(&shape.map(u64::to_le_bytes).concat());
    bytes
}

/// CVE-2026-0897: the declared size is compared with the stored bytes before anything is allocated.
#[test]
fn a_shape_is_no_more_than_what_is_stored() {
    assert!(File::parse(&claims([9, 7])).is_ok());
    for shape in
        [[7, 10], [0, 9], [1 << 40, 1 << 10], [u64::MAX, 0], [1 << 33, 1 << 33], [u64::MAX, u64::MAX]]
    {
        let error = error(&claims(shape));
        assert!(error.starts_with("data: "), "{shape:?}: {error}");
    }
    assert_eq!(
        error(&claims([1 << 40, 1])),
        "data: a dataset of shape [1099511627776, 1] has 1099511627776 bytes, but 63 are stored; values that were never \
         written are not filled in"
    );
    assert_eq!(
        error(&claims([1 << 33, 1 << 33])),
        "data: the shape [8589934592, 8589934592] has more elements than any file"
    );
}

/// Many datasets of the same stored bytes would need far more memory than the file.
#[test]
fn stored_bytes_have_one_use() {
    let large = Dataset::new([3001], Data::U8((0..3001).map(|it| it as u8).collect()));
    let names = ["b", "c", "d", "e", "f", "g", "h"];
    let small = names.map(|name| (name, Dataset::new([77], Data::U8(vec![5; 77]))));
    let mut bytes = of([("a", large)].into_iter().chain(small));
    // The layout of `a`: contiguous, its address, its length. Then those of the others, and their shapes.
    let layout = |bytes: &[u8], len: u64| -> Vec<usize> {
        let len = len.to_le_bytes();
        let is = |it: &[u8]| it[..2] == [3, 1] && it[10..] == len;
        bytes.windows(18).enumerate().filter(|(_, it)| is(it)).map(|(at, _)| at).collect()
    };
    let whole = layout(&bytes, 3001)[0];
    let whole = bytes[whole..whole + 18].to_vec();
    for at in layout(&bytes, 77) {
        bytes[at..at + 18].copy_from_slice(&whole);
    }
    let shape: Vec<usize> =
        (0..bytes.len() - 8).filter(|&at| bytes[at..at + 8] == 77_u64.to_le_bytes()).collect();
    assert_eq!(shape.len(), names.len());
    for at in shape {
        bytes[at..at + 8].copy_from_slice(&3001_u64.to_le_bytes());
    }
    let len = bytes.len();
    let reason = format!("structures of the file overlap: they need more than its {len} bytes");
    assert!(error(&bytes).contains(&reason), "{}", error(&bytes));
}

#[test]
fn files_that_were_cut_are_refused() {
    for name in ["kinds.h5", "kinds_latest.h5"] {
        let whole = file(HDF5, name);
        for len in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
            assert!(File::parse(&whole[..len]).is_err(), "{name}, {len} bytes");
        }
        let error = error(&whole[..whole.len() - 1]);
        assert_eq!(error, format!("the file has {} of {} bytes; it was cut", whole.len() - 1, whole.len()));
    }
}

#[test]
fn names_are_not_paths() {
    for name in ["", ".", "..", "../up", "/etc", "a/b", "a\0"] {
        let mut root = Group::default();
        root.members.insert(name.to_owned(), Member::Group(Group::default()));
        assert!(File::new(root).to_bytes().is_err(), "{name:?}");
    }
    // The same length in place of a valid name.
    let bytes = of([("a_name_x", Dataset::new([], Data::F32(vec![1.0])))]);
    let at = position(&bytes, b"a_name_x");
    for (name, reason) in [(b"../name_", "`../name_` is not a name"), (b"\0_name_x", "a member has no name")]
    {
        let mut bytes = bytes.clone();
        bytes[at..at + 8].copy_from_slice(name);
        assert_eq!(error(&bytes), reason);
    }
    let mut latin = bytes.clone();
    latin[at] = 0xE9;
    assert_eq!(error(&latin), "a name is not valid UTF-8");
}

#[test]
fn what_cannot_be_stored_is_an_error() {
    let error = |dataset: Dataset| {
        let mut root = Group::default();
        root.insert("group/data", dataset).expect("a new path");
        File::new(root).to_bytes().expect_err("a tree that cannot be stored").to_string()
    };
    let two = |shape: &[usize]| Dataset::new(shape, Data::F32(vec![1.0, 2.0]));
    assert_eq!(error(two(&[3])), "group: data: an array of shape [3] cannot have 2 elements");
    assert_eq!(
        error(two(&[2; 33])),
        "group: data: an array of shape [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2] cannot have 2 elements"
    );
    let ones: Vec<usize> = [2].into_iter().chain([1; 32]).collect();
    assert_eq!(error(two(&ones)), "group: data: HDF5 has arrays of up to 32 axes");
    let zero = Data::Text(vec!["a\0b".into()]);
    assert_eq!(
        error(Dataset::new([1], zero)),
        "group: data: a string has a zero, where it would end when it is read"
    );
    let mut large = two(&[2]);
    large
        .attributes
        .insert("names".into(), Attribute { shape: vec![65_512], data: Data::U8(vec![0; 65_512]) });
    assert_eq!(
        error(large),
        "group: data: attribute `names`: the attribute has 65560 bytes, but an object header has room for 65528"
    );
    let mut deep = Group::default();
    deep.make_group(&["g"; 65].join("/")).expect("groups");
    let error = File::new(deep).to_bytes().expect_err("a deep tree");
    assert_eq!(error.reason, "groups are nested more than 64 deep");
    let mut deep = Group::default();
    deep.make_group(&["g"; 64].join("/")).expect("groups");
    let bytes = File::new(deep.clone()).to_bytes().expect("a tree of 64 levels");
    assert_eq!(File::parse(&bytes).map(File::into_root), Ok(deep));
    let mut root = Group::default();
    root.insert("a/b", two(&[2])).expect("a new path");
    assert!(root.insert("a/b", two(&[2])).is_err() && root.insert("a/b/c", two(&[2])).is_err());
}

mod round_trip {
    use mimo_convert::hdf5::{Attribute, Attributes, Data, Dataset, File, Group, Member};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    fn data(len: usize) -> impl Strategy<Value = Data> {
        let bits = move || vec(any::<u64>(), len);
        let text = "[a-zäß€ ]{0,12}";
        prop_oneof![
            bits().prop_map(|it| Data::F16(it.into_iter().map(|it| it as u16).collect())),
            // Not NaN, which is not equal to itself.
            bits().prop_map(|it| Data::F32(it.into_iter().map(|it| it as f32).collect())),
            bits().prop_map(|it| Data::F64(it.into_iter().map(|it| it as f64).collect())),
            bits().prop_map(|it| Data::I8(it.into_iter().map(|it| it as i8).collect())),
            bits().prop_map(|it| Data::I16(it.into_iter().map(|it| it as i16).collect())),
            bits().prop_map(|it| Data::I32(it.into_iter().map(|it| it as i32).collect())),
            bits().prop_map(|it| Data::I64(it.into_iter().map(|it| it as i64).collect())),
            bits().prop_map(|it| Data::U8(it.into_iter().map(|it| it as u8).collect())),
            bits().prop_map(|it| Data::U16(it.into_iter().map(|it| it as u16).collect())),
            bits().prop_map(|it| Data::U32(it.into_iter().map(|it| it as u32).collect())),
            bits().prop_map(Data::U64),
            vec(any::<bool>(), len).prop_map(Data::Bool),
            vec(text, len).prop_map(Data::Text),
            (1_usize..9).prop_flat_map(move |width| vec(any::<u8>(), width * len)
                .prop_map(move |bytes| Data::FixedText { width, bytes })),
            (1_usize..9).prop_flat_map(move |width| vec(any::<u8>(), width * len)
                .prop_map(move |bytes| Data::Opaque { width, bytes })),
        ]
    }

    fn array() -> impl Strategy<Value = (Vec<usize>, Data)> {
        let shape = vec(0_usize..5, 0..4);
        shape.prop_flat_map(|shape| (Just(shape.clone()), data(shape.iter().product())))
    }

    fn attributes() -> impl Strategy<Value = Attributes> {
        let attribute = array().prop_map(|(shape, data)| Attribute { shape, data });
        btree_map("[a-z_é]{1,9}", attribute, 0..4)
    }

    fn group() -> impl Strategy<Value = Group> {
        let dataset = (array(), attributes());
        let dataset = dataset
            .prop_map(|((shape, data), attributes)| Member::Dataset(Dataset { shape, data, attributes }));
        let member = dataset.prop_recursive(3, 30, 8, |member| {
            let members = btree_map("[a-zA-Z0-9_:é]{1,12}", member, 0..12);
            (members, attributes())
                .prop_map(|(members, attributes)| Member::Group(Group { members, attributes }))
        });
        let members = btree_map("[a-z0-9]{1,5}", member, 0..12);
        (members, attributes()).prop_map(|(members, attributes)| Group { members, attributes })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_written_is_read(root in group()) {
            check(root);
        }
    }

    /// What is written is read, and is written for `copies_of_h5py_are_the_same` if that is asked for.
    fn check(root: Group) {
        let file = File::new(root);
        let bytes = file.to_bytes().expect("a tree that can be stored");
        assert_eq!(File::parse(&bytes), Ok(file));
        if let Some(directory) = std::env::var_os("WRITE_HDF5") {
            let hash = |hash: u64, it: &u8| (hash ^ u64::from(*it)).wrapping_mul(0x0000_0100_0000_01B3);
            let name = format!("{:016x}.h5", bytes.iter().fold(0, hash));
            std::fs::write(std::path::Path::new(&directory).join(name), bytes).expect("a writable directory");
        }
    }

    /// h5py reads what is written: see `fixtures/h5py_copies.py`.
    #[test]
    #[ignore = "needs the copies of h5py_copies.py"]
    fn copies_of_h5py_are_the_same() {
        let directory = std::env::var_os("WRITE_HDF5").expect("the directory of the files");
        let mut compared = 0;
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("a file").path();
            if path.extension().is_some_and(|it| it == "h5") {
                let parse = |path: &std::path::Path| File::parse(&std::fs::read(path).expect("a file"));
                assert_eq!(parse(&path.with_extension("copy")), parse(&path), "{}", path.display());
                compared += 1;
            }
        }
        assert!(compared > 0);
    }

    /// Levels of the tree of names: one list, several, one node of 32 lists, several nodes.
    #[test]
    fn groups_of_any_size() {
        for count in [0, 1, 8, 9, 255, 256, 257, 9000] {
            let members = (0..count).map(|at| {
                (format!("{:05}", at * 7 % 9001), Member::Dataset(Dataset::new([], Data::U32(vec![at]))))
            });
            check(Group { members: members.collect(), ..Group::default() });
        }
    }

    /// Heaps of strings: more than one, and strings that are larger than one.
    #[test]
    fn strings_of_any_size() {
        for len in [0, 1, 4063, 4064, 4065, 4080, 70_000] {
            for count in [1, 3, 300] {
                let texts = (0..count).map(|at| if at % 3 == 2 { "x".into() } else { "y".repeat(len) });
                let dataset = Dataset::new([count], Data::Text(texts.collect()));
                let mut root = Group::default();
                root.insert("text", dataset).expect("a new path");
                check(root);
            }
        }
    }
}
