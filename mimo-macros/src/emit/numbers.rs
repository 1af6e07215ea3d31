//! Upper bounds of an input's integers, from the layers that look them up.

use mimo_graph::dim::Dim;
use mimo_graph::graph::{Dtype, Layer, Node, TensorId};
use mimo_graph::layers::LayerKind;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use super::context::Context;

/// Samples with more values are not split into parts.
const MOST: usize = 4096;

/// Upper bound (excluded) of the integers that a layer reads; `None` if it does not read integers.
fn numbers_below(layer: &Layer) -> Option<&Dim> {
    match layer.kind.core().0 {
        LayerKind::Embedding(layer) => Some(&layer.input_dim),
        LayerKind::CategoryEncoding(layer) => Some(&layer.num_tokens),
        _ => None,
    }
}

/// The values of an input that a tensor holds.
#[derive(Clone)]
enum Held {
    /// All, in any order.
    All,
    /// Those with these indices, in this order.
    Placed(Vec<usize>),
    /// Those with these indices, in any order.
    Some(Vec<usize>),
}

/// `InputSpec::below` and `InputSpec::below_each` of an input, from the layers that look up or encode its values,
/// through operations that move them.
pub(super) fn bounds(cx: &Context<'_>, input: TensorId) -> (TokenStream, Vec<TokenStream>) {
    let graph = cx.graph;
    let none = (quote!(__mimo::None), vec![]);
    if graph.tensor(input).dtype != Dtype::Int {
        return none;
    }
    let len = graph.tensor(input).shape.as_ref().and_then(|shape| shape.elements().known());
    let mut holds: Vec<Option<Held>> = vec![None; graph.tensors.len()];
    holds[input.index()] = Some(match len.filter(|&len| len <= MOST) {
        Some(len) => Held::Placed((0..len).collect()),
        None => Held::All,
    });
    let mut found: Vec<(TokenStream, Held)> = vec![];
    // Whether a part was taken of values that are not tracked.
    let mut unknown = false;
    for (_, node) in cx.live_nodes() {
        let read: Vec<Held> = node.inputs.iter().filter_map(|input| holds[input.index()].clone()).collect();
        if read.is_empty() {
            continue;
        }
        let layer = graph.layer(node.layer);
        if let Some(bound) = numbers_below(layer) {
            found.extend(read.into_iter().map(|held| (cx.dim(bound), held)));
            continue;
        }
        unknown |= matches!(layer.kind.core().0, LayerKind::GetItem(_)) && matches!(read[..], [Held::All]);
        let held = moved(cx, layer, node, &read);
        // Argmax indices, sums and products are new integers.
        let computed = match &layer.kind.core().0 {
            LayerKind::Reduce(_) | LayerKind::Merge(_) => true,
            LayerKind::Elementwise(layer) => layer.name != "cast",
            _ => false,
        };
        for output in &node.outputs {
            // Computed values are other numbers.
            if graph.tensor(*output).dtype == Dtype::Int && !computed {
                holds[output.index()] = Some(held.clone());
            }
        }
    }
    let all: Vec<&TokenStream> = found.iter().map(|(bound, _)| bound).collect();
    if all.is_empty() {
        return none;
    }
    let least = |bounds: &[&TokenStream]| quote!(__mimo::least(&[#(#bounds),*]));
    let everywhere = |held: &Held| match (held, len) {
        (Held::All, _) => true,
        (Held::Placed(places) | Held::Some(places), Some(len)) => (0..len).all(|at| places.contains(&at)),
        _ => false,
    };
    if !unknown && found.iter().all(|(_, held)| everywhere(held)) {
        return (least(&all), vec![]);
    }
    let Some(len) = len.filter(|&len| len <= MOST) else {
        // A number below the largest bound may be in the part with this bound.
        return (quote!(__mimo::greatest(&[#(#all),*])), vec![]);
    };
    let each = (0..len).map(|at| {
        let reads = |held: &Held| match held {
            Held::All => true,
            Held::Placed(places) | Held::Some(places) => places.contains(&at),
        };
        let bounds: Vec<&TokenStream> =
            found.iter().filter(|(_, held)| reads(held)).map(|(bound, _)| bound).collect();
        let nothing = Literal::usize_unsuffixed(0).into_token_stream();
        let lesser = |a: TokenStream, b: &TokenStream| quote!(__mimo::lesser(#a, #b));
        match bounds[..] {
            [] => nothing,
            [first, ref others @ ..] => others.iter().fold(first.clone(), |a, b| lesser(a, b)),
        }
    });
    (quote!(__mimo::greatest(&[#(#all),*])), each.collect())
}

/// The values of the input that the outputs of a call hold.
fn moved(cx: &Context<'_>, layer: &Layer, node: &Node, read: &[Held]) -> Held {
    let shape = node.inputs.first().and_then(|&input| cx.graph.tensor(input).shape.as_ref());
    match (read, &layer.kind) {
        ([held], kind) if kind.aliases() => held.clone(),
        ([Held::Placed(places)], LayerKind::GetItem(part)) if node.steps == 0 => {
            let lengths: Option<Vec<usize>> =
                shape.and_then(|shape| shape.0.iter().map(|dim| dim.known()).collect());
            match lengths {
                Some(lengths) => Held::Placed(
                    part.places(&lengths).iter().filter_map(|&at| places.get(at)).copied().collect(),
                ),
                None => Held::Some(places.clone()),
            }
        }
        _ if read.iter().any(|held| matches!(held, Held::All)) => Held::All,
        _ => {
            let places = read.iter().flat_map(|held| match held {
                Held::All => &[][..],
                Held::Placed(places) | Held::Some(places) => places,
            });
            let mut places: Vec<usize> = places.copied().collect();
            places.sort_unstable();
            places.dedup();
            Held::Some(places)
        }
    }
}
