//! Functions of `keras.ops` that mimo does not have, by their replacement.

const PREPARE: &str = "compute it before the values are given to the model";
const AFTER: &str = "compute it in Rust, from predictions, or before the values are given to the model; `argmax(x)` is the place of the largest";
const NUMBERS: &str = "write numbers where they are used, as in `2.0 * x`: they are repeated along all axes; `Weight([4, 4], initializer = identity, trainable = false)` is a tensor of fixed numbers, and other numbers are an `Input`";
const SPECTRUM: &str = "compute the spectrum before it is given to the model: tensors are real";
const WHOLE: &str = "compute it before the values are given to the model: integers are looked up or encoded, and not computed with";
const LOOP: &str = "write a loop of the block: `for i in 0..3 { let x = Dense(8)(x); }`";
const LOSS: &str = "write it at the output: `.compile(loss = { y: categorical_crossentropy })`";
const SHAPE: &str = "leave it out: shapes are known where the model is written, `let y: [20, 8] = exp(x);`";
const NANS: &str =
    "replace NaN first, `let x = where(x == x, x, 0.0);`, and write the function without `nan`";
const FINITE: &str = "compare with the constants of Rust: `abs(x) < f64::INFINITY`, `x == f64::NEG_INFINITY`; NaN is what is not equal to itself, `x != x`";
const PARTS: &str = "write `split(x, 3, axis = -1)`, or a part by its index: `x[.., 0..3]`";
const SEGMENTS: &str = "sum with a product: `einsum(\"bns,bnd->bsd\", membership, x)`, where `membership` is 1 for the segment of each row";

