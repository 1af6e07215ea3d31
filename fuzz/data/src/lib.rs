//! Properties of readers for any bytes of a file: they return a value or an error. A target panics otherwise.

use std::io::Cursor;

use mimo_data::{Column, CsvOptions, NpyArray, Npz};

const STORED: &[u8] = include_bytes!("../../../tests/golden/arrays.npz");
const COMPRESSED: &[u8] = include_bytes!("../../../tests/golden/arrays_compressed.npz");
const TABLE: &[u8] = b"id,word,number\r\n1,\"a, b\",2.5\n\n2,NA,3\n3,\"d\n\"\"d\",-1e9\n4,\xc3\xa9,\n";

/// Bytes of a file: the given ones, or a valid file that they change and truncate.
fn file(bytes: &[u8], valid: &[&[u8]]) -> Vec<u8> {
    let Some((kind, rest)) = bytes.split_first() else { return vec![] };
    let Some(valid) = valid.get(usize::from(*kind)) else { return rest.to_vec() };
    let mut file = valid.to_vec();
    for patch in rest.as_chunks::<4>().0 {
        let [low, high, how, byte] = *patch;
        let at = usize::from(u16::from_le_bytes([low, high])) % file.len().max(1);
        match (how % 8, file.get_mut(at)) {
            (0, _) => file.truncate(at),
            (1, _) => file.insert(at, byte),
            (2, Some(_)) => drop(file.remove(at)),
            (3, Some(to)) => *to ^= 1 << (byte % 8),
            (_, Some(to)) => *to = byte,
            (_, None) => {}
        }
    }
    file
}

/// CSV files, whole and in blocks.
pub fn csv(bytes: &[u8]) {
    let file = file(bytes, &[TABLE]);
    for options in [CsvOptions::new(), CsvOptions::new().headers(false).trim(true).delimiter(b';')] {
        let Ok(table) = options.read_from(Cursor::new(file.clone())) else { continue };
        assert!(table.rows() > 0, "a table without rows");
        for name in table.names() {
            let column = table.column(name).expect("a column by its name");
            assert_eq!(column.rows(), table.rows());
            if let Column::Text(cells) = column {
                for row in 0..cells.len() {
                    let _ = cells.get(row);
                }
            }
        }
        let rows: Vec<usize> = (0..table.rows()).rev().collect();
        assert_eq!(table.select(&rows).expect("rows that are there").rows(), table.rows());
    }
}

/// `.npy` and `.npz` files.
pub fn arrays(bytes: &[u8]) {
    let start = STORED.windows(6).position(|it| it == b"\x93NUMPY").expect("an array");
    let file = file(bytes, &[STORED, COMPRESSED, &STORED[start..start + 138]]);
    let ask = |array: &NpyArray| {
        let _ = (array.values::<f32>(), array.values::<usize>());
        if let Ok(column) = array.column() {
            assert_eq!(Some(&column.rows()), array.shape().first());
        }
    };
    if let Ok(array) = NpyArray::from_bytes(&file) {
        ask(&array);
    }
    if let Ok(archive) = Npz::from_bytes(file) {
        for name in archive.names() {
            if let Ok(array) = archive.array(name) {
                ask(&array);
            }
        }
        let _ = archive.table();
    }
}
