//! `LSTM`, `GRU` and `RNN`, of one or two directions.

use mimo_graph::diag::Loc;
use mimo_graph::value::{Arg, ValueKind};

use super::activation::floats;
use super::array::Array;
use super::net::{int, text};
use super::state::{Importer, Weighted, name_of};
use super::tensor::{Atom, Axis, Placed, Value};
use crate::onnx::model::{Attribute, Node};
use crate::source::{Call, Expr, Operand, keyword, value, whole, word};

/// Positions of Keras's gates in ONNX, in Keras's order.
fn gates(op: &str) -> &'static [usize] {
    match op {
        // Input, forget, cell, output; ONNX: input, output, forget, cell.
        "LSTM" => &[0, 2, 3, 1],
        "GRU" => &[0, 1, 2],
        _ => &[0],
    }
}

impl Importer<'_> {
    /// A recurrent layer.
    pub(super) fn recurrent(&mut self, node: &Node) -> Result<(), String> {
        let op = node.op.as_str();
        let class = match op {
            "LSTM" => "LSTM",
            "GRU" => "GRU",
            _ => "SimpleRNN",
        };
        for (at, what) in [(4, "lengths of sequences"), (7, "peepholes")] {
            match self.input(node, at)? {
                None => {}
                // Lengths that are all steps say nothing.
                Some(Value::Filled(..)) if at == 4 => {}
                Some(_) => return Err(format!("it has {what}, which mimo does not have")),
            }
        }
        for name in ["clip", "input_forget"] {
            if node.attributes.get(name).is_some_and(|it| !matches!(it, Attribute::Int(0))) {
                return Err(format!("`{name}` is set, which mimo does not have"));
            }
        }
        let x = self.tensor(node, 0)?;
        let is_batch_first = int(node, "layout").unwrap_or(0) != 0;
        let (steps, batch) = if is_batch_first { (1, 0) } else { (0, 1) };
        if x.axes.len() != 3 {
            return Err("its input does not have three axes".into());
        }
        let samples = x.axes.get(batch).cloned().unwrap_or_default();
        if !(samples[..] == [Atom::Batch] || samples.is_empty()) {
            return Err("the axis of its samples is not the batch".into());
        }
        let x = self.arranged(&x, &[steps, 2])?;
        let [kernel, recurrent] = [self.needed(node, 1)?, self.needed(node, 2)?];
        let (kernel, recurrent) = (floats(&kernel)?, floats(&recurrent)?);
        let bias = self.known(node, 3)?.map(|it| floats(&it)).transpose()?;
        let gates = gates(op);
        let &[directions, width, units] = &recurrent.shape[..] else {
            return Err("its weights do not have three axes".into());
        };
        let inputs = self.shape(&x.name)?.last().copied().unwrap_or(0);
        let fits = kernel.shape == [directions, width, inputs]
            && units.checked_mul(gates.len()) == Some(width)
            && bias.as_ref().is_none_or(|it| it.shape == [directions, width.saturating_mul(2)]);
        let direction = text(node, "direction");
        if !fits || units == 0 || directions != if direction == "bidirectional" { 2 } else { 1 } {
            return Err("the shapes of its weights do not fit each other".into());
        }
        let resets_after = int(node, "linear_before_reset").unwrap_or(0) != 0;
        let mut arrays = vec![];
        for direction in 0..directions {
            arrays.extend(of_direction(
                op,
                resets_after,
                &kernel,
                &recurrent,
                bias.as_ref(),
                direction,
                units,
            )?);
        }
        let size = |n: usize| whole(i64::try_from(n).unwrap_or(i64::MAX));
        let mut args = vec![keyword("units", size(units))];
        args.extend(activations(node, directions)?);
        if bias.is_none() {
            args.push(keyword("use_bias", value(ValueKind::Bool(false))));
        }
        if op == "GRU" && !resets_after {
            args.push(keyword("reset_after", value(ValueKind::Bool(false))));
        }
        let read: Vec<bool> = (0..3).map(|at| is_read_at(node, self, at)).collect();
        let is_read = |at: usize| read.get(at) == Some(&true);
        let (reads_all, reads_states) = (is_read(0), is_read(1) || is_read(2));
        let yes = || value(ValueKind::Bool(true));
        let is_last_only = !reads_all && directions == 1 && !is_read(2);
        if reads_all {
            args.push(keyword("return_sequences", yes()));
        }
        if reads_states && !is_last_only {
            args.push(keyword("return_state", yes()));
        }
        if direction == "reverse" {
            args.push(keyword("go_backwards", yes()));
        }
        let (class, args) = match directions {
            1 => (class, args),
            _ => {
                let inner = self.layer(class, args)?;
                let call = ValueKind::Call { name: class.into(), name_loc: Loc(0), args: inner.args };
                ("Bidirectional", vec![Arg { name: None, value: value(call) }])
            }
        };
        let states = self.initial_states(node, directions, units)?;
        let weight = name_of(node, 1).to_owned();
        let (callee, name) = self.weighted(Weighted { class, args, arrays, weight }, node)?;
        let keywords = match states.len() {
            0 => vec![],
            1 => states
                .iter()
                .map(|it| ("initial_state".to_owned(), Operand::Tensor(Expr::Name(it.clone()))))
                .collect(),
            _ => {
                let all = states.iter().map(|it| Expr::Name(it.clone())).collect();
                vec![("initial_state".to_owned(), Operand::Tensors(all))]
            }
        };
        let expr = Expr::Call(Box::new(Call {
            callee,
            tensors: vec![Expr::Name(x.name.clone())],
            list: false,
            keywords,
        }));
        let kinds: &[&str] = if op == "LSTM" { &["h", "c"] } else { &["h"] };
        let mut bases = vec![if reads_all || is_last_only { name.clone() } else { "_".into() }];
        if reads_states && !is_last_only {
            let sides: &[&str] = if directions == 2 { &["forward_", "backward_"] } else { &[""] };
            for side in sides {
                for (at, kind) in kinds.iter().enumerate() {
                    bases.push(if is_read(at + 1) { format!("{name}_{side}{kind}") } else { "_".into() });
                }
            }
        }
        let made = self.bind_all(expr, &bases)?;
        let of = |name: &String, axes: Vec<Axis>| Placed { name: name.clone(), axes, nonnegative: false };
        let batched = |axes: [Axis; 2]| -> Vec<Axis> { axes.into_iter().collect() };
        if let (true, Some(all), Some(output)) = (reads_all, made.first(), node.outputs.first()) {
            let mut y = of(all, vec![vec![Atom::Of(0)], samples.clone(), vec![Atom::Of(1)]]);
            // Keras leaves the results of `go_backwards` in the order in which they were computed.
            if direction == "reverse" {
                y = self.flipped(&y, 0)?;
            }
            let (last, axes) = match directions {
                1 => (vec![Atom::Of(1)], y.axes.clone()),
                _ => {
                    let shape = self.shape(&y.name)?;
                    let steps = shape.first().copied().unwrap_or(0);
                    let axes = vec![vec![Atom::Of(0)], samples.clone(), vec![Atom::Of(1), Atom::Of(2)]];
                    y = self.reshaped(&y, &[steps, 2, units], axes.clone())?;
                    (vec![Atom::Of(2)], axes)
                }
            };
            let direction = if directions == 2 { vec![Atom::Of(1)] } else { vec![] };
            let time = axes.first().cloned().unwrap_or_default();
            y.axes = match is_batch_first {
                false => vec![time, direction, samples.clone(), last],
                true => vec![samples.clone(), time, direction, last],
            };
            self.define(output, Value::Tensor(y));
        }
        for (at, _) in kinds.iter().enumerate().filter(|(at, _)| is_read(at + 1)) {
            let Some(output) = node.outputs.get(at + 1) else { continue };
            let parts: Vec<Placed> = match is_last_only {
                true => made
                    .first()
                    .map(|name| of(name, batched([samples.clone(), vec![Atom::Of(0)]])))
                    .into_iter()
                    .collect(),
                false => (0..directions)
                    .filter_map(|side| made.get(1 + side * kinds.len() + at))
                    .map(|name| of(name, batched([samples.clone(), vec![Atom::Of(0)]])))
                    .collect(),
            };
            match is_batch_first {
                false => self.define(output, Value::Stacked(parts)),
                true => return Err("states with the batch first have no counterpart in mimo".into()),
            }
        }
        Ok(())
    }

    /// Bindings of initial states that are not zero: those of one direction, and then those of the other.
    fn initial_states(
        &mut self,
        node: &Node,
        directions: usize,
        units: usize,
    ) -> Result<Vec<String>, String> {
        let mut given = vec![];
        for at in [5, 6] {
            let is_zero = match self.input(node, at)? {
                None => true,
                Some(Value::Filled(number, _)) => number == 0.0,
                Some(Value::Known(array)) => array.uniform() == Some(0.0) || array.len() == 0,
                Some(_) => false,
            };
            if is_zero {
                continue;
            }
            let parts = match self.input(node, at)? {
                Some(Value::Stacked(parts)) if parts.len() == directions => parts,
                Some(Value::Tensor(x)) if x.axes.len() == 3 && directions == 1 => {
                    let x = self.arranged(&x, &[2])?;
                    vec![x]
                }
                Some(Value::Tensor(_)) => {
                    return Err("mimo reads initial states of two directions from two tensors".into());
                }
                _ => {
                    return Err(
                        "an initial state that is a constant other than zero has no counterpart in mimo"
                            .into(),
                    );
                }
            };
            if parts.iter().any(|part| self.shape(&part.name).ok() != Some(vec![units])) {
                return Err("an initial state does not have one number for each unit".into());
            }
            given.push(parts);
        }
        let count = if node.op == "LSTM" { 2 } else { 1 };
        if !given.is_empty() && given.len() != count {
            return Err("one of its two initial states is zero, and mimo takes both or none".into());
        }
        let sides = 0..directions;
        Ok(sides
            .flat_map(|side| {
                given
                    .iter()
                    .filter_map(move |parts| parts.get(side))
                    .map(|part| part.name.clone())
                    .collect::<Vec<_>>()
            })
            .collect())
    }
}

