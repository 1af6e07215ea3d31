//! Valid models determined by bytes: inputs of every kind, layers of every family, merges, shared layers, and heads
//! with losses that fit them.

mod attention;
mod products;
mod sides;

use crate::choices::Choices;
use crate::moves::moved;
use crate::{losses, terms};

mod own;

/// A tensor that a layer can be called on.
#[derive(Clone, Debug)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    /// Activation of the layer that outputs it; `None` if that layer only moves values.
    ending: Option<&'static str>,
    /// Whether it is an input, which training cannot change.
    input: bool,
}

/// A layer that may be called again: its name, the shape of its input without the first axes, and its last output
/// axis.
#[derive(Clone, Debug)]
struct Shared {
    name: String,
    reads: usize,
    gives: usize,
    activation: &'static str,
}

struct Growing<'a, 'b> {
    choices: &'a mut Choices<'b>,
    statements: String,
    tensors: Vec<Tensor>,
    /// By tensor: whether something reads it.
    read: Vec<bool>,
    shared: Vec<Shared>,
}

const ACTIVATIONS: [&str; 18] = [
    "relu",
    "tanh",
    "sigmoid",
    "linear",
    "gelu",
    "elu",
    "selu",
    "softplus",
    "silu",
    "leaky_relu",
    "hard_sigmoid",
    "mish",
    "softmax",
    "celu",
    "sparsemax",
    "relu(negative_slope = 0.1, max_value = 0.8)",
    "squareplus(b = 2.0)",
    "soft_shrink(0.1)",
];
const OPTIMIZERS: [&str; 15] = [
    "Adam()",
    "SGD(0.1)",
    "SGD(0.05, momentum = 0.9, nesterov = true)",
    "RMSprop(1e-2, centered = true)",
    "AdamW(1e-2)",
    "Nadam(1e-2)",
    "Adagrad(0.05)",
    "Adadelta(1.0)",
    "Adamax(1e-2)",
    "Lion(1e-3, clipnorm = 1.0)",
    "Adafactor(0.01)",
    "Lamb(1e-2, weight_decay = 0.01)",
    "Muon(0.02, exclude_layers = [\"bias\"])",
    "Adam(1e-2, gradient_accumulation_steps = 2, global_clipnorm = 1.0)",
    "SGD(0.05, momentum = 0.9, use_ema = true, ema_overwrite_frequency = 3)",
];

/// Returns the content of `model! { … }` for a model called `name`.
pub fn source(name: &str, bytes: &[u8]) -> String {
    let mut choices = Choices::new(bytes);
    let mut growing = Growing {
        choices: &mut choices,
        statements: String::new(),
        tensors: vec![],
        read: vec![],
        shared: vec![],
    };
    let inputs = growing.inputs();
    let layers = 1 + growing.choices.below(14);
    for _ in 0..layers {
        growing.layer();
    }
    growing.added_losses();
    let tail = growing.heads(inputs);
    // Axes are often of length 1.
    let allow = "#[allow(mimo::normalization_of_one_value, mimo::lost_mask, mimo::negative_loss_weight, \
                 mimo::weight_with_batch_axis)]";
    format!("{allow}\n    {name} {{\n{}    {tail}\n}}\n", growing.statements)
}

impl Growing<'_, '_> {
    fn inputs(&mut self) -> usize {
        let count = 1 + self.choices.below(3);
        for index in 0..count {
            let a = 2 + self.choices.below(5);
            let b = 2 + self.choices.below(4);
            let shape = match self.choices.below(4) {
                0 => vec![a],
                1 => vec![a + 4, b],
                2 => vec![a + 5, b + 6, 1 + self.choices.below(3)],
                _ => {
                    let vocabulary = 5 + self.choices.below(9);
                    let words = self.choices.below(4) + 3;
                    self.statements +=
                        &format!("    let x{index} = Input(shape = [{words}], dtype = \"int32\");\n");
                    let (made, shape) = match self.choices.below(5) {
                        0 => (format!("CategoryEncoding({vocabulary})(x{index})"), vec![vocabulary]),
                        1 => {
                            let made =
                                format!("CategoryEncoding({vocabulary}, output_mode = one_hot)(x{index})");
                            (made, vec![words, vocabulary])
                        }
                        // Where the mask arrives at an output, its loss and metrics read it.
                        2 => (
                            format!("Embedding({vocabulary}, {b}, mask_zero = true)(x{index})"),
                            vec![words, b],
                        ),
                        _ => (format!("Embedding({vocabulary}, {b})(x{index})"), vec![words, b]),
                    };
                    self.give(made, shape);
                    continue;
                }
            };
            self.statements += &format!("    let x{index} = Input(shape = {shape:?});\n");
            self.tensors.push(Tensor { name: format!("x{index}"), shape, ending: None, input: true });
            self.read.push(false);
        }
        count
    }

