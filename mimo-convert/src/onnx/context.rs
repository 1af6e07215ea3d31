//! The tensors of a model while they are written, and what a call sees of them.

use std::collections::BTreeMap;

use mimo_graph::shape::Dtype;

use super::builder::{Builder, REST, Value, int};
use super::export::axes;
use super::model::{Data, Element};
use crate::error::Error;
use crate::weights::{Array, Values, Weights};

/// A tensor of [`Context`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(usize);

/// A tensor of the model.
#[derive(Clone, Debug)]
struct Tensor {
    /// The shape of a sample.
    shape: Vec<usize>,
    dtype: Dtype,
    /// Whether there is one for each sample. One that is not, as a weight, has a first axis of length 1.
    batched: bool,
    /// The value with channels last, as mimo has it.
    last: Option<Value>,
    /// The value with channels before the axes that windows slide over, as ONNX's convolutions have it. A tensor has either
    /// value, or both; the other is made by a `Transpose` where something reads it.
    first: Option<Value>,
}

/// Callee of a call as it is written.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) out: Builder,
    weights: &'a Weights,
    tensors: Vec<Tensor>,
    /// The value whose first axis is the batch.
    batch: Option<Value>,
    /// States of `stateful` layers by name: those that the last call of a layer left.
    states: BTreeMap<String, Vec<(&'static str, Value, usize)>>,
    /// Tensors whose first axes are part of the batch: so many axes of a tensor.
    folds: BTreeMap<(usize, usize), Id>,
}

/// A call of a layer. Axes of `TimeDistributed` are part of the batch here.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    /// The layer's name.
    pub(crate) name: &'a str,
    /// The names of its weights.
    pub(crate) weights: &'a [String],
    /// Tensors by place.
    pub(crate) inputs: Vec<Id>,
    /// Tensors by keyword.
    pub(crate) named: Vec<(&'a str, Id)>,
    /// Shapes and types of what it outputs.
    pub(crate) outputs: Vec<(Vec<usize>, Dtype)>,
}

impl Call<'_> {
    /// The only tensor, or the first.
    pub(crate) fn x(&self) -> Result<Id, Error> {
        self.input(0)
    }

    pub(crate) fn input(&self, at: usize) -> Result<Id, Error> {
        self.inputs.get(at).copied().ok_or_else(|| Error::new(format!("the call has no tensor {at}")))
    }

    pub(crate) fn named(&self, keyword: &str) -> Option<Id> {
        self.named.iter().find(|(name, _)| *name == keyword).map(|(_, id)| *id)
    }

    /// The shape of the first output.
    pub(crate) fn shape(&self) -> Result<&[usize], Error> {
        self.outputs.first().map(|(shape, _)| &shape[..]).ok_or_else(|| Error::new("the call has no output"))
    }

    pub(crate) fn dtype(&self) -> Dtype {
        self.outputs.first().map_or(Dtype::Float, |(_, dtype)| *dtype)
    }

    /// The path of a weight; `None` if the layer has none of this name.
    fn path(&self, weight: &str) -> Option<&str> {
        // The weights of projections are in folders of their own.
        let folder = weight.rsplit_once('_').map(|(folder, name)| format!("/{folder}/{name}"));
        let is = |path: &&String| {
            path.rsplit('/').next() == Some(weight)
                || folder.as_ref().is_some_and(|folder| path.ends_with(folder.as_str()))
        };
        self.weights.iter().find(is).map(String::as_str)
    }
}

impl<'a> Context<'a> {
    pub(crate) fn new(weights: &'a Weights) -> Self {
        Context {
            out: Builder::default(),
            weights,
            tensors: vec![],
            batch: None,
            states: BTreeMap::new(),
            folds: BTreeMap::new(),
        }
    }

    /// The value that has the batch as its first axis.
    pub(crate) fn set_batch(&mut self, value: &Value) {
        self.batch.get_or_insert_with(|| value.clone());
    }

