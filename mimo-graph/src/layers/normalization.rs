//! `Normalization`: shifts and scales values by a mean and a variance, which are constants or adapted weights.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::Initializer;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions};
use crate::layers::named_axes::NamedAxes;
use crate::layers::rescaling::{numbers, one_for_each, repeated};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// Lower bound on the standard deviation: Keras's `epsilon`.
const LEAST: f64 = 1e-7;

/// Keras's `Normalization`: the input's shape, of floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// Axes whose positions each have a mean and a variance; empty if all values share one.
    pub axis: NamedAxes,
    /// Mean and variance, of equal length; `None` if they are weights.
    pub constants: Option<(Vec<f64>, Vec<f64>)>,
    /// Whether the layer computes the inverse.
    pub invert: bool,
}

layer! {
    /// Normalizes values to mean 0 and variance 1: `(x − mean) / √variance`, by constants or by mean and variance of
    /// data.
    ///
    /// The shape is unchanged. Integers become floats. Without constants, `mean` and `variance` are weights that
    /// are not trained: `model.normalization.adapt(&values)` sets them; their initial values are 0 and 1. Weights:
    /// `mean` and `variance`, of the lengths of the axes.
    ///
    /// Keras: [`Normalization`](https://keras.io/api/layers/preprocessing_layers/numerical/normalization/)
    "`Normalization(axis = -1, mean = none, variance = none, invert = false, name = none, trainable = true)`"
    Normalization, "let x = Input(shape = [3]);\nlet y: [3] = Normalization(mean = [0.5, 2.0, 1.0], variance = [0.25, 4.0, 1.0])(x);" => Normalization::from_args;
    takes {
        /// Axis whose positions each have a mean and a variance, or a list of axes; `none` for one mean and variance
        /// of all values.
        axis: Axes = "-1",
        /// Mean, or a list with one for each position of the last of the axes.
        mean: Numbers = "none",
        /// Variance, or a list with one for each position of the last of the axes.
        variance: Numbers = "none" in [0.0..],
        /// Whether the layer computes the inverse: `x · √variance + mean`.
        invert: bool = "false",
    }
}

impl Normalization {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let none = args.take("axis").is_some_and(|value| match &value.kind {
            ValueKind::List(items) => items.is_empty(),
            kind => *kind == ValueKind::None,
        });
        let axis = if none { Some(NamedAxes(vec![])) } else { NamedAxes::from_args(args, cx) };
        let mean = args.read_optional("mean", cx, numbers);
        let variance = args.read_optional("variance", cx, numbers);
        let invert = args.boolean("invert", cx);
        let axis = axis.filter(|_| args.sound(&["mean", "variance", "invert"]))?;
        let negative = axis.0.iter().filter(|&&axis| axis < 0).count();
        if mean.is_none() && variance.is_none() && negative != 0 && negative != axis.0.len() {
            let message = "`axis` of `Normalization` counts some axes from the start and some from the end";
            let help = "count all from the end, `axis = [-2, -1]`, or all from the start, `axis = [1, 2]`";
            cx.error(Diag::error(Code::WrongValue, args.loc("axis"), message).help(help));
            return None;
        }
        let fault = match (&mean, &variance) {
            (Some(_), None) => {
                Some((Code::MissingArgument, "mean", "`Normalization` with a `mean` needs `variance`"))
            }
            (None, Some(_)) => {
                Some((Code::MissingArgument, "variance", "`Normalization` with a `variance` needs `mean`"))
            }
            (Some(mean), Some(variance)) if mean.len() != variance.len() => Some((
                Code::WrongValue,
                "variance",
                "`mean` and `variance` of `Normalization` are not equally many numbers",
            )),
            (Some(mean), _) if axis.0.is_empty() && mean.len() > 1 => Some((
                Code::WrongValue,
                "mean",
                "`axis = none` has one mean for all values, and `mean` is a list",
            )),
            (_, Some(variance)) if variance.iter().any(|&x| x < 0.0) => {
                Some((Code::ValueOutOfRange, "variance", "`variance` of `Normalization` must be at least 0"))
            }
            _ => None,
        };
        if let Some((code, argument, message)) = fault {
            let help = match argument {
                "variance" if code == Code::ValueOutOfRange => "write the square of the standard deviation",
                _ => {
                    "write both, `mean = [0.5, 2.0], variance = [0.25, 4.0]`, or neither and set the weights from data"
                }
            };
            cx.error(Diag::error(code, args.loc(argument), message).help(help));
            return None;
        }
        Some(Normalization { axis, constants: mean.zip(variance), invert })
    }

    /// The axes within a sample, ascending.
    fn axes(&self, rank: usize) -> Option<Vec<usize>> {
        let mut axes = self.axis.of_sample(rank)?;
        axes.sort_unstable();
        Some(axes)
    }

    /// Number of consecutive values of a sample that share a mean and a variance.
    fn inner(&self, shape: &Shape) -> Dim {
        let after = self.axes(shape.rank()).and_then(|axes| axes.last().copied()).map_or(0, |last| last + 1);
        Shape(shape.0.iter().skip(after).cloned().collect()).elements()
    }
}

