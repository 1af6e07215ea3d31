//! Activations and functions of single values.

use mimo_graph::diag::Loc;
use mimo_graph::item::Module;
use mimo_graph::language::find;
use mimo_graph::value::{Arg, ValueKind};

use super::array::Array;
use super::constants::position;
use super::net::{float, int, text};
use super::state::{Importer, first_output};
use super::tensor::{Placed, Value};
use crate::onnx::model::Node;
use crate::source::{self, keyword, value, whole, word};

/// The value of a scalar by its name.
type Known<'a> = &'a dyn Fn(&str) -> Option<f32>;

/// A number as a value of the language: the shortest decimal that is this number with 32 bits.
pub(super) fn number(x: f32) -> Result<mimo_graph::value::Value, String> {
    match format!("{x}").parse() {
        Ok(x) if f64::is_finite(x) => Ok(value(ValueKind::Float(x))),
        _ => Err(format!("the constant {x} cannot be written")),
    }
}

fn is_near(x: f32, wanted: f64) -> bool {
    (f64::from(x) - wanted).abs() <= wanted.abs() * 1e-5
}

/// An activation of single values with its arguments; none if a node is none that mimo has.
fn activation(opset: i64, node: &Node, known: Known<'_>) -> Option<(&'static str, Vec<Arg>)> {
    let plain = |word| Some((word, vec![]));
    let with = |word, name: &str, x: f32| Some((word, vec![keyword(name, number(x).ok()?)]));
    match node.op.as_str() {
        "Relu" => plain("relu"),
        "Sigmoid" => plain("sigmoid"),
        "Tanh" => plain("tanh"),
        "Softplus" => plain("softplus"),
        "Softsign" => plain("softsign"),
        "Mish" => plain("mish"),
        "HardSwish" => plain("hard_silu"),
        "Swish" if float(node, "alpha").is_none_or(|alpha| alpha == 1.0) => plain("silu"),
        "LeakyRelu" => with("leaky_relu", "negative_slope", float(node, "alpha").unwrap_or(0.01)),
        "Elu" => with("elu", "alpha", float(node, "alpha").unwrap_or(1.0)),
        "Celu" => with("celu", "alpha", float(node, "alpha").unwrap_or(1.0)),
        "ThresholdedRelu" => {
            let threshold = number(float(node, "alpha").unwrap_or(1.0)).ok()?;
            Some((
                "threshold",
                vec![keyword("threshold", threshold), keyword("default_value", number(0.0).ok()?)],
            ))
        }
        "Selu" => {
            let is_usual = float(node, "alpha").is_none_or(|it| is_near(it, 1.673_263_242_354_377_2))
                && float(node, "gamma").is_none_or(|it| is_near(it, 1.050_700_987_355_480_5));
            is_usual.then_some(("selu", vec![]))
        }
        "HardSigmoid" => {
            let is_usual = float(node, "alpha").is_some_and(|it| is_near(it, 1.0 / 6.0))
                && float(node, "beta").is_none_or(|it| it == 0.5);
            is_usual.then_some(("hard_sigmoid", vec![]))
        }
        "Gelu" if text(node, "approximate") == "tanh" => {
            Some(("gelu", vec![keyword("approximate", value(ValueKind::Bool(true)))]))
        }
        "Gelu" => plain("gelu"),
        "Clip" => match bounds(opset, node, known)? {
            (Some(0.0), Some(6.0)) => plain("relu6"),
            (Some(0.0), None) => plain("relu"),
            (Some(0.0), Some(most)) => with("relu", "max_value", most),
            (Some(-1.0), Some(1.0)) => plain("hard_tanh"),
            _ => None,
        },
        _ => None,
    }
}

/// The bounds of a `Clip`; none if they are not known.
fn bounds(opset: i64, node: &Node, known: Known<'_>) -> Option<(Option<f32>, Option<f32>)> {
    let bound = |at: usize, name: &str| match (opset < 11, node.inputs.get(at)) {
        (true, _) => Some(float(node, name)),
        (false, Some(input)) if !input.is_empty() => known(input).map(Some),
        (false, _) => Some(None),
    };
    let of = |bound: Option<f32>| bound.filter(|it| it.is_finite() && it.abs() < f32::MAX);
    Some((of(bound(1, "min")?), of(bound(2, "max")?)))
}

/// An activation as an argument of a layer whose last axis is ONNX's axis `axis` of `rank`.
pub(super) fn as_argument(
    opset: i64,
    node: &Node,
    axis: usize,
    rank: usize,
    known: Known<'_>,
) -> Option<mimo_graph::value::Value> {
    let (name, args) = match softmax(opset, node, rank) {
        Some((word, over)) if over == axis => (word, vec![]),
        Some(_) => return None,
        None => activation(opset, node, known)?,
    };
    let call = ValueKind::Call { name: name.into(), name_loc: Loc(0), args };
    Some(match call {
        ValueKind::Call { name, args, .. } if args.is_empty() => word(&name),
        call => value(call),
    })
}

