//! Handwritten equivalent of a generated model: the weights of
//!
//! ```text
//! let h = Dense(4, activation = relu)(x);          // layer `hidden`, 3 inputs
//! let y = Dense(2, use_bias = false)(h);           // layer `head`, not trainable
//! ```

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::nn::{NumParams, ResetParams};
use dfdx::shapes::{Dtype, Rank1};
use dfdx::tensor::{Cpu, Storage, Tensor, TensorFrom};
use dfdx::tensor_ops::{BroadcastTo, Device, PermuteTo};
use mimo_graph::initializer::Initializer;
use mimo_graph::operation::ExecutionPlan;
use mimo_graph::spec::{GraphSpec, WeightSpec};

use super::*;
use crate::chunk::Chunk;
use crate::init::initialize;
use crate::kernels::Element as _;
use crate::layers::typed::{Dense, DenseWithoutBias};
use crate::model::{Columns, Model, OutputColumns, PerOutput, Reader, Writer};
use crate::program::{Memory, Program, Starts};
use crate::sample::{Field, FieldMut, Prediction, Sample};

#[derive(Clone, Debug)]
pub(crate) struct Two<E: Dtype = f32, D: Storage<E> = Cpu> {
    pub(crate) hidden: Dense<3, 4, E, D>,
    pub(crate) head: DenseWithoutBias<4, 2, E, D>,
}

/// Weights of `Two`, in the order of its fields.
const WEIGHTS: [WeightSpec; 3] = [
    weight("hidden/kernel", &[3, 4], Initializer::GLOROT_UNIFORM, true),
    weight("hidden/bias", &[4], Initializer::ZEROS, true),
    weight("head/kernel", &[4, 2], Initializer::GLOROT_UNIFORM, false),
];

const fn weight(
    name: &'static str,
    shape: &'static [usize],
    initializer: Initializer,
    trainable: bool,
) -> WeightSpec {
    WeightSpec { name, shape, initializer, regularizer: None, constraint: None, trainable }
}

impl<E: Float, D: Device<E>> Weights for Two<E, D> {
    const WEIGHTS: &'static [WeightSpec] = &WEIGHTS;
}

impl<E: Float, D: Device<E>> TensorCollection<E, D> for Two<E, D> {
    type To<E2: Dtype, D2: Device<E2>> = Two<E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let hidden =
            Dense::visit::<Self, V, Is<0>>(visitor, |model| &model.hidden, |model| &mut model.hidden)?;
        let head =
            DenseWithoutBias::visit::<Self, V, Is<2>>(visitor, |model| &model.head, |model| &mut model.head)?;
        let (Some(hidden), Some(head)) = (hidden, head) else { return Ok(None) };
        Ok(Some(Two { hidden, head }))
    }
}

impl<E: Float> OnCpu<E> for Two<E, Cpu> {
    const COUNT: usize = 3;

    fn weight(&self, index: usize) -> Option<&dyn AnyWeight<E>> {
        let weight: &dyn AnyWeight<E> = match index {
            0 => &self.hidden.kernel,
            1 => &self.hidden.bias,
            2 => &self.head.kernel,
            _ => return None,
        };
        Some(weight)
    }

    fn weight_mut(&mut self, index: usize) -> Option<&mut dyn AnyWeight<E>> {
        let weight: &mut dyn AnyWeight<E> = match index {
            0 => &mut self.hidden.kernel,
            1 => &mut self.hidden.bias,
            2 => &mut self.head.kernel,
            _ => return None,
        };
        Some(weight)
    }

    fn make(maker: &mut Maker<'_, E>) -> Result<Self, Error> {
        Ok(Two { hidden: maker.layer(0)?, head: maker.layer(2)? })
    }
}

impl<E: Float> Model for Two<E, Cpu> {
    type Float = E;
    type Inputs = Nothing;
    type Outputs = Nothing;
    type Sample<'a> = Nothing;
    type Prediction = Nothing;
    type PerOutput<T> = One<T>;
    type Targets = ();
    type TracedOutputs = ();

    const SPEC: ModelSpec =
        ModelSpec { name: "Two", inputs: &[], outputs: &[], layers: &[], weights: &WEIGHTS, optimizers: &[] };
    const PROGRAM: Program = Program {
        train: Memory { offsets: &[], len: 0, fixed: 0 },
        predict: Memory { offsets: &[], len: 0, fixed: 0 },
        inputs: &[],
        outputs: &[],
        targets: &[],
        custom_gradients: &[],
        sample_weights: &[],
        blocks: &[],
        starts: Starts::NONE,
        params: &[],
        parameters: 0,
        packs: 0,
        interleaved: &[],
        moving: &[],
        statistics: 0,
        sums: 0,
        flops: 0,
    };
    const GRAPH: &'static GraphSpec = GraphSpec::EMPTY;
    const PLAN: &'static ExecutionPlan = ExecutionPlan::EMPTY;