/// Functions, each group with a replacement.
pub(super) const OPERATIONS: &[(&[&str], &str)] = &[
    // Of single values.
    (&["fabs"], "write `abs(x)`"),
    (&["fmax"], "write `maximum(a, b)`"),
    (&["fmin"], "write `minimum(a, b)`"),
    (&["fmod"], "write `sign(a) * mod(abs(a), abs(b))`"),
    (&["cbrt"], "write `sign(x) * power(abs(x), 1.0 / 3.0)`"),
    (&["exp2"], "write `power(2.0, x)`"),
    (&["erfc"], "write `1.0 - erf(x)`"),
    (&["deg2rad"], "write `x * (3.14159265 / 180.0)`"),
    (&["rad2deg"], "write `x * (180.0 / 3.14159265)`"),
    (&["hypot"], "write `sqrt(square(a) + square(b))`"),
    (&["logaddexp"], "write `maximum(a, b) + log1p(exp(-abs(a - b)))`"),
    (&["logaddexp2"], "write `maximum(a, b) + log2(1.0 + power(2.0, -abs(a - b)))`"),
    (&["heaviside"], "write `where(x == 0.0, h, x > 0.0)`"),
    (&["divide_no_nan"], "write `where(b == 0.0, 0.0, a / where(b == 0.0, 1.0, b))`"),
    (&["sinc"], "write `where(x == 0.0, 1.0, sin(3.14159265 * x) / (3.14159265 * x))`"),
    (&["logical_xor"], "write `(a != 0.0) != (b != 0.0)`"),
    (&["signbit"], "write `x < 0.0`"),
    (&["isclose", "allclose"], "write `abs(a - b) <= 0.00001`"),
    (&["isnan", "isinf", "isfinite", "isneginf", "isposinf"], FINITE),
    (&["nan_to_num"], "write `where(x == x, x, 0.0)`"),
    (&["erfinv", "i0", "ldexp", "nextafter"], PREPARE),
    (&["select"], "write `where(condition, a, where(other, b, c))`"),
    (
        &["custom_gradient"],
        "write `stop_gradient(x)`, or `scale_gradient(x, 0.5)`, which multiplies the gradient",
    ),
    // Over axes.
    (&["ptp"], "write `max(x, axis = -1) - min(x, axis = -1)`"),
    (&["moments"], "write `mean(x, axis = -1)` and `var(x, axis = -1)`"),
    (&["count_nonzero"], "write `sum(x != 0.0, axis = -1)`"),
    (&["cumprod"], "write `exp(cumsum(log(x), axis = 1))` for positive values"),
    (&["trapezoid"], "write `0.5 * sum(x[1..] + x[..-1], axis = 1)`"),
    (
        &["nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin"],
        NANS,
    ),
    (&["nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar"], NANS),
    (&["median", "quantile", "percentile", "sort", "argsort", "argpartition", "searchsorted"], AFTER),
    (&["unique", "nonzero", "bincount", "histogram", "digitize", "unravel_index", "isin"], AFTER),
    (&["segment_max", "segment_min", "segment_prod", "segment_sum"], SEGMENTS),
    // Products.
    (&["inner", "vdot"], "write `einsum(\"bi,bi->b\", a, b)`, or `sum(a * b, axis = -1)`"),
    (&["outer"], "write `einsum(\"bi,bj->bij\", a, b)`"),
    (&["kron"], "write `einsum(\"bij,bkl->bikjl\", a, b)` and a `Reshape` of it"),
    (&["trace"], "write `einsum(\"bii->b\", x)`"),
    (&["diagonal", "diag"], "write `einsum(\"bii->bi\", x)` for the diagonal of a matrix"),
    (&["diagflat"], "multiply a `RepeatVector` of the values with an identity matrix, an `Input`"),
    (&["tri", "tril", "triu"], "multiply with a mask, an `Input` of zeros and ones: `x * mask`"),
    (
        &["cross"],
        "write it from parts, `a[1] * b[2] - a[2] * b[1]` and so on, and `stack([i, j, k], axis = 1)`",
    ),
    (&["cdist"], "write `sqrt(sum(square(expand_dims(a, 2) - expand_dims(b, 1)), axis = -1))`"),
    (&["correlate"], "write `Conv1D(1, 3)(x)`, which learns its kernel"),
    (
        &["corrcoef"],
        "write it from centered values: `let c = x - mean(x, axis = 1, keepdims = true);` and `einsum(\"bni,bnj->bij\", c, c)`",
    ),
    (
        &["dot_product_attention"],
        "write `let p = softmax(einsum(\"bqhd,bkhd->bhqk\", q, k) / 8.0);`, with the root of the length of `d`, and `einsum(\"bhqk,bkhd->bqhd\", p, v)`",
    ),
    (&["cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "lstsq", "lu_factor", "logdet"], PREPARE),
    (&["matrix_rank", "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd"], PREPARE),
    (&["angle", "conj", "conjugate", "fft", "fft2", "ifft2", "imag", "irfft", "isreal", "istft"], SPECTRUM),
    (&["polar", "real", "rfft", "stft", "view_as_complex", "view_as_real", "extract_sequences"], SPECTRUM),
    (
        &[
            "bitwise_and",
            "bitwise_invert",
            "bitwise_left_shift",
            "bitwise_not",
            "bitwise_or",
            "bitwise_right_shift",
        ],
        WHOLE,
    ),
    (&["bitwise_xor", "left_shift", "right_shift", "gcd", "lcm"], WHOLE),
    // Tensors of numbers.
    (&["arange", "array", "empty", "eye", "full", "identity", "linspace", "logspace", "geomspace"], NUMBERS),
    (&["meshgrid", "ones", "zeros", "ones_like", "zeros_like", "full_like", "empty_like"], NUMBERS),
    (&["bartlett", "blackman", "hamming", "hanning", "kaiser", "vander"], NUMBERS),
    // Values in other places.
    (&["append", "dstack"], "write `concatenate([a, b])`"),
    (&["array_split", "dsplit", "hsplit", "vsplit"], PARTS),
    (&["take_along_axis"], "write an index, `x[3]`: it is known where the model is written"),
    (&["diff"], "write `x[1..] - x[..-1]`"),
    (
        &["rearrange"],
        "write `reshape(x, [-1, 4, 8])`, with the batch as -1, and `transpose(x, axes = [0, 2, 1])`",
    ),
    (&["ravel"], "write `Flatten()(x)`"),
    (&["fliplr", "flipud"], "write `flip(x, axis = 1)`, where axis 0 is the batch"),
    (&["roll"], "write `concatenate([x[-1..], x[..-1]], axis = 1)`"),
    (&["rot90"], "write `flip(transpose(x, axes = [0, 2, 1, 3]), axis = 1)`"),
    (&["broadcast_to"], "leave it out: axes of length 1 are repeated where they meet longer ones"),
    (&["copy"], "leave it out: a tensor may be read any number of times"),
    (
        &["scatter", "scatter_update", "slice_update"],
        "write `where(mask, new, x)`, with a mask of zeros and ones",
    ),
    (&["depth_to_space"], "write `UpSampling2D(2)(x)`, or `Conv2DTranspose(8, 3, strides = 2)(x)`"),
    (&["space_to_depth", "unfold"], "write `Conv2D(8, 2, strides = 2)(x)`, which reads the same windows"),
    (&["fold"], "write `Conv2DTranspose(8, 2, strides = 2)(x)`, which adds the same windows"),
    // Layers as functions.
    (&["average_pool"], "write `AveragePooling1D(2)(x)` or `AveragePooling2D(2)(x)`"),
    (&["max_pool"], "write `MaxPooling1D(2)(x)` or `MaxPooling2D(2)(x)`"),
    (
        &["adaptive_average_pool"],
        "write `AdaptiveAveragePooling1D(4)(x)` or `AdaptiveAveragePooling2D(4)(x)`",
    ),
    (&["adaptive_max_pool"], "write `AdaptiveMaxPooling1D(4)(x)` or `AdaptiveMaxPooling2D(4)(x)`"),
    (&["batch_normalization"], "write `BatchNormalization()(x)`"),
    (&["layer_normalization"], "write `LayerNormalization()(x)`"),
    (&["rms_normalization"], "write `RMSNormalization()(x)`"),
    (&["conv"], "write `Conv1D(8, 3)(x)` or `Conv2D(8, 3)(x)`, which have their kernel"),
    (
        &["conv_transpose"],
        "write `Conv1DTranspose(8, 3)(x)` or `Conv2DTranspose(8, 3)(x)`, which have their kernel",
    ),
    (
        &["depthwise_conv"],
        "write `DepthwiseConv1D(3)(x)` or `DepthwiseConv2D(3)(x)`, which have their kernel",
    ),
    (
        &["separable_conv"],
        "write `SeparableConv1D(8, 3)(x)` or `SeparableConv2D(8, 3)(x)`, which have their kernels",
    ),
    (&["multi_hot"], "write `CategoryEncoding(10, output_mode = multi_hot)(x)`"),
    // Training, control and shapes.
    (&["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"], LOSS),
    (
        &["ctc_loss", "ctc_decode"],
        "give each step of the sequence a class of its own, with `sparse_categorical_crossentropy`",
    ),
    (&["psnr"], "write `metrics = [mse]`, from which it is `-10 · log10(mse)`"),
    (&["in_top_k"], "write `metrics = [top_k_categorical_accuracy]`"),
    (&["associative_scan", "fori_loop", "map", "scan", "vectorize", "vectorized_map", "while_loop"], LOOP),
    (&["jvp"], "leave it out: gradients of all weights are computed in training"),
    (&["dtype", "ndim", "shape", "size", "is_tensor"], SHAPE),
    (&["convert_to_numpy"], "call `forward` on the model, whose outputs are tensors with `as_vec()`"),
    (&["saturate_cast"], "write `clip(x, 0.0, 255.0)`"),
];
