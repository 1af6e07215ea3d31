//! Sources of random valid models: the content of `tests/generated/random_models.rs`.
//!
//! A model grows layer by layer from its existing tensors. Tensors that are unread at the end are joined before the
//! last head, so that every tensor is used. Any tensor may be an output, with any loss that fits it.

use std::fmt::Write;

use super::Random;

mod heads;
#[path = "../../fuzz/src/losses.rs"]
mod losses;

mod foldable;

pub const MODELS: usize = 32;
/// Models from this index on have many batch normalizations that a prediction may fold into the preceding layer.
const FOLDING: usize = 24;

const HIDDEN: [&str; 22] = [
    "relu",
    "relu",
    "relu",
    "tanh",
    "gelu",
    "silu",
    "elu",
    "selu",
    "sigmoid",
    "softplus",
    "softsign",
    "softmax",
    "log_softmax",
    "leaky_relu",
    "mish",
    "hard_silu",
    "squareplus",
    "celu",
    "tanh_shrink",
    "linear",
    "linear",
    "soft_shrink",
];
const OPTIMIZERS: [&str; 8] = [
    "Adam(1e-2)",
    "SGD(0.05)",
    "SGD(0.05, momentum = 0.9, nesterov = true)",
    "RMSprop(1e-2)",
    "AdamW(1e-2)",
    "Nadam(1e-2)",
    "Adagrad(0.05)",
    "Lion(1e-3)",
];

/// Returns the content of the file.
pub fn source() -> String {
    let mut text = String::from(
        "//! Random models: `MIMO_UPDATE=1 cargo test --test random_graphs` writes them anew, by\n\
         //! `tests/support/random_models.rs`.\n\n\
         use mimo::dfdx::prelude::*;\n\
         use mimo::prelude::{Trainable, model, tensor};\n\n\
         use super::support::{Real, narrow};\n\n\
         /// A model whose inputs can be made from columns.\n\
         pub(super) trait RandomModel: Trainable<Float: Real> {\n    \
             fn build_random(seed: u64) -> Self;\n    \
             fn inputs(columns: &[Vec<f64>]) -> Self::Inputs;\n\
         }\n",
    );
    let mut tests = String::new();
    for index in 0..MODELS {
        let (model, noisy) = Growing::new(index).grow();
        text.push_str(&model);
        let _ = writeln!(tests, "        random_{index:02} Random{index:02} {noisy};");
    }
    let _ = write!(
        text,
        "\n/// Calls a macro with every model: a name for its tests, its type, and whether it draws while training.\n\
         macro_rules! each_random_model {{\n    ($with:ident) => {{\n        $with! {{\n{}        }}\n    }};\n}}\n\
         pub(super) use each_random_model;\n",
        tests.replace("        random", "            random")
    );
    text
}

#[derive(Clone)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    read: bool,
    /// The activation of the layer that outputs it; `None` if that layer only moves values.
    ending: Option<&'static str>,
    input: bool,
}

#[derive(Clone)]
struct Shared {
    name: String,
    reads: usize,
    units: usize,
    activation: &'static str,
}

