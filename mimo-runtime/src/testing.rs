//! Two small models as `model!` would generate them, for the tests of training and prediction.

use dfdx::shapes::Const;
use dfdx::tensor::{Cpu, OwnedTape, Tensor, TensorFromVec, ZerosTensor};
use std::borrow::Cow;

use mimo_graph::describe::List;
use mimo_graph::graph::Dtype;
use mimo_graph::initializer::{Initializer, InitializerKind};
use mimo_graph::loss::Loss as LossKind;
use mimo_graph::metric::Metric;
use mimo_graph::operation::{ExecutionPlan, OpKind, Step};
use mimo_graph::optimizer::{Clip, Optimizer, OptimizerSpec, Rule};
use mimo_graph::spec::{Connection, GraphSpec, InputSpec, ModelSpec, OutputSpec, WeightSpec};
use mimo_graph::target::Target;

use crate::chunk::Chunk;
use crate::error::Error;
use crate::float::Float;
use crate::layers::dense::Dense;
use crate::loss::kinds::{Kind as _, MeanSquaredError};
use crate::loss::{LossOp, Metrics};
use crate::model::{Columns, Logs, Model, OutputColumns, PerOutput, Reader, Trainable, Writer};
use crate::program::{
    BatchWeight, Block, BlockLayout, Gradient, Memory, Param, Program, Read, Starts, Use, View, Written,
    place_blocks,
};
use crate::rules::{self, MakeRule};
use crate::run::Operation;
use crate::sample::{Field, FieldMut, Prediction, Sample};
use crate::stage::{Stage, StepPart};
use crate::traced::{GradientReader, Tracer};

/// A batch of vectors.
pub(crate) type Rows<const N: usize> = Tensor<(usize, Const<N>), f32, Cpu>;
/// A batch of vectors, recorded by dfdx.
pub(crate) type TracedRows<const N: usize> = Tensor<(usize, Const<N>), f32, Cpu, OwnedTape<f32, Cpu>>;

/// A batch of vectors from a list.
pub(crate) fn rows<const N: usize>(values: &[[f32; N]]) -> Rows<N> {
    Cpu::default().tensor_from_vec(values.concat(), (values.len(), Const))
}

/// `slope = x · kernel + bias` and `pair = x · kernel + bias`, trained by gradient descent on mean squared errors.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub weights: [Vec<f32>; 4],
}

#[derive(Clone, Debug)]
pub(crate) struct LinesInputs {
    pub x: Rows<2>,
}

#[derive(Clone, Debug)]
pub(crate) struct LinesOutputs {
    pub slope: Rows<1>,
    pub pair: Rows<2>,
}

