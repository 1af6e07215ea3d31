//! NumPy's `.npy` files.
//!
//! A file is the text `\x93NUMPY`, a version, the length of a header, the header as a Python dictionary with `descr`
//! (element type), `fortran_order` and `shape`, and the values. The format is small enough for own code: the crates
//! for it depend on ndarray or a parser generator. No length in a file is used before it is compared with the length
//! of the file.

use std::path::Path;

use mimo_runtime::data::TableFault;
use mimo_runtime::dfdx::shapes::Unit;
use mimo_runtime::dfdx::tensor::{Cpu, Tensor};
use mimo_runtime::error::Error;
use mimo_runtime::tensor::BatchShape;

use crate::array::tensor_of;
use crate::table::{Column, TextColumn, fault, file_fault};

/// An array of a `.npy` file, or a member of a `.npz` file.
///
/// ```no_run
/// use mimo_data::NpyArray;
/// use mimo_runtime::dfdx::{shapes::Const, tensor::{Cpu, Tensor}};
///
/// let array = NpyArray::read("images.npy")?;
/// let images: Tensor<(usize, Const<28>, Const<28>), f32, Cpu> = array.tensor()?;
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NpyArray {
    kind: Kind,
    big_endian: bool,
    shape: Vec<usize>,
    /// Values in row-major order.
    bytes: Vec<u8>,
}

/// Supported element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed(usize),
    Unsigned(usize),
    Float(usize),
    /// Text of this many four-byte characters.
    Text(usize),
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Kind::Bool => 1,
            Kind::Signed(size) | Kind::Unsigned(size) | Kind::Float(size) => size,
            Kind::Text(len) => len.saturating_mul(4),
        }
    }
}

/// Numbers that the values of an array can be read as.
pub trait NpyElement: Unit + sealed::Sealed {
    #[doc(hidden)]
    fn of(number: Number) -> Option<Self>;
}

/// A number of an array.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A float of any size, exactly.
    Float(f64),
    /// An integer of any size, exactly.
    Whole(i128),
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for usize {}
}

impl NpyElement for f32 {
    fn of(number: Number) -> Option<Self> {
        Some(match number {
            Number::Float(value) => value as f32,
            Number::Whole(value) => value as f32,
        })
    }
}

impl NpyElement for f64 {
    fn of(number: Number) -> Option<Self> {
        Some(match number {
            Number::Float(value) => value,
            Number::Whole(value) => value as f64,
        })
    }
}

impl NpyElement for usize {
    fn of(number: Number) -> Option<Self> {
        match number {
            // The bound of integers that `f64` represents exactly.
            Number::Float(value) => {
                ((0.0..9e15).contains(&value) && value.fract() == 0.0).then_some(value as usize)
            }
            Number::Whole(value) => value.try_into().ok(),
        }
    }
}

