//! Types of arguments other than numbers (`usize`, `f64`) and `bool`.

/// Types that only document what may be written.
macro_rules! markers {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {
        $($(#[doc = $doc])* #[derive(Clone, Copy, Debug)] pub struct $name;)*
    };
}

/// Words, each written as it is or as a string.
macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $about:literal])* $word:ident,)* })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug)]
            #[allow(non_camel_case_types)]
            pub enum $name { $($(#[doc = $about])* $word,)* }
        )*

        /// Every word, by its type.
        pub(crate) const WORDS: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$(stringify!($word)),*]),)*];
    };
}

markers! {
    /// Tensors of the model: one, or a list `[a, b]`.
    Tensors;
    /// Tensors of the model as a list: `[a, b]`, or the name of a list that a loop gives.
    TensorList;
    /// The inputs of the model: one, a list `[a, b]`, or a map by other names, `{ ecg: a, pressure: b }`.
    Inputs;
    /// An activation: an item of [`activations`](super::activations), as in `relu`, `"relu"` or `LeakyReLU(0.1)`.
    Activation;
    /// An initializer: an item of [`initializers`](super::initializers), as in `zeros` or `HeNormal(seed = 1)`.
    Initializer;
    /// A regularizer: an item of [`regularizers`](super::regularizers), as in `L2(1e-4)`; `none` for none.
    Regularizer;
    /// A constraint: an item of [`constraints`](super::constraints), as in `MaxNorm(2)`; `none` for none.
    Constraint;
    /// A layer: an item of [`layers`](super::layers) with its arguments, as in `LSTM(64)`.
    Layer;
    /// An optimizer: an item of [`optimizers`](super::optimizers), as in `Adam(learning_rate = 1e-3)`. Several are a
    /// map by the names of layers, nested models or outputs, `{ encoder: SGD(1e-3), rest: Adam() }`: the name of an
    /// output selects the layers that only lead to it, and `rest` everything that no other key selects.
    Optimizer;
    /// Losses: items of [`losses`](super::losses). One for all outputs, a list in their order, or a map by their
    /// names: `{ diagnosis: mse, risk: none }`.
    Loss;
    /// Metrics: items of [`metrics`](super::metrics). One for all outputs, a list, or a map by their names:
    /// `{ diagnosis: [accuracy, auc] }`.
    Metrics;
    /// Weights: one number for all outputs, a list in their order, or a map by their names: `{ risk: 0.5 }`.
    Weights;
    /// `true` or `false` for all outputs, a list in their order, or a map by their names: `{ policy: false }`.
    Switches;
    /// One number for all, or a list with one for each: `0.5`, `[1.0, 3.0]`.
    Factors;
    /// Lengths of axes: a number for all of them, or one for each: `3`, `[3, 5]`, `(3, 5)`. Each is any constant
    /// expression.
    Lengths;
    /// A value that a loop or a function call binds: a number, a word, a tensor or a layer.
    Setting;
    /// An axis: 0 is the batch, 1 the first axis of a sample, -1 the last.
    Axis;
    /// Axes, as [`Axis`] each: `1`, `[2, 1]`.
    Axes;
    /// Part of each axis of a sample: a position, two bounds, or `none` for the whole axis: `3`, `[none, [0, 3]]`.
    Key;
    /// Rows or columns at edges: a number for all edges, one for each axis, or one for each edge: `1`, `(1, 2)`,
    /// `((1, 0), (0, 1))`.
    Frame;
    /// Numbers: one for all values, or a list with one for each position of an axis: `0.5`, `[0.5, 0.25, 0.25]`.
    Numbers;
    /// A learning rate: a number, or an item of [`schedules`](super::schedules), as in `CosineDecay(1e-3, 1000)`.
    LearningRate;
    /// Learning rates, as a list: `[1e-3, 1e-4]`.
    Rates;
    /// Steps, as a list: `[1000, 2000]`.
    Steps;
    /// A name, as a string: `"encoder"`.
    Name;
    /// Names, as a list of strings: `["encoder", "head"]`.
    Names;
}

words! {
    /// Padding at the edges.
    Padding {
        /// Windows lie inside of the input, so that axes become shorter.
        valid,
        /// Zeros are added at the edges, so that axes keep their lengths for a stride of 1.
        same,
    }

    /// Position of the channels.
    DataFormat {
        /// The last axis.
        channels_last,
    }

    /// The score of a query with a key.
    ScoreMode {
        /// Their dot product.
        dot,
        /// The sum of `tanh(query + key)`.
        concat,
    }

    /// Element type of an input.
    ElementType {
        /// Floats: of the model's type, `f32` unless it is built for `f64`.
        float32,
        /// Integers, for an `Embedding`.
        int32,
    }

    /// Element type after a `cast`.
    CastType {
        /// Floats of the model's type.
        float32,
        /// The same.
        float64,
        /// The same.
        float,
        /// Integers.
        int32,
        /// The same.
        int64,
        /// The same.
        int,
    }

    /// Interpolation of the pixels of an upsampled image.
    Interpolation {
        /// The nearest pixel: each is repeated.
        nearest,
        /// The weighted mean of the four nearest pixels.
        bilinear,
    }

    /// Vectors of a matrix.
    OrthogonalMode {
        /// The rows, each along the last axis.
        rows,
        /// The columns, each along the first axis.
        columns,
    }

    /// Encoding of integers as vectors.
    OutputMode {
        /// One vector for all numbers of a sample, with a 1 at the index of each.
        multi_hot,
        /// One vector for each number, with a 1 at its index.
        one_hot,
        /// One vector for all numbers of a sample, with the number of occurrences of each.
        count,
    }

    /// Combination of the outputs of two directions.
    MergeMode {
        /// Concatenation along the last axis.
        concat,
        /// Their sum.
        sum,
        /// Their product.
        mul,
        /// Their mean.
        ave,
    }

    /// Curve whose area is computed.
    Curve {
        /// The true-positive rate over the false-positive rate.
        ROC,
        /// Precision over recall.
        PR,
        /// The gain of precision over the gain of recall.
        PRGAIN,
    }

    /// Height of the area under a curve between two thresholds.
    Summation {
        /// The mean of both ends; for precision over recall, a curve between them.
        interpolation,
        /// The lower end.
        minoring,
        /// The higher end.
        majoring,
    }

    /// Aggregation of the scores of columns.
    Aggregation {
        /// The mean over the columns.
        uniform_average,
        /// The mean over the columns, weighted by the variance of each.
        variance_weighted_average,
        /// A metric for each column instead of one number.
        none,
    }

    /// Aggregation of the scores of classes.
    Average {
        /// From the counts of all classes together.
        micro,
        /// The mean over the classes.
        r#macro,
        /// The mean over the classes, weighted by the number of their occurrences.
        weighted,
        /// A metric for each class instead of one number.
        none,
    }

    /// The number that a variance is divided by.
    Fan {
        /// Inputs of the layer.
        fan_in,
        /// Outputs of the layer.
        fan_out,
        /// The mean of both.
        fan_avg,
    }

    /// Distribution of random values.
    Distribution {
        /// A normal distribution, drawn again beyond two standard deviations.
        truncated_normal,
        /// A normal distribution.
        untruncated_normal,
        /// A uniform distribution.
        uniform,
    }
}
