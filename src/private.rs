//! What generated code refers to. No part of the public interface: it changes without notice.

pub use core;
pub use mimo_macros::{functions, model};
pub use std::borrow::Cow;
pub use std::option::Option::{self, None, Some};
pub use std::path::Path;
pub use std::result::Result::Ok;
pub use std::string::String;
pub use std::vec::Vec;

pub use mimo_runtime::dfdx::nn::{ModuleVisitor, TensorCollection};
pub use mimo_runtime::dfdx::shapes::{Const, Dim, Dtype};
pub use mimo_runtime::dfdx::tensor::{Cpu, NoneTape, OwnedTape, Storage, Tensor};
pub use mimo_runtime::dfdx::tensor_ops::Device;

pub use mimo_runtime::Result;
pub use mimo_runtime::check::{dim_at_least, dim_at_most, dim_equal, dim_multiple_of, length, saturating};
pub use mimo_runtime::chunk::Chunk;
pub use mimo_runtime::error::Error;
pub use mimo_runtime::float::Float;
pub use mimo_runtime::fold::{Fold, Folded};
pub use mimo_runtime::generated::{
    batch_axis, build as build_model, forward, load as load_model, load_weights, parameter_count, predict,
    save, zero_indices, zeros,
};
pub use mimo_runtime::graph::activation::Activation;
pub use mimo_runtime::graph::dot::dot;
pub use mimo_runtime::graph::graph::Dtype as SpecDtype;
pub use mimo_runtime::graph::initializer::{
    Constraint, Distribution, Fan, Initializer, InitializerKind, Regularizer,
};
pub use mimo_runtime::graph::loss::{Loss, Region};
pub use mimo_runtime::graph::mermaid::mermaid;
pub use mimo_runtime::graph::metric::{
    Aggregation, Average, ClassesOf, Curve, Metric, Outcome, Rate, Summation,
};
pub use mimo_runtime::graph::operation::*;
pub use mimo_runtime::graph::optimizer::{Clip, Optimizer, OptimizerSpec, Rule, WeightAverage};
pub use mimo_runtime::graph::schedule::Schedule;
pub use mimo_runtime::graph::spec::{
    Argument, Connection, GraphLayer, GraphPort, GraphSpec, GraphTensor, InputSpec, ItemSpec, LayerCall,
    LayerSpec, ModelSpec, NestedModel, OutputSpec, Setting, WeightSpec, greatest, least, lesser,
};
pub use mimo_runtime::graph::summary::summary;
pub use mimo_runtime::graph::target::{Target, TargetRange};
pub use mimo_runtime::layers::time_distributed::TimeDistributed;
pub use mimo_runtime::layers::typed;
pub use mimo_runtime::loss::{
    BatchLoss, BatchLossSums, MaskSums, Masked, MaskedBatch, MaskedBatchSums, MaskedMetrics, MaskedRegions,
    Metrics, Scan, kinds as losses,
};
pub use mimo_runtime::metric::state_offsets;
pub use mimo_runtime::model::{Columns, Logs, Model, OutputColumns, PerOutput, Reader, Trainable, Writer};
pub use mimo_runtime::nested::{Nested, Nests, layers, layers_mut, nested};
pub use mimo_runtime::own;
pub use mimo_runtime::program::{
    BlockLayout, LabelledBy, Layout, Program, SlotRequest, Starts, interleaved_offsets, place, place_blocks,
};
pub use mimo_runtime::rules::{self, MakeRule};
pub use mimo_runtime::run::Operation;
pub use mimo_runtime::sample::{Field, FieldMut, Plain, Prediction, Sample};
pub use mimo_runtime::stage::{BackwardSums, ForwardSums, Stage, StepPart};
pub use mimo_runtime::traced::{GradientReader, Tracer};
pub use mimo_runtime::weights::{
    AnyWeight, Is, LayerWeights, Maker, OnCpu, Weights, read as read_weights, visit_layer,
    write as write_weights,
};
