//! Inputs and outputs of a graph: their names, lengths and layouts.

use std::collections::BTreeSet;

use super::array::Size;
use super::constants::is_order;
use super::conv::channels_last;
use super::layout::list;
use super::names;
use super::net::{self, Net};
use super::state::Importer;
use super::tensor::{Atom, Axis, Placed, Value, owned};
use crate::error::Error;
use crate::keras::Options;
use crate::onnx::model::{self, Element, Graph};
use crate::source::{Expr, Let, Port, Statement, keyword, text};

/// The most axes of an input.
const MOST_AXES: usize = 8;

impl Importer<'_> {
    /// The inputs that some node reads.
    pub(super) fn inputs(&mut self, graph: &Graph, options: &Options, order: &[usize]) -> Result<(), Error> {
        let given: Vec<&model::Port> =
            graph.inputs.iter().filter(|port| !self.net.arrays.contains_key(&port.name)).collect();
        let known: Vec<String> = given
            .iter()
            .enumerate()
            .map(|(at, port)| port_name(&port.name, at, given.len(), "input"))
            .collect();
        if let Some(unknown) = options
            .lengths
            .keys()
            .find(|name| !known.contains(name) && !given.iter().any(|it| it.name == **name))
        {
            return Err(Error::new(format!(
                "there is no input `{unknown}`; the inputs are {}",
                known.join(", ")
            ))
            .within("--length"));
        }
        let mut missing = vec![];
        let mut names = BTreeSet::new();
        for (port, wanted) in given.iter().zip(known) {
            if !self.readers.contains_key(&port.name) && !self.net.outputs.contains(&port.name) {
                self.notes.push(format!("no output needs the input `{}`, so that it is left out", port.name));
                continue;
            }
            let name = distinct(&wanted, &mut names);
            self.one_input(port, &name, &wanted, options, order, &mut missing)
                .map_err(|error| error.within(format!("input `{}`", port.name)))?;
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!(
            "the lengths of some axes are open in the file, and mimo needs them: add {} with the lengths that you want",
            missing.join(" ")
        )))
    }

    fn one_input(
        &mut self,
        port: &model::Port,
        name: &str,
        wanted: &str,
        options: &Options,
        order: &[usize],
        missing: &mut Vec<String>,
    ) -> Result<(), Error> {
        let rank = port.shape.len();
        if rank == 0 || rank > MOST_AXES {
            return Err(Error::new(format!(
                "it has {rank} axes, and mimo's inputs have a batch axis and at most {} others",
                MOST_AXES - 1
            )));
        }
        let whole = match port.element {
            Some(Element::F32 | Element::F64) => false,
            Some(Element::I32 | Element::I64) => true,
            _ => return Err(Error::new("its values are neither floats nor integers of 32 or 64 bits")),
        };
        let batch = batch_axis(port)?;
        let asked = options
            .lengths
            .get(wanted)
            .or_else(|| options.lengths.get(&port.name))
            .cloned()
            .unwrap_or_default();
        let mut asked = asked.into_iter();
        let last = asked.clone().next_back();
        let mut lengths = vec![];
        let mut open = 0;
        for (at, axis) in port.shape.iter().enumerate().filter(|(at, _)| *at != batch) {
            let length = match axis {
                model::Axis::Length(len) => Some(*len),
                model::Axis::Free(_) => asked.next().or(last),
            };
            open += usize::from(length.is_none());
            lengths.push((at, length.unwrap_or(1)));
        }
        if open > 0 {
            missing.push(format!("`--length {wanted}={}`", vec!["…"; open].join(",")));
        }
        // ONNX's axes; the batch is a factor of one of them if it is free.
        let is_image = rank >= 3 && batch == 0 && self.reads_image(&port.name, order, rank);
        let mut axes: Vec<Axis> = match is_image {
            true => channels_last(rank),
            false => {
                let mut own = 0..;
                let axis = |at| {
                    if at == batch { vec![Atom::Batch] } else { own.by_ref().take(1).map(Atom::Of).collect() }
                };
                (0..rank).map(axis).collect()
            }
        };
        if port.shape.get(batch) == Some(&model::Axis::Length(1))
            && let Some(axis) = axes.get_mut(batch)
        {
            axis.clear();
        }
        let mut shape = vec![1; rank - 1];
        for (at, len) in lengths {
            let own = axes.get(at).map(owned).unwrap_or_default();
            if let Some(place) = own.first().and_then(|&own| shape.get_mut(own)) {
                *place = len;
            }
        }
        if super::array::product(&shape) > super::MOST_VALUES {
            return Err(Error::new(format!("its shape {shape:?} is too large")));
        }
        let is_plain = axes.iter().flat_map(owned).eq(0..rank - 1) && batch == 0;
        if !is_plain {
            let line = format!("`{name}` {}", layout_said(&axes, &shape, &axis_names(port)));
            self.block.statements.push(Statement::Comment(vec![line]));
        }
        let mut args = vec![keyword("shape", list(shape.iter().copied()))];
        if whole {
            args.push(keyword("dtype", text("int32")));
        }
        let binding = self.taken.binding(name);
        let bound = Let {
            bindings: vec![binding.clone()],
            shape: None,
            value: Expr::Input(args),
            origin: String::new(),
        };
        let place = u32::try_from(self.block.statements.len()).unwrap_or(u32::MAX);
        if let Some(error) = self.evaluator.run(&bound, place).first() {
            return Err(Error::new(crate::keras::layers::said_of(error)));
        }
        self.block.statements.push(Statement::Let(bound));
        self.block.inputs.push(Port { name: binding.clone(), binding: binding.clone() });
        self.define(&port.name, Value::Tensor(Placed { name: binding, axes, nonnegative: false }));
        Ok(())
    }

    /// Whether the first operators that need an order of the axes are those of images.
    fn reads_image(&self, input: &str, order: &[usize], rank: usize) -> bool {
        let mut same: BTreeSet<&str> = BTreeSet::from([input]);
        for &at in order {
            let Some(node) = self.net.nodes.get(at) else { continue };
            if !node.inputs.iter().any(|name| same.contains(name.as_str())) {
                continue;
            }
            match node.op.as_str() {
                "Conv"
                | "ConvTranspose"
                | "MaxPool"
                | "AveragePool"
                | "GlobalAveragePool"
                | "GlobalMaxPool"
                | "Resize"
                | "Upsample"
                | "BatchNormalization"
                | "InstanceNormalization"
                | "GroupNormalization"
                    if node.inputs.first().is_some_and(|name| same.contains(name.as_str())) =>
                {
                    return true;
                }
                "Add" | "Sub" | "Mul" | "Div" | "Cast" | "Identity" | "Dropout" | "Slice" => {
                    same.extend(node.outputs.first().map(String::as_str));
                }
                "Pad" => {
                    // Zeros around height and width.
                    let pads = node.inputs.get(1).and_then(|name| constant(self.net, name));
                    let pads =
                        pads.or_else(|| net::ints(node, "pads").map(<[i64]>::to_vec)).unwrap_or_default();
                    let is_image = rank == 4
                        && pads.len() == 2 * rank
                        && [1, rank + 1].iter().all(|&at| pads.get(at) == Some(&0));
                    if is_image {
                        return true;
                    }
                }
                op if super::activation::is_single(op) => {
                    same.extend(node.outputs.first().map(String::as_str))
                }
                _ => {}
            }
        }
        false
    }

    /// The outputs of the graph.
    pub(super) fn outputs(&mut self, graph: &Graph) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        let mut comments = vec![];
        for (at, port) in graph.outputs.iter().enumerate() {
            let within = |reason: String| Error::new(reason).within(format!("output `{}`", port.name));
            let value = self.value(&port.name).map_err(within)?;
            let x = self
                .as_tensor(value)
                .map_err(|_| within("it is a constant, which no layer computes".into()))?;
            let name = distinct(&port_name(&port.name, at, graph.outputs.len(), "output"), &mut names);
            let x = self.as_output(&x).map_err(within)?;
            let is_plain = x.axes.iter().flat_map(owned).eq(0..x.rank())
                && x.axes
                    .iter()
                    .enumerate()
                    .all(|(at, axis)| (at == 0) != (axis.len() == 1 && axis[..] != [Atom::Batch]));
            if !is_plain {
                let shape = self.shape(&x.name).map_err(within)?;
                let sizes = self.sizes(&x).map_err(within)?;
                let shown = sizes.iter().map(|size| match size {
                    Size::Known(n) => n.to_string(),
                    Size::Batch(_) => "batch".into(),
                });
                comments
                    .push(format!("`{name}` {}", layout_said(&x.axes, &shape, &shown.collect::<Vec<_>>())));
            }
            // An output is computed by a layer, and is one output only.
            let is_taken =
                self.block.inputs.iter().chain(&self.block.outputs).any(|port| port.binding == x.name);
            let binding = match is_taken {
                true => self.plain("Identity", vec![], &[&x]).map_err(within)?,
                false => x.name,
            };
            self.block.outputs.push(Port { name, binding });
        }
        if !comments.is_empty() {
            self.block.statements.push(Statement::Comment(comments));
        }
        Ok(())
    }

    /// A tensor as an output: each of ONNX's axes is one axis in mimo. Images stay with channels last.
    fn as_output(&mut self, x: &Placed) -> Result<Placed, String> {
        let rank = x.axes.len();
        let batch = x.axes.iter().position(|axis| axis[..] == [Atom::Batch]);
        let places: Vec<usize> = (0..rank).filter(|&at| Some(at) != batch.or(Some(0))).collect();
        let owns: Option<Vec<usize>> = places.iter().map(|&at| x.own(at)).collect();
        match owns {
            Some(owns) if is_order(&owns, x.rank()) => {
                let is_input = self.block.inputs.iter().any(|port| port.binding == x.name);
                let is_image = !is_input && rank >= 3 && x.axes == with_batch_of(&channels_last(rank), x);
                let is_plain = owns.iter().copied().eq(0..owns.len());
                if is_image || is_plain {
                    return Ok(x.clone());
                }
                self.arranged(x, &places)
            }
            // Axes of length 1 before the batch are left out.
            _ if batch.is_some_and(|batch| batch > 0 && x.axes.iter().take(batch).all(Vec::is_empty)) => {
                let kept: Vec<usize> = places.into_iter().filter(|&at| at > batch.unwrap_or(0)).collect();
                self.arranged(x, &kept)
            }
            _ => self.arranged(x, &places),
        }
    }
}