/// A softmax, and the axis that it runs over.
fn softmax(opset: i64, node: &Node, rank: usize) -> Option<(&'static str, usize)> {
    let word = match node.op.as_str() {
        "Softmax" => "softmax",
        "LogSoftmax" => "log_softmax",
        _ => return None,
    };
    // Before version 13 all axes from `axis` on were one; for the last axis that is the same.
    let default = if opset < 13 { 1 } else { -1 };
    let axis = position(int(node, "axis").unwrap_or(default), rank)?;
    (opset >= 13 || axis + 1 == rank).then_some((word, axis))
}

/// Functions of single values that are operations of the language.
const FUNCTIONS: &[(&str, &str)] = &[
    ("Abs", "abs"),
    ("Acos", "arccos"),
    ("Acosh", "arccosh"),
    ("Asin", "arcsin"),
    ("Asinh", "arcsinh"),
    ("Atan", "arctan"),
    ("Atanh", "arctanh"),
    ("Ceil", "ceil"),
    ("Cos", "cos"),
    ("Cosh", "cosh"),
    ("Erf", "erf"),
    ("Exp", "exp"),
    ("Floor", "floor"),
    ("Log", "log"),
    ("Neg", "negative"),
    ("Not", "logical_not"),
    ("Reciprocal", "reciprocal"),
    ("Round", "round"),
    ("Sign", "sign"),
    ("Sin", "sin"),
    ("Sinh", "sinh"),
    ("Sqrt", "sqrt"),
    ("Tan", "tan"),
];

/// Functions whose results are never below zero.
const NONNEGATIVE: &[&str] =
    &["relu", "relu6", "sigmoid", "softplus", "hard_sigmoid", "softmax", "abs", "exp", "sqrt", "square"];

/// Whether a node is a function of single values, without weights.
pub(super) fn is_single(op: &str) -> bool {
    let activations = [
        "Relu",
        "Sigmoid",
        "Tanh",
        "Softplus",
        "Softsign",
        "Mish",
        "HardSwish",
        "Swish",
        "LeakyRelu",
        "Elu",
        "Celu",
        "ThresholdedRelu",
        "Selu",
        "HardSigmoid",
        "Gelu",
        "Clip",
    ];
    activations.contains(&op) || FUNCTIONS.iter().any(|(onnx, _)| *onnx == op)
}