    fn forward_pass(_: &mut Chunk<'_, E>) {}

    fn read_weights(&self, f: &mut dyn FnMut(usize, Vec<E>)) {
        read(self, f);
    }

    fn write_weights(&mut self, f: &mut dyn FnMut(usize, &mut [E])) {
        write(self, f);
    }
}

#[derive(Debug, Default)]
pub(crate) struct Nothing;

impl<E: Float> Columns<E> for Nothing {
    fn read(&self, _: &mut Reader<'_, E>) -> Result<(), Error> {
        Ok(())
    }
}

impl<E: Float> Sample<E> for Nothing {
    fn fields<R>(&self, then: impl FnOnce(&[Field<'_, E>]) -> R) -> R {
        then(&[])
    }
}

impl<E: Float> Prediction<E> for Nothing {
    fn fields<R>(&mut self, then: impl FnOnce(&mut [FieldMut<'_, E>]) -> R) -> R {
        then(&mut [])
    }
}

impl<E: Float> OutputColumns<E> for Nothing {
    fn zeros(_: usize) -> Result<Self, Error> {
        Ok(Nothing)
    }

    fn write(&mut self, _: &mut Writer<'_, E>) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct One<T>(T);

impl<T> PerOutput<T> for One<T> {
    const LEN: usize = 1;
    fn from_fn(mut make: impl FnMut(usize) -> T) -> Self {
        One(make(0))
    }
    fn values(&self) -> Vec<&T> {
        vec![&self.0]
    }
}

/// A model with its own weights.
pub(crate) fn two<E: Float>(seed: u64) -> Two<E, Cpu> {
    match initial(&Two::<E, Cpu>::SPEC, seed) {
        Ok(model) => model,
        Err(error) => panic!("{error}"),
    }
}

/// All weights, one after another.
pub(crate) fn values<M: Model>(model: &M) -> Vec<f64> {
    let mut values = Vec::new();
    model.read_weights(&mut |_, weight| values.extend(weight.into_iter().map(|value| value.f64())));
    values
}

#[test]
fn weights_start_as_the_description_says() {
    let model = two::<f32>(3);
    let mut kernel = [0.0; 8];
    initialize(&Initializer::GLOROT_UNIFORM, &[4, 2], 3, 2, &mut kernel);
    assert_eq!(model.head.kernel.as_vec(), kernel);
    assert_eq!(model.hidden.bias.as_vec(), [0.0; 4]);
    assert_ne!(values(&model), values(&two::<f32>(4)));
}

#[test]
fn weights_are_read_and_written_in_the_order_of_the_fields() {
    let mut model = two::<f64>(0);
    let mut lens = Vec::new();
    write(&mut model, &mut |index, values| {
        lens.push(values.len());
        values.iter_mut().enumerate().for_each(|(i, value)| *value = (100 * index + i) as f64);
    });
    assert_eq!(lens, [12, 4, 8]);
    assert_eq!(model.hidden.kernel[[2, 3]], 11.0);
    assert_eq!(model.hidden.bias[[3]], 103.0);
    let mut read_back = Vec::new();
    read(&model, &mut |index, values| read_back.push((index, values[1])));
    assert_eq!(read_back, [(0, 1.0), (1, 101.0), (2, 201.0)]);
}

#[test]
fn written_tensors_keep_their_identity_and_leave_clones_alone() {
    let mut model = two::<f32>(0);
    let clone = model.clone();
    let before = values(&clone);
    write(&mut model, &mut |_, values: &mut [f32]| values.fill(7.0));
    assert_eq!(values(&clone), before);
    // A gradient that was allocated for the clone belongs to the same tensor.
    use dfdx::nn::ZeroGrads;
    let gradients = clone.alloc_grads();
    assert_eq!(gradients.get(&model.hidden.kernel).as_vec(), [0.0; 12]);
}

#[test]
fn tensors_with_axes_in_any_order_can_be_fields() {
    let device = Cpu::default();
    let mut model = two::<f32>(0);
    let transposed: Tensor<dfdx::shapes::Rank2<2, 4>, f32, Cpu> =
        device.tensor([[1.0, 2.0, 3.0, 4.0], [5.0; 4]]);
    model.head.kernel = transposed.permute();
    model.hidden.bias = device.tensor(0.5).broadcast();
    let mut found = Vec::new();
    read(&model, &mut |_, values: Vec<f32>| found.push(values));
    assert_eq!(found[1], [0.5; 4]);
    assert_eq!(found[2], [1.0, 5.0, 2.0, 5.0, 3.0, 5.0, 4.0, 5.0]);

    write(&mut model, &mut |_, values: &mut [f32]| values[1] = 9.0);
    assert_eq!(model.hidden.bias.as_vec(), [0.5, 9.0, 0.5, 0.5]);
    assert_eq!(model.head.kernel.as_vec(), [1.0, 9.0, 2.0, 5.0, 3.0, 5.0, 4.0, 5.0]);
}

#[test]
fn dfdx_knows_which_weights_are_trained_and_how_they_start() {
    let mut model = two::<f32>(5);
    assert_eq!(model.num_trainable_params(), 12 + 4);
    model.hidden.bias = Cpu::default().tensor([1.0; 4]);
    model.reset_params();
    assert_eq!(values(&model), values(&two::<f32>(0)));
    let _: Tensor<Rank1<4>, f32, Cpu> = model.hidden.bias;
}

#[test]
fn empty_tensors_are_no_trouble() {
    let mut empty: Tensor<Rank1<0>, f32, Cpu> = Cpu::default().tensor([]);
    let mut lens = Vec::new();
    lens.push(AnyWeight::<f32>::read(&empty).len());
    AnyWeight::<f32>::write(&mut empty, &mut |values| lens.push(values.len()));
    assert_eq!(lens, [0, 0]);
}