    /// Binds the value of an expression.
    fn give(&mut self, expression: String, shape: Vec<usize>) -> String {
        let name = format!("t{}", self.tensors.len());
        let statement = sides::bound(self.choices, &name, &expression);
        self.statements += &format!("    {statement}\n");
        self.tensors.push(Tensor { name: name.clone(), shape, ending: None, input: false });
        self.read.push(false);
        name
    }

    /// Binds the output of a layer with this activation.
    fn ending(&mut self, expression: String, shape: Vec<usize>, activation: &'static str) -> String {
        let name = self.give(expression, shape);
        if let Some(tensor) = self.tensors.last_mut() {
            tensor.ending = Some(activation);
        }
        name
    }

    /// Selects a tensor, recent ones more often.
    fn any(&mut self) -> Tensor {
        let count = self.tensors.len();
        let back = self.choices.below(count).min(self.choices.below(count));
        self.reading(count - 1 - back)
    }

    fn reading(&mut self, index: usize) -> Tensor {
        self.read[index] = true;
        self.tensors[index].clone()
    }

    fn activation(&mut self, last: usize) -> &'static str {
        match self.choices.pick(&ACTIVATIONS) {
            // The softmax of a single value is constant, and the macro warns about it.
            "softmax" | "sparsemax" if last == 1 => "tanh",
            activation => activation,
        }
    }

    fn settings(&mut self) -> &'static str {
        self.choices.pick(&[
            "",
            "",
            "",
            ", use_bias = false",
            ", kernel_regularizer = L2(0.01)",
            ", activity_regularizer = L2(0.02)",
            ", bias_initializer = \"ones\"",
            ", kernel_constraint = NonNeg()",
            ", kernel_regularizer = OrthogonalRegularizer(0.1, mode = columns)",
            ", trainable = false",
        ])
    }

    fn layer(&mut self) {
        let x = self.any();
        let (name, rank) = (x.name.clone(), x.shape.len());
        let last = x.shape.last().copied().unwrap_or(1);
        let units = 1 + self.choices.below(5);
        let changed = |last: usize| [&x.shape[..rank - 1], &[last]].concat();
        match (self.choices.below(16), rank) {
            (0 | 1, _) => {
                let (activation, settings) = (self.activation(units), self.settings());
                let layer = format!("Dense({units}, activation = {activation}{settings})");
                if self.choices.one_in(3) {
                    let shared = format!("s{}", self.shared.len());
                    self.statements += &format!("    let {shared} = {layer};\n");
                    self.ending(format!("{shared}({name})"), changed(units), activation);
                    self.shared.push(Shared { name: shared, reads: last, gives: units, activation });
                } else {
                    let layer = self.normalized(layer);
                    self.ending(format!("{layer}({name})"), changed(units), activation);
                }
            }
            (2, _) => {
                let Some(shared) = self.shared.iter().find(|shared| shared.reads == last).cloned() else {
                    return self.merge(&x);
                };
                self.ending(format!("{}({name})", shared.name), changed(shared.gives), shared.activation);
            }
            (3, _) if self.choices.one_in(3) => {
                let layer = self.choices.pick(&[
                    "LayerNormalization()",
                    "LayerNormalization(axis = 1)",
                    "LayerNormalization(scale = false)",
                    "LayerNormalization(center = false, scale = false)",
                    "RMSNormalization(epsilon = 0.01)",
                    "RMSNormalization(axis = 1, epsilon = 0.1)",
                    "GroupNormalization(1, epsilon = 0.01)",
                    "GroupNormalization(-1, axis = 1, epsilon = 0.1)",
                    "Rescaling(0.5, offset = 0.25)",
                    "Normalization(mean = 0.5, variance = 4.0)",
                    "Normalization()",
                ]);
                self.ending(format!("{layer}({name})"), x.shape, "linear");
            }
            (3, _) if self.choices.one_in(3) => self.expression(&x),
            (3, _) if self.choices.one_in(3) => self.own(&x),
            (3, _) if self.choices.one_in(4) => self.product(&x),
            (3, 2) if self.choices.one_in(3) => self.attention(&x),
            (3, _) if self.choices.one_in(6) => self.over_axes(&x),
            (3, _) if last.is_multiple_of(2) && self.choices.one_in(3) => {
                self.ending(format!("Activation(glu)({name})"), changed(last / 2), "linear");
            }
            (3, _) if self.choices.one_in(4) => {
                let shared = if rank == 3 { ", shared_axes = [1, 2]" } else { "" };
                let layer = format!("PReLU(alpha_initializer = Constant(0.3){shared})");
                self.ending(format!("{layer}({name})"), x.shape, "linear");
            }
            (3, _) => {
                let activation = self.activation(last);
                self.ending(format!("Activation({activation})({name})"), x.shape, activation);
            }
            (4, _) => {
                let layer = self.choices.pick(&[
                    "Dropout(0.2)",
                    "GaussianNoise(0.1)",
                    "Dropout(0.5, seed = 3)",
                    "GaussianDropout(0.2)",
                    "AlphaDropout(0.2)",
                    "Identity()",
                    "ActivityRegularization(l1 = 0.01, l2 = 0.02)",
                ]);
                // Whole channels, or whole positions.
                let layer = match (rank, self.choices.below(4)) {
                    (2, 0) => "SpatialDropout1D(0.3)",
                    (2, 1) => "Dropout(0.3, noise_shape = [none, 1])",
                    (3, 0) => "SpatialDropout2D(0.3)",
                    (3, 1) => "AlphaDropout(0.3, noise_shape = [1, none, 1])",
                    _ => layer,
                };
                self.give(format!("{layer}({name})"), x.shape);
            }
            (5, _) if self.choices.one_in(2) => {
                // With a small epsilon the loss is too curved for differences.
                let layer = self.choices.pick(&[
                    "BatchNormalization(epsilon = 0.1)",
                    "BatchNormalization(axis = 1, epsilon = 0.1)",
                    "BatchNormalization(scale = false, center = false, epsilon = 0.1)",
                    "BatchNormalization(trainable = false)",
                ]);
                self.ending(format!("{layer}({name})"), x.shape, "linear");
            }
            (5, _) => self.merge(&x),
            (6, _) if self.choices.one_in(2) => {
                let (made, shape) = moved(self.choices, &name, &x.shape);
                self.give(made, shape);
            }
            (6, _) => self.join(&x),
            (7, 1) => {
                self.give(format!("RepeatVector({units})({name})"), vec![units, last]);
            }
            (7, _) => {
                let len = x.shape.iter().product();
                self.give(format!("Flatten()({name})"), vec![len]);
            }
            (8, 2) => {
                self.give(format!("Permute([2, 1])({name})"), vec![x.shape[1], x.shape[0]]);
            }
            (9 | 10, 2) if self.choices.one_in(3) => self.attention(&x),
            (9 | 10, 2) => self.recurrent(&x, units),
            (11 | 12, 2) => self.sliding(&x, units),
            (13, 2) if x.shape[0] > 1 => {
                let (layer, len) = self.choices.pick(&[
                    ("MaxPooling1D(2)", x.shape[0] / 2),
                    ("AveragePooling1D(2, strides = 1)", x.shape[0] - 1),
                    ("MaxPooling1D(2, padding = same)", x.shape[0].div_ceil(2)),
                    ("ZeroPadding1D(1)", x.shape[0] + 2),
                    ("UpSampling1D(2)", x.shape[0] * 2),
                    ("AdaptiveAveragePooling1D(3)", 3),
                    ("AdaptiveMaxPooling1D(2)", 2),
                ]);
                self.give(format!("{layer}({name})"), vec![len, last]);
            }
            (14, 2) => {
                let layer = self.choices.pick(&["GlobalMaxPooling1D()", "GlobalAveragePooling1D()"]);
                let mask = layer == "GlobalAveragePooling1D()" && self.choices.one_in(3);
                let mask = if mask { format!(", mask = {}", self.mask(&x)) } else { String::new() };
                self.give(format!("{layer}({name}{mask})"), vec![last]);
            }
            (15, 2) => {
                let activation = self.activation(units);
                let layer = format!("TimeDistributed(Dense({units}, activation = {activation}))");
                self.ending(format!("{layer}({name})"), changed(units), activation);
            }
            (8..=11, 3) => self.images(&x, units),
            (12 | 13, 3) if x.shape[0] > 1 && x.shape[1] > 1 => {
                let (layer, [height, width]) = self.choices.pick(&[
                    ("MaxPooling2D(2)", [x.shape[0] / 2, x.shape[1] / 2]),
                    ("AveragePooling2D(2, padding = same)", [x.shape[0].div_ceil(2), x.shape[1].div_ceil(2)]),
                    ("ZeroPadding2D(1)", [x.shape[0] + 2, x.shape[1] + 2]),
                    ("UpSampling2D(2)", [x.shape[0] * 2, x.shape[1] * 2]),
                    ("AdaptiveAveragePooling2D((2, 3))", [2, 3]),
                    ("AdaptiveMaxPooling2D(2)", [2, 2]),
                ]);
                if height * width * last < 4000 {
                    self.give(format!("{layer}({name})"), vec![height, width, last]);
                }
            }
            (14, 3) => {
                let layer = self.choices.pick(&["GlobalMaxPooling2D()", "GlobalAveragePooling2D()"]);
                self.give(format!("{layer}({name})"), vec![last]);
            }
            (15, 3) if self.choices.one_in(2) => {
                let layer = self.choices.pick(&["GRU", "LSTM", "SimpleRNN"]);
                let both = format!("TimeDistributed(Bidirectional({layer}({units})))");
                self.give(format!("{both}({name})"), vec![x.shape[0], 2 * units]);
            }
            (15, 3) => {
                self.give(format!("Reshape([-1, {last}])({name})"), vec![x.shape[0] * x.shape[1], last]);
            }
            _ => {
                let (equation, shape) = match rank {
                    1 => ("ab,bc->ac", format!("{units}")),
                    2 => {
                        let equations = ["abc,cd->abd", "abc,dc->abd", "abc,bcd->abd"];
                        (self.choices.pick(&equations), format!("[none, {units}]"))
                    }
                    _ => ("...x,xy->...y", format!("{units}")),
                };
                let last = &equation[equation.len() - 1..];
                let layer = format!("EinsumDense(\"{equation}\", {shape}, bias_axes = \"{last}\")");
                let layer = self.normalized(layer);
                self.ending(format!("{layer}({name})"), changed(units), "linear");
            }
        }
    }

    /// Returns the layer, or wraps it to normalize its kernel. Layers that are called several times are not wrapped:
    /// a step uses another kernel for each call, so that differences of the loss at one kernel are not its gradient.
    fn normalized(&mut self, layer: String) -> String {
        match self.choices.below(12) {
            // The wrapper declares whether it is trained.
            0 if !layer.starts_with("Separable") && !layer.contains("trainable") => {
                format!("SpectralNormalization({layer})")
            }
            _ => layer,
        }
    }

    fn recurrent(&mut self, x: &Tensor, units: usize) {
        let cell = self.choices.pick(&["LSTM", "GRU", "SimpleRNN"]);
        let settings = self.choices.pick(&[
            "",
            ", recurrent_dropout = 0.2",
            ", dropout = 0.1",
            ", go_backwards = true",
            ", use_bias = false",
            ", activity_regularizer = L2(0.03)",
        ]);
        let sequences = self.choices.one_in(2);
        let both = self.choices.one_in(3);
        let flag = if sequences { ", return_sequences = true" } else { "" };
        let layer = format!("{cell}({units}{flag}{settings})");
        let (layer, width) = match both {
            // Its second direction is already backwards.
            true => (format!("Bidirectional({})", layer.replace(", go_backwards = true", "")), 2 * units),
            false => (layer, units),
        };
        let shape = if sequences { vec![x.shape[0], width] } else { vec![width] };
        if !self.choices.one_in(3) {
            self.give(format!("{layer}({})", x.name), shape);
            return;
        }
        let mask = self.mask(x);
        match sequences {
            // The mask ends here, so that any layer can follow.
            true => {
                self.statements += "    #[allow(mimo::lost_mask)]\n";
                self.give(format!("Flatten()({layer}({}, mask = {mask}))", x.name), vec![x.shape[0] * width]);
            }
            false => {
                self.give(format!("{layer}({}, mask = {mask})", x.name), shape);
            }
        }
    }

    /// A mask of the steps of a sequence, which depends on its values.
    fn mask(&mut self, x: &Tensor) -> String {
        let mask = format!("m{}", self.tensors.len());
        self.statements += &format!("    let {mask} = sum({}, axis = -1) > -0.1;\n", x.name);
        mask
    }

    fn sliding(&mut self, x: &Tensor, filters: usize) {
        let kernel = 1 + self.choices.below(x.shape[0].min(3));
        let activation = self.activation(filters);
        let penalty = if self.choices.one_in(5) { ", activity_regularizer = L2(0.02)" } else { "" };
        let (class, settings, len) = match self.choices.below(4) {
            0 => ("Conv1D", "", x.shape[0] + 1 - kernel),
            1 => ("Conv1D", ", strides = 2, padding = same", x.shape[0].div_ceil(2)),
            2 => ("SeparableConv1D", ", padding = same", x.shape[0]),
            _ => ("Conv1DTranspose", ", strides = 2, padding = same", x.shape[0] * 2),
        };
        let layer = format!("{class}({filters}, {kernel}{settings}, activation = {activation}{penalty})");
        let layer = self.normalized(layer);
        self.ending(format!("{layer}({})", x.name), vec![len, filters], activation);
    }

    fn images(&mut self, x: &Tensor, filters: usize) {
        let [height, width, channels] = [x.shape[0], x.shape[1], x.shape[2]];
        let kernel = 1 + self.choices.below(height.min(width).min(3));
        let activation = self.activation(filters);
        let penalty = if self.choices.one_in(5) { ", activity_regularizer = L2(0.02)" } else { "" };
        let (class, settings, image) = match self.choices.below(5) {
            0 => (format!("Conv2D({filters}"), "", [height + 1 - kernel, width + 1 - kernel, filters]),
            1 => (
                format!("Conv2D({filters}"),
                ", strides = 2, padding = same",
                [height.div_ceil(2), width.div_ceil(2), filters],
            ),
            2 => (format!("SeparableConv2D({filters}"), ", padding = same", [height, width, filters]),
            3 => ("DepthwiseConv2D(".to_owned(), ", padding = same", [height, width, channels]),
            _ => (format!("Conv2DTranspose({filters}"), ", padding = same", [height, width, filters]),
        };
        let comma = if class.ends_with('(') { "" } else { ", " };
        // The softmax of a single channel is constant.
        let activation =
            if image[2] == 1 && ["softmax", "sparsemax"].contains(&activation) { "relu" } else { activation };
        let layer = format!("{class}{comma}{kernel}{settings}, activation = {activation}{penalty})");
        let layer = self.normalized(layer);
        self.ending(format!("{layer}({})", x.name), image.to_vec(), activation);
    }

    /// Elementwise operations, one after another. All of them are smooth nearly everywhere, and none grows fast.
    fn expression(&mut self, x: &Tensor) {
        let fits: Vec<usize> =
            (0..self.tensors.len()).filter(|&at| self.tensors[at].shape == x.shape).collect();
        let at = self.choices.pick(&fits);
        let other = self.tensors[at].name.clone();
        let mut expression = x.name.clone();
        for _ in 0..1 + self.choices.below(4) {
            let form = self.choices.pick(&[
                "(0.5 * {t} + 0.25)",
                "(1.0 - {t})",
                "-({t})",
                "tanh({t})",
                "sin({t})",
                "exp(-square({t}))",
                "sqrt(square({t}) + 0.5)",
                "log1p(square({t}))",
                "({t} / (1.0 + abs({t})))",
                "where({t} > 0.1, {t}, 0.5 * {o})",
                "clip({t}, -0.9, 0.8)",
                "erf({t})",
                "({t} / (1.5 + square({o})))",
                "maximum({t}, {o})",
                "(arctan({t}) * {o})",
                "({t} % 0.7)",
                "({t} - mean({t}, axis = -1, keepdims = true))",
                "({t} * max({o}, axis = 1, keepdims = true))",
                // Random numbers of which there is only one.
                "({t} * random_uniform({o}, 0.5, 0.5))",
                "({t} + random_normal({t}, mean = 0.25, stddev = 0))",
            ]);
            // Not every form reads the other tensor.
            self.read[at] |= form.contains("{o}");
            expression = form.replace("{t}", &expression).replace("{o}", &other);
            // Duplicated parts grow fast.
            if expression.len() > 300 {
                break;
            }
        }
        self.give(format!("1.0 * {expression}"), x.shape.clone());
    }

    fn merge(&mut self, x: &Tensor) {
        let fits: Vec<usize> =
            (0..self.tensors.len()).filter(|&at| self.tensors[at].shape == x.shape).collect();
        let other = self.choices.pick(&fits);
        let other = self.reading(other).name;
        let expression = match self.choices.below(8) {
            0 => format!("{} + {other}", x.name),
            1 => format!("{} - {other}", x.name),
            2 => format!("{} * {other}", x.name),
            3 => format!("average([{}, {other}])", x.name),
            4 => format!("maximum([{}, {other}, {}])", x.name, x.name),
            5 => format!("Minimum()([{}, {other}])", x.name),
            6 => format!("subtract([{}, {other}])", x.name),
            _ => format!("multiply([{}, {other}])", x.name),
        };
        self.give(expression, x.shape.clone());
    }

    fn join(&mut self, x: &Tensor) {
        let (axis, rank) = (self.choices.below(x.shape.len()), x.shape.len());
        let fits = |other: &Tensor| {
            other.shape.len() == rank && (0..rank).all(|at| at == axis || other.shape[at] == x.shape[at])
        };
        let fits: Vec<usize> = (0..self.tensors.len()).filter(|&at| fits(&self.tensors[at])).collect();
        let other = self.choices.pick(&fits);
        let other = self.reading(other);
        let mut shape = x.shape.clone();
        shape[axis] += other.shape[axis];
        if shape.iter().product::<usize>() < 4000 {
            self.give(format!("Concatenate(axis = {})([{}, {}])", axis + 1, x.name, other.name), shape);
        }
    }

    /// Losses of any tensors, some of which have no other reader.
    fn added_losses(&mut self) {
        if !self.choices.one_in(3) {
            return;
        }
        for index in 0..1 + self.choices.below(2) {
            let x = self.any();
            self.statements += &terms::added_loss(self.choices, &x.name, x.shape.len(), index);
        }
    }

    /// One flat tensor of all unread tensors.
    fn rest(&mut self) -> (String, usize) {
        let mut unread: Vec<usize> = (0..self.tensors.len()).filter(|&at| !self.read[at]).collect();
        if unread.is_empty() {
            unread.push(self.tensors.len() - 1);
        }
        let mut parts = vec![];
        let mut len = 0;
        for at in unread {
            let x = self.reading(at);
            len += x.shape.iter().product::<usize>();
            parts.push(if x.shape.len() == 1 { x.name } else { format!("Flatten()({})", x.name) });
        }
        match &parts[..] {
            [only] => (only.clone(), len),
            _ => (format!("concatenate([{}])", parts.join(", ")), len),
        }
    }

    /// A head on `from`: a layer that ends in an activation, or one whose activation is a separate layer, which makes
    /// the logits a tensor that may also be an output. Sometimes other tensors are computed from the logits.
    fn head(&mut self, index: usize, from: &str, before: &[usize]) -> Vec<usize> {
        let (units, activation) = self.choices.pick(&[
            (1, "linear"),
            (1, "sigmoid"),
            (3, "softmax"),
            (4, "softmax"),
            (2, "sigmoid"),
            (2, "tanh"),
            (3, "linear"),
            (2, "softplus"),
        ]);
        let mut made = vec![];
        let mut push = |growing: &mut Self, name: String, shape: Vec<usize>, ending| {
            growing.tensors.push(Tensor { name, shape, ending, input: false });
            growing.read.push(true);
            made.push(growing.tensors.len() - 1);
        };
        let name = format!("y{index}");
        let shape = [before, &[units]].concat();
        if !self.choices.one_in(3) {
            let penalty = if self.choices.one_in(6) { ", activity_regularizer = L2(0.05)" } else { "" };
            self.statements += &format!(
                "    let {name} = Dense({units}, activation = {activation}{penalty}, name = \"head{index}\")({from});\n"
            );
            push(self, name, shape, Some(activation));
            return made;
        }
        let logits = format!("l{index}");
        self.statements += &format!("    let {logits} = Dense({units}, name = \"head{index}\")({from});\n");
        push(self, logits.clone(), shape.clone(), Some("linear"));
        if self.choices.one_in(3) {
            let moved = [&[1], &shape[..]].concat();
            self.statements += &format!("    let r{index} = Reshape({moved:?})({logits});\n");
            push(self, format!("r{index}"), moved, None);
        }
        if activation != "linear" {
            self.statements += &format!("    let {name} = Activation({activation})({logits});\n");
            push(self, name, shape.clone(), Some(activation));
            if self.choices.one_in(3) {
                self.statements += &format!("    let z{index} = Activation({activation})({logits});\n");
                push(self, format!("z{index}"), shape, Some(activation));
            }
        }
        made
    }

    /// Heads, outputs among all tensors, and `Model(…)`.
    fn heads(&mut self, inputs: usize) -> String {
        let count = 1 + self.choices.below(3);
        let hidden = self.tensors.len();
        let mut outputs = vec![];
        for index in 0..count {
            let (from, shape) = if index + 1 == count {
                (self.rest().0, vec![])
            } else {
                let from = self.any();
                (from.name, from.shape[..from.shape.len() - 1].to_vec())
            };
            // Unread tensors are outputs; logits with other readers may be.
            let made = self.head(index, &from, &shape);
            let logits_too = made.len() == 1 || self.choices.one_in(2);
            outputs.extend(made.into_iter().skip(usize::from(!logits_too)));
        }
        // Any tensor may be an output.
        for _ in 0..self.choices.below(4) {
            let at = self.choices.below(hidden);
            if !outputs.contains(&at) {
                outputs.push(at);
            }
        }
        let outputs: Vec<Tensor> = outputs.iter().map(|&at| self.tensors[at].clone()).collect();
        let custom = self.choices.one_in(8);
        let mut losses = vec![];
        for tensor in &outputs {
            let last = tensor.shape.last().copied().unwrap_or(1);
            // A softmax over one unit is an error.
            let fitting = match tensor.ending {
                Some("softmax") if last == 1 => vec!["none"],
                ending => losses::fitting(ending, last),
            };
            losses.push(match self.choices.below(6) {
                _ if tensor.input => "none",
                0 if losses.iter().any(|loss| *loss != "none") => "none",
                1 | 2 if custom => self.choices.pick(&["custom", "custom(targets = false)"]),
                _ => self.choices.pick(&fitting),
            });
        }
        if losses.iter().all(|loss| *loss == "none") {
            // A model without anything to train is an error; a head can always have a loss.
            if let Some(at) = outputs.iter().position(|tensor| !tensor.input) {
                losses[at] = "mse";
            }
        }
        let inputs: Vec<String> = (0..inputs).map(|index| format!("x{index}")).collect();
        let names: Vec<&str> = outputs.iter().map(|tensor| tensor.name.as_str()).collect();
        let tail = format!("Model(inputs = [{}], outputs = [{}])", inputs.join(", "), names.join(", "));
        if self.choices.one_in(12) {
            return tail;
        }
        let mut metrics = vec![];
        for (name, loss) in names.iter().zip(&losses) {
            if *loss != "custom(targets = false)" && self.choices.one_in(3) {
                metrics.push(format!("{name}: [{}]", self.choices.pick(losses::metrics(loss))));
            }
        }
        let optimizer = self.optimizers(&names, &losses);
        let losses: Vec<String> =
            names.iter().zip(&losses).map(|(name, loss)| format!("{name}: {loss}")).collect();
        let metrics = match metrics.is_empty() {
            true => String::new(),
            false => format!(", metrics = {{ {} }}", metrics.join(", ")),
        };
        format!("{tail}.compile(optimizer = {optimizer}, loss = {{ {} }}{metrics})", losses.join(", "))
    }

    /// The optimizer, or one for a head and one for the rest. There is a rest if another head has a loss too.
    fn optimizers(&mut self, names: &[&str], losses: &[&str]) -> String {
        let learned = names.iter().zip(losses).filter(|(_, loss)| **loss != "none");
        // Other tensors begin with `t` or `x`.
        let mut heads: Vec<&str> =
            learned.filter_map(|(name, _)| name.strip_prefix(['y', 'l', 'r', 'z'])).collect();
        heads.sort_unstable();
        heads.dedup();
        let one = self.choices.pick(&OPTIMIZERS);
        if heads.len() < 2 || self.choices.one_in(2) {
            return one.to_owned();
        }
        let (head, other) = (self.choices.pick(&heads), self.choices.pick(&OPTIMIZERS));
        format!("{{ head{head}: {other}, rest: {one} }}")
    }
}
