//! The layers of a model as a `GraphDef` (`tensorboard/compat/proto/graph.proto`, `node_def.proto`, `attr_value.proto`).

use mimo_graph::spec::LayerSpec;

use super::event::Message;

/// The layers, each a node with its class, what it reads, and the shape of what it outputs, with the batch.
pub(super) fn encode(layers: &[LayerSpec]) -> Vec<u8> {
    let mut graph = Message::default();
    for layer in layers {
        graph.bytes(1, &node(layer));
    }
    let mut versions = Message::default();
    // Of the first version that TensorBoard still reads.
    versions.varint(1, 22);
    graph.bytes(4, &versions.0);
    graph.0
}

fn node(layer: &LayerSpec) -> Vec<u8> {
    let mut node = Message::default();
    node.bytes(1, layer.name.as_bytes());
    node.bytes(2, layer.class.as_bytes());
    let mut read: Vec<&str> = Vec::new();
    for connection in layer.connected_to {
        // Calls of a shared layer are one node, which reads each tensor once.
        if !read.contains(&connection.layer) {
            read.push(connection.layer);
            node.bytes(3, connection.layer.as_bytes());
        }
    }
    node.bytes(5, &attribute("_output_shapes", &shapes(layer.output_shape)));
    node.0
}

/// An entry of the map of attributes.
fn attribute(name: &str, value: &[u8]) -> Vec<u8> {
    let mut entry = Message::default();
    entry.bytes(1, name.as_bytes());
    entry.bytes(2, value);
    entry.0
}

/// `AttrValue { list: ListValue { shape: [TensorShapeProto { dim: [-1, …] }] } }`
fn shapes(lengths: &[usize]) -> Vec<u8> {
    let mut shape = Message::default();
    // An unknown length, of the batch, is -1.
    for length in std::iter::once(u64::MAX).chain(lengths.iter().map(|length| *length as u64)) {
        let mut dim = Message::default();
        dim.varint(1, length);
        shape.bytes(2, &dim.0);
    }
    let (mut list, mut value) = (Message::default(), Message::default());
    list.bytes(7, &shape.0);
    value.bytes(1, &list.0);
    value.0
}