impl NpyArray {
    /// Reads a file.
    ///
    /// # Errors
    /// [`File`](Error::File), and those of [`from_bytes`](Self::from_bytes), with the file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        Self::parse(&bytes).map_err(|fault| file_fault(path, fault))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`Format`](TableFault::Format) if they are not a `.npy` file, [`Unread`](TableFault::Unread) for elements that are neither numbers nor text.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse(bytes).map_err(fault)
    }

    /// Returns the header of a file and the bytes of the values.
    fn header(bytes: &[u8]) -> Result<(Header, &[u8]), TableFault> {
        let rest =
            bytes.strip_prefix(b"\x93NUMPY").ok_or_else(|| format("it does not begin with `\\x93NUMPY`"))?;
        let (version, rest) = rest.split_at_checked(2).ok_or_else(cut)?;
        let (len, rest) = match version[0] {
            1 => {
                let (len, rest) = rest.split_first_chunk().ok_or_else(cut)?;
                (usize::from(u16::from_le_bytes(*len)), rest)
            }
            2 | 3 => {
                let (len, rest) = rest.split_first_chunk().ok_or_else(cut)?;
                (u32::from_le_bytes(*len) as usize, rest)
            }
            version => return Err(format(&format!("version {version} of the format is not known"))),
        };
        let (header, data) = rest.split_at_checked(len).ok_or_else(cut)?;
        let header = std::str::from_utf8(header).map_err(|_| format("the header is not text"))?;
        Ok((Header::parse(header)?, data))
    }

    /// Converts the bytes of a file to a column of a table. A column of unsupported elements has only its rows.
    pub(crate) fn parse_column(bytes: &[u8]) -> Result<Column, TableFault> {
        let (header, _) = Self::header(bytes)?;
        let array = match header.kind {
            Ok(_) => Self::parse(bytes)?,
            Err(reason) => {
                return match header.shape.first() {
                    Some(&rows) => Ok(Column::Unread { rows, reason }),
                    None => Err(TableFault::Unread { reason }),
                };
            }
        };
        array.column().map_err(|error| match error {
            Error::Table { fault, .. } => *fault,
            error => format(&error.to_string()),
        })
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TableFault> {
        let (Header { kind, fortran_order, shape }, data) = Self::header(bytes)?;
        let (kind, big_endian) = kind.map_err(|reason| TableFault::Unread { reason })?;
        let size = shape.iter().try_fold(kind.size(), |size, len| size.checked_mul(*len));
        if size != Some(data.len()) {
            return Err(format(&format!(
                "there are {} bytes of values, but the shape {shape:?} needs {}",
                data.len(),
                size.map_or_else(|| "more than there can be".to_owned(), |size| size.to_string()),
            )));
        }
        // Products of some of the axes are computed later, and may be large even for an array without values.
        let axes = shape.iter().filter(|len| **len > 0);
        if axes.copied().try_fold(kind.size(), usize::checked_mul).is_none() {
            return Err(format(&format!("the shape {shape:?} is larger than there can be")));
        }
        let bytes = match fortran_order && shape.len() > 1 {
            true => row_major(data, &shape, kind.size()),
            false => data.to_vec(),
        };
        Ok(NpyArray { kind, big_endian, shape, bytes })
    }

    /// Returns the shape, in NumPy's order: samples first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the values in row-major order.
    ///
    /// # Errors
    /// [`NotWhole`](TableFault::NotWhole) with the row if the type is `usize` and a value is negative or has a fraction,
    /// [`Kind`](TableFault::Kind) for an array of text.
    pub fn values<E: NpyElement>(&self) -> Result<Vec<E>, Error> {
        let rows = self.shape.first().copied().unwrap_or(1).max(1);
        let len = self.shape.iter().product::<usize>();
        let per_row = (len / rows).max(1);
        let of = |(place, number): (usize, Number)| {
            E::of(number).ok_or_else(|| {
                let text = match number {
                    Number::Float(value) => value.to_string(),
                    Number::Whole(value) => value.to_string(),
                };
                let mut error = fault(TableFault::NotWhole { text });
                if let Error::Table { place: at, .. } = &mut error {
                    at.row = Some(place / per_row);
                }
                error
            })
        };
        self.numbers()?.enumerate().map(of).collect()
    }

    /// Creates a tensor of the values. The shape of the array has to be that of the tensor, `[samples, …]`;
    /// `[samples]` is one value per sample.
    ///
    /// # Errors
    /// Those of [`values`](Self::values), [`Shape`](TableFault::Shape), and [`TensorLength`](Error::TensorLength) for no samples.
    pub fn tensor<S: BatchShape, E: NpyElement>(&self) -> Result<Tensor<S, E, Cpu>, Error> {
        tensor_of(self.values()?, &self.shape)
    }

    /// Converts the array to a column of a table; its first axis is that of the rows.
    ///
    /// # Errors
    /// [`Shape`](TableFault::Shape) for an array without axes, or an array of text with more than one.
    pub fn column(&self) -> Result<Column, Error> {
        let wanted =
            |wanted: &str| fault(TableFault::Shape { shape: self.shape.clone(), wanted: wanted.to_owned() });
        let Some((_, axes)) = self.shape.split_first() else { return Err(wanted("[rows, …]")) };
        let width: usize = axes.iter().product();
        match self.kind {
            Kind::Text(_) if !axes.is_empty() => Err(wanted("[rows]")),
            Kind::Text(_) => {
                let mut cells = TextColumn::default();
                for cell in self.bytes.chunks_exact(self.kind.size()) {
                    cells.push(Some(&self.text(cell)));
                }
                Ok(Column::Text(cells))
            }
            Kind::Bool | Kind::Signed(_) | Kind::Unsigned(_) if axes.is_empty() => {
                let whole = |number: Number| match number {
                    Number::Whole(value) => i64::try_from(value).map(Some),
                    Number::Float(_) => Ok(None),
                };
                let values: Result<_, _> = self.numbers()?.map(whole).collect();
                values.map(Column::Integers).map_err(|_| {
                    fault(TableFault::Format {
                        format: "npy",
                        reason: "a number is larger than `i64`".to_owned(),
                    })
                })
            }
            _ if width == 0 => Err(wanted("[rows, …] with at least one value per row")),
            _ => Ok(Column::Numbers { values: self.values()?, width }),
        }
    }

    fn text(&self, cell: &[u8]) -> String {
        let letters = cell.as_chunks().0.iter().map(|bytes| match self.big_endian {
            true => u32::from_be_bytes(*bytes),
            false => u32::from_le_bytes(*bytes),
        });
        let text: String =
            letters.map(|it| char::from_u32(it).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        // NumPy pads text with zeros.
        text.trim_end_matches('\0').to_owned()
    }

    fn numbers(&self) -> Result<impl Iterator<Item = Number> + '_, Error> {
        if let Kind::Text(_) = self.kind {
            return Err(fault(TableFault::Kind { found: "text", wanted: "numbers are" }));
        }
        let size = self.kind.size();
        Ok(self.bytes.chunks_exact(size).map(move |bytes| {
            let mut wide = [0_u8; 8];
            for (place, byte) in bytes.iter().enumerate() {
                wide[if self.big_endian { bytes.len() - 1 - place } else { place }] = *byte;
            }
            let bits = u64::from_le_bytes(wide);
            match self.kind {
                Kind::Signed(size) => {
                    let unused = 64 - 8 * size as u32;
                    Number::Whole(i128::from((bits << unused).cast_signed() >> unused))
                }
                Kind::Float(2) => Number::Float(half(bits as u16)),
                Kind::Float(4) => Number::Float(f64::from(f32::from_bits(bits as u32))),
                Kind::Float(_) => Number::Float(f64::from_bits(bits)),
                Kind::Bool | Kind::Unsigned(_) | Kind::Text(_) => Number::Whole(bits.into()),
            }
        }))
    }
}