impl Tensor {
    fn last(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

struct Growing {
    random: Random,
    index: usize,
    /// Layers wide enough for steps that are shared by threads.
    wide: bool,
    noisy: bool,
    inputs: usize,
    tensors: Vec<Tensor>,
    /// Layers that may be called again.
    shared: Vec<Shared>,
    lines: Vec<String>,
}

impl Growing {
    fn new(index: usize) -> Self {
        Growing {
            random: Random(0xA11CE + 7919 * index as u64),
            index,
            wide: index % 4 == 3,
            noisy: false,
            inputs: 0,
            tensors: vec![],
            shared: vec![],
            lines: vec![],
        }
    }

    fn grow(mut self) -> (String, bool) {
        self.inputs = 1 + self.random.below(3);
        for index in 0..self.inputs {
            // Convolutions need images.
            let kind = if self.index < FOLDING { self.random.below(4) } else { 1 + self.random.below(3) };
            let shape: Vec<usize> = match kind {
                0 | 1 => vec![1 + self.random.below(7)],
                2 => vec![1 + self.random.below(4), 2 + self.random.below(4)],
                _ => vec![2, 1 + self.random.below(3), 2 + self.random.below(3)],
            };
            self.lines.push(format!("let x{index} = Input(shape = {shape:?});"));
            let name = format!("x{index}");
            self.tensors.push(Tensor { name, shape, read: false, ending: None, input: true });
        }
        if self.wide {
            self.trunk();
        }
        let layers = 2 + self.random.below(10);
        for _ in 0..layers {
            self.layer();
        }
        self.finish()
    }

    /// Two layers that are enough for a step to use several threads.
    fn trunk(&mut self) {
        let x = self.read(0);
        let flat = match x.shape.len() {
            1 => x.name,
            _ => {
                self.give(&format!("Flatten()({})", x.name), vec![x.len()]);
                self.read(self.tensors.len() - 1).name
            }
        };
        let first = self.give(&format!("Dense(193, activation = relu)({flat})"), vec![193]);
        self.read(self.tensors.len() - 1);
        let activation = self.random.pick(&["relu", "tanh", "gelu"]);
        self.give(&format!("Dense(161, activation = {activation})({first})"), vec![161]);
    }

    /// Selects a tensor, recent ones more often.
    fn any(&mut self) -> usize {
        let count = self.tensors.len();
        let back = self.random.below(count).min(self.random.below(count));
        count - 1 - back
    }

    fn read(&mut self, index: usize) -> Tensor {
        self.tensors[index].read = true;
        self.tensors[index].clone()
    }

    fn give(&mut self, expression: &str, shape: Vec<usize>) -> String {
        let name = format!("t{}", self.tensors.len());
        self.lines.push(format!("let {name} = {expression};"));
        self.tensors.push(Tensor { name: name.clone(), shape, read: false, ending: None, input: false });
        name
    }

    /// The same for a layer with this activation.
    fn give_activated(&mut self, expression: &str, shape: Vec<usize>, activation: &'static str) -> String {
        let name = self.give(expression, shape);
        if let Some(tensor) = self.tensors.last_mut() {
            tensor.ending = Some(activation);
        }
        name
    }

    fn layer(&mut self) {
        if self.index >= FOLDING && self.random.chance(0.8) {
            return self.foldable();
        }
        match self.random.below(20) {
            0..=6 => {
                let at = self.any();
                self.dense(at);
            }
            7 => self.siblings(),
            8 | 9 => self.call_shared(),
            10 => {
                let at = self.any();
                let x = self.read(at);
                let activation = self.activation(&x);
                self.give_activated(&format!("Activation({activation})({})", x.name), x.shape, activation);
            }
            11 if self.random.chance(0.5) => self.normalize(),
            11 => self.noise(),
            12 => self.normalize_samples(),
            13 | 14 => self.reorder(),
            15 | 16 => self.merge(),
            _ => self.join(),
        }
    }

    fn activation(&mut self, x: &Tensor) -> &'static str {
        match self.random.pick(&HIDDEN) {
            // The softmax of a single value is constant.
            "softmax" | "log_softmax" if x.last() == 1 => "tanh",
            activation => activation,
        }
    }

    fn units(&mut self) -> usize {
        if self.wide && self.random.chance(0.7) {
            self.random.pick(&[96, 130, 161])
        } else {
            1 + self.random.below(8)
        }
    }

    /// The arguments of a `Dense` after its units, and its activation.
    fn settings(&mut self, units: usize) -> (String, &'static str) {
        let shape =
            Tensor { name: String::new(), shape: vec![units], read: true, ending: None, input: false };
        let activation = self.activation(&shape);
        let mut settings = format!(", activation = {activation}");
        if self.random.chance(0.15) {
            settings.push_str(", use_bias = false");
        } else if self.random.chance(0.1) {
            settings.push_str(", bias_regularizer = L2(0.02)");
        }
        if self.random.chance(0.15) {
            settings.push_str(self.random.pick(&[
                ", kernel_regularizer = L2(0.01)",
                ", kernel_regularizer = L1(0.003)",
                ", kernel_regularizer = L1L2(0.002, 0.01)",
            ]));
        }
        if self.random.chance(0.08) {
            settings.push_str(", trainable = false");
        }
        (settings, activation)
    }

    fn dense(&mut self, at: usize) {
        let x = self.read(at);
        // The product of positions and units stays small.
        let units = if x.shape.len() > 1 { 1 + self.random.below(6) } else { self.units() };
        let (settings, activation) = self.settings(units);
        let shape = [&x.shape[..x.shape.len() - 1], &[units]].concat();
        if self.random.chance(0.25) {
            let name = format!("s{}", self.shared.len());
            self.lines.push(format!("let {name} = Dense({units}{settings});"));
            self.shared.push(Shared { name: name.clone(), reads: x.last(), units, activation });
            self.give_activated(&format!("{name}({})", x.name), shape, activation);
        } else {
            self.give_activated(&format!("Dense({units}{settings})({})", x.name), shape, activation);
        }
    }

    fn siblings(&mut self) {
        let at = self.any();
        for _ in 0..2 + self.random.below(2) {
            self.dense(at);
        }
    }

    fn call_shared(&mut self) {
        let mut fits = vec![];
        for (layer, shared) in self.shared.iter().enumerate() {
            let reads = |tensor: &Tensor| tensor.last() == shared.reads;
            fits.extend((0..self.tensors.len()).filter(|&at| reads(&self.tensors[at])).map(|at| (layer, at)));
        }
        if fits.is_empty() {
            let at = self.any();
            return self.dense(at);
        }
        let (layer, at) = self.random.pick(&fits);
        let Shared { name, units, activation, .. } = self.shared[layer].clone();
        let x = self.read(at);
        let shape = [&x.shape[..x.shape.len() - 1], &[units]].concat();
        self.give_activated(&format!("{name}({})", x.name), shape, activation);
    }

    fn noise(&mut self) {
        self.noisy = true;
        let at = self.any();
        let x = self.read(at);
        let layer = self.random.pick(&["Dropout(0.2)", "Dropout(0.5, seed = 3)", "GaussianNoise(0.2)"]);
        self.give(&format!("{layer}({})", x.name), x.shape);
    }

    /// Only in a training step its statistics are those of the batch.
    fn normalize(&mut self) {
        self.noisy = true;
        let at = self.any();
        let x = self.read(at);
        let layer = self.random.pick(&[
            "BatchNormalization(epsilon = 0.1)",
            "BatchNormalization(axis = 1, epsilon = 0.1)",
            "BatchNormalization(epsilon = 0.1, center = false, gamma_regularizer = L2(0.02))",
            "BatchNormalization(trainable = false)",
        ]);
        self.give(&format!("{layer}({})", x.name), x.shape);
    }

    /// `LayerNormalization`, which computes the same in training and in prediction.
    fn normalize_samples(&mut self) {
        let at = self.any();
        let x = self.read(at);
        let mut layers = vec![
            "LayerNormalization(epsilon = 0.1)",
            "LayerNormalization(axis = 1, epsilon = 0.1)",
            "LayerNormalization(epsilon = 0.1, scale = false)",
            "LayerNormalization(epsilon = 0.1, center = false, gamma_regularizer = L2(0.02))",
            "LayerNormalization(epsilon = 0.1, center = false, scale = false)",
        ];
        if x.shape.len() > 1 {
            layers.push("LayerNormalization(axis = [-1, 1], epsilon = 0.1)");
        }
        let layer = self.random.pick(&layers);
        self.give(&format!("{layer}({})", x.name), x.shape);
    }

    fn reorder(&mut self) {
        let at = self.any();
        let x = self.read(at);
        let rank = x.shape.len();
        match self.random.below(3) {
            0 if rank > 1 => {
                let len = x.len();
                self.give(&format!("Flatten()({})", x.name), vec![len]);
            }
            1 if rank > 1 => {
                let mut dims: Vec<usize> = (1..=rank).collect();
                for place in (1..rank).rev() {
                    let other = self.random.below(place + 1);
                    dims.swap(place, other);
                }
                let shape = dims.iter().map(|dim| x.shape[dim - 1]).collect();
                self.give(&format!("Permute({dims:?})({})", x.name), shape);
            }
            2 if rank == 1 && x.len() <= 12 => {
                let n = 2 + self.random.below(3);
                self.give(&format!("RepeatVector({n})({})", x.name), vec![n, x.len()]);
            }
            _ => {
                let divisors: Vec<usize> = (1..=x.len()).filter(|d| x.len().is_multiple_of(*d)).collect();
                let first = self.random.pick(&divisors);
                let shape = vec![first, x.len() / first];
                self.give(&format!("Reshape({shape:?})({})", x.name), shape);
            }
        }
    }

    fn merge(&mut self) {
        let at = self.any();
        let x = self.read(at);
        let mut names = vec![x.name.clone()];
        // Tensors of its shape, including itself, and those that it can be broadcast to.
        let broadcasts = |other: &Tensor| {
            let (longer, shorter) = (&x.shape, &other.shape);
            shorter.len() <= longer.len()
                && shorter.iter().rev().zip(longer.iter().rev()).all(|(&s, &l)| s == l || s == 1)
        };
        let fits: Vec<usize> = (0..self.tensors.len()).filter(|&at| broadcasts(&self.tensors[at])).collect();
        for _ in 0..1 + self.random.below(2) {
            let other = self.random.pick(&fits);
            names.push(self.read(other).name);
        }
        let function =
            self.random.pick(&["add", "add", "multiply", "average", "maximum", "minimum", "subtract"]);
        match (function, &names[..]) {
            ("subtract", [a, b, ..]) => {
                let expression = format!("{a} - {b}");
                // A third one must not remain unread.
                if let Some(c) = names.get(2) {
                    let expression = format!("{expression} + {c}");
                    self.give(&expression, x.shape);
                } else {
                    self.give(&expression, x.shape);
                }
            }
            _ => {
                self.give(&format!("{function}([{}])", names.join(", ")), x.shape);
            }
        }
    }

    fn join(&mut self) {
        let at = self.any();
        let x = self.read(at);
        let axis = self.random.below(x.shape.len());
        let same = |other: &Tensor| {
            let other_axes = other.shape.iter().enumerate().filter(|(place, _)| *place != axis);
            let axes = x.shape.iter().enumerate().filter(|(place, _)| *place != axis);
            other.shape.len() == x.shape.len() && axes.eq(other_axes)
        };
        let fits: Vec<usize> = (0..self.tensors.len()).filter(|&at| same(&self.tensors[at])).collect();
        let (mut names, mut shape) = (vec![x.name.clone()], x.shape.clone());
        for _ in 0..1 + self.random.below(2) {
            let other = self.random.pick(&fits);
            let other = self.read(other);
            shape[axis] += other.shape[axis];
            names.push(other.name);
        }
        let names = names.join(", ");
        match axis + 1 == shape.len() {
            true => self.give(&format!("concatenate([{names}])"), shape),
            false => self.give(&format!("Concatenate(axis = {})([{names}])", axis + 1), shape),
        };
    }

    /// One flat tensor of all unread tensors, or of the last one.
    fn rest(&mut self) -> String {
        let mut unread: Vec<usize> = (0..self.tensors.len()).filter(|&at| !self.tensors[at].read).collect();
        if unread.is_empty() {
            unread.push(self.tensors.len() - 1);
        }
        let mut parts = vec![];
        let mut len = 0;
        for at in unread {
            let x = self.read(at);
            len += x.len();
            parts.push(match x.shape.len() {
                1 => x.name,
                _ => format!("Flatten()({})", x.name),
            });
        }
        match &parts[..] {
            [only] if !only.starts_with('F') => only.clone(),
            [only] => self.give(&only.clone(), vec![len]),
            _ => self.give(&format!("concatenate([{}])", parts.join(", ")), vec![len]),
        }
    }
}
