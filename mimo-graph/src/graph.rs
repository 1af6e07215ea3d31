//! The graph: layers, their calls, the tensors between them, and how the model is compiled.

use crate::diag::Loc;
pub use crate::dim::ConstEntry;
use crate::dim::ConstId;
pub use crate::ids::{GroupId, LayerId, MaskId, NodeId, TensorId};
use crate::layers::LayerKind;
use crate::layers::layer::Weight;
use crate::layers::spectral_normalization::VECTOR;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optimizer::Optimizer;
pub use crate::shape::Dtype;
use crate::shape::Shape;
use crate::spec::graph::built::ItemSpec;
use crate::target::{Target, TargetRange};

/// A layer and its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its class with the arguments.
    pub kind: LayerKind,
    /// Class and arguments as written.
    pub item: ItemSpec,
    /// The name: given by the user, or the output's, or Keras's automatic one.
    pub name: String,
    /// Whether `name` comes from `name = "…"`.
    pub named: bool,
    /// Whether training changes its weights.
    pub trainable: bool,
    /// The layer that contains it, if it is a part. Its name follows that layer's, `encoder/forward_lstm`; until
    /// names are assigned, `name` is its name inside of that layer.
    pub whole: Option<LayerId>,
    /// The layers that its calls contain: the directions of a `Bidirectional`.
    pub parts: Vec<LayerId>,
    /// The nested model that it belongs to. Until names are assigned, `name` is its name in that model.
    pub group: Option<GroupId>,
    /// Its weights, known from the first call on.
    pub weights: Vec<Weight>,
    /// Whether it computes a mask for another layer: the user did not write it.
    pub of_mask: bool,
    /// Location of its tokens.
    pub loc: Loc,
}

impl Layer {
    /// Prefix of the names of its weights: its own name, followed by those of the layers that it wraps, as in Keras:
    /// `steps/dense` for `TimeDistributed(Dense(2), name = "steps")`. The name of a part follows them.
    pub fn path(&self) -> String {
        let mut path = self.name.clone();
        if self.whole.is_some() {
            return path;
        }
        let mut kind = &self.kind;
        while let LayerKind::TimeDistributed(wrapper) = kind {
            path.push('/');
            path.push_str(wrapper.name.as_deref().unwrap_or(&wrapper.layer.auto_name()));
            kind = &wrapper.layer;
        }
        path
    }

    /// Name of one of its weights. In a `SpectralNormalization`, the layer inside precedes its own weights, as in
    /// Keras: `spectral_normalization/dense/kernel`, and `spectral_normalization/vector_u`.
    pub fn weight_path(&self, weight: &Weight) -> String {
        let path = self.path();
        match &self.kind {
            LayerKind::SpectralNormalization(wrapper) if weight.name != VECTOR => {
                format!("{path}/{}/{}", wrapper.inner_name(), weight.name)
            }
            // Each projection is a separate layer in Keras.
            LayerKind::MultiHeadAttention(_) => match weight.name.rsplit_once('_') {
                Some((projection, name)) => format!("{path}/{projection}/{name}"),
                None => format!("{path}/{}", weight.name),
            },
            _ => format!("{path}/{}", weight.name),
        }
    }
}

/// A model used as a layer. Its layers and calls are part of this graph, and its name is a prefix of theirs:
/// `encoder/conv2d`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The model's name here.
    pub class: String,
    /// The name: given by the user, or derived from `class` as in Keras.
    pub name: String,
    /// Whether `name` comes from `name = "…"`.
    pub named: bool,
    /// Whether it is called.
    pub called: bool,
    /// Names of the model's outputs.
    pub outputs: Vec<String>,
    /// Location of its tokens.
    pub loc: Loc,
}

/// One call of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The layer that is called.
    pub layer: LayerId,
    /// Tensors that it reads, in order: positional tensors, states, masks.
    pub inputs: Vec<TensorId>,
    /// By input: the keyword, or `""` for a positional tensor.
    pub roles: Vec<&'static str>,
    /// The layer with the settings of this call, if the call has any.
    pub called: Option<Box<LayerKind>>,
    /// Output tensors; one for most layers.
    pub outputs: Vec<TensorId>,
    /// Number of `TimeDistributed` around the nested models that the call was copied from. The layer is called
    /// separately for each position of this many first axes of its tensors, which precede those of wrappers around
    /// the layer itself.
    pub steps: usize,
    /// Location of the call.
    pub loc: Loc,
}

/// A tensor between layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Shape of one sample; `None` after an error, about which no further errors follow.
    pub shape: Option<Shape>,
    /// Element type.
    pub dtype: Dtype,
    /// The call that computes it; `None` for an input.
    pub producer: Option<NodeId>,
    /// Its mask over the first axes.
    pub mask: Option<MaskId>,
    /// Names bound to it, the last one first in messages; empty for an intermediate.
    pub bindings: Vec<String>,
    /// Location of its tokens.
    pub loc: Loc,
}

