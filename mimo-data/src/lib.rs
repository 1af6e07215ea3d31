//! Data of mimo's models from tables and arrays: CSV, NumPy's files, Parquet, `ndarray`, with vocabularies and normalization that are
//! learned from the training part and saved with the weights.
//!
//! Start with [`Table`] and [`TableColumns`]. Everything that reads a format is a feature: `csv`, `npy`, `ndarray`, `parquet`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod adapting;
#[cfg(any(feature = "npy", feature = "ndarray"))]
mod array;
mod cells;
mod columns;
#[cfg(feature = "csv")]
mod csv;
mod date;
mod encoder;
mod feature;
mod lookup;
#[cfg(feature = "npy")]
mod npy;
#[cfg(feature = "npy")]
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod reader;
mod table;
mod text_vectorization;

#[cfg(feature = "npy")]
pub use self::npy::{NpyArray, NpyElement};
#[cfg(feature = "npy")]
pub use self::npz::Npz;
#[cfg(feature = "parquet")]
pub use self::parquet::{ParquetBlocks, parquet_blocks};
#[cfg(feature = "ndarray")]
pub use array::{from_ndarray, to_ndarray};
pub use columns::TableColumns;
#[cfg(feature = "csv")]
pub use csv::{CsvBlocks, CsvOptions};
pub use date::DatePart;
pub use feature::{
    Category, Classes, Feature, IntegerCategory, Numbers, category, classes, column, columns, columns_like,
    integer_category, text,
};
pub use lookup::{IntegerLookup, IntegerLookupSettings, StringLookup, StringLookupSettings};
pub use mimo_runtime::data::{TableFault, TablePlace};
pub use reader::{TableInputs, TableReader};
pub use table::{Column, Table, TextColumn};
pub use text_vectorization::{OutputMode, Split, Standardize, TextVectorization, TextVectorizationSettings};
