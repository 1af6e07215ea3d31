//! Models as bytes, in the encoding of Protocol Buffers.

use super::model::{Attribute, Axis, Data, Graph, Model, Node, Port, Tensor};

/// Most bytes of a message, by the rules of Protocol Buffers.
pub const MOST: usize = (1 << 31) - 1;

/// The bytes of a file.
pub fn encode(model: &Model) -> Vec<u8> {
    let mut out = Vec::new();
    int(&mut out, 1, model.ir_version);
    let [name, version] = &model.producer;
    text(&mut out, 2, name);
    text(&mut out, 3, version);
    text(&mut out, 6, &model.doc);
    message(&mut out, 7, |out| graph(out, &model.graph));
    for (domain, version) in &model.opsets {
        message(&mut out, 8, |out| {
            text(out, 1, domain);
            int(out, 2, *version);
        });
    }
    for (key, value) in &model.metadata {
        message(&mut out, 14, |out| {
            text(out, 1, key);
            text(out, 2, value);
        });
    }
    out
}

fn graph(out: &mut Vec<u8>, it: &Graph) {
    for each in &it.nodes {
        message(out, 1, |out| node(out, each));
    }
    text(out, 2, &it.name);
    for each in &it.initializers {
        message(out, 5, |out| tensor(out, each));
    }
    for (field, ports) in [(11, &it.inputs), (12, &it.outputs)] {
        for each in ports {
            message(out, field, |out| port(out, each));
        }
    }
}

fn node(out: &mut Vec<u8>, it: &Node) {
    // An empty name stands for an input that is not given.
    it.inputs.iter().for_each(|name| bytes(out, 1, name.as_bytes()));
    it.outputs.iter().for_each(|name| bytes(out, 2, name.as_bytes()));
    text(out, 3, &it.name);
    text(out, 4, &it.op);
    for (name, value) in &it.attributes {
        message(out, 5, |out| {
            text(out, 1, name);
            attribute(out, value);
        });
    }
    text(out, 7, &it.domain);
}

fn attribute(out: &mut Vec<u8>, it: &Attribute) {
    let kind = match it {
        Attribute::Float(value) => {
            fixed(out, 2, *value);
            1
        }
        Attribute::Int(value) => {
            int(out, 3, *value);
            2
        }
        Attribute::Text(value) => {
            bytes(out, 4, value.as_bytes());
            3
        }
        Attribute::Tensor(value) => {
            message(out, 5, |out| tensor(out, value));
            4
        }
        Attribute::Graph(value) => {
            message(out, 6, |out| graph(out, value));
            5
        }
        Attribute::Floats(values) => {
            values.iter().for_each(|value| fixed(out, 7, *value));
            6
        }
        Attribute::Ints(values) => {
            values.iter().for_each(|value| int(out, 8, *value));
            7
        }
        Attribute::Texts(values) => {
            values.iter().for_each(|value| bytes(out, 9, value.as_bytes()));
            8
        }
    };
    int(out, 20, kind);
}

fn tensor(out: &mut Vec<u8>, it: &Tensor) {
    it.shape.iter().for_each(|len| int(out, 1, number(*len)));
    int(out, 2, it.data.element().number());
    text(out, 8, &it.name);
    let len = it.data.len() * it.data.element().size();
    key(out, 9, 2);
    varint(out, len as u64);
    match &it.data {
        Data::F32(all) => all.iter().for_each(|it| out.extend(it.to_le_bytes())),
        Data::F64(all) => all.iter().for_each(|it| out.extend(it.to_le_bytes())),
        Data::I32(all) => all.iter().for_each(|it| out.extend(it.to_le_bytes())),
        Data::I64(all) => all.iter().for_each(|it| out.extend(it.to_le_bytes())),
        Data::Bool(all) => out.extend(all.iter().map(|it| u8::from(*it))),
    }
}

fn port(out: &mut Vec<u8>, it: &Port) {
    text(out, 1, &it.name);
    // TypeProto, its tensor type, its shape, and an axis.
    message(out, 2, |out| {
        message(out, 1, |out| {
            int(out, 1, it.element.map_or(0, |element| element.number()));
            message(out, 2, |out| {
                for axis in &it.shape {
                    message(out, 1, |out| match axis {
                        Axis::Length(len) => int(out, 1, number(*len)),
                        Axis::Free(name) => text(out, 2, name),
                    });
                }
            });
        });
    });
}

/// A length; none that can be in memory is larger.
fn number(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn key(out: &mut Vec<u8>, field: u64, wire: u64) {
    varint(out, field << 3 | wire);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn int(out: &mut Vec<u8>, field: u64, value: i64) {
    key(out, field, 0);
    // As the encoding says, a negative number has ten bytes.
    varint(out, value as u64);
}

fn fixed(out: &mut Vec<u8>, field: u64, value: f32) {
    key(out, field, 5);
    out.extend(value.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(out, field, 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn text(out: &mut Vec<u8>, field: u64, value: &str) {
    if !value.is_empty() {
        bytes(out, field, value.as_bytes());
    }
}

/// A message with its length before it: the length is put in afterwards, so that no message is written twice.
fn message(out: &mut Vec<u8>, field: u64, write: impl FnOnce(&mut Vec<u8>)) {
    key(out, field, 2);
    let start = out.len();
    write(out);
    let mut len = Vec::new();
    varint(&mut len, (out.len() - start) as u64);
    out.splice(start..start, len);
}
