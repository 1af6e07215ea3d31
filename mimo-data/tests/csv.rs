//! CSV files: values, places of errors, blocks, and damaged files.
#![cfg(feature = "csv")]

use mimo_data::{Column, CsvOptions, Table};
use mimo_runtime::error::Error;
use proptest::prelude::*;

fn read(text: &'static str) -> Result<Table, Error> {
    CsvOptions::new().read_from(text.as_bytes())
}

fn error(text: &'static str) -> String {
    read(text).expect_err("an error").to_string()
}

fn cells(table: &Table, name: &str) -> Vec<Option<String>> {
    match table.column(name).expect("a column") {
        Column::Text(cells) => (0..cells.len()).map(|row| cells.get(row).map(str::to_owned)).collect(),
        column => panic!("{column:?}"),
    }
}

#[test]
fn cells_are_text_and_some_are_missing() {
    let table = read("\u{feff}a,b\r\n1,x\r\nNA,\"y, \"\"z\"\"\n\"\r\n,null\r\n").expect("a table");
    assert_eq!((table.rows(), table.names().collect::<Vec<_>>()), (3, vec!["a", "b"]));
    assert_eq!(cells(&table, "a"), [Some("1".to_owned()), None, None]);
    assert_eq!(cells(&table, "b"), [Some("x".to_owned()), Some("y, \"z\"\n".to_owned()), None]);
    let options =
        CsvOptions::new().delimiter(b';').headers(false).trim(true).only_empty_is_missing().missing(["?"]);
    let table = options.read_from(" 1 ; ?\nNA;\n".as_bytes()).expect("a table");
    assert_eq!(cells(&table, "0"), [Some("1".to_owned()), Some("NA".to_owned())]);
    assert_eq!(cells(&table, "1"), [None, None]);
}

#[test]
fn errors_have_their_lines() {
    assert_eq!(error("a,b\n1,2\n\n3\n"), "line 4: the row has 1 cell, but the table has 2 columns");
    assert_eq!(error("a,b\n1,\"2\n3\"\n4,5,6\n"), "line 4: the row has 3 cells, but the table has 2 columns");
    assert_eq!(
        error("a,b\r\n1,2\r\n\r\n\r\n3\r\n"),
        "line 5: the row has 1 cell, but the table has 2 columns"
    );
    assert_eq!(error("\u{feff}a,b\r\n1,2\r\nx"), "line 3: the row has 1 cell, but the table has 2 columns");
    assert_eq!(error("\n\na,b\nx\n"), "line 4: the row has 1 cell, but the table has 2 columns");
    assert_eq!(
        error("a;b\n1;2\n1,5;2\n"),
        "line 3: the row has 2 cells, but the table has 1 column; if they are not separated by commas, set `CsvOptions::delimiter`"
    );
    for (delimiter, shown) in [(';', ";"), ('\t', "\\t")] {
        let text = format!("area{delimiter}rooms\n1{delimiter}2\n");
        let table = CsvOptions::new().read_from(std::io::Cursor::new(text)).expect("a table of one column");
        assert_eq!(
            table.column("area").expect_err("another delimiter").to_string(),
            format!(
                "there is no column `area`; the only column is `area{shown}rooms`: if '{shown}' separates cells, read the file with `CsvOptions::new().delimiter(b'{shown}')`"
            )
        );
    }
    assert_eq!(error("a,a\n1,2\n"), "column `a`: two columns have this name");
    for empty in ["", "a,b\n", "\n\n"] {
        assert_eq!(error(empty), "there are no rows, or the names of the columns only");
    }
    let text: &'static [u8] = b"a,b\n1,2\n3,\xff\n";
    let error = CsvOptions::new().read_from(text).expect_err("not UTF-8");
    assert_eq!(
        error.to_string(),
        "line 3, column `b`: not a valid CSV file: the cell is not UTF-8 text; convert the file to UTF-8"
    );
    let text: &'static [u8] = b"a,\xff\n1,2\n";
    let error = CsvOptions::new().read_from(text).expect_err("not UTF-8");
    assert_eq!(
        error.to_string(),
        "line 1: not a valid CSV file: the name of column 1 (from 0) is not UTF-8 text; convert the file to UTF-8"
    );
    let error =
        read("area,rooms\n1,2\n").expect("a table").column("Area").expect_err("no such column").to_string();
    assert_eq!(error, "there is no column `Area`; did you mean `area`?");
    let missing = Table::read_csv("no/such/file.csv").expect_err("no file");
    assert!(matches!(missing, Error::File { .. }), "{missing}");
}