fn is_read_at(node: &Node, it: &Importer<'_>, at: usize) -> bool {
    node.outputs.get(at).is_some_and(|name| {
        !name.is_empty() && (it.readers.contains_key(name) || it.net.outputs.contains(name))
    })
}

/// The weights of one direction as Keras has them.
fn of_direction(
    op: &str,
    resets_after: bool,
    kernel: &Array,
    recurrent: &Array,
    bias: Option<&Array>,
    direction: usize,
    units: usize,
) -> Result<Vec<Array>, String> {
    let wrong = || "the shapes of its weights do not fit each other".to_owned();
    let gates = gates(op);
    let columns: Vec<usize> = gates.iter().flat_map(|gate| gate * units..(gate + 1) * units).collect();
    let width = columns.len();
    let mut arrays = vec![];
    for array in [kernel, recurrent] {
        let rows = *array.shape.get(2).ok_or_else(wrong)?;
        let own = array.taken(0, &[direction]).and_then(|it| it.reshaped(vec![width, rows]));
        let own = own.and_then(|it| it.taken(0, &columns)).and_then(|it| it.transposed(&[1, 0]));
        arrays.push(Array { name: None, ..own.ok_or_else(wrong)? });
    }
    if let Some(bias) = bias {
        let own = bias.taken(0, &[direction]).and_then(|it| it.reshaped(vec![2, width]));
        let own = own.and_then(|it| it.taken(1, &columns)).ok_or_else(wrong)?;
        let values = own.to_floats().ok_or_else(wrong)?;
        let (of_inputs, of_states) = values.split_at_checked(width).ok_or_else(wrong)?;
        arrays.push(match op == "GRU" && resets_after {
            true => Array::floats(vec![2, width], values),
            false => {
                Array::floats(vec![width], of_inputs.iter().zip(of_states).map(|(a, b)| a + b).collect())
            }
        });
    }
    Ok(arrays)
}

