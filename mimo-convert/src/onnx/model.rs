//! The part of ONNX's format that models have: `onnx.proto` without training, sparse tensors, quantization and types besides tensors.
//!
//! Numbers of fields are those of `onnx.proto`, of which a file has nothing else: fields of newer versions are skipped.

use std::collections::BTreeMap;

/// `ModelProto`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// Version of the format itself.
    pub ir_version: i64,
    /// Versions of the sets of operators, by domain. The empty domain is ONNX's own.
    pub opsets: BTreeMap<String, i64>,
    /// The program that wrote the file, and its version.
    pub producer: [String; 2],
    /// Documentation of the model.
    pub doc: String,
    /// The graph.
    pub graph: Graph,
    /// Texts by name.
    pub metadata: BTreeMap<String, String>,
}

/// `GraphProto`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Its name.
    pub name: String,
    /// Operators in topological order.
    pub nodes: Vec<Node>,
    /// Values that are in the file.
    pub initializers: Vec<Tensor>,
    /// Inputs; some may be initializers in files of old versions.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
}

/// `NodeProto`: a call of an operator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The operator.
    pub op: String,
    /// Its domain; empty for ONNX's own.
    pub domain: String,
    /// The name of the call, for messages.
    pub name: String,
    /// Names of values; empty for an optional input that is not given.
    pub inputs: Vec<String>,
    /// Names of values.
    pub outputs: Vec<String>,
    /// Settings by name.
    pub attributes: BTreeMap<String, Attribute>,
}

/// `AttributeProto`.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A number.
    Float(f32),
    /// An integer.
    Int(i64),
    /// A text.
    Text(String),
    /// A tensor.
    Tensor(Tensor),
    /// The graph of a loop or a branch.
    Graph(Graph),
    /// Numbers.
    Floats(Vec<f32>),
    /// Integers.
    Ints(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
}

/// `TensorProto`: values in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// As many values as the shape says.
    pub data: Data,
}

/// The values of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `FLOAT`.
    F32(Vec<f32>),
    /// `DOUBLE`.
    F64(Vec<f64>),
    /// `INT32`.
    I32(Vec<i32>),
    /// `INT64`.
    I64(Vec<i64>),
    /// `BOOL`.
    Bool(Vec<bool>),
}

impl Default for Data {
    fn default() -> Self {
        Data::F32(Vec::new())
    }
}

impl Data {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(all) => all.len(),
            Data::F64(all) => all.len(),
            Data::I32(all) => all.len(),
            Data::I64(all) => all.len(),
            Data::Bool(all) => all.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the values.
    pub fn element(&self) -> Element {
        match self {
            Data::F32(_) => Element::F32,
            Data::F64(_) => Element::F64,
            Data::I32(_) => Element::I32,
            Data::I64(_) => Element::I64,
            Data::Bool(_) => Element::Bool,
        }
    }
}

/// The type of the values of a tensor: those that mimo reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Floats of 32 bits.
    F32 = 1,
    /// Integers of 32 bits.
    I32 = 6,
    /// Integers of 64 bits.
    I64 = 7,
    /// `true` and `false`.
    Bool = 9,
    /// Floats of 64 bits.
    F64 = 11,
}

impl Element {
    /// Every type.
    pub const ALL: [Element; 5] = [Element::F32, Element::I32, Element::I64, Element::Bool, Element::F64];

    /// The number of `TensorProto.DataType`.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// Bytes of a value in a file.
    pub fn size(self) -> usize {
        match self {
            Element::Bool => 1,
            Element::F32 | Element::I32 => 4,
            Element::I64 | Element::F64 => 8,
        }
    }
}

/// `ValueInfoProto` of a tensor: an input or an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The type of its values; `None` for a type that mimo does not have.
    pub element: Option<Element>,
    /// Its axes.
    pub shape: Vec<Axis>,
}

/// The length of an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axis {
    /// A number.
    Length(usize),
    /// A free length with a name, such as the batch. The name may be empty.
    Free(String),
}