#[test]
fn a_quote_that_is_not_closed_is_an_error_where_it_opens() {
    let fault = |text| error(text).split(": the cell begins").next().map(str::to_owned);
    let at = |place: &str| Some(place.to_owned());
    assert_eq!(fault("a,b\n1,2\n3,\"4\n5,6\n7,8\n"), at("line 3, column `b`"));
    assert_eq!(fault("\u{feff}\"a\",b\r\n\"1\"\"\",\"2\r\n3,4\r\n"), at("line 2, column `b`"));
    assert_eq!(fault("\"a,b\n1,2\n"), at("line 1"));
    // A quote in the middle of a cell is a part of it.
    for text in ["a,b\n5\" disk,2\n", "a,b\n\"1\"\"\",\"\"\n", "a,b\n\"1\"x\",2\n"] {
        assert_eq!(read(text).expect("a table").rows(), 1, "{text}");
    }
}

#[test]
fn settings_that_cannot_be_are_errors() {
    let error =
        |options: CsvOptions| options.read_from("a\n1\n".as_bytes()).expect_err("a setting").to_string();
    for delimiter in [b'"', b'\n', b'\r', 0xC3] {
        assert!(error(CsvOptions::new().delimiter(delimiter)).starts_with("`delimiter`"));
    }
    assert!(error(CsvOptions::new().decimal(b';')).starts_with("`decimal`"));
}

#[test]
fn tables_are_shown_by_their_columns() {
    let table = read("a,b\n1,x\n,y\n").expect("a table");
    assert_eq!(format!("{table:?}"), "2 rows, 2 columns\na: text, 1 missing\nb: text");
    let error = table.stratified_split("b", 0.5, 1).expect_err("a class per row");
    assert!(error.to_string().starts_with("column `b`: each row has a value of its own"), "{error}");
}

#[test]
fn blocks_are_the_table_in_parts() {
    let path = std::env::temp_dir().join(format!("mimo-data-blocks-{}.csv", std::process::id()));
    let text: String =
        std::iter::once("n,word\n".to_owned()).chain((0..10).map(|n| format!("{n},w{n}\n"))).collect();
    std::fs::write(&path, text).expect("written");
    let options = CsvOptions::new();
    assert_eq!(options.count_rows(&path).expect("counted"), 10);
    let whole = options.read(&path).expect("a table");
    for rows in [1, 3, 10, 11] {
        let blocks: Vec<Table> =
            options.blocks(&path, rows).expect("a file").collect::<Result<_, _>>().expect("blocks");
        assert_eq!(blocks.len(), 10_usize.div_ceil(rows));
        let words: Vec<_> = blocks.iter().flat_map(|block| cells(block, "word")).collect();
        assert_eq!(words, cells(&whole, "word"));
    }
    assert_eq!(options.blocks(&path, 0).expect_err("no rows").to_string(), "blocks have at least 1 row");
    std::fs::write(&path, "n,word\n1,a\n2,b\n3\n4,d\n").expect("written");
    let mut blocks = options.blocks(&path, 2).expect("a file");
    assert_eq!(blocks.next().expect("a block").expect("two rows").rows(), 2);
    let error = blocks.next().expect("a block").expect_err("a row is short").to_string();
    assert!(error.ends_with("line 4: the row has 1 cell, but the table has 2 columns"), "{error}");
    assert!(error.contains(&path.display().to_string()), "{error}");
    assert!(blocks.next().is_none(), "nothing is read after an error");
    let _ = std::fs::remove_file(path);
}

#[test]
fn every_row_of_a_cut_file_is_whole_or_an_error() {
    let text = "id,word,number\n1,\"a, b\",2.5\n2,c,3\n3,\"d\nd\",-1e9\n";
    for len in 0..=text.len() {
        let Some(cut) = text.get(..len) else { continue };
        let found = CsvOptions::new().read_from(std::io::Cursor::new(cut.to_owned()));
        if let Ok(table) = found {
            assert_eq!(table.names().len(), cut.lines().next().unwrap_or_default().split(',').count());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_bytes_are_a_table_or_an_error(
        bytes in prop::collection::vec(prop::sample::select(b"ab1.,;\"\r\n\xff\xc3\xa9-e \0".to_vec()), 0..120),
        headers: bool, rows in 1_usize..4,
    ) {
        let options = CsvOptions::new().headers(headers);
        if let Ok(table) = options.read_from(std::io::Cursor::new(bytes.clone())) {
            prop_assert!(table.rows() > 0);
            for name in table.names() {
                prop_assert_eq!(table.column(name).expect("a column").rows(), table.rows());
            }
            let all: Vec<usize> = (0..table.rows()).rev().collect();
            prop_assert_eq!(table.select(&all).expect("rows").rows(), table.rows());
            let _ = rows;
        }
    }
}