/// Converts a number of IEEE 754's binary16.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    let value = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -value } else { value }
}

/// Reorders elements of `size` bytes from column-major to row-major order.
fn row_major(data: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len());
    let mut place = vec![0; shape.len()];
    let len: usize = shape.iter().product();
    for _ in 0..len {
        let (mut offset, mut stride) = (0, 1);
        for (index, len) in place.iter().zip(shape) {
            offset += index * stride;
            stride *= len;
        }
        bytes.extend(data.get(offset * size..(offset + 1) * size).unwrap_or_default());
        for axis in (0..shape.len()).rev() {
            place[axis] += 1;
            if place[axis] < shape[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
    bytes
}

struct Header {
    /// Element type and whether its bytes are swapped, or why elements of the type are not supported.
    kind: Result<(Kind, bool), String>,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`: keys in any order, each once.
    fn parse(text: &str) -> Result<Self, TableFault> {
        let wrong = || format("the header is not a dictionary of `descr`, `fortran_order` and `shape`");
        let mut rest =
            text.trim().strip_prefix('{').and_then(|it| it.strip_suffix('}')).ok_or_else(wrong)?.trim();
        let (mut kind, mut order, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest).ok_or_else(wrong)?;
            let value = after.trim_start().strip_prefix(':').ok_or_else(wrong)?.trim_start();
            let after = match key {
                "descr" if kind.is_none() => {
                    let (text, after) = match value.starts_with('[') {
                        // Fields of records.
                        true => list(value).ok_or_else(wrong)?,
                        false => quoted(value).ok_or_else(wrong)?,
                    };
                    kind = Some(element(text));
                    after
                }
                "fortran_order" if order.is_none() => {
                    let found = [("True", true), ("False", false)]
                        .into_iter()
                        .find_map(|(word, value_of)| Some((value_of, value.strip_prefix(word)?)));
                    let (found, after) = found.ok_or_else(wrong)?;
                    order = Some(found);
                    after
                }
                "shape" if shape.is_none() => {
                    let inner = value.strip_prefix('(').ok_or_else(wrong)?;
                    let (inner, after) = inner.split_once(')').ok_or_else(wrong)?;
                    let inner = inner.trim();
                    let lengths = inner.strip_suffix(',').unwrap_or(inner);
                    let parse = |len: &str| len.trim().trim_end_matches('L').parse().map_err(|_| wrong());
                    let lengths: Result<Vec<usize>, _> = match lengths.is_empty() {
                        true => Ok(vec![]),
                        false => lengths.split(',').map(parse).collect(),
                    };
                    shape = Some(lengths?);
                    after
                }
                _ => return Err(wrong()),
            };
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if after.is_empty() => after,
                None => return Err(wrong()),
            };
        }
        let (Some(kind), Some(fortran_order), Some(shape)) = (kind, order, shape) else {
            return Err(wrong());
        };
        // NumPy's arrays have at most this many axes.
        if shape.len() > 64 {
            return Err(format("the array has more than 64 axes"));
        }
        Ok(Header { kind, fortran_order, shape })
    }
}

/// Splits a Python string without escapes from the start of a text.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// Splits a Python list from the start of a text. Brackets in strings are not recognized: names of fields have none.
fn list(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let end = text.find(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })?;
    text.split_at_checked(end + 1)
}

/// Returns an element type and whether its bytes are swapped, or why elements of the type are not supported.
fn element(text: &str) -> Result<(Kind, bool), String> {
    let unknown = || {
        let shown: String = text.chars().take(60).collect();
        let as_text = match text.chars().nth(1) {
            Some('M') => "write the dates as text, with `array.astype(str)`",
            Some('S') => "write them as text of Unicode, with `array.astype(str)`",
            _ => "write them as numbers or as text (`U`)",
        };
        format!("elements of the type `{}` are not read; {as_text}", shown.escape_debug())
    };
    let mut letters = text.chars();
    let order = letters.next().ok_or_else(unknown)?;
    let kind = letters.next().ok_or_else(unknown)?;
    let size: usize = letters.as_str().parse().map_err(|_| unknown())?;
    let big_endian = match order {
        '<' | '|' => false,
        '>' => true,
        '=' => cfg!(target_endian = "big"),
        _ => return Err(unknown()),
    };
    let kind = match (kind, size) {
        ('b', 1) => Kind::Bool,
        ('i', 1 | 2 | 4 | 8) => Kind::Signed(size),
        ('u', 1 | 2 | 4 | 8) => Kind::Unsigned(size),
        ('f', 2 | 4 | 8) => Kind::Float(size),
        ('U', 1..) => Kind::Text(size),
        _ => return Err(unknown()),
    };
    Ok((kind, big_endian))
}

fn format(reason: &str) -> TableFault {
    TableFault::Format { format: "npy", reason: reason.to_owned() }
}

fn cut() -> TableFault {
    format("it ends in the header")
}