    /// The states in which a call of a `stateful` layer begins: those of the call before, or inputs of the graph.
    pub(crate) fn states(
        &mut self,
        layer: &str,
        names: &'static [&'static str],
        units: usize,
    ) -> Result<Vec<Value>, Error> {
        if !self.states.contains_key(layer) {
            let input = |&name: &&'static str| {
                let value = self.out.input(&format!("{layer}/{name}"), Element::F32, axes(&[units]));
                (name, value, units)
            };
            let states = names.iter().map(input).collect();
            self.states.insert(layer.to_owned(), states);
        }
        let states = self.states.get(layer).into_iter().flatten();
        Ok(states.map(|(_, value, _)| value.clone()).collect())
    }

    /// The states in which it ends.
    pub(crate) fn set_states(&mut self, layer: &str, values: &[Value]) {
        let states = self.states.get_mut(layer).into_iter().flatten();
        states.zip(values).for_each(|((_, state, _), value)| *state = value.clone());
    }

    /// Makes the last states of `stateful` layers outputs of the graph.
    pub(crate) fn give_states(&mut self) {
        for (layer, states) in std::mem::take(&mut self.states) {
            for (name, value, units) in states {
                let name = self.out.reserve(&format!("{layer}/next_{name}"));
                self.out.output(name, &value, Element::F32, axes(&[units]));
            }
        }
    }

    /// Whether a value is an input of the graph.
    pub(crate) fn is_input(&self, value: &Value) -> bool {
        self.out.is_input(value)
    }

    fn add(&mut self, tensor: Tensor) -> Id {
        self.tensors.push(tensor);
        Id(self.tensors.len() - 1)
    }

    fn tensor(&self, id: Id) -> Result<&Tensor, Error> {
        self.tensors.get(id.0).ok_or_else(|| Error::new("a tensor is missing"))
    }

    /// A tensor of floats for each sample, with channels last.
    pub(crate) fn float(&mut self, value: Value, shape: &[usize]) -> Id {
        self.give(value, shape, Dtype::Float, true)
    }

    pub(crate) fn give(&mut self, value: Value, shape: &[usize], dtype: Dtype, batched: bool) -> Id {
        self.add(Tensor { shape: shape.to_vec(), dtype, batched, last: Some(value), first: None })
    }

    /// The first output of a call, for each sample.
    pub(crate) fn result(&mut self, call: &Call<'_>, value: Value) -> Result<Vec<Id>, Error> {
        let shape = call.shape()?.to_vec();
        Ok(vec![self.give(value, &shape, call.dtype(), true)])
    }

    /// The first output of a call that computes a sample like any other, so that what it computes of a weight is one for all samples.
    pub(crate) fn mapped(&mut self, call: &Call<'_>, value: Value) -> Result<Vec<Id>, Error> {
        let shape = call.shape()?.to_vec();
        let mut batched = false;
        for id in call.inputs.iter().chain(call.named.iter().map(|(_, id)| id)) {
            batched |= self.tensor(*id)?.batched;
        }
        Ok(vec![self.give(value, &shape, call.dtype(), batched)])
    }

    /// A tensor with channels first; `shape` is that of mimo.
    pub(crate) fn give_first(&mut self, value: Value, shape: &[usize]) -> Id {
        self.add(Tensor {
            shape: shape.to_vec(),
            dtype: Dtype::Float,
            batched: true,
            last: None,
            first: Some(value),
        })
    }

    pub(crate) fn shape(&self, id: Id) -> Result<Vec<usize>, Error> {
        Ok(self.tensor(id)?.shape.clone())
    }

    pub(crate) fn dtype(&self, id: Id) -> Result<Dtype, Error> {
        Ok(self.tensor(id)?.dtype)
    }

    pub(crate) fn is_batched(&self, id: Id) -> Result<bool, Error> {
        Ok(self.tensor(id)?.batched)
    }

    /// The value with channels last.
    pub(crate) fn last(&mut self, id: Id) -> Result<Value, Error> {
        let tensor = self.tensor(id)?;
        let (last, first, rank) = (tensor.last.clone(), tensor.first.clone(), tensor.shape.len());
        match (last, first) {
            (Some(last), _) => Ok(last),
            (None, Some(first)) => {
                let order: Vec<usize> = [0].into_iter().chain(2..rank + 1).chain([1]).collect();
                let value = self.out.transpose(&first, &order);
                if let Some(tensor) = self.tensors.get_mut(id.0) {
                    tensor.last = Some(value.clone());
                }
                Ok(value)
            }
            (None, None) => Err(Error::new("a tensor has no value")),
        }
    }

    /// The value as floats, with channels last.
    pub(crate) fn floats(&mut self, id: Id) -> Result<Value, Error> {
        let value = self.last(id)?;
        Ok(match self.dtype(id)? {
            Dtype::Float => value,
            Dtype::Int => self.out.cast(&value, Element::F32),
        })
    }

    /// The value for each sample: repeated if there is one for all.
    pub(crate) fn each(&mut self, id: Id) -> Result<Value, Error> {
        let value = self.last(id)?;
        if self.is_batched(id)? {
            return Ok(value);
        }
        let shape = self.shape(id)?;
        self.repeated(&value, &shape)
    }

    /// A value with a first axis of length 1, repeated for each sample. Axes of length 1 become those of the shape.
    pub(crate) fn repeated(&mut self, value: &Value, shape: &[usize]) -> Result<Value, Error> {
        let Some(batch) = self.batch.clone() else {
            return Err(Error::new("the model has no input, so its batch has no length"));
        };
        Ok(self.repeated_like(value, &batch, 0, shape))
    }

    /// The same for each position of an axis of another value.
    pub(crate) fn repeated_like(
        &mut self,
        value: &Value,
        like: &Value,
        axis: usize,
        shape: &[usize],
    ) -> Value {
        let lengths = self.out.node("Shape", &[like]);
        let batch = self.out.slice(&lengths, 0, axis, axis + 1);
        let shape: Vec<i64> = shape.iter().map(|&len| int(len)).collect();
        let shape = match shape[..] {
            [] => batch,
            _ => {
                let rest = self.out.ints(&shape);
                self.out.concat(&[batch, rest], 0)
            }
        };
        self.out.node("Expand", &[value, &shape])
    }

    /// The value with channels first. The rank of a sample is at least 2.
    pub(crate) fn first(&mut self, id: Id) -> Result<Value, Error> {
        if let Some(first) = self.tensor(id)?.first.clone() {
            return Ok(first);
        }
        let value = self.each(id)?;
        let rank = self.tensor(id)?.shape.len();
        let order: Vec<usize> = [0, rank].into_iter().chain(1..rank).collect();
        let value = self.out.transpose(&value, &order);
        if let Some(tensor) = self.tensors.get_mut(id.0)
            && tensor.batched
        {
            tensor.first = Some(value.clone());
        }
        Ok(value)
    }

    /// Whether only the value with channels first is there.
    pub(crate) fn is_first(&self, id: Id) -> bool {
        self.tensors.get(id.0).is_some_and(|tensor| tensor.last.is_none())
    }

    /// A function of single values, computed where the tensor is.
    pub(crate) fn map(
        &mut self,
        id: Id,
        map: impl FnOnce(&mut Builder, &Value) -> Value,
    ) -> Result<Id, Error> {
        let tensor = self.tensor(id)?.clone();
        let (last, first) = match (&tensor.last, &tensor.first) {
            (Some(last), _) => (Some(map(&mut self.out, last)), None),
            (None, Some(first)) => (None, Some(map(&mut self.out, first))),
            (None, None) => return Err(Error::new("a tensor has no value")),
        };
        Ok(self.add(Tensor { last, first, dtype: Dtype::Float, ..tensor }))
    }

    /// A tensor whose first `axes` are part of the batch.
    pub(crate) fn folded(&mut self, id: Id, axes: usize) -> Result<Id, Error> {
        if axes == 0 {
            return Ok(id);
        }
        if let Some(folded) = self.folds.get(&(id.0, axes)) {
            return Ok(*folded);
        }
        let value = self.each(id)?;
        let tensor = self.tensor(id)?;
        let (shape, dtype) = (tensor.shape.get(axes..).unwrap_or_default().to_vec(), tensor.dtype);
        let lengths: Vec<i64> = [REST].into_iter().chain(shape.iter().map(|&len| int(len))).collect();
        let value = self.out.reshape(&value, &lengths);
        let folded = self.give(value, &shape, dtype, true);
        self.folds.insert((id.0, axes), folded);
        Ok(folded)
    }

    /// The opposite: `shape` begins with the axes.
    pub(crate) fn unfolded(&mut self, id: Id, axes: usize, shape: &[usize]) -> Result<Id, Error> {
        let (value, dtype) = (self.last(id)?, self.dtype(id)?);
        let lengths: Vec<i64> = [REST].into_iter().chain(shape.iter().map(|&len| int(len))).collect();
        let value = self.out.reshape(&value, &lengths);
        let unfolded = self.give(value, shape, dtype, true);
        self.folds.insert((unfolded.0, axes), id);
        Ok(unfolded)
    }

    /// A weight of the call as it is in the file of weights; `None` if the layer has none of this name.
    fn array(&self, call: &Call<'_>, weight: &str) -> Result<Option<(String, &'a Array)>, Error> {
        let Some(path) = call.path(weight) else { return Ok(None) };
        match self.weights.get(path) {
            Some(array) if array.shape.iter().product::<usize>() == array.values.len() => {
                Ok(Some((path.to_owned(), array)))
            }
            Some(_) => {
                Err(Error::new(format!("the weight `{path}` has fewer or more values than its shape says")))
            }
            None => Err(Error::new(format!("the file has no weight `{path}`"))),
        }
    }

    /// Whether the layer has a weight.
    pub(crate) fn has(&self, call: &Call<'_>, weight: &str) -> bool {
        call.path(weight).is_some()
    }

    /// The shape of a weight.
    pub(crate) fn weight_shape(&self, call: &Call<'_>, weight: &str) -> Result<Vec<usize>, Error> {
        let (_, array) = self.array(call, weight)?.ok_or_else(|| missing(weight))?;
        Ok(array.shape.clone())
    }

    /// A weight as it is.
    pub(crate) fn weight(&mut self, call: &Call<'_>, weight: &str) -> Result<Value, Error> {
        self.changed_weight(call, weight, "", |values, shape| (values, shape))
    }

    /// A weight, if the layer has it.
    pub(crate) fn optional_weight(&mut self, call: &Call<'_>, weight: &str) -> Result<Option<Value>, Error> {
        match self.has(call, weight) {
            true => self.weight(call, weight).map(Some),
            false => Ok(None),
        }
    }

    /// A weight with another shape or order of values. `how` names the change.
    pub(crate) fn changed_weight(
        &mut self,
        call: &Call<'_>,
        weight: &str,
        how: &str,
        change: impl FnOnce(Vec<f32>, Vec<usize>) -> (Vec<f32>, Vec<usize>),
    ) -> Result<Value, Error> {
        let (path, array) = self.array(call, weight)?.ok_or_else(|| missing(weight))?;
        let name = if how.is_empty() { path } else { format!("{path}/{how}") };
        let key = format!("w{name}");
        Ok(self.out.initializer(&key, &name, || {
            let (values, shape) = change(numbers(array), array.shape.clone());
            (shape, Data::F32(values))
        }))
    }

    /// A weight under another shape.
    pub(crate) fn reshaped_weight(
        &mut self,
        call: &Call<'_>,
        weight: &str,
        shape: Vec<usize>,
    ) -> Result<Value, Error> {
        let how = format!("{shape:?}").replace(['[', ']', ' '], "").replace(',', "x");
        self.changed_weight(call, weight, &how, |values, _| (values, shape))
    }

    /// A weight with its axes in another order.
    pub(crate) fn transposed_weight(
        &mut self,
        call: &Call<'_>,
        weight: &str,
        order: &[usize],
    ) -> Result<Value, Error> {
        let how = order.iter().map(usize::to_string).collect::<String>();
        let found = self.weight_shape(call, weight)?;
        if found.len() != order.len() {
            return Err(Error::new(format!(
                "the weight `{weight}` has {} axes, and not {}",
                found.len(),
                order.len()
            )));
        }
        self.changed_weight(call, weight, &format!("transposed{how}"), |values, shape| {
            transposed(&values, &shape, order)
        })
    }
}

fn missing(weight: &str) -> Error {
    Error::new(format!("the layer has no weight `{weight}`"))
}

/// The numbers of an array in the precision of the file.
pub(crate) fn numbers(array: &Array) -> Vec<f32> {
    match &array.values {
        Values::F32(values) => values.clone(),
        Values::F64(values) => values.iter().map(|&value| value as f32).collect(),
    }
}

/// Values with their axes in another order: for each new axis the old one.
pub(crate) fn transposed<T: Copy>(values: &[T], shape: &[usize], order: &[usize]) -> (Vec<T>, Vec<usize>) {
    let stride = |axis: usize| shape.iter().skip(axis + 1).product::<usize>();
    let to: Vec<usize> = order.iter().filter_map(|&axis| shape.get(axis).copied()).collect();
    let strides: Vec<usize> = order.iter().map(|&axis| stride(axis)).collect();
    let places = (0..to.iter().product::<usize>()).map(|at| {
        let mut rest = at;
        let mut place = 0;
        for (len, stride) in to.iter().zip(&strides).rev() {
            place += rest % len * stride;
            rest /= len;
        }
        place
    });
    (places.filter_map(|place| values.get(place).copied()).collect(), to)
}