impl Layer for Normalization {
    fn class_name(&self) -> &'static str {
        "Normalization"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let weight = weights.first()?;
        // `adapt` has to find the axes in tensors of any number of axes.
        let last = self.axis.0.iter().max().copied().unwrap_or(-1);
        let (from, number) = if last < 0 { ("", -1 - last) } else { ("FromStart", last) };
        let number = Dim::Known(usize::try_from(number).unwrap_or_default());
        let class = format!("Normalization{}D{from}", weight.shape.rank());
        Some(Typed { class, sizes: weight.shape.0.iter().cloned().chain([number]).collect() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let axes = self.axes(input.rank())?;
        let inner = self.inner(&input);
        if let Some((mean, variance)) = &self.constants {
            let deviation: Vec<f64> = variance.iter().map(|variance| variance.sqrt().max(LEAST)).collect();
            let count = mean.len();
            let inverse: Vec<f64> = deviation.iter().map(|deviation| 1.0 / deviation).collect();
            let [shift, scale, offset] = match self.invert {
                true => [&[0.0], &deviation[..], mean],
                false => [mean, &inverse[..], &[0.0]],
            };
            let operation = operation::Rescaling {
                shift: repeated(shift, count),
                scale: repeated(scale, count),
                offset: repeated(offset, count),
                inner,
                x: call.x(0),
                y: call.y(),
            };
            return Some(operation.into());
        }
        let own = Shape(axes.iter().filter_map(|&axis| input.0.get(axis)).cloned().collect());
        let operation = operation::Normalization {
            positions: own.elements(),
            inner,
            mean: call.weight("mean")?.block,
            variance: call.weight("variance")?.block,
            invert: self.invert,
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !self.axis.0.is_empty() && !self.axis.exist(self.class_name(), x, call, cx) {
            return None;
        }
        let axes = self.axes(x.shape.rank())?;
        // The weights and the data that sets them are read as [outer, positions, inner].
        if axes.windows(2).any(|pair| pair[0] + 1 != pair[1]) {
            let message = "mimo has no `Normalization` over axes that are not neighbours";
            let help = "bring them together with `Permute(…)` before it, or name the axes between them too";
            cx.error(Diag::error(Code::UnavailableSetting, call, message).about(x.shown()).help(help));
            return None;
        }
        let last = axes.last().and_then(|&axis| x.shape.0.get(axis)).cloned();
        let fits = match (&self.constants, last) {
            (Some((mean, _)), Some(last)) => {
                let what = "`mean` of `Normalization`";
                one_for_each(mean.len(), what, (&last, "normalized"), x, call, cx)
            }
            (Some(_), None) => true,
            (None, _) => self.axis.fit_a_weight(self.class_name(), call, cx),
        };
        fits.then(|| vec![(x.shape.clone(), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let (Some(shape), None) = (inputs.first(), &self.constants) else { return Vec::new() };
        let lengths = self.axis.sorted(shape.rank()).lengths(shape);
        let weight = |name, initializer| Weight {
            name,
            shape: lengths.clone(),
            options: WeightOptions { initializer, regularizer: None, constraint: None, trainable: false },
        };
        vec![weight("mean", Initializer::ZEROS), weight("variance", Initializer::ONES)]
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let changes = self.axis.changes(inputs).into_iter();
        changes.map(|(axis, change)| (Self { axis, ..self.clone() }, change)).collect()
    }
}