/// A mask: 1 for every step that counts, else 0. It is computed when something reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Origin of the mask.
    pub source: MaskSource,
    /// Its tensor, if something reads it.
    pub tensor: Option<TensorId>,
}

/// Origin of a mask.
#[derive(Clone, Debug, PartialEq)]
pub enum MaskSource {
    /// A tensor passed to a call as `mask`.
    Given(TensorId),
    /// Steps at which this tensor of integers is not 0.
    NonZero(TensorId),
    /// Steps at which any value of this tensor differs from the number.
    Differs(TensorId, f64),
    /// Steps that any of these masks counts.
    Any(Vec<MaskId>),
    /// Concatenation of these masks along this axis; a tensor without a mask counts completely.
    Concatenated(Vec<Result<MaskId, TensorId>>, usize),
}

/// An input or an output of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Its name: the binding, or the key of a map.
    pub name: String,
    /// The tensor.
    pub tensor: TensorId,
    /// The mask of an output: floats 0 and 1 over its first axes. Neither the loss nor the metrics that read masks
    /// count steps where it is 0.
    pub mask: Option<TensorId>,
    /// Location in `Model(…)`.
    pub loc: Loc,
}

/// Training of one output.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// The loss, or `None` for an output that is not trained.
    pub loss: Option<Loss>,
    /// Its weight in the total.
    pub weight: f64,
    /// Its metrics with their names in the logs: those of `metrics`, then those of `weighted_metrics`.
    pub metrics: Vec<(String, Metric)>,
    /// Number of those in `metrics`.
    pub unweighted: usize,
    /// Range against which its targets are checked.
    pub range: TargetRange,
}

impl Training {
    /// The form of the output's targets; `None` for an output without targets.
    pub fn target(&self) -> Option<Target> {
        Target::of(self.loss, self.metrics.iter().map(|&(_, metric)| metric))
    }

    /// Whether the loss or a metric reads the mask of the output. A custom loss sees all steps.
    pub fn reads_mask(&self) -> bool {
        self.loss.is_some_and(|loss| !matches!(loss, Loss::Custom { .. }))
            || self.metrics.iter().any(|&(_, metric)| metric.reads_mask())
    }
}

/// An optimizer of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyedOptimizer {
    /// Its key in a map of optimizers.
    pub key: Option<String>,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The layers whose weights it trains, ascending; empty for all that no other optimizer trains.
    pub layers: Vec<LayerId>,
}

/// `.compile(…)`, resolved: one entry per output, in output order.
#[derive(Clone, Debug, PartialEq)]
pub struct Compile {
    /// The optimizers: one without a key, or those of a map.
    pub optimizers: Vec<KeyedOptimizer>,
    /// Training of each output.
    pub outputs: Vec<Training>,
    /// Paths of the user's losses and metrics, each once, with the constants that hold their tokens.
    pub own: Vec<(&'static str, ConstId)>,
}

impl Compile {
    /// Paths of the user's metrics, each once, by their [indices](Metric::Own).
    pub fn own_metrics(&self) -> Vec<&'static str> {
        let mut paths = vec![];
        for (_, metric) in self.outputs.iter().flat_map(|output| &output.metrics) {
            if let Metric::Own { path, .. } = metric
                && !paths.contains(path)
            {
                paths.push(path);
            }
        }
        paths
    }

    /// Index of the optimizer that trains a layer.
    pub fn optimizer_of(&self, layer: LayerId) -> usize {
        let own = |keyed: &KeyedOptimizer| keyed.layers.binary_search(&layer).is_ok();
        let found = self.optimizers.iter().position(own);
        found.or_else(|| self.optimizers.iter().position(|keyed| keyed.layers.is_empty())).unwrap_or(0)
    }

    /// Whether a custom loss is passed to the trainer. It may read every output, so that every output has a gradient.
    pub fn custom_loss(&self) -> bool {
        self.outputs.iter().any(|output| matches!(output.loss, Some(Loss::Custom { .. })))
    }

    /// Whether the total loss may depend on an output.
    pub fn trains(&self, output: usize) -> bool {
        self.custom_loss() || self.outputs.get(output).is_some_and(|output| output.loss.is_some())
    }
}

