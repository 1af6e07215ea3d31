//! Values of JSON, as files of weights describe their models with them.

use crate::dim::Dim;
use crate::operation::Number;

/// A value of JSON. This crate has no dependencies, so those who write files convert it.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer that is not negative.
    Int(u64),
    /// A negative integer.
    Negative(i64),
    /// A number.
    Float(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Data>),
    /// An object.
    Map(Vec<(String, Data)>),
}

impl Data {
    pub(crate) fn map<const N: usize>(entries: [(&str, Data); N]) -> Self {
        Data::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
    }

    pub(crate) fn list<T>(values: &[T], of: impl Fn(&T) -> Data) -> Self {
        Data::List(values.iter().map(of).collect())
    }

    pub(crate) fn text(text: &str) -> Self {
        Data::Text(text.to_owned())
    }
}

/// Values that are in both kinds of graphs.
pub(crate) trait ToData {
    fn data(&self) -> Data;
}

impl ToData for usize {
    fn data(&self) -> Data {
        u64::try_from(*self).map_or(Data::Null, Data::Int)
    }
}

impl ToData for f64 {
    fn data(&self) -> Data {
        Data::Float(*self)
    }
}

impl ToData for Option<usize> {
    fn data(&self) -> Data {
        self.as_ref().map_or(Data::Null, ToData::data)
    }
}

impl ToData for Dim {
    /// `null` for a length that only const evaluation knows.
    fn data(&self) -> Data {
        self.known().map_or(Data::Null, |length| length.data())
    }
}

impl ToData for Number {
    fn data(&self) -> Data {
        match self {
            Number::Known(number) => Data::Float(*number),
            Number::Constant(_) => Data::Null,
        }
    }
}
