//! Checkpoints: the state kept from step to step, in a file of weights with more arrays.
//!
//! The owner of the state visits it once, with methods of [`Transfer`], which saves, compares or loads each part. So
//! saving and loading use the same list of parts.

use std::path::Path;

use mimo_graph::description::CHECKPOINT_VERSION;
use safetensors::Dtype;

use super::fault::Fault;
use super::format::{self, Content, NOT_A_WEIGHT, PREFIX, READ, Subject, Wanted, compare};
use super::header::Header;
use super::{read_up_to, regular};
use crate::error::Error;

/// Upper bound of counters, so that incrementing them does not overflow.
pub(crate) const MOST: u64 = 1 << 53;

/// Number types of checkpoints.
pub trait Number: Copy + Default + PartialEq + Send + Sync + 'static {
    #[doc(hidden)]
    const DTYPE: (Dtype, &'static str);

    #[doc(hidden)]
    fn put(self, to: &mut Vec<u8>);

    /// The numbers of some bytes.
    #[doc(hidden)]
    fn get(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! numbers {
    ($($number:ty: $dtype:ident, $name:literal;)*) => {$(
        impl Number for $number {
            const DTYPE: (Dtype, &'static str) = (Dtype::$dtype, $name);

            fn put(self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }

            fn get(bytes: &[u8]) -> Vec<Self> {
                bytes.as_chunks().0.iter().map(|bytes| Self::from_le_bytes(*bytes)).collect()
            }
        }
    )*};
}

numbers! {
    f32: F32, "F32";
    f64: F64, "F64";
    u64: U64, "U64";
    u8: U8, "U8";
}

/// An array that is saved.
#[derive(Debug)]
struct Entry {
    name: String,
    dtype: &'static str,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// A checkpoint that was read.
#[derive(Debug)]
pub(crate) struct Stored {
    header: Header,
    data: Vec<u8>,
}

impl Stored {
    /// The numbers of an array, if there is one of this name and type.
    pub(crate) fn numbers<T: Number>(&self, name: &str) -> Option<Vec<T>> {
        let tensor = self.header.tensor(name).filter(|tensor| tensor.dtype == T::DTYPE.0)?;
        self.data.get(tensor.offsets.0..tensor.offsets.1).map(T::get)
    }

    /// The names with a prefix, in the order of the data.
    pub(crate) fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let names = self.header.in_order().into_iter().map(|(name, _)| name);
        names.filter(move |name| name.starts_with(prefix))
    }

    /// Reads a checkpoint file of the subject.
    pub(super) fn read(subject: Subject, path: &Path) -> Result<Self, Error> {
        let file_error = |source| Error::File { path: path.into(), source };
        let (mut file, len) = regular::open(path).map_err(file_error)?;
        let prefix = read_up_to(&mut file, PREFIX).map_err(file_error)?;
        let header_len =
            header_len(subject, &prefix, len).map_err(|faults| unfit(subject, Some(path), faults))?;
        let header = read_up_to(&mut file, header_len).map_err(file_error)?;
        let data_len = len - (PREFIX + header_len) as u64;
        let header = parse(&header, data_len).map_err(|fault| unfit(subject, Some(path), vec![fault]))?;
        let data = read_up_to(&mut file, header.data_len()).map_err(file_error)?;
        if data.len() < header.data_len() {
            // Another process has just truncated it.
            return Err(file_error(std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(Stored { header, data })
    }

    /// Reads a checkpoint of the subject from bytes.
    pub(super) fn of_bytes(subject: Subject, bytes: &[u8]) -> Result<Self, Error> {
        let unfit = |faults| unfit(subject, None, faults);
        let header_len = header_len(subject, bytes, bytes.len() as u64).map_err(unfit)?;
        let (header, data) = bytes.get(PREFIX..).unwrap_or_default().split_at(header_len);
        let header = parse(header, data.len() as u64).map_err(|fault| unfit(vec![fault]))?;
        Ok(Stored { header, data: data.to_vec() })
    }
}

/// The error for a file that does not fit.
pub(super) fn unfit(subject: Subject, path: Option<&Path>, faults: Vec<Fault>) -> Error {
    Error::CheckpointFile { path: path.map(Into::into), model: subject.name(), faults }
}

/// Length of the header, which describes several arrays for each weight.
fn header_len(subject: Subject, prefix: &[u8], bytes: u64) -> Result<usize, Vec<Fault>> {
    format::header_len(prefix, bytes, subject.header_limit().saturating_mul(8))
}

fn parse(header: &[u8], bytes: u64) -> Result<Header, Fault> {
    let header = Header::parse(header)?;
    let described = header.data_len() as u64;
    if described != bytes {
        return Err(Fault::DataLength { bytes, described });
    }
    if let Some(version) = header.version().filter(|version| !READ.contains(version)) {
        return Err(Fault::Version { found: version.to_owned() });
    }
    match header.checkpoint() {
        None => Err(Fault::NoCheckpoint),
        Some(CHECKPOINT_VERSION) => Ok(header),
        Some(version) => Err(Fault::CheckpointVersion { found: version.to_owned() }),
    }
}

/// Direction of an array.
#[derive(Debug)]
pub(crate) enum Flow<'a, T> {
    /// The numbers are written here.
    Out(&'a mut [T]),
    /// The array becomes these numbers.
    In(&'a [T]),
}

/// One visit of a state.
#[derive(Debug)]
pub struct Transfer<'a> {
    kind: Kind<'a>,
}

#[derive(Debug)]
enum Kind<'a> {
    Save(Vec<Entry>),
    Compare { stored: &'a Stored, wanted: Vec<Wanted<'static>>, faults: Vec<Fault> },
    Load(&'a Stored),
}

impl<'a> Transfer<'a> {
    /// A visit that saves.
    pub(crate) fn save() -> Self {
        Transfer { kind: Kind::Save(vec![]) }
    }

    /// A visit that changes nothing and records the faults of a checkpoint.
    pub(crate) fn compare(stored: &'a Stored) -> Self {
        Transfer { kind: Kind::Compare { stored, wanted: vec![], faults: vec![] } }
    }

    /// A visit that loads a checkpoint without faults.
    pub(crate) fn load(stored: &'a Stored) -> Self {
        Transfer { kind: Kind::Load(stored) }
    }

    /// An array of this shape.
    pub(crate) fn array<T: Number>(
        &mut self,
        name: &str,
        shape: &[usize],
        flow: impl FnOnce(Flow<'_, T>),
    ) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Save(entries) => {
                let len = shape.iter().product();
                let mut values: Vec<T> = reserved(len)?;
                values.resize(len, T::default());
                flow(Flow::Out(&mut values));
                entries.push(entry(name, shape, &values)?);
            }
            Kind::Compare { wanted, .. } => wanted.push(wanted_array::<T>(name, Some(shape))),
            Kind::Load(stored) => {
                if let Some(values) = stored.numbers(name) {
                    flow(Flow::In(&values));
                }
            }
        }
        Ok(())
    }

    /// Numbers, with the current length.
    pub(crate) fn numbers<T: Number>(&mut self, name: &str, numbers: &mut [T]) -> Result<(), Error> {
        self.array(name, &[numbers.len()], |flow| match flow {
            Flow::Out(to) => to.copy_from_slice(numbers),
            Flow::In(from) => numbers.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        })
    }

    /// Numbers that must all be valid; the text describes valid ones.
    pub(crate) fn valid<T: Number>(
        &mut self,
        name: &str,
        numbers: &mut [T],
        valid: (&'static str, impl Fn(T) -> bool),
    ) -> Result<(), Error> {
        self.numbers(name, numbers)?;
        self.expect(name, valid.0, |found: &[T]| found.iter().all(|number| valid.1(*number)));
        Ok(())
    }

    /// A list of any length.
    pub(crate) fn list<T: Number>(&mut self, name: &str, list: &mut Vec<T>) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Save(entries) => entries.push(entry(name, &[list.len()], list)?),
            Kind::Compare { wanted, .. } => wanted.push(wanted_array::<T>(name, None)),
            Kind::Load(stored) => {
                if let Some(values) = stored.numbers(name) {
                    *list = values;
                }
            }
        }
        Ok(())
    }

    /// A list of any length that is omitted from the file if it is `None`.
    pub(crate) fn optional<T: Number>(&mut self, name: &str, list: &mut Option<Vec<T>>) -> Result<(), Error> {
        let is_there = match &self.kind {
            Kind::Save(_) => list.is_some(),
            Kind::Compare { stored, .. } | Kind::Load(stored) => stored.header.tensor(name).is_some(),
        };
        match (is_there, list) {
            (true, list) => self.list(name, list.get_or_insert_default()),
            (false, list) => {
                if let Kind::Load(_) = self.kind {
                    *list = None;
                }
                Ok(())
            }
        }
    }

    /// Reports the numbers of an array unless they are as expected.
    pub(crate) fn expect<T: Number>(
        &mut self,
        name: &str,
        text: &'static str,
        valid: impl FnOnce(&[T]) -> bool,
    ) {
        if let Kind::Compare { stored, faults, .. } = &mut self.kind
            // Another type is another fault.
            && let Some(found) = stored.numbers(name)
            && !valid(&found)
        {
            faults.push(Fault::Numbers { name: name.into(), valid: text });
        }
    }

    /// A word that must be the same in the file. `what` describes it in the error.
    pub(crate) fn word(&mut self, name: &str, what: &str, word: &str) -> Result<(), Error> {
        let mut letters = word.as_bytes().to_vec();
        match &mut self.kind {
            Kind::Compare { stored, wanted, faults } => {
                wanted.push(wanted_array::<u8>(name, None));
                if let Some(found) = stored.numbers::<u8>(name)
                    && found != letters
                {
                    let found = String::from_utf8_lossy(&found).into_owned();
                    faults.push(Fault::Setting { name: what.into(), found, wanted: word.into() });
                }
                Ok(())
            }
            Kind::Save(_) => self.list(name, &mut letters),
            Kind::Load(_) => Ok(()),
        }
    }

    /// The faults, after a visit that compares. Names with one of these prefixes belong to others.
    pub(super) fn faults(self, others: &[&str]) -> Vec<Fault> {
        let Kind::Compare { stored, wanted, faults } = self.kind else { return vec![] };
        let ignored = |name: &str| others.iter().any(|prefix| name.starts_with(prefix));
        let mut found = compare(&wanted, &stored.header, &ignored);
        found.extend(faults);
        found
    }

    /// The bytes of a file, after a visit that saves.
    pub(super) fn into_bytes(self, subject: Subject) -> Result<Vec<u8>, Error> {
        let Kind::Save(mut entries) = self.kind else { return Ok(vec![]) };
        // The arrays of 8-byte numbers first, then those of 4, then those of single bytes: readers need them aligned.
        entries.sort_by_key(|entry| std::cmp::Reverse(size(entry.dtype)));
        let tensors =
            entries.iter().map(|entry| (&*entry.name, entry.dtype, &*entry.shape, entry.bytes.len()));
        let (header, data_len) = subject.header_of(tensors, Content::Checkpoint(CHECKPOINT_VERSION));
        let mut bytes: Vec<u8> = reserved(data_len.saturating_add(PREFIX + header.len()))?;
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header.into_bytes());
        for entry in entries {
            bytes.extend(entry.bytes);
        }
        Ok(bytes)
    }
}

/// The name of an array that is not a weight.
pub(crate) fn name(parts: &[&str]) -> String {
    let mut name = String::from(NOT_A_WEIGHT);
    name.push_str(&parts.join("/"));
    name
}

fn size(dtype: &str) -> usize {
    match dtype {
        "F64" | "U64" => 8,
        "F32" => 4,
        _ => 1,
    }
}

fn wanted_array<T: Number>(name: &str, shape: Option<&[usize]>) -> Wanted<'static> {
    let (dtype, dtype_name) = T::DTYPE;
    Wanted {
        name: name.to_owned().into(),
        dtype,
        dtype_name,
        shape: shape.map(|shape| shape.to_vec().into()),
    }
}

fn entry<T: Number>(name: &str, shape: &[usize], values: &[T]) -> Result<Entry, Error> {
    let mut bytes = reserved(size_of_val(values))?;
    values.iter().for_each(|value| value.put(&mut bytes));
    Ok(Entry { name: name.into(), dtype: T::DTYPE.1, shape: shape.to_vec(), bytes })
}

/// Memory for this number of values.
fn reserved<T>(len: usize) -> Result<Vec<T>, Error> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| Error::Memory { values: len })?;
    Ok(values)
}