pub(crate) struct LinesTraced {
    #[expect(dead_code, reason = "no custom loss of the tests reads it")]
    pub slope: TracedRows<1>,
    pub pair: TracedRows<2>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LinesLogs {
    pub loss: f64,
    pub slope: SlopeLogs,
    pub pair: PairLogs,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SlopeLogs {
    pub loss: f64,
    pub mae: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PairLogs {
    pub loss: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LinesPerOutput<T> {
    pub slope: T,
    pub pair: T,
}

const fn slot(index: usize, len: usize) -> View {
    View::whole(index, len)
}

const X: View = slot(0, 2);
const SLOPE: View = slot(1, 1);
const PAIR: View = slot(2, 2);
const SLOPE_GRADIENT: View = slot(7, 1);
const PAIR_GRADIENT: View = slot(8, 2);

const SLOPE_DENSE: &Dense = &dense(1, SLOPE, 0, SLOPE_GRADIENT);
const PAIR_DENSE: &Dense = &dense(2, PAIR, 2, PAIR_GRADIENT);

const fn dense(units: usize, y: View, kernel: usize, dy: View) -> Dense {
    Dense {
        inputs: 2,
        units,
        positions: 1,
        x: Read::new(X, None),
        y: Written::new(y, Some(dy)),
        kernel: BatchWeight::product(kernel),
        bias: Some(BatchWeight::sum(kernel + 1)),
        activations: List::Borrowed(&[]),
    }
}

const SLOPE_LOSS: &LossOp = &LossOp {
    output: 0,
    loss: Some(LossKind::MeanSquaredError),
    kind: Some(Target::Values),
    positions: 1,
    classes: 1,
    y: SLOPE,
    logits: None,
    target: slot(3, 1),
    sample_weight: slot(5, 1),
    gradient: Some(SLOPE_GRADIENT),
    metrics: List::Borrowed(&[Metric::MeanAbsoluteError]),
    unweighted: 1,
    first_state: 0,
};
const PAIR_LOSS: &LossOp = &LossOp {
    output: 1,
    loss: Some(LossKind::MeanSquaredError),
    kind: Some(Target::Values),
    positions: 1,
    classes: 2,
    y: PAIR,
    logits: None,
    target: slot(4, 2),
    sample_weight: slot(6, 1),
    gradient: Some(PAIR_GRADIENT),
    metrics: List::Borrowed(&[]),
    unweighted: 0,
    first_state: 1,
};

const fn product(cols: usize, uses: &'static [Use]) -> Block {
    Block { rows: 2, cols, pack: false, gradient: Some(Gradient::Product(List::Borrowed(uses))) }
}

const fn sum(cols: usize, uses: &'static [Use]) -> Block {
    Block { rows: 1, cols, pack: false, gradient: Some(Gradient::Sum(List::Borrowed(uses))) }
}

const SLOPE_USES: &[Use] = &[Use { x: X, dy: SLOPE_GRADIENT, positions: 1 }];
const PAIR_USES: &[Use] = &[Use { x: X, dy: PAIR_GRADIENT, positions: 1 }];
const BLOCKS: &[Block; 4] =
    &[product(1, SLOPE_USES), sum(1, SLOPE_USES), product(2, PAIR_USES), sum(2, PAIR_USES)];
const PLACED: BlockLayout<4> = place_blocks(BLOCKS);

const fn param(block: usize, cols: usize) -> Param {
    Param {
        layer: block / 2,
        weight: block % 2,
        block,
        column: 0,
        cols,
        shape: List::Borrowed(&[]),
        regularizer: None,
        constraint: None,
    }
}

const fn weight(name: &'static str, shape: &'static [usize]) -> WeightSpec {
    let initializer = Initializer { kind: InitializerKind::Constant(0.0), seed: None };
    WeightSpec { name, shape, initializer, regularizer: None, constraint: None, trainable: true }
}

const fn from(layer: &'static str) -> Connection {
    Connection { layer, call: 0, tensor: 0 }
}

/// Learning rate of [`Lines`].
pub(crate) const LEARNING_RATE: f64 = 0.1;

impl Model for Lines {
    type Float = f32;
    type Inputs = LinesInputs;
    type Outputs = LinesOutputs;
    type Sample<'a> = LinesSample<'a>;
    type Prediction = LinesPrediction;
    type PerOutput<T> = LinesPerOutput<T>;
    type Targets = LinesOutputs;
    type TracedOutputs = LinesTraced;

    const SPEC: ModelSpec = ModelSpec {
        name: "Lines",
        inputs: &[InputSpec { name: "x", shape: &[2], dtype: Dtype::Float, below: None, below_each: &[] }],
        outputs: &[
            OutputSpec {
                name: "slope",
                shape: &[1],
                source: from("slope"),
                loss: Some(LossKind::MeanSquaredError),
                weight: 1.0,
                metrics: &[("mae", Metric::MeanAbsoluteError)],
                unweighted: 1,
                range: mimo_graph::target::TargetRange::Any,
            },
            OutputSpec {
                name: "pair",
                shape: &[2],
                source: from("pair"),
                loss: Some(LossKind::MeanSquaredError),
                weight: 0.5,
                metrics: &[],
                unweighted: 0,
                range: mimo_graph::target::TargetRange::Any,
            },
        ],
        layers: &[],
        weights: &[
            weight("slope/kernel", &[2, 1]),
            weight("slope/bias", &[1]),
            weight("pair/kernel", &[2, 2]),
            weight("pair/bias", &[2]),
        ],
        optimizers: &[OptimizerSpec {
            key: None,
            optimizer: Optimizer {
                rule: Rule::Sgd { momentum: 0.0, nesterov: false },
                learning_rate: LEARNING_RATE,
                schedule: None,
                weight_decay: None,
                clip: Clip::None,
                average: None,
                accumulation: None,
            },
            layers: &[],
        }],
    };
    const PROGRAM: Program = Program {
        train: Memory { offsets: &[0, 16, 32, 48, 64, 80, 96, 112, 128], len: 144, fixed: 0 },
        predict: Memory { offsets: &[0, 16, 32], len: 48, fixed: 0 },
        inputs: &[X],
        outputs: &[SLOPE, PAIR],
        targets: &[Some(SLOPE_LOSS.target), Some(PAIR_LOSS.target)],
        custom_gradients: &[],
        sample_weights: &[Some(SLOPE_LOSS.sample_weight), Some(PAIR_LOSS.sample_weight)],
        blocks: &PLACED.placed,
        starts: Starts { blocks: &PLACED.blocks, packs: &PLACED.packs, interleaved: &[], states: &[2] },
        params: &[param(0, 1), param(1, 1), param(2, 2), param(3, 2)],
        parameters: PLACED.parameters,
        packs: PLACED.packs_len,
        interleaved: &[],
        moving: &[],
        statistics: 4,
        sums: 0,
        flops: 6,
    };
    const GRAPH: &'static GraphSpec = GraphSpec::EMPTY;
    const PLAN: &'static ExecutionPlan = &ExecutionPlan {
        inputs: &[X],
        operations: &[
            Step::new("slope", None, true, OpKind::Dense(Cow::Borrowed(SLOPE_DENSE))),
            Step::new("pair", None, true, OpKind::Dense(Cow::Borrowed(PAIR_DENSE))),
        ],
        ..*ExecutionPlan::EMPTY
    };

    fn forward_pass(chunk: &mut Chunk<'_, f32>) {
        SLOPE_DENSE.forward(chunk);
        PAIR_DENSE.forward(chunk);
    }

    fn read_weights(&self, read: &mut dyn FnMut(usize, Vec<f32>)) {
        for (index, len) in [2, 1, 4, 2].into_iter().enumerate() {
            let mut values = self.weights[index].clone();
            values.resize(len, 0.0);
            read(index, values);
        }
    }

    fn write_weights(&mut self, write: &mut dyn FnMut(usize, &mut [f32])) {
        for (index, len) in [2, 1, 4, 2].into_iter().enumerate() {
            self.weights[index].resize(len, 0.0);
            write(index, &mut self.weights[index]);
        }
    }
}

impl Trainable for Lines {
    type Logs = LinesLogs;

    const STAGES: &'static [Stage<f32>] = &[
        Stage { part: StepPart::Forward, run: Self::forward_pass, sums: &[] },
        Stage {
            part: StepPart::Loss,
            run: |chunk| {
                MeanSquaredError(SLOPE_LOSS).forward(chunk);
                Metrics(SLOPE_LOSS).forward(chunk);
                MeanSquaredError(PAIR_LOSS).forward(chunk);
            },
            sums: &[],
        },
        Stage {
            part: StepPart::Heads,
            run: |chunk| {
                PAIR_DENSE.backward(chunk);
                SLOPE_DENSE.backward(chunk);
            },
            sums: &[],
        },
    ];

    const RULES: &'static [MakeRule<f32>] = &[<f32 as Float>::rule::<rules::Sgd>];

    fn trace(outputs: &LinesOutputs, tracer: &mut Tracer) -> LinesTraced {
        LinesTraced { slope: tracer.tensor(&outputs.slope), pair: tracer.tensor(&outputs.pair) }
    }

    fn output_gradients(outputs: &LinesOutputs, reader: &mut GradientReader<'_, f32>) -> Result<(), Error> {
        reader.tensor(&outputs.slope)?;
        reader.tensor(&outputs.pair)
    }
}

/// One sample of [`Lines`] and of [`Classes`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinesSample<'a> {
    pub x: &'a [f32; 2],
}

impl Sample<f32> for LinesSample<'_> {
    fn fields<R>(&self, then: impl FnOnce(&[Field<'_, f32>]) -> R) -> R {
        then(&[Field::floats(self.x)])
    }
}

/// Prediction for one sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LinesPrediction {
    pub slope: [f32; 1],
    pub pair: [f32; 2],
}

impl Prediction<f32> for LinesPrediction {
    fn fields<R>(&mut self, then: impl FnOnce(&mut [FieldMut<'_, f32>]) -> R) -> R {
        then(&mut [FieldMut::floats(&mut self.slope), FieldMut::floats(&mut self.pair)])
    }
}

impl Columns<f32> for LinesInputs {
    fn read(&self, reader: &mut Reader<'_, f32>) -> Result<(), Error> {
        reader.tensor("x", &self.x)
    }
}

impl Columns<f32> for LinesOutputs {
    fn read(&self, reader: &mut Reader<'_, f32>) -> Result<(), Error> {
        reader.tensor("slope", &self.slope)?;
        reader.tensor("pair", &self.pair)
    }
}

impl OutputColumns<f32> for LinesOutputs {
    fn zeros(rows: usize) -> Result<Self, Error> {
        let cpu = Cpu::default();
        let (slope, pair) = (cpu.try_zeros_like(&(rows, Const))?, cpu.try_zeros_like(&(rows, Const))?);
        Ok(LinesOutputs { slope, pair })
    }

    fn write(&mut self, writer: &mut Writer<'_, f32>) -> Result<(), Error> {
        writer.tensor("slope", &mut self.slope)?;
        writer.tensor("pair", &mut self.pair)
    }
}

impl<T> PerOutput<T> for LinesPerOutput<T> {
    const LEN: usize = 2;

    fn from_fn(mut make: impl FnMut(usize) -> T) -> Self {
        LinesPerOutput { slope: make(0), pair: make(1) }
    }

    fn values(&self) -> Vec<&T> {
        vec![&self.slope, &self.pair]
    }
}

impl Logs for LinesLogs {
    fn from_values(values: &mut dyn Iterator<Item = f64>) -> Self {
        let mut next = || values.next().unwrap_or(f64::NAN);
        LinesLogs {
            loss: next(),
            slope: SlopeLogs { loss: next(), mae: next() },
            pair: PairLogs { loss: next() },
        }
    }
}

/// A model that only has data: one input, and an output whose targets are class indices.
#[derive(Debug)]
pub(crate) struct Classes;

#[derive(Debug)]
pub(crate) struct ClassesTargets {
    pub class: Tensor<(usize,), usize, Cpu>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClassesLogs;

/// Targets from a list.
pub(crate) fn classes(values: &[usize]) -> ClassesTargets {
    ClassesTargets { class: Cpu::default().tensor_from_vec(values.to_vec(), (values.len(),)) }
}

impl Model for Classes {
    type Float = f32;
    type Inputs = LinesInputs;
    type Outputs = LinesOutputs;
    type Sample<'a> = LinesSample<'a>;
    type Prediction = LinesPrediction;
    type PerOutput<T> = OneOutput<T>;
    type Targets = ClassesTargets;
    type TracedOutputs = ();

    const SPEC: ModelSpec = ModelSpec {
        name: "Classes",
        inputs: Lines::SPEC.inputs,
        outputs: &[OutputSpec {
            name: "class",
            shape: &[3],
            source: from("class"),
            loss: Some(LossKind::SparseCategoricalCrossentropy {
                from_logits: false,
                ignore_class: Some(255),
            }),
            weight: 1.0,
            metrics: &[],
            unweighted: 0,
            range: mimo_graph::target::TargetRange::Any,
        }],
        layers: &[],
        weights: &[],
        optimizers: &[],
    };
    const PROGRAM: Program = Lines::PROGRAM;
    const GRAPH: &'static GraphSpec = GraphSpec::EMPTY;
    const PLAN: &'static ExecutionPlan = ExecutionPlan::EMPTY;

    fn forward_pass(_: &mut Chunk<'_, f32>) {}
    fn read_weights(&self, _: &mut dyn FnMut(usize, Vec<f32>)) {}
    fn write_weights(&mut self, _: &mut dyn FnMut(usize, &mut [f32])) {}
}

impl Trainable for Classes {
    type Logs = ClassesLogs;

    const STAGES: &'static [Stage<f32>] = &[];
    const RULES: &'static [MakeRule<f32>] = &[];

    fn trace(_: &LinesOutputs, _: &mut Tracer) {}
    fn output_gradients(_: &LinesOutputs, _: &mut GradientReader<'_, f32>) -> Result<(), Error> {
        Ok(())
    }
}

impl Columns<f32> for ClassesTargets {
    fn read(&self, reader: &mut Reader<'_, f32>) -> Result<(), Error> {
        reader.indices("class", &self.class)
    }
}

impl OutputColumns<f32> for ClassesTargets {
    fn zeros(rows: usize) -> Result<Self, Error> {
        Ok(ClassesTargets { class: Cpu::default().try_zeros_like(&(rows,))? })
    }

    fn write(&mut self, writer: &mut Writer<'_, f32>) -> Result<(), Error> {
        writer.indices("class", &mut self.class)
    }
}

/// One value for the one output.
#[derive(Clone, Debug)]
pub(crate) struct OneOutput<T>(pub T);

impl<T> PerOutput<T> for OneOutput<T> {
    const LEN: usize = 1;

    fn from_fn(mut make: impl FnMut(usize) -> T) -> Self {
        OneOutput(make(0))
    }

    fn values(&self) -> Vec<&T> {
        vec![&self.0]
    }
}

impl Logs for ClassesLogs {
    fn from_values(_: &mut dyn Iterator<Item = f64>) -> Self {
        ClassesLogs
    }
}

/// A history of [`Lines`] with one measured value per epoch, and twice that in its validation.
#[cfg(feature = "plot")]
pub(crate) fn history(values: impl IntoIterator<Item = f64>) -> crate::history::History<Lines> {
    use crate::history::History;
    let table = std::sync::Arc::new(crate::logs::LogTable::new(crate::data::spec::<Lines>(), &[], &[]));
    let mut history = History::new(&table);
    for (epoch, value) in values.into_iter().enumerate() {
        history.push(epoch_logs(epoch, value, 2.0 * value));
    }
    history
}

/// Samples of `slope = 2a − b + 0.5` and `pair = (a, b + 1)`.
pub(crate) fn data(n: usize) -> (LinesInputs, LinesOutputs) {
    let x: Vec<[f32; 2]> = (0..n).map(|i| [(i as f32 * 0.7).sin(), (i as f32 * 1.3).cos()]).collect();
    let slope: Vec<[f32; 1]> = x.iter().map(|[a, b]| [2.0 * a - b + 0.5]).collect();
    let pair: Vec<[f32; 2]> = x.iter().map(|[a, b]| [*a, b + 1.0]).collect();
    (LinesInputs { x: rows(&x) }, LinesOutputs { slope: rows(&slope), pair: rows(&pair) })
}

/// An epoch of [`Lines`] with one measured value, and another in its validation.
pub(crate) fn epoch_logs(epoch: usize, value: f64, validation: f64) -> crate::history::EpochLogs<Lines> {
    use crate::history::{EpochLogs, Evaluation};
    let table = std::sync::Arc::new(crate::logs::LogTable::new(crate::data::spec::<Lines>(), &[], &[]));
    EpochLogs::new(epoch, vec![value; 4], Some(Evaluation::new(vec![validation; 4], &table)), &table)
}

/// A file of `tests/golden`.
pub(crate) fn golden(file: &str) -> serde_json::Value {
    let path = format!("{}/../tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}