/// A model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The struct's name.
    pub name: String,
    /// Constants that only const evaluation knows.
    pub consts: Vec<ConstEntry>,
    /// Layers, in the order of their creation.
    pub layers: Vec<Layer>,
    /// Nested models, in the order of their creation.
    pub groups: Vec<Group>,
    /// Calls, in source order, which is a topological order.
    pub nodes: Vec<Node>,
    /// Tensors, in the order of their creation.
    pub tensors: Vec<Tensor>,
    /// Masks of tensors, whether they are read or not.
    pub masks: Vec<Mask>,
    /// Tensors of `Input(…)`, in source order, whether the model lists them or not.
    pub sources: Vec<TensorId>,
    /// Inputs, in the order of `Model(inputs = …)`.
    pub inputs: Vec<Port>,
    /// Outputs, in the order of `Model(outputs = …)`.
    pub outputs: Vec<Port>,
    /// `None` for a model that only predicts.
    pub compile: Option<Compile>,
}

impl Graph {
    /// The mask of an output whose loss or metrics read it.
    ///
    /// A mask of all axes, such as that of the scores `sum(x, axis = -1)` of steps, masks single values. A loss that
    /// compares the values of a position with each other, such as a cross-entropy over the steps, ignores it.
    pub fn output_mask(&self, output: usize) -> Option<TensorId> {
        let port = self.outputs.get(output)?;
        let mask = port.mask?;
        let training = self.compile.as_ref()?.outputs.get(output)?;
        let rank = |tensor: TensorId| self.tensor(tensor).shape.as_ref().map(Shape::rank);
        let of_steps = rank(mask) < rank(port.tensor);
        let fits = of_steps || training.loss.is_none_or(Loss::of_values);
        (fits && training.reads_mask()).then_some(mask)
    }

    /// The layer of an id.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.index()]
    }

    /// The layer of a call, with the settings that the call has.
    pub fn kind<'a>(&'a self, node: &'a Node) -> &'a LayerKind {
        node.called.as_deref().unwrap_or(&self.layer(node.layer).kind)
    }

    /// By tensor of a call: the number of its first axes that are the first axes of the output, each position
    /// computed from the same position; empty after an error.
    pub fn kept_axes(&self, node: &Node, tensors: &[TensorId]) -> Vec<usize> {
        // Axes of steps around a nested model are not axes of its layers.
        let of_step =
            |tensor: &TensorId| Some(self.tensor(*tensor).shape.as_ref()?.without_first(node.steps));
        let shapes: Option<Vec<Shape>> = tensors.iter().map(of_step).collect();
        let (Some(shapes), Some(output)) = (shapes, node.outputs.first().and_then(of_step)) else {
            return vec![];
        };
        let kept = self.kind(node).kept_axes(&shapes.iter().collect::<Vec<_>>(), &output);
        (0..tensors.len()).map(|at| kept.get(at).copied().unwrap_or(0) + node.steps).collect()
    }

    /// The tensor whose masked values a call replaces, for calls that the user did not write.
    pub fn left_out_of(&self, node: &Node) -> Option<TensorId> {
        let layer = self.layer(node.layer);
        let chooses = layer.of_mask && layer.kind.class_name() == "where";
        node.inputs.get(1).copied().filter(|_| chooses)
    }

    /// The tensor in the description for one whose masked values are replaced.
    pub fn written(&self, mut tensor: TensorId) -> TensorId {
        while let Some(value) =
            self.tensor(tensor).producer.and_then(|node| self.left_out_of(self.node(node)))
        {
            tensor = value;
        }
        tensor
    }

    /// The layer of a call inside of `TimeDistributed`, and the number of first axes that these remove.
    pub fn core<'a>(&'a self, node: &'a Node) -> (&'a LayerKind, usize) {
        let (core, axes) = self.kind(node).core();
        (core, axes + node.steps)
    }

    /// The mask of an id.
    pub fn mask(&self, id: MaskId) -> &Mask {
        &self.masks[id.index()]
    }

    /// The layers of `add_loss` that are called, in the order of their creation.
    pub fn added_losses(&self) -> Vec<LayerId> {
        let mut losses: Vec<LayerId> = self.nodes.iter().map(|node| node.layer).collect();
        losses.retain(|&layer| self.layer(layer).kind.added_loss().is_some());
        losses.sort_unstable();
        losses.dedup();
        losses
    }

    /// The call of an id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The tensor of an id.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.index()]
    }

    /// The nested model whose call outputs a tensor, if there is one.
    pub fn group_of(&self, tensor: TensorId) -> Option<&Group> {
        let node = self.node(self.tensor(self.written(tensor)).producer?);
        Some(&self.groups[self.layer(node.layer).group?.index()])
    }

    /// Name of a tensor in messages: its last binding, else the name of its layer.
    pub fn tensor_name(&self, id: TensorId) -> &str {
        let tensor = self.tensor(id);
        match (tensor.bindings.last(), tensor.producer) {
            (Some(name), _) => name,
            (None, Some(node)) => &self.layer(self.node(node).layer).name,
            (None, None) => "input",
        }
    }

    /// Calls of a layer, which share its weights.
    pub fn calls_of(&self, layer: LayerId) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.layer == layer)
    }
}
