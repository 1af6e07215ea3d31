//! Tests with hostile headers: the reader never panics, changes no model, and keeps to its memory limit.

use dfdx::tensor::Cpu;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::weights::tests::Two;

/// Limit on the bytes allocated per byte of a header, as documented.
const PER_BYTE: u64 = 8;
/// Further allocated bytes for the model: its own header, names and faults.
const FIXED: u64 = 16 << 10;

fn file(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

/// Loads a file, and returns why it does not hold the model's weights.
fn reason(bytes: &[u8], header: usize) -> Option<String> {
    let mut model = two::<f32>(1);
    let before = values(&model);
    let mut result = Ok(());
    let measured = allocation_counter::measure(|| result = from_bytes(&mut model, bytes));
    let allowed = PER_BYTE * header as u64 + FIXED;
    assert!(measured.bytes_max <= allowed, "{} bytes for a header of {header}", measured.bytes_max);
    let error = result.err()?;
    assert_eq!(values(&model), before);
    let text = error.to_string();
    assert!(text.len() < 4096, "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    Some(text)
}

/// The model's tensors.
const TENSORS: [(&str, &str, &str); 3] = [
    ("hidden/kernel", "[3,4]", "[0,48]"),
    ("hidden/bias", "[4]", "[48,64]"),
    ("head/kernel", "[4,2]", "[64,96]"),
];

fn text(texts: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    select(texts.to_vec()).prop_map(str::to_owned)
}

/// A list of numbers, some of which are too many, too large, or not numbers.
fn numbers() -> impl Strategy<Value = String> {
    let number = text(&[
        "0",
        "1",
        "3",
        "4",
        "48",
        "64",
        "96",
        "97",
        "-1",
        "1.5",
        "1e400",
        "1e18",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "[]",
        "null",
        "\"4\"",
        "00",
        "",
    ]);
    prop_oneof![
        4 => vec(number, 0..4).prop_map(|numbers| format!("[{}]", numbers.join(","))),
        1 => (0_usize..3000).prop_map(|axes| format!("[0{}]", ",1".repeat(axes))),
        1 => (0_usize..300).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        1 => text(&["{}", "null", "7", "\"[3,4]\"", "[", "[3,4", "[3,,4]"]),
    ]
}

/// Tokens after a name.
fn tensor() -> impl Strategy<Value = String> {
    let dtype = text(&["\"F32\"", "\"F64\"", "\"F4\"", "\"BOOL\"", "\"f32\"", "7", "null", "{\"F32\":null}"]);
    let field = prop_oneof![
        dtype.prop_map(|dtype| format!("\"dtype\":{dtype}")),
        numbers().prop_map(|shape| format!("\"shape\":{shape}")),
        numbers().prop_map(|offsets| format!("\"data_offsets\":{offsets}")),
        // An unknown field is skipped here; the safetensors crate reads its numbers anyway, as `f64`.
        numbers().prop_map(|other| format!("\"other\":{}", other.replace("1e400", "1e40"))),
    ];
    let sound = select(TENSORS.to_vec()).prop_map(|(_, shape, offsets)| {
        format!("\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}")
    });
    prop_oneof![
        4 => sound.clone().prop_map(|fields| format!("{{{fields}}}")),
        2 => (sound, vec(field.clone(), 1..3)).prop_map(|(fields, more)| format!("{{{fields},{}}}", more.join(","))),
        3 => vec(field, 0..5).prop_map(|fields| format!("{{{}}}", fields.join(","))),
        1 => numbers(),
    ]
}

fn entry() -> impl Strategy<Value = String> {
    let name = text(&[
        "hidden/kernel",
        "hidden/bias",
        "head/kernel",
        "hidden\\u002fbias",
        "hiden/bias",
        "",
        "a",
        "\\u0000",
        "\\ud800",
        "\\u001b[31m",
        "__metadata__",
    ]);
    let metadata = text(&[
        "{}",
        "null",
        "[]",
        "7",
        "{\"format\":\"mimo\",\"version\":\"1\"}",
        "{\"format\":\"mimo\"}",
        "{\"version\":\"2\",\"format\":\"mimo\"}",
        "{\"format\":{}}",
        "{\"a\":\"1\",\"a\":\"2\"}",
        "{\"a\":7}",
    ]);
    let sound = select(TENSORS.to_vec()).prop_map(|(name, shape, offsets)| {
        format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}}}")
    });
    prop_oneof![
        6 => sound,
        3 => (name, tensor()).prop_map(|(name, tensor)| format!("\"{name}\":{tensor}")),
        1 => metadata.prop_map(|metadata| format!("\"__metadata__\":{metadata}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Valid and invalid entries in any order, some of them twice, with some bytes changed.
    #[test]
    fn hostile_headers(
        entries in vec(entry(), 0..7),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        data in select(vec![0_usize, 95, 96, 97, 48]),
    ) {
        let mut header = format!("{{{}}}", entries.join(",")).into_bytes();
        for (place, byte) in changes {
            let place = place.index(header.len());
            header[place] = byte;
        }
        if reason(&file(&header, &vec![0; data]), header.len()).is_none() {
            prop_assert_eq!(data, 96);
            // The safetensors crate also reads every file that is loaded.
            let bytes = file(&header, &[0; 96]);
            prop_assert!(safetensors::SafeTensors::deserialize(&bytes).is_ok_and(|file| file.len() == 3));
        }
    }
}

/// The longest accepted headers of each kind, filled with the contents that need most memory for their length.
#[test]
fn long_headers_take_no_more_memory_than_is_said() {
    let limit = Subject::of::<Two<f32, Cpu>>().header_limit() as usize;
    let filled = |before: &str, piece: &dyn Fn(usize) -> String, after: &str, len: usize| {
        let mut header = before.to_owned();
        for number in 0.. {
            let piece = piece(number);
            if header.len() + piece.len() + after.len() > len {
                break;
            }
            header += &piece;
        }
        header + after
    };
    let tensor = r#"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#;
    let open = r#"{"a":{"dtype":"F32","data_offsets":[0,0],"shape":[0]"#;
    type Piece<'a> = &'a dyn Fn(usize) -> String;
    let kinds: [(&str, String, Piece<'_>, String); 14] = [
        (
            "axes",
            r#"{"a":{"dtype":"F32","data_offsets":[0,0],"shape":[0"#.into(),
            &|_| ",1".into(),
            "]}}".into(),
        ),
        ("tensors", format!("{{\"\":{tensor}"), &|n| format!(",\"{n:x}\":{tensor}"), "}".into()),
        (
            "tensors of many axes",
            format!("{{\"\":{tensor}"),
            &|n| format!(",\"{n:x}\":{}", tensor.replace("[0]", &format!("[0{}]", ",1".repeat(63)))),
            "}".into(),
        ),
        (
            "tensors of half a byte",
            format!("{{\"\":{tensor}"),
            &|n| format!(",\"{n:x}\":{{\"dtype\":\"F4\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
            "}".into(),
        ),
        ("metadata", "{\"__metadata__\":{\"\":\"\"".into(), &|n| format!(",\"{n:x}\":\"\""), "}}".into()),
        ("a long name", "{\"".into(), &|_| "n".into(), format!("\":{tensor}}}")),
        ("a long escaped name", "{\"".into(), &|_| "\\u0001".into(), format!("\":{tensor}}}")),
        ("a long type", "{\"a\":{\"dtype\":\"".into(), &|_| "\\n".into(), "\"}}".into()),
        (
            "a long version",
            "{\"__metadata__\":{\"format\":\"mimo\",\"version\":\"".into(),
            &|_| "\\t".into(),
            "\"}}".into(),
        ),
        ("another field", format!("{open},\"x\":[0"), &|_| ",0".into(), "]}}".into()),
        ("depth", "".into(), &|_| "[".into(), "".into()),
        ("depth in another field", format!("{open},\"x\":"), &|_| "[".into(), "".into()),
        ("depth of objects", "".into(), &|_| "{\"\":".into(), "".into()),
        ("spaces", "{".into(), &|_| " ".into(), "}".into()),
    ];
    for (kind, before, piece, after) in kinds {
        for len in [limit, 4 << 20] {
            let header = filled(&before, piece, &after, len);
            // Longer ones are not read.
            let read = if header.len() <= limit { header.len() } else { 0 };
            let text = reason(&file(header.as_bytes(), &[]), read);
            assert!(text.is_some_and(|text| (read == 0) == text.contains("one for this model")), "{kind}");
        }
    }
}

/// The memory for a file depends on what is read of it, not on its length.
#[test]
fn a_long_file_of_another_kind_is_not_read() {
    let folder = Folder::new("long");
    let path = folder.file("sparse");
    let mut bytes = to_bytes(&two::<f32>(1)).expect("bytes");
    bytes[..8].copy_from_slice(&(1_u64 << 30).to_le_bytes());
    std::fs::write(&path, &bytes).expect("written");
    std::fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(1 << 32)).expect("set");
    let mut model = two::<f32>(2);
    let mut result = Ok(());
    let measured = allocation_counter::measure(|| result = load(&mut model, &path));
    assert!(measured.bytes_max <= FIXED, "{}", measured.bytes_max);
    assert!(
        matches!(result, Err(Error::WeightsFile { faults, .. }) if matches!(faults[..], [Fault::HeaderLimit { .. }]))
    );
}
