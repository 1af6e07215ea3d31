//! NumPy's files compared with NumPy's values (`tests/golden/make_arrays.py`), and damaged ones.
#![cfg(feature = "npy")]

use mimo_data::{Column, NpyArray, Npz};
use mimo_runtime::dfdx::prelude::*;
use mimo_runtime::error::Error;
use proptest::prelude::*;
use serde_json::Value;

const STORED: &[u8] = include_bytes!("../../tests/golden/arrays.npz");
const COMPRESSED: &[u8] = include_bytes!("../../tests/golden/arrays_compressed.npz");

fn archive(bytes: &[u8]) -> Npz {
    Npz::from_bytes(bytes.to_vec()).expect("an archive")
}

#[test]
fn arrays_have_the_values_of_numpy() {
    let expected: Value = serde_json::from_str(include_str!("../../tests/golden/arrays.json")).expect("JSON");
    let expected = expected.as_object().expect("arrays");
    for archive in [archive(STORED), archive(COMPRESSED)] {
        assert_eq!(archive.names().count(), expected.len() + 1);
        for (name, expected) in expected {
            let array = archive.array(name).expect("an array");
            let shape: Vec<usize> = expected["shape"]
                .as_array()
                .expect("a shape")
                .iter()
                .map(|it| it.as_u64().expect("a length") as usize)
                .collect();
            assert_eq!(array.shape(), shape, "{name}");
            let values = array.values::<f64>().expect("numbers");
            let wanted: Vec<f64> = expected["values"]
                .as_array()
                .expect("values")
                .iter()
                .map(|it| match it.as_str().expect("text") {
                    "True" => 1.0,
                    "False" => 0.0,
                    text => text.parse().expect("a number"),
                })
                .collect();
            assert_eq!(values, wanted, "{name}");
        }
        // Integers are exact.
        let whole = |name: &str| archive.array(name).expect("an array").column().expect("a column");
        assert_eq!(whole("i8"), Column::Integers(vec![Some(i64::MIN), Some(i64::MAX)]));
        assert_eq!(whole("b1"), Column::Integers(vec![Some(1), Some(0), Some(1)]));
        assert_eq!(
            archive.array("u8").expect("an array").values::<usize>().expect("indices"),
            [usize::MAX, 5]
        );
        assert!(archive.array("u8").expect("an array").column().is_err(), "larger than i64");
        let Column::Text(words) = whole("words") else { panic!("words") };
        assert_eq!([0, 1, 2].map(|row| words.get(row)), [Some("a"), Some("héé"), Some("")]);
        let Column::Numbers { values, width } = whole("f8") else { panic!("numbers") };
        assert_eq!((values.len(), width), (12, 4));
    }
}

#[test]
fn tensors_have_the_shape_of_the_array() {
    let archive = archive(STORED);
    let f4 = archive.array("f4").expect("an array");
    let tensor: Tensor<(usize, Const<4>), f32, Cpu> = f4.tensor().expect("three samples");
    assert_eq!(tensor.as_vec(), f4.values::<f32>().expect("values"));
    let wrong = f4.tensor::<(usize, Const<3>), f32>().expect_err("another shape");
    assert_eq!(wrong.to_string(), "the array has the shape [3, 4], but [samples, 3] is needed");
    let wrong = f4.tensor::<(usize, Const<2>, Const<2>), f32>().expect_err("another shape");
    assert_eq!(wrong.to_string(), "the array has the shape [3, 4], but [samples, 2, 2] is needed");
    // A list is one value per sample.
    let u1 = archive.array("u1").expect("an array");
    assert_eq!(u1.tensor::<(usize, Const<1>), usize>().expect("two samples").as_vec(), [0, 255]);
    let scalar = archive.array("scalar").expect("an array");
    assert!(scalar.tensor::<(usize, Const<1>), f32>().is_err());
    let error = archive.array("i1").expect("an array").values::<usize>().expect_err("negative");
    assert_eq!(error.to_string(), "row 0 (from 0): `-128` is not an integer");
    let error = archive.array("f3").expect_err("no such array");
    assert!(error.to_string().starts_with("there is no column `f3`"), "{error}");
    let error = archive.table().expect_err("other lengths");
    assert!(error.to_string().contains("rows"), "{error}");
}