/// Activations that are not the usual ones.
fn activations(node: &Node, directions: usize) -> Result<Vec<Arg>, String> {
    let Some(Attribute::Texts(all)) = node.attributes.get("activations") else { return Ok(vec![]) };
    let each = all.len().checked_div(directions).unwrap_or(0);
    let (first, second) = all.split_at_checked(each).ok_or("its activations do not fit its directions")?;
    if directions == 2 && first != second
        || ["activation_alpha", "activation_beta"].iter().any(|it| node.attributes.contains_key(*it))
    {
        return Err("its directions have different activations, or activations with parameters".into());
    }
    let of = |name: &String| match name.to_ascii_lowercase().as_str() {
        "relu" => Ok("relu"),
        "tanh" => Ok("tanh"),
        "sigmoid" => Ok("sigmoid"),
        "softsign" => Ok("softsign"),
        "softplus" => Ok("softplus"),
        _ => Err(format!("the activation `{name}` of a recurrent layer has no counterpart in mimo")),
    };
    let words = first.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    match (node.op.as_str(), &words[..]) {
        ("LSTM", [gate, cell, output]) if cell == output => {
            Ok(vec![keyword("activation", word(cell)), keyword("recurrent_activation", word(gate))])
        }
        ("GRU", [gate, cell]) => {
            Ok(vec![keyword("activation", word(cell)), keyword("recurrent_activation", word(gate))])
        }
        ("RNN", [cell]) => Ok(vec![keyword("activation", word(cell))]),
        _ => Err("its activations have no counterpart in mimo".into()),
    }
}