/// Axes with the batch where a tensor has it: without a free batch the first axis has no factor.
fn with_batch_of(axes: &[Axis], x: &Placed) -> Vec<Axis> {
    let mut axes = axes.to_vec();
    if let (Some(first), Some(own)) = (axes.first_mut(), x.axes.first()) {
        first.clone_from(own);
    }
    axes
}

/// Integers of an initializer.
fn constant(net: &Net, name: &str) -> Option<Vec<i64>> {
    match net.arrays.get(name) {
        Some(array) => array.to_whole(),
        None => {
            super::constants::constant(net.maker(name).filter(|node| node.op == "Constant")?).ok()?.to_whole()
        }
    }
}

/// The axis of the samples: the first if it is free or 1, else the only free one.
fn batch_axis(port: &model::Port) -> Result<usize, Error> {
    let free: Vec<(usize, &str)> = port
        .shape
        .iter()
        .enumerate()
        .filter_map(|(at, axis)| match axis {
            model::Axis::Free(name) => Some((at, name.as_str())),
            model::Axis::Length(_) => None,
        })
        .collect();
    let named = free.iter().find(|(_, name)| {
        ["batch", "n", "b", "batch_size", "batchsize"].contains(&name.to_ascii_lowercase().as_str())
    });
    match (port.shape.first(), &free[..], named) {
        (_, _, Some((at, _))) => Ok(*at),
        (Some(model::Axis::Free(_) | model::Axis::Length(1)), _, _) => Ok(0),
        (_, [(at, _)], _) => Ok(*at),
        (Some(model::Axis::Length(len)), _, _) => Err(Error::new(format!(
            "its first axis has the length {len}: the batch has to be free or 1; export the model with a free batch axis (`dynamic_axes`, `dynamic_shapes`)"
        ))),
        (None, _, _) => Err(Error::new("it has no axes")),
    }
}