impl Importer<'_> {
    /// A function of single values.
    pub(super) fn single(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let known = |name: &str| match self.value(name) {
            Ok(Value::Known(array)) => array.number(),
            _ => None,
        };
        let (word, args) = if let Some((word, args)) = activation(self.net.opset, node, &known) {
            (word, args)
        } else if let Some((_, word)) = FUNCTIONS.iter().find(|(onnx, _)| *onnx == node.op) {
            (*word, vec![])
        } else {
            let bounds = bounds(self.net.opset, node, &known);
            return self.otherwise(node, &x, bounds);
        };
        if word == "negative" {
            let expr = source::Expr::Negative(Box::new(source::Expr::Name(x.name.clone())));
            let name = self.bind(expr, word)?;
            return self.output(node, x.renamed(name));
        }
        // A function of the language that has a word of its own has no settings there.
        if !args.is_empty() && find(Module::Operations, word).is_some() {
            let call = ValueKind::Call { name: word.into(), name_loc: Loc(0), args };
            let name = self.plain("Activation", vec![keyword("activation", value(call))], &[&x])?;
            return self.output(node, Placed { nonnegative: NONNEGATIVE.contains(&word), ..x.renamed(name) });
        }
        let settings = args.into_iter().filter_map(|arg| Some((arg.name?.0, arg.value))).collect::<Vec<_>>();
        let settings = settings.iter().map(|(name, it)| (Some(name.as_str()), it.clone())).collect();
        let name = self.operation(word, &[&x], settings, word)?;
        let placed = Placed { nonnegative: NONNEGATIVE.contains(&word), ..x.renamed(name) };
        self.output(node, placed)
    }

    /// Forms of activations that are no words of the language.
    fn otherwise(
        &mut self,
        node: &Node,
        x: &Placed,
        bounds: Option<(Option<f32>, Option<f32>)>,
    ) -> Result<(), String> {
        let name = match (node.op.as_str(), bounds) {
            ("Clip", Some((Some(low), Some(high)))) => {
                self.operation("clip", &[x], vec![(None, number(low)?), (None, number(high)?)], "clip")?
            }
            ("Clip", Some((Some(low), None))) => {
                self.operation("maximum", &[x], vec![(None, number(low)?)], "clip")?
            }
            ("Clip", Some((None, Some(high)))) => {
                self.operation("minimum", &[x], vec![(None, number(high)?)], "clip")?
            }
            ("Clip", Some((None, None))) => return self.output(node, x.clone()),
            ("HardSigmoid", _) => {
                let (alpha, beta) = (float(node, "alpha").unwrap_or(0.2), float(node, "beta").unwrap_or(0.5));
                let scaled = self.with_number("*", x, alpha)?;
                let moved = self.with_number("+", &scaled, beta)?;
                self.operation(
                    "clip",
                    &[&moved],
                    vec![(None, number(0.0)?), (None, number(1.0)?)],
                    "hard_sigmoid",
                )?
            }
            ("Selu", _) => {
                let alpha = vec![(Some("alpha"), number(float(node, "alpha").unwrap_or(1.673_263_2))?)];
                let name = self.operation("elu", &[x], alpha, "selu")?;
                self.with_number("*", &x.renamed(name), float(node, "gamma").unwrap_or(1.050_701))?.name
            }
            ("Swish", _) => {
                let scaled = self.with_number("*", x, float(node, "alpha").unwrap_or(1.0))?;
                let gate = self.operation("sigmoid", &[&scaled], vec![], "gate")?;
                self.binary_of("*", x, &scaled.renamed(gate), "swish")?
            }
            _ => return Err("its bounds are not known".into()),
        };
        self.output(node, x.renamed(name))
    }

    /// `x * 0.5`
    pub(super) fn with_number(&mut self, op: &'static str, x: &Placed, y: f32) -> Result<Placed, String> {
        let (x_side, y) = (source::Operand::Tensor(source::Expr::Name(x.name.clone())), number(y)?);
        let expr = source::Expr::Binary(op, Box::new(x_side), Box::new(source::Operand::Value(y)));
        let name = self.bind(expr, "scaled")?;
        Ok(x.renamed(name))
    }

    /// An operator of two tensors of equal axes.
    pub(super) fn binary_of(
        &mut self,
        op: &'static str,
        a: &Placed,
        b: &Placed,
        base: &str,
    ) -> Result<String, String> {
        let [a, b] = [a, b].map(|it| Box::new(source::Operand::Tensor(source::Expr::Name(it.name.clone()))));
        self.bind(source::Expr::Binary(op, a, b), base)
    }

    /// `Softmax` and `LogSoftmax`.
    pub(super) fn softmax(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let Some((word, axis)) = softmax(self.net.opset, node, x.axes.len()) else {
            return Err("it runs over several axes at once".into());
        };
        let (x, own) = self.with_axis(&x, axis, false)?;
        let settings = match own + 1 == x.rank() {
            true => vec![],
            false => vec![(Some("axis"), whole(i64::try_from(own + 1).unwrap_or(i64::MAX)))],
        };
        let name = self.operation(word, &[&x], settings, word)?;
        self.output(node, Placed { nonnegative: word == "softmax", ..x.renamed(name) })
    }

    /// The slope of negative values is a weight, one for each channel or one for all.
    pub(super) fn prelu(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let slope = self.needed(node, 1)?;
        let missing =
            x.axes.len().checked_sub(slope.shape.len()).ok_or("the slope has more axes than the input")?;
        // The slope of each axis in mimo: its length, or 1 for all positions.
        let mut alpha = vec![1; x.rank()];
        let mut order = vec![];
        for (at, &len) in slope.shape.iter().enumerate().filter(|(_, len)| **len > 1) {
            let own = x.own(missing + at).ok_or("an axis of the slope is not an axis of the tensor")?;
            *alpha.get_mut(own).ok_or("an axis is missing")? = len;
            order.push((own, at));
        }
        order.sort_unstable();
        let ones = (0..slope.shape.len()).filter(|at| order.iter().all(|(_, other)| other != at));
        let order: Vec<usize> = order.iter().map(|(_, at)| *at).chain(ones).collect();
        let array = slope
            .transposed(&order)
            .and_then(|it| it.reshaped(alpha.clone()))
            .ok_or("the slope does not fit")?;
        let shared = (1..).zip(&alpha).filter(|(_, len)| **len == 1).map(|(axis, _)| axis);
        let shared: Vec<usize> = shared.collect();
        let args = match shared.is_empty() {
            true => vec![],
            false => vec![keyword("shared_axes", super::layout::list(shared))],
        };
        let weight = super::state::name_of(node, 1).to_owned();
        let it = super::state::Weighted { class: "PReLU", args, arrays: vec![floats(&array)?], weight };
        let name = self.call(it, &x, node)?;
        first_output(node)?;
        self.output(node, x.renamed(name))
    }
}

/// An array of floats.
pub(super) fn floats(array: &Array) -> Result<Array, String> {
    let values = array.to_floats().ok_or("a weight depends on the batch")?;
    Ok(Array { numbers: super::array::Numbers::Float(values), ..array.clone() })
}
