//! The `ModelSpec` of a model as a constant.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::dim::Dim;
use mimo_graph::graph::{Dtype, LayerId, Node, TensorId};
use mimo_graph::plan::Plan;
use mimo_graph::target::TargetRange;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use super::context::Context;
use super::numbers::bounds;

/// The value of `Model::SPEC`.
pub(super) fn spec(cx: &Context<'_>) -> TokenStream {
    let graph = cx.graph;
    let name = graph.name.as_str();
    let inputs = graph.inputs.iter().map(|port| {
        let tensor = graph.tensor(port.tensor);
        let (name, shape, dtype) = (port.name.as_str(), shape(cx, port.tensor), dtype(tensor.dtype));
        let (below, each) = bounds(cx, port.tensor);
        quote!(__mimo::InputSpec { name: #name, shape: &[#shape], dtype: #dtype, below: #below, below_each: &[#(#each),*] })
    });
    let outputs = graph.outputs.iter().enumerate().map(|(index, port)| {
        let (name, shape) = (port.name.as_str(), shape(cx, port.tensor));
        let training = graph.compile.as_ref().map(|compile| &compile.outputs[index]);
        let loss = training.and_then(|training| training.loss);
        let weight = training.map_or(1.0, |training| training.weight);
        let metrics = training.map_or(&[][..], |training| &training.metrics);
        let metrics = metrics.iter().map(|(name, metric)| {
            let metric = cx.literal(metric);
            quote!((#name, #metric))
        });
        let unweighted = training.map_or(0, |training| training.unweighted);
        let unweighted = Literal::usize_unsuffixed(unweighted);
        let range = cx.literal(&training.map_or(TargetRange::Any, |training| training.range));
        let loss = cx.literal(&loss);
        let source = connection(cx, port.tensor);
        quote!(__mimo::OutputSpec {
            name: #name, shape: &[#shape], source: #source, loss: #loss, weight: #weight, metrics: &[#(#metrics),*],
            unweighted: #unweighted, range: #range,
        })
    });
    let layers = layers(cx);
    let optimizers = graph.compile.iter().flat_map(|compile| &compile.optimizers).map(|keyed| {
        let (key, optimizer) = (cx.literal(&keyed.key), cx.literal(&keyed.optimizer));
        let layers = keyed.layers.iter().map(|layer| Literal::usize_unsuffixed(layer.index()));
        quote!(__mimo::OptimizerSpec { key: #key, optimizer: #optimizer, layers: &[#(#layers),*] })
    });
    quote! {
        __mimo::ModelSpec {
            name: #name,
            inputs: &[#(#inputs),*],
            outputs: &[#(#outputs),*],
            layers: &[#(#layers),*],
            weights: &WEIGHTS,
            optimizers: &[#(#optimizers),*],
        }
    }
}

/// The value of `Trainable::RULES`: a program only contains the rules that are named here.
pub(super) fn rules(cx: &Context<'_>) -> TokenStream {
    let e = &cx.generics.e;
    let kinds = cx.graph.compile.iter().flat_map(|compile| &compile.optimizers).map(|keyed| {
        let kind = Ident::new(keyed.optimizer.rule.kind(), Span::call_site());
        quote!(<#e as __mimo::Float>::rule::<__mimo::rules::#kind>)
    });
    quote!(const RULES: &'static [__mimo::MakeRule<#e>] = &[#(#kinds),*];)
}

/// The struct with the user's metrics, if there are any, at which errors in a path are reported once; and the value
/// of `Trainable::OWN_METRICS`.
pub(super) fn own_metrics(cx: &Context<'_>) -> Option<(TokenStream, TokenStream)> {
    let paths = cx.graph.compile.as_ref()?.own_metrics();
    if paths.is_empty() {
        return None;
    }
    let metrics = paths.iter().map(|path| {
        let path = cx.own(path);
        quote!(__mimo::own::OwnMetric::of::<#path, _>())
    });
    let item = quote! {
        struct __Own;
        impl __Own {
            const METRICS: &'static [__mimo::own::OwnMetric] = &[#(#metrics),*];
        }
    };
    let constant = quote!(
        const OWN_METRICS: &'static [__mimo::own::OwnMetric] = __Own::METRICS;
    );
    Some((item, constant))
}

/// `Trainable::LABELLED_BY`: which outputs train which weights.
pub(super) fn labelled(plan: &Plan) -> TokenStream {
    let runs = plan.labelled.iter().map(|run| {
        let [start, end] = [run.start, run.end].map(Literal::usize_unsuffixed);
        let outputs = run.outputs.iter().copied().map(Literal::usize_unsuffixed);
        quote!(__mimo::LabelledBy { start: #start, end: #end, outputs: &[#(#outputs),*] })
    });
    quote!(const LABELLED_BY: &'static [__mimo::LabelledBy] = &[#(#runs),*];)
}

/// The specs of all weights, in the order of the fields.
pub(super) fn weights(cx: &Context<'_>, plan: &Plan) -> Vec<TokenStream> {
    let values = plan.params.iter().map(|param| {
        let layer = cx.graph.layer(param.layer_id());
        let weight = &layer.weights[param.weight];
        let (name, shape) = (layer.weight_path(weight), cx.lengths(&weight.shape));
        let initializer = cx.literal(&weight.options.initializer);
        let regularizer = weight.options.regularizer.map(|regularizer| {
            let regularizer = cx.literal(&Some(regularizer));
            quote!(regularizer: #regularizer,)
        });
        let constraint = weight.options.constraint.map(|constraint| {
            let constraint = cx.literal(&Some(constraint));
            quote!(constraint: #constraint,)
        });
        let frozen = (!(layer.trainable && weight.options.trainable)).then(|| quote!(trainable: false,));
        quote!(__mimo::WeightSpec {
            name: #name,
            shape: &[#shape],
            initializer: #initializer,
            #regularizer
            #constraint
            #frozen
            ..__mimo::WeightSpec::PLAIN
        })
    });
    values.collect()
}

/// Inputs first, then layers in the order of their first call.
fn layers(cx: &Context<'_>) -> Vec<TokenStream> {
    let graph = cx.graph;
    let mut specs = vec![];
    for port in &graph.inputs {
        let (name, shape) = (port.name.as_str(), shape(cx, port.tensor));
        specs.push(quote!(__mimo::LayerSpec {
            name: #name, class: "InputLayer", output_shape: &[#shape], parameters: 0, trainable: true,
            connected_to: &[],
        }));
    }
    let mut calls: BTreeMap<LayerId, Vec<&Node>> = BTreeMap::new();
    for node in &graph.nodes {
        calls.entry(node.layer).or_default().push(node);
    }
    let mut shown = BTreeSet::new();
    for (_, node) in cx.live_nodes() {
        // A layer and its parts are one row, as in Keras, at the position of the first live call.
        let id = graph.layer(node.layer).whole.unwrap_or(node.layer);
        if !shown.insert(id) {
            continue;
        }
        let layer = graph.layer(id);
        let (name, class, trainable) = (layer.name.as_str(), layer.kind.class_name(), layer.trainable);
        // The call that joins the parts decides the shape, if there is one.
        let given = calls.get(&id).and_then(|calls| calls.first()).unwrap_or(&node);
        let shape = given.outputs.first().map(|&output| shape(cx, output));
        let members = if layer.parts.is_empty() { vec![id] } else { layer.parts.clone() };
        let weights = members.iter().filter(|member| cx.live_layers.contains(member));
        let parameters = weights.flat_map(|&member| &graph.layer(member).weights);
        let parameters = parameters.fold(Dim::Known(0), |sum, weight| sum + weight.shape.elements());
        let parameters = cx.dim(&parameters);
        // All parts read the same tensor, and each has its own states.
        let by_part: Vec<&[&Node]> =
            members.iter().map(|member| calls.get(member).map_or(&[][..], Vec::as_slice)).collect();
        let count = by_part.iter().map(|calls| calls.len()).max().unwrap_or(0);
        let read = (0..count).flat_map(|call| {
            let nodes = by_part.iter().filter_map(move |calls| calls.get(call)).enumerate();
            nodes.flat_map(|(part, node)| node.inputs.iter().skip(usize::from(part > 0)))
        });
        let connections = read.map(|&input| connection(cx, input));
        specs.push(quote!(__mimo::LayerSpec {
            name: #name,
            class: #class,
            output_shape: &[#shape],
            parameters: #parameters,
            trainable: #trainable,
            connected_to: &[#(#connections),*],
        }));
    }
    specs
}

/// Source of a tensor: the layer, the index of its call, and the index of the output.
fn connection(cx: &Context<'_>, tensor: TensorId) -> TokenStream {
    let graph = cx.graph;
    let (layer, call, at) = match graph.tensor(tensor).producer {
        Some(id) => {
            let node = graph.node(id);
            let at = node.outputs.iter().position(|&output| output == tensor).unwrap_or(0);
            let (layer, before) = match graph.layer(node.layer).whole {
                Some(whole) => (graph.layer(whole), place_in_whole(cx, whole, node.layer, at)),
                None => (graph.layer(node.layer), at),
            };
            (layer.name.as_str(), cx.earlier[id.index()], before)
        }
        None => (cx.input_name(tensor).unwrap_or("input"), 0, 0),
    };
    match (call, at) {
        (0, 0) => quote!(__mimo::Connection::first(#layer)),
        _ => quote!(__mimo::Connection { layer: #layer, call: #call, tensor: #at }),
    }
}

/// Index in the whole layer of the tensor `at` of a part: first the result of joining the first tensors of all parts,
/// or these themselves, and then the other tensors, part by part.
fn place_in_whole(cx: &Context<'_>, whole: LayerId, part: LayerId, at: usize) -> usize {
    let whole = cx.graph.layer(whole);
    let given = |part: &LayerId| cx.graph.layer(*part).kind.outputs().len();
    let all: usize = whole.parts.iter().map(given).sum();
    let joined = whole.kind.outputs().len() < all;
    let before = whole.parts.iter().take_while(|other| **other != part);
    match at {
        0 => {
            if joined {
                0
            } else {
                before.count()
            }
        }
        _ => {
            (if joined { 1 } else { whole.parts.len() })
                + before.map(|part| given(part) - 1).sum::<usize>()
                + at
                - 1
        }
    }
}

fn shape(cx: &Context<'_>, tensor: TensorId) -> TokenStream {
    cx.graph.tensor(tensor).shape.as_ref().map(|shape| cx.lengths(shape)).unwrap_or_default()
}

fn dtype(dtype: Dtype) -> TokenStream {
    match dtype {
        Dtype::Float => quote!(__mimo::SpecDtype::Float),
        Dtype::Int => quote!(__mimo::SpecDtype::Int),
    }
}
