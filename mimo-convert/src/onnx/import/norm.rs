//! Normalizations.

use mimo_graph::value::ValueKind;

use super::activation::{floats, number};
use super::array::Array;
use super::constants::position;
use super::layout::list;
use super::linear::vector;
use super::net::{float, int};
use super::state::{Importer, Weighted, first_output, name_of};
use super::tensor::{Placed, Value};
use crate::onnx::model::Node;
use crate::source::{keyword, value, whole};

impl Importer<'_> {
    /// Batch normalization by its moving statistics.
    pub(super) fn batch_normalization(&mut self, node: &Node) -> Result<(), String> {
        if int(node, "training_mode").unwrap_or(0) != 0 {
            return Err("`training_mode` is set: export the model for inference (`model.eval()`)".into());
        }
        let x = self.tensor(node, 0)?;
        let rank = x.axes.len();
        let x = match rank {
            0 | 1 => return Err("its input has no channels".into()),
            2 => self.with_axis(&x, 1, true)?.0,
            _ => {
                let order: Vec<usize> = (2..rank).chain([1]).collect();
                self.arranged(&x, &order)?
            }
        };
        let channels = self.shape(&x.name)?.last().copied().unwrap_or(0);
        let mut arrays = vec![];
        for at in 1..5 {
            let array = floats(&*self.needed(node, at)?)?;
            if array.shape != [channels] {
                return Err(format!("input {at} does not have one number for each of {channels} channels"));
            }
            arrays.push(Array { name: None, ..array });
        }
        let args = vec![
            keyword("momentum", number(float(node, "momentum").unwrap_or(0.9))?),
            keyword("epsilon", number(float(node, "epsilon").unwrap_or(1e-5))?),
        ];
        let weight = name_of(node, 1).to_owned();
        let name = self.call(Weighted { class: "BatchNormalization", args, arrays, weight }, &x, node)?;
        self.output(node, x.renamed(name))
    }

    /// Layer normalization, and that by the root of the mean square, over the axes from one to the last.
    pub(super) fn layer_normalization(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let rank = x.axes.len();
        if node
            .outputs
            .iter()
            .skip(1)
            .any(|name| self.readers.contains_key(name) || self.net.outputs.contains(name))
        {
            return Err("its mean and deviation are read, which no layer outputs".into());
        }
        let first = position(int(node, "axis").unwrap_or(-1), rank).ok_or("there is no such axis")?;
        let over: Vec<usize> = (first..rank).collect();
        // The axes keep their places in mimo; the weights get that order.
        let mut x = x;
        for &at in &over {
            if x.own(at).is_none() {
                x = self.with_axis(&x, at, false)?.0;
            }
        }
        let mut owned: Vec<(usize, usize)> = vec![];
        for (place, &at) in over.iter().enumerate() {
            owned.push((x.own(at).ok_or("an axis is missing")?, place));
        }
        owned.sort_unstable();
        let shape: Vec<usize> = over.iter().map(|&at| self.known_size(&x, at)).collect::<Result<_, _>>()?;
        let order: Vec<usize> = owned.iter().map(|(_, place)| *place).collect();
        let weight = |array: &Array| {
            let array = floats(array)?.broadcast(&shape).and_then(|it| it.transposed(&order));
            array
                .map(|it| Array { name: None, ..it })
                .ok_or_else(|| format!("a weight does not have the shape {shape:?}"))
        };
        let is_rms = node.op == "RMSNormalization";
        let axis = match owned[..] {
            [(own, _)] if own + 1 == x.rank() => whole(-1),
            [(own, _)] => whole(i64::try_from(own + 1).unwrap_or(i64::MAX)),
            _ => list(owned.iter().map(|(own, _)| own + 1)),
        };
        let mut args =
            vec![keyword("axis", axis), keyword("epsilon", number(float(node, "epsilon").unwrap_or(1e-5))?)];
        let mut arrays = vec![];
        let off = || value(ValueKind::Bool(false));
        match (self.known(node, 1)?, is_rms) {
            (Some(scale), _) => arrays.push(weight(&scale)?),
            (None, false) => args.push(keyword("scale", off())),
            // The layer has a scale.
            (None, true) => arrays.push(weight(&Array::floats(vec![], vec![1.0]))?),
        }
        match (self.known(node, 2)?, is_rms) {
            (Some(offset), false) => arrays.push(weight(&offset)?),
            (None, false) => args.push(keyword("center", off())),
            (_, true) => {}
        }
        let name = name_of(node, 1).to_owned();
        let class = if is_rms { "RMSNormalization" } else { "LayerNormalization" };
        let name = self.call(Weighted { class, args, arrays, weight: name }, &x, node)?;
        self.output(node, x.renamed(name))
    }

    /// Normalization of groups of channels, or of each channel by itself.
    pub(super) fn group_normalization(&mut self, node: &Node) -> Result<(), String> {
        let (x, _) = self.image(node)?;
        let channels = self.shape(&x.name)?.last().copied().unwrap_or(0);
        let groups = match node.op.as_str() {
            "InstanceNormalization" => channels,
            _ => int(node, "num_groups")
                .and_then(|n| usize::try_from(n).ok())
                .ok_or("`num_groups` is not valid")?,
        };
        let [scale, offset] = [1, 2].map(|at| self.needed(node, at));
        let mut arrays = vec![];
        for array in [scale?, offset?] {
            // Before version 21 there was one number for each group.
            let array = floats(&array)?;
            let each = match array.len() == groups
                && groups > 0
                && channels.is_multiple_of(groups)
                && groups != channels
            {
                true => array
                    .reshaped(vec![groups, 1])
                    .and_then(|it| it.broadcast(&[groups, channels / groups]))
                    .and_then(|it| it.reshaped(vec![channels])),
                false => vector(&array, channels),
            };
            arrays.push(Array { name: None, ..each.ok_or("a weight is not one number for each channel")? });
        }
        let args = vec![
            keyword("groups", whole(i64::try_from(groups).unwrap_or(i64::MAX))),
            keyword("epsilon", number(float(node, "epsilon").unwrap_or(1e-5))?),
        ];
        let weight = name_of(node, 1).to_owned();
        let name = self.call(Weighted { class: "GroupNormalization", args, arrays, weight }, &x, node)?;
        let output = first_output(node)?;
        self.define(&output, Value::Tensor(Placed { nonnegative: false, ..x.renamed(name) }));
        Ok(())
    }
}