#[test]
fn element_types_that_are_not_read_are_named() {
    const UNREAD: &[u8] = include_bytes!("../../tests/golden/arrays_unread.npz");
    let path = std::env::temp_dir().join(format!("mimo-data-unread-{}.npz", std::process::id()));
    std::fs::write(&path, UNREAD).expect("written");
    let archive = Npz::read(&path).expect("an archive");
    let table = archive.table().expect("the others can be used");
    assert_eq!(table.rows(), 2);
    let types = [
        ("day", "<M8[D]", "write the dates as text, with `array.astype(str)`"),
        ("wait", "<m8[s]", "write them as numbers"),
        ("ascii", "|S2", "write them as text of Unicode, with `array.astype(str)`"),
        ("complex", "<c8", "write them as numbers"),
        ("raw", "|V2", "write them as numbers"),
        ("record", "[('a', '<i4'), ('b', '<f4')]", "write them as numbers"),
    ];
    assert_eq!(archive.names().count(), types.len() + 1);
    for (name, kind, help) in types {
        let reason = format!("elements of the type `{}` are not read; {help}", kind.escape_debug());
        let error = archive.array(name).expect_err("not read").to_string();
        let place = format!("`{}`, column `{name}`: the column cannot be used: ", path.display());
        assert!(error.starts_with(&(place + &reason)), "{error}");
        let Column::Unread { rows: 2, reason: found } = table.column(name).expect("a column") else {
            panic!("{name} is read")
        };
        assert!(found.starts_with(&reason), "{found}");
    }
    let _ = std::fs::remove_file(path);
}

/// The bytes of an array in the archive whose members are stored.
fn npy() -> Vec<u8> {
    let place = STORED.windows(6).position(|it| it == b"\x93NUMPY").expect("an array");
    // `f2` comes first: 128 bytes of header, 5 values.
    STORED[place..place + 128 + 10].to_vec()
}

/// Calls everything that reads bytes; the result is always a value or an error.
fn ask(bytes: &[u8]) {
    if let Ok(array) = NpyArray::from_bytes(bytes) {
        let _ = (array.values::<f32>(), array.values::<usize>(), array.column());
        let _ = array.tensor::<(usize, Const<3>), f32>();
    }
    if let Ok(archive) = Npz::from_bytes(bytes.to_vec()) {
        for name in archive.names() {
            if let Ok(array) = archive.array(name) {
                let _ = (array.values::<f64>(), array.column());
            }
        }
        let _ = archive.table();
    }
}

#[test]
fn every_cut_is_an_error() {
    let npy = npy();
    assert!(NpyArray::from_bytes(&npy).is_ok());
    for len in 0..npy.len() {
        assert!(NpyArray::from_bytes(&npy[..len]).is_err(), "{len}");
    }
    for bytes in [STORED, COMPRESSED] {
        // The directory is at the end.
        for len in (0..bytes.len()).step_by(7) {
            assert!(Npz::from_bytes(bytes[..len].to_vec()).is_err(), "{len}");
        }
    }
}

#[test]
fn a_flipped_bit_of_a_member_is_found() {
    for bytes in [STORED, COMPRESSED] {
        let whole = archive(bytes);
        let names: Vec<&str> = whole.names().collect();
        for at in (0..bytes.len()).step_by(11) {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1 << (at % 8);
            let Ok(damaged) = Npz::from_bytes(damaged) else { continue };
            for name in &names {
                // Either the array is unchanged, or there is an error.
                if let Ok(array) = damaged.array(name) {
                    assert_eq!(array, whole.array(name).expect("an array"), "byte {at}, `{name}`");
                }
            }
        }
    }
}

#[test]
fn shapes_that_no_memory_holds_are_errors() {
    for shape in [
        "(4611686018427387904, 4611686018427387904)",
        "(0, 4611686018427387904, 8)",
        "(18446744073709551616,)",
        "(1e3,)",
    ] {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        assert!(matches!(NpyArray::from_bytes(&bytes), Err(Error::Table { .. })), "{shape}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn damaged_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), which in 0_usize..3,
    ) {
        let mut bytes = match which {
            0 => npy(),
            1 => STORED.to_vec(),
            _ => COMPRESSED.to_vec(),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        ask(&bytes);
    }

    #[test]
    fn headers_of_any_text_never_panic(header in "[{}()'\",: a-zA-Z0-9<>|_=é-]{0,80}") {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        ask(&bytes);
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn arrays_of_ndarray_are_tensors_and_columns() {
    use mimo_data::{Table, from_ndarray, to_ndarray};
    let array = ndarray::array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let tensor: Tensor<(usize, Const<3>), f32, Cpu> = from_ndarray(&array).expect("two samples");
    assert_eq!(tensor.as_vec(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // A view is copied in its own order of axes.
    let tensor: Tensor<(usize, Const<2>), f32, Cpu> = from_ndarray(&array.t()).expect("three samples");
    assert_eq!(tensor.as_vec(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(to_ndarray(&tensor).expect("an array"), array.t().into_dyn());
    let wrong = from_ndarray::<(usize, Const<3>), _, _, _>(&array.t()).expect_err("another shape");
    assert_eq!(wrong.to_string(), "the array has the shape [3, 2], but [samples, 3] is needed");
    let table = Table::new().with("a", &ndarray::array![1.0, f64::NAN]).expect("a table");
    assert_eq!(table.rows(), 2);
}
