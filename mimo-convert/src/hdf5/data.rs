//! The elements of datasets and attributes.

use crate::error::Error;

/// Elements in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Bits of IEEE half-precision numbers.
    F16(Vec<u16>),
    /// IEEE single precision.
    F32(Vec<f32>),
    /// IEEE double precision.
    F64(Vec<f64>),
    /// Signed integers of 8 bits.
    I8(Vec<i8>),
    /// Signed integers of 16 bits.
    I16(Vec<i16>),
    /// Signed integers of 32 bits.
    I32(Vec<i32>),
    /// Signed integers of 64 bits.
    I64(Vec<i64>),
    /// Unsigned integers of 8 bits.
    U8(Vec<u8>),
    /// Unsigned integers of 16 bits.
    U16(Vec<u16>),
    /// Unsigned integers of 32 bits.
    U32(Vec<u32>),
    /// Unsigned integers of 64 bits.
    U64(Vec<u64>),
    /// NumPy's `bool`, which h5py stores as an enumeration of `FALSE` and `TRUE`.
    Bool(Vec<bool>),
    /// Strings of variable length, in UTF-8.
    Text(Vec<String>),
    /// Strings of `width` bytes each, padded with zeros at their ends.
    FixedText {
        /// Bytes of each string.
        width: usize,
        /// The strings, one after the other.
        bytes: Vec<u8>,
    },
    /// Elements of `width` bytes that HDF5 does not interpret. h5py stores `bfloat16` so.
    Opaque {
        /// Bytes of each element.
        width: usize,
        /// The elements, one after the other.
        bytes: Vec<u8>,
    },
}

impl Data {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::F16(values) | Data::U16(values) => values.len(),
            Data::F32(values) => values.len(),
            Data::F64(values) => values.len(),
            Data::I8(values) => values.len(),
            Data::I16(values) => values.len(),
            Data::I32(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::U8(values) => values.len(),
            Data::U32(values) => values.len(),
            Data::U64(values) => values.len(),
            Data::Bool(values) => values.len(),
            Data::Text(values) => values.len(),
            Data::FixedText { width, bytes } | Data::Opaque { width, bytes } => {
                bytes.len().checked_div(*width).unwrap_or_default()
            }
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// NumPy's name of the type.
    pub fn dtype(&self) -> &'static str {
        match self {
            Data::F16(_) => "float16",
            Data::F32(_) => "float32",
            Data::F64(_) => "float64",
            Data::I8(_) => "int8",
            Data::I16(_) => "int16",
            Data::I32(_) => "int32",
            Data::I64(_) => "int64",
            Data::U8(_) => "uint8",
            Data::U16(_) => "uint16",
            Data::U32(_) => "uint32",
            Data::U64(_) => "uint64",
            Data::Bool(_) => "bool",
            Data::Text(_) => "str",
            Data::FixedText { .. } => "bytes",
            Data::Opaque { .. } => "void",
        }
    }

    /// Numbers in single precision: those of more bits are rounded, truth values are 0 and 1.
    ///
    /// # Errors
    /// If the elements are not numbers.
    pub fn to_f32(&self) -> Result<Vec<f32>, Error> {
        Ok(match self {
            Data::F16(values) => values.iter().map(|&it| f16(it)).collect(),
            Data::F32(values) => values.clone(),
            Data::F64(values) => values.iter().map(|&it| it as f32).collect(),
            Data::I8(values) => values.iter().map(|&it| it.into()).collect(),
            Data::I16(values) => values.iter().map(|&it| it.into()).collect(),
            Data::I32(values) => values.iter().map(|&it| it as f32).collect(),
            Data::I64(values) => values.iter().map(|&it| it as f32).collect(),
            Data::U8(values) => values.iter().map(|&it| it.into()).collect(),
            Data::U16(values) => values.iter().map(|&it| it.into()).collect(),
            Data::U32(values) => values.iter().map(|&it| it as f32).collect(),
            Data::U64(values) => values.iter().map(|&it| it as f32).collect(),
            Data::Bool(values) => values.iter().map(|&it| f32::from(u8::from(it))).collect(),
            Data::Text(_) | Data::FixedText { .. } | Data::Opaque { .. } => {
                return Err(Error::new(format!("elements of type `{}` are not numbers", self.dtype())));
            }
        })
    }

    /// The strings, without their padding.
    ///
    /// # Errors
    /// If the elements are not strings in UTF-8. No elements at all are no strings, whatever their type:
    /// Keras stores an empty list of names as numbers.
    pub fn texts(&self) -> Result<Vec<String>, Error> {
        match self {
            Data::Text(values) => Ok(values.clone()),
            Data::FixedText { width, bytes } => {
                let each = bytes.chunks((*width).max(1));
                each.map(|bytes| text(bytes).map(str::to_owned)).collect()
            }
            _ if self.is_empty() => Ok(Vec::new()),
            _ => Err(Error::new(format!("elements of type `{}` are not strings", self.dtype()))),
        }
    }
}

/// A string as C has it: up to the first zero.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Error> {
    let end = bytes.iter().position(|&it| it == 0).unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or_default();
    std::str::from_utf8(bytes).map_err(|_| Error::new("a string is not valid UTF-8"))
}

/// A half-precision number.
fn f16(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1F), u32::from(bits & 0x3FF));
    match exponent {
        // Zero and subnormal numbers: multiples of 2^-24, which single precision has exactly.
        0 => f32::from_bits(sign | (fraction as f32 * f32::from_bits(0x3380_0000)).to_bits()),
        0x1F => f32::from_bits(sign | 0x7F80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::f16;

    #[test]
    fn half_precision_is_exact() {
        let cases =
            [(0x0001, 2_f32.powi(-24)), (0x03FF, 1023.0 * 2_f32.powi(-24)), (0x0400, 2_f32.powi(-14))];
        let more =
            [(0x3C00, 1.0), (0xC000, -2.0), (0x7BFF, 65504.0), (0x7C00, f32::INFINITY), (0x8000, -0.0)];
        for (bits, value) in cases.into_iter().chain(more) {
            assert_eq!(f16(bits).to_bits(), f32::to_bits(value), "{bits:04x}");
        }
        assert!(f16(0x7E00).is_nan());
    }
}