fn port_name(name: &str, at: usize, count: usize, otherwise: &str) -> String {
    let otherwise = if count > 1 { format!("{otherwise}_{}", at + 1) } else { otherwise.to_owned() };
    names::port(name, &otherwise)
}

fn distinct(wanted: &str, names: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut count = 2;
    while !names.insert(name.clone()) {
        name = format!("{wanted}_{count}");
        count += 1;
    }
    name
}

fn axis_names(port: &model::Port) -> Vec<String> {
    let of = |axis: &model::Axis| match axis {
        model::Axis::Length(len) => len.to_string(),
        model::Axis::Free(name) if name.is_empty() => "batch".into(),
        model::Axis::Free(name) => name.clone(),
    };
    port.shape.iter().map(of).collect()
}

/// Comment for a layout that is not ONNX's: both shapes, and the order of ONNX's axes in mimo.
fn layout_said(axes: &[Axis], shape: &[usize], onnx: &[String]) -> String {
    let mut order: Vec<(usize, usize)> =
        axes.iter().enumerate().filter_map(|(at, axis)| Some((*owned(axis).first()?, at))).collect();
    order.sort_unstable();
    let batch =
        axes.iter().position(|axis| axis.contains(&Atom::Batch)).or((order.len() < axes.len()).then_some(0));
    let order: Vec<String> =
        batch.into_iter().chain(order.into_iter().map(|(_, at)| at)).map(|at| at.to_string()).collect();
    let is_image = axes.len() >= 3 && axes.get(1..) == channels_last(axes.len()).get(1..);
    let what = if is_image { "has channels last" } else { "has the samples first" };
    format!("{what}, {shape:?}: ONNX has [{}], transpose it by ({})", onnx.join(", "), order.join(", "))
}
