//! Parquet files and record batches: values, nulls, blocks, and damaged files.
#![cfg(feature = "parquet")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DurationSecondArray, FixedSizeListArray, Float32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, TimestampSecondArray, UInt64Array,
};
use mimo_data::{Column, Table, parquet_blocks};
use mimo_runtime::error::Error;

fn batch() -> RecordBatch {
    let lists = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        (0..5).map(|row| if row == 2 { None } else { Some(vec![Some(row as f32), Some(0.5)]) }),
        2,
    );
    let columns: [(&str, ArrayRef); 6] = [
        ("price", Arc::new(Float32Array::from(vec![Some(1.5), None, Some(-3.0), Some(0.0), Some(9.0)]))),
        ("rooms", Arc::new(Int64Array::from(vec![Some(i64::MAX), Some(2), None, Some(4), Some(5)]))),
        ("sold", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(true)]))),
        ("kind", Arc::new(StringArray::from(vec![Some("flat"), None, Some(""), Some("é"), Some("flat")]))),
        ("large", Arc::new(UInt64Array::from(vec![1, 2, 3, 4, 5]))),
        ("pair", Arc::new(lists)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .expect("a batch")
}

fn written(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("mimo-data-{name}-{}.parquet", std::process::id()));
    let file = std::fs::File::create(&path).expect("a file");
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch().schema(), None).expect("a writer");
    writer.write(&batch()).expect("written");
    writer.close().expect("closed");
    path
}

fn check(table: &Table) {
    assert_eq!(table.rows(), 5);
    let column = |name: &str| table.column(name).expect("a column");
    let Column::Numbers { values, width: 1 } = column("price") else { panic!("numbers") };
    assert!(values[1].is_nan());
    assert_eq!((values[0], values[2], values[4]), (1.5, -3.0, 9.0));
    assert_eq!(*column("rooms"), Column::Integers(vec![Some(i64::MAX), Some(2), None, Some(4), Some(5)]));
    assert_eq!(*column("sold"), Column::Integers(vec![Some(1), Some(0), None, Some(1), Some(1)]));
    let Column::Text(words) = column("kind") else { panic!("text") };
    assert_eq!([0, 1, 2, 3].map(|row| words.get(row)), [Some("flat"), None, Some(""), Some("é")]);
    let Column::Numbers { values, width: 2 } = column("pair") else { panic!("pairs") };
    assert_eq!((values[..4].to_vec(), values[4].is_nan(), values[8]), (vec![0.0, 0.5, 1.0, 0.5], true, 4.0));
}

#[test]
fn files_and_batches_are_tables() {
    let path = written("values");
    check(&Table::read_parquet(&path).expect("a table"));
    check(&Table::from_record_batch(&batch()).expect("a table"));
    let blocks: Vec<Table> =
        parquet_blocks(&path, 2).expect("a file").collect::<Result<_, _>>().expect("blocks");
    assert_eq!(blocks.iter().map(Table::rows).collect::<Vec<_>>(), [2, 2, 1]);
    let error = parquet_blocks(&path, 0).expect_err("no rows").to_string();
    assert!(error.ends_with(": blocks have at least 1 row"), "{error}");
    let _ = std::fs::remove_file(path);
}

#[test]
fn dates_are_text() {
    let columns: [(&str, ArrayRef); 4] = [
        ("day", Arc::new(Date32Array::from(vec![Some(19_874), None]))),
        ("second", Arc::new(TimestampSecondArray::from(vec![Some(1_717_156_800), Some(-1)]))),
        ("micro", Arc::new(TimestampMicrosecondArray::from(vec![Some(1_500_000), None]))),
        ("utc", Arc::new(TimestampSecondArray::from(vec![0, 1]).with_timezone("+00:00"))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)));
    let table = Table::from_record_batch(&batch.expect("a batch")).expect("a table");
    let cells = |name: &str| match table.column(name).expect("a column") {
        Column::Text(cells) => [0, 1].map(|row| cells.get(row).map(str::to_owned)),
        column => panic!("{column:?}"),
    };
    assert_eq!(cells("day"), [Some("2024-05-31".to_owned()), None]);
    assert_eq!(cells("second"), ["2024-05-31T12:00:00", "1969-12-31T23:59:59"].map(|it| Some(it.to_owned())));
    assert_eq!(cells("micro"), [Some("1970-01-01T00:00:01.500".to_owned()), None]);
    assert_eq!(cells("utc"), ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"].map(|it| Some(it.to_owned())));
}

#[test]
fn columns_that_are_no_data_are_named() {
    let times: ArrayRef = Arc::new(DurationSecondArray::from(vec![1, 2]));
    let nothing: ArrayRef = Arc::new(arrow_array::NullArray::new(2));
    let batch = RecordBatch::try_from_iter_with_nullable([("time", times, true), ("null", nothing, true)]);
    let table = Table::from_record_batch(&batch.expect("a batch")).expect("a table");
    let Column::Unread { rows: 2, reason } = table.column("time").expect("a column") else { panic!("read") };
    assert!(reason.starts_with("cells of the type Duration"), "{reason}");
    let error = table.group_split("time", 0.5, 1).expect_err("used").to_string();
    assert!(
        error.starts_with("column `time`: the column cannot be used: cells of the type Duration"),
        "{error}"
    );
    assert!(table.to_string().ends_with("null: text, 2 missing"), "{table}");
    assert!(matches!(Table::read_parquet("no/such/file"), Err(Error::File { .. })));
}

#[test]
fn damaged_files_are_errors_and_no_panic() {
    let path = written("damaged");
    let bytes = std::fs::read(&path).expect("bytes");
    let read = |bytes: &[u8], path: &Path| {
        std::fs::write(path, bytes).expect("written");
        Table::read_parquet(path)
    };
    for len in (0..bytes.len()).step_by(31) {
        assert!(read(&bytes[..len], &path).is_err(), "{len}");
    }
    // The crate's own panics are caught; their messages are no part of the test.
    std::panic::set_hook(Box::new(|_| ()));
    for at in (0..bytes.len()).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let _ = read(&damaged, &path);
    }
    let _ = std::panic::take_hook();
    let _ = std::fs::remove_file(path);
}
