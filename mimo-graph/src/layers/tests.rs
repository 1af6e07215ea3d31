mod activations;
mod attention;
mod einsum;
mod images;
mod masks;
mod noise;
mod normalization;
mod sequences;

use super::*;
use crate::dim::{ConstId, Dim};
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::testing::{Bench, Given, args, call, float, int, items, named, string, value, word};
use crate::value::{Value, ValueKind};

const CALL: Loc = Loc(2);

fn made(bench: &mut Bench, class: &str, given: impl IntoIterator<Item = Given>) -> Option<Constructed> {
    let given = args(given);
    bench.cx(|cx| construct(class, Loc(0), &given, CALL, cx))
}

fn layer(bench: &mut Bench, class: &str, given: impl IntoIterator<Item = Given>) -> LayerKind {
    made(bench, class, given).expect(class).kind
}

/// Infers the shape of a layer for tensors `x`, `y`, `z`.
fn infer(bench: &mut Bench, kind: &LayerKind, shapes: &[Shape]) -> Option<Shape> {
    infer_typed(bench, kind, shapes, Dtype::Float).map(|(shape, _)| shape)
}

fn infer_typed(
    bench: &mut Bench,
    kind: &LayerKind,
    shapes: &[Shape],
    dtype: Dtype,
) -> Option<(Shape, Dtype)> {
    let inputs: Vec<_> = shapes
        .iter()
        .zip(["x", "y", "z"])
        .map(|(shape, name)| Operand { name, shape, dtype, loc: Loc(1), tensor: None, role: "" })
        .collect();
    bench.cx(|cx| kind.infer(&inputs, CALL, cx)).map(|mut given| given.remove(0))
}

fn known(lengths: &[usize]) -> Shape {
    Shape::known(lengths)
}

fn a() -> Dim {
    Dim::constant(ConstId(0))
}

fn b() -> Dim {
    Dim::constant(ConstId(1))
}

fn list(lengths: &[i64]) -> Value {
    items(lengths.iter().map(|&n| int(n)))
}

fn bool(b: bool) -> Value {
    value(ValueKind::Bool(b))
}

/// Required arguments of a class.
fn required(class: &str) -> Vec<Given> {
    let values = match class {
        "Dense" | "RepeatVector" | "LSTM" | "GRU" | "SimpleRNN" => vec![int(1)],
        "EinsumDense" => vec![string("ab,bc->ac"), int(2)],
        "Embedding" => vec![int(9), int(2)],
        class if class.starts_with("Conv") || class.starts_with("Separable") => vec![int(1), int(1)],
        class if class.starts_with("Depthwise") => vec![int(1)],
        "Activation" => vec![word("relu")],
        "CategoryEncoding" => vec![int(2)],
        class if class.starts_with("Adaptive") => vec![int(2)],
        "Reshape" | "Permute" | "Weight" => vec![list(&[1])],
        "GaussianNoise" => vec![float(0.5)],
        class if class.ends_with("Dropout") || class.starts_with("SpatialDropout") => vec![float(0.5)],
        "Bidirectional" => vec![call("GRU", [(None, int(1))])],
        "TimeDistributed" => vec![call("Flatten", [])],
        "SpectralNormalization" => vec![call("Dense", [(None, int(2))])],
        "MultiHeadAttention" => vec![int(1), int(1)],
        "GroupQueryAttention" => vec![int(1), int(1), int(1)],
        "AveragePooling1D" | "AveragePooling2D" | "Dot" | "Rescaling" => vec![int(2)],
        _ => vec![],
    };
    values.into_iter().map(|value| (None, value)).collect()
}

#[test]
fn every_class_has_its_names() {
    let mut automatic = vec![];
    for class in classes() {
        let mut bench = Bench::new();
        let kind = layer(&mut bench, class, required(class));
        assert_eq!(kind.class_name(), class);
        automatic.push(kind.auto_name());
        assert_eq!(absent::instead_of(class), None);
        bench.expect(&[]);
    }
    // As in Keras.
    for name in
        ["conv1d", "conv2d_transpose", "re_lu", "leaky_re_lu", "elu", "simple_rnn", "global_max_pooling1d"]
    {
        assert!(automatic.iter().any(|automatic| automatic == name), "{name}");
    }
    assert_eq!((function("average"), function("dense")), (Some("Average"), None));
}

#[test]
fn common_arguments_are_read_by_every_layer() {
    let mut bench = Bench::new();
    let given = [(None, float(0.1)), named("name", string("drop")), named("trainable", bool(false))];
    let dropout = made(&mut bench, "Dropout", given).expect("sound");
    assert_eq!((dropout.name, dropout.trainable), (Some(("drop".into(), Loc(1))), false));
    made(&mut bench, "Add", [named("dtype", string("float16"))]);
    made(&mut bench, "Dense", [(None, int(1)), named("input_shape", list(&[3]))]);
    let diags = bench.expect(&["mimo has no `dtype` for `Add`", "mimo has no `input_shape` for `Dense`"]);
    assert_eq!(diags[0].helps, ["leave it out: layers compute in the model's float type"]);
}

#[test]
fn unknown_layers_get_an_answer() {
    let mut bench = Bench::new();
    for class in ["Dens", "ConvLSTM2D", "Lambda", "concatenat", "Foo"] {
        assert_eq!(made(&mut bench, class, []), None);
    }
    let diags = bench.expect(&[
        "unknown layer `Dens`",
        "mimo has no layer `ConvLSTM2D`",
        "mimo has no layer `Lambda`",
        "unknown layer `concatenat`",
        "unknown layer `Foo`",
    ]);
    assert_eq!(diags[0].helps, ["did you mean `Dense`?"]);
    assert!(diags[1].helps[0].starts_with("write `TimeDistributed(Conv2D(8, 3))`"));
    assert!(diags[2].helps[0].starts_with("write a function of the block"));
    assert_eq!(diags[3].helps, ["did you mean `concatenate`?"]);
    assert_eq!(diags[4].helps[0], "a model of your own is brought in with `use Foo;`");
}

#[test]
fn flatten_takes_nothing_by_position() {
    let mut bench = Bench::new();
    assert_eq!(made(&mut bench, "Flatten", [(None, int(1)), (None, int(2))]), None);
    let diags = bench.expect(&["`Flatten` takes no positional argument, but 2 are given"]);
    assert_eq!(diags[0].helps, ["its arguments are `name`, `trainable`"]);
}

#[test]
fn dense_replaces_the_last_axis() {
    let mut bench = Bench::new();
    let dense = layer(&mut bench, "Dense", [(None, int(7)), (None, word("relu"))]);
    assert_eq!(dense.activation(), Activation::Relu);
    assert_eq!(infer(&mut bench, &dense, &[known(&[4])]), Some(known(&[7])));
    assert_eq!(infer(&mut bench, &dense, &[known(&[2, 3, 4])]), Some(known(&[2, 3, 7])));
    let wide = layer(&mut bench, "Dense", [(None, word("B"))]);
    let shape = Shape(vec![a()]);
    assert_eq!(infer(&mut bench, &wide, std::slice::from_ref(&shape)), Some(Shape(vec![b()])));
    let weights: Vec<_> = wide.weights(&[&shape]).into_iter().map(|weight| weight.shape).collect();
    assert_eq!(weights, [Shape(vec![a(), b()]), Shape(vec![b()])]);
    assert_eq!(bench.checks(), ["`units` of `Dense`: B AtLeast 1"]);
    bench.expect(&[]);
}

#[test]
fn dense_settings_are_keras() {
    let mut bench = Bench::new();
    let l2 = call("L2", [(None, float(1e-4))]);
    let given = [
        (None, int(3)),
        named("kernel_initializer", string("he_normal")),
        named("bias_initializer", call("Constant", [(None, float(0.1))])),
        named("kernel_regularizer", l2),
        named("bias_constraint", word("NonNeg")),
    ];
    let LayerKind::Dense(dense) = layer(&mut bench, "Dense", given) else { panic!("a `Dense`") };
    assert_eq!(dense.kernel.regularizer, Some(Regularizer::Norms { l1: 0.0, l2: 1e-4 }));
    assert_eq!(dense.bias.constraint, Some(Constraint::NonNeg));
    assert_ne!(dense.kernel.initializer, Initializer::GLOROT_UNIFORM);
    assert_ne!(dense.bias.initializer, Initializer::ZEROS);
    bench.expect(&[]);
}

#[test]
fn wrong_dense_settings_are_told() {
    let mut bench = Bench::new();
    let axis = |n| call("MaxNorm", [named("axis", int(n))]);
    let given = [
        (None, int(3)),
        named("bias_initializer", word("orthogonal")),
        named("kernel_constraint", axis(2)),
        named("bias_constraint", axis(1)),
        named("lora_rank", int(4)),
        named("activity_regularizer", call("OrthogonalRegularizer", [])),
    ];
    assert!(made(&mut bench, "Dense", given).is_some());
    assert_eq!(made(&mut bench, "Dense", [(None, int(3)), named("activation", word("sotfmax"))]), None);
    assert_eq!(made(&mut bench, "Dense", []), None);
    let diags = bench.expect(&[
        "mimo has no `lora_rank` for `Dense`",
        "`kernel` has no axis 2: its axes are 0 to 1",
        "`bias` has 1 axis, and only a matrix is orthogonal",
        "`bias` has no axis 1: its axes are 0 to 0",
        "the `activity_regularizer` of `Dense` is a penalty on each sample, and an `OrthogonalRegularizer` compares rows or columns of a \
         weight",
        "unknown activation `sotfmax`",
        "`Dense` needs `units`",
    ]);
    assert_eq!(diags[5].helps[0], "did you mean `softmax`?");
}

#[test]
fn floats_are_computed_with_and_whole_numbers_moved() {
    let mut bench = Bench::new();
    for (class, given) in [
        ("Flatten", vec![]),
        ("Reshape", vec![(None, list(&[6]))]),
        ("Permute", vec![(None, list(&[1]))]),
        ("RepeatVector", vec![(None, int(2))]),
        ("Concatenate", vec![]),
        ("Add", vec![]),
    ] {
        let kind = layer(&mut bench, class, given);
        let given = infer_typed(&mut bench, &kind, &[known(&[6])], Dtype::Int);
        assert_eq!(given.map(|(_, dtype)| dtype), Some(Dtype::Int), "{class}");
    }
    bench.expect(&[]);
    for (class, given) in
        [("Dense", vec![(None, int(3))]), ("Dropout", vec![(None, float(0.5))]), ("ReLU", vec![])]
    {
        let kind = layer(&mut bench, class, given);
        assert_eq!(infer_typed(&mut bench, &kind, &[known(&[6])], Dtype::Int), None);
        let message = format!("`{class}` computes with floats, but `x` holds integers");
        let diags = bench.expect(&[&message]);
        assert_eq!(
            diags[0].helps,
            ["write `cast(x, float32)`, or leave `dtype = \"int32\"` out at its `Input`"]
        );
    }
}

#[test]
fn one_number_has_no_last_axis() {
    let mut bench = Bench::new();
    let dense = layer(&mut bench, "Dense", [(None, int(3))]);
    let softmax = layer(&mut bench, "Softmax", []);
    let flatten = layer(&mut bench, "Flatten", []);
    assert_eq!(infer(&mut bench, &dense, &[known(&[])]), None);
    assert_eq!(infer(&mut bench, &softmax, &[known(&[])]), None);
    assert_eq!(infer(&mut bench, &flatten, &[known(&[])]), Some(known(&[1])));
    bench.expect(&[
        "`Dense` works on the last axis, but `x` is [], one number",
        "a softmax runs over the last axis, but `x` is [], one number",
    ]);
}

#[test]
fn activation_layers_have_the_defaults_of_their_class() {
    let mut bench = Bench::new();
    let mut activation = |class: &str, given: Vec<Given>| layer(&mut bench, class, given).activation();
    assert_eq!(activation("LeakyReLU", vec![]), Activation::LeakyRelu { negative_slope: 0.3 });
    assert_eq!(activation("ReLU", vec![]), Activation::Relu);
    assert_eq!(activation("ReLU", vec![(None, int(6))]), Activation::Relu6);
    let slope = named("negative_slope", float(0.1));
    assert_eq!(activation("ReLU", vec![slope]), Activation::LeakyRelu { negative_slope: 0.1 });
    assert_eq!(activation("ELU", vec![]), Activation::Elu { alpha: 1.0 });
    assert_eq!(activation("Softmax", vec![]), Activation::Softmax);
    assert_eq!(activation("Activation", vec![(None, string("tanh"))]), Activation::Tanh);
    let bounded = Activation::Rectifier { negative_slope: 0.0, max_value: Some(1.0), threshold: 0.5 };
    assert_eq!(activation("ReLU", vec![(None, int(1)), named("threshold", float(0.5))]), bounded);
    bench.expect(&[]);
    assert_eq!(made(&mut bench, "ReLU", [(None, int(-1))]), None);
    assert_eq!(made(&mut bench, "Softmax", [(None, int(1))]), None);
    bench.expect(&[
        "`max_value` of `ReLU` must be at least 0, found -1",
        "the softmax runs over the last axis, so `axis` must be -1, found 1",
    ]);
}

#[test]
fn reshape_keeps_the_number_of_values() {
    let mut bench = Bench::new();
    let mut reshape = |shape: Shape, target: Value| {
        let kind = layer(&mut bench, "Reshape", [(None, target)]);
        infer(&mut bench, &kind, &[shape])
    };
    assert_eq!(reshape(known(&[14, 14]), list(&[7, 28])), Some(known(&[7, 28])));
    assert_eq!(reshape(known(&[14, 14]), list(&[-1, 7])), Some(known(&[28, 7])));
    assert_eq!(reshape(known(&[1]), list(&[])), Some(known(&[])));
    assert_eq!(reshape(known(&[14, 14]), list(&[28, 28])), None);
    assert_eq!(reshape(known(&[14, 14]), list(&[-1, 5])), None);
    assert_eq!(reshape(known(&[14, 14]), list(&[5, 5])), None);
    assert_eq!(reshape(known(&[2]), items([])), None);
    let diags = bench.expect(&[
        "`x` has 196 values, but [28, 28] holds 784",
        "`x` has 196 values, which [-1, 5] cannot hold: 196 is not a multiple of 5",
        "`x` has 196 values, but [5, 5] holds 25",
        "`x` has 2 values, but [] holds 1",
    ]);
    assert_eq!(diags[2].helps, ["write axes whose product is 196"]);
}

#[test]
fn reshape_leaves_constants_to_const_evaluation() {
    let mut bench = Bench::new();
    let shape = Shape(vec![a(), Dim::Known(4)]);
    let flat = layer(&mut bench, "Reshape", [(None, list(&[-1]))]);
    assert_eq!(infer(&mut bench, &flat, std::slice::from_ref(&shape)), Some(Shape(vec![a() * 4.into()])));
    assert_eq!(bench.checks(), [""; 0]);
    let pairs = layer(&mut bench, "Reshape", [(None, list(&[8, -1]))]);
    let given = infer(&mut bench, &pairs, std::slice::from_ref(&shape));
    assert_eq!(given, Some(Shape(vec![8.into(), a() * 4.into() / 8.into()])));
    let fixed = layer(&mut bench, "Reshape", [(None, list(&[8]))]);
    infer(&mut bench, &fixed, &[shape]);
    let text = "number of values of `x`: A * 4";
    assert_eq!(bench.checks(), [format!("{text} MultipleOf 8"), format!("{text} Equal 8")]);
    bench.expect(&[]);
}

#[test]
fn reshape_targets_are_lengths_and_one_minus_one() {
    let mut bench = Bench::new();
    for wrong in [list(&[-1, -1]), int(4), list(&[0]), list(&[-2])] {
        assert_eq!(made(&mut bench, "Reshape", [(None, wrong)]), None);
    }
    let axis = "each axis in `target_shape` of `Reshape` must be an integer of at least 1";
    let diags = bench.expect(&[
        "only one axis of `Reshape` can be -1",
        "`target_shape` of `Reshape` must be a list, found the number 4",
        &format!("{axis}, found the number 0"),
        &format!("{axis}, found the number -2"),
    ]);
    assert_eq!(diags[1].helps, ["write `target_shape = [4]`"]);
}

#[test]
fn permute_orders_the_axes_of_a_sample() {
    let mut bench = Bench::new();
    let permute = layer(&mut bench, "Permute", [(None, list(&[3, 1, 2]))]);
    let shape = Shape(vec![2.into(), a(), 5.into()]);
    assert_eq!(infer(&mut bench, &permute, &[shape]), Some(Shape(vec![5.into(), 2.into(), a()])));
    assert_eq!(infer(&mut bench, &permute, &[known(&[2, 3])]), None);
    for wrong in [list(&[0, 1]), list(&[1, 1]), list(&[2]), items([float(1.0)])] {
        assert_eq!(made(&mut bench, "Permute", [(None, wrong)]), None);
    }
    let diags = bench.expect(&[
        "`dims` of `Permute` must hold each of 1 to 2 once, found [0, 1]",
        "`dims` of `Permute` must hold each of 1 to 2 once, found [1, 1]",
        "`dims` of `Permute` must hold 1 only, found [2]",
        "each axis in `dims` of `Permute` must be an integer, found the number 1",
        "`Permute` orders 3 axes, but `x` has 2: [2, 3]",
    ]);
    assert_eq!(diags[0].helps, ["axis 1 is the first axis of a sample: the batch is not counted"]);
    assert_eq!(diags[4].helps, ["name each of 1 to 2 once, as in `dims = [2, 1]`"]);
}

#[test]
fn repeat_vector_repeats_vectors_only() {
    let mut bench = Bench::new();
    let repeat = layer(&mut bench, "RepeatVector", [(None, int(3))]);
    assert_eq!(infer(&mut bench, &repeat, &[known(&[4])]), Some(known(&[3, 4])));
    assert_eq!(infer(&mut bench, &repeat, &[known(&[2, 4])]), None);
    let diags = bench.expect(&["`RepeatVector` repeats a vector, but `x` is [2, 4]"]);
    assert_eq!(diags[0].helps, ["bring it to [features] with `Reshape(…)`"]);
}

#[test]
fn concatenate_sums_one_axis() {
    let mut bench = Bench::new();
    let last = layer(&mut bench, "Concatenate", []);
    let first = layer(&mut bench, "Concatenate", [named("axis", int(1))]);
    assert_eq!(infer(&mut bench, &last, &[known(&[2, 3]), known(&[2, 5])]), Some(known(&[2, 8])));
    assert_eq!(infer(&mut bench, &first, &[known(&[2, 3]), known(&[4, 3])]), Some(known(&[6, 3])));
    assert_eq!(infer(&mut bench, &last, &[known(&[2])]), Some(known(&[2])));
    let (x, y) = (Shape(vec![2.into(), a()]), Shape(vec![b(), a()]));
    assert_eq!(infer(&mut bench, &last, &[x, y]), Some(Shape(vec![2.into(), a() + a()])));
    assert_eq!(bench.checks(), ["axis 1 of `y`: B Equal 2"]);
    bench.expect(&[]);
}

#[test]
fn wrong_concatenations_are_told() {
    let mut bench = Bench::new();
    let last = layer(&mut bench, "Concatenate", []);
    let third = layer(&mut bench, "Concatenate", [named("axis", int(3))]);
    let batch = layer(&mut bench, "Concatenate", [named("axis", int(-3))]);
    assert_eq!(made(&mut bench, "Concatenate", [named("axis", int(0))]), None);
    for (kind, x, y) in [
        (&last, &[4, 6][..], &[5, 6][..]),
        (&last, &[4, 6], &[5, 7]),
        (&last, &[8], &[2, 4]),
        (&third, &[4, 6], &[4, 6]),
        (&batch, &[4, 6], &[4, 6]),
        (&last, &[], &[]),
    ] {
        assert_eq!(infer(&mut bench, kind, &[known(x), known(y)]), None);
    }
    let diags = bench.expect(&[
        "axis 0 is the batch, which cannot be concatenated",
        "`Concatenate` along axis 2: `x` is [4, 6] and `y` is [5, 6], which differ in axis 1",
        "`Concatenate` along axis 2: `x` is [4, 6] and `y` is [5, 7], which differ in axis 1",
        "`Concatenate` needs tensors with equally many axes, but `x` is [8] and `y` is [2, 4]",
        "`Concatenate` needs an axis, but `x` is [], one number",
        "axis 3 does not exist: the tensors have axes 1 to 2",
        "axis 0 is the batch, which cannot be concatenated",
    ]);
    assert_eq!(diags[2].helps, ["make the other axes equal"]);
}

#[test]
fn floats_and_whole_numbers_are_not_concatenated() {
    let mut bench = Bench::new();
    let (shape, last) = (known(&[2]), layer(&mut bench, "Concatenate", []));
    let operand = |name, dtype| Operand { name, shape: &shape, dtype, loc: Loc(1), tensor: None, role: "" };
    let inputs = [operand("ids", Dtype::Int), operand("x", Dtype::Float)];
    assert_eq!(bench.cx(|cx| last.infer(&inputs, CALL, cx)), None);
    bench.expect(&["`ids` holds integers and `x` holds floats"]);
}

#[test]
fn merges_broadcast_as_keras_does() {
    let mut bench = Bench::new();
    let add = layer(&mut bench, "Add", []);
    assert_eq!(infer(&mut bench, &add, &[known(&[3, 4]), known(&[3, 4])]), Some(known(&[3, 4])));
    assert_eq!(infer(&mut bench, &add, &[known(&[3, 1]), known(&[1, 4])]), Some(known(&[3, 4])));
    assert_eq!(infer(&mut bench, &add, &[known(&[4]), known(&[3, 4])]), Some(known(&[3, 4])));
    assert_eq!(infer(&mut bench, &add, &[known(&[]), known(&[2])]), Some(known(&[2])));
    bench.expect(&[]);
    assert_eq!(infer(&mut bench, &add, &[known(&[3, 4]), known(&[3])]), None);
    assert_eq!(infer(&mut bench, &add, &[known(&[1]), known(&[5]), known(&[4])]), None);
    let diags = bench.expect(&[
        "`Add` needs equal shapes, but `x` is [3, 4] and `y` is [3]",
        "`Add` needs equal shapes, but `y` is [5] and `z` is [4]",
    ]);
    assert_eq!(diags[0].helps, ["axes have to be equal or 1, compared from the last"]);
}

#[test]
fn merged_constants_have_to_be_equal() {
    let mut bench = Bench::new();
    let multiply = layer(&mut bench, "Multiply", []);
    let given = infer(&mut bench, &multiply, &[Shape(vec![a(), 1.into()]), Shape(vec![b(), a()])]);
    assert_eq!(given, Some(Shape(vec![a(), a()])));
    assert_eq!(bench.checks(), ["axis -2 of `y`: B Equal A"]);
    assert_eq!(bench.checks[0].notes, ["`x` is [A, 1] and `y` is [B, A]"]);
    bench.expect(&[]);
}

#[test]
fn element_types_of_other_languages_are_recognised() {
    let mut bench = Bench::new();
    let input = |bench: &mut Bench, dtype: &str| {
        let given = args([named("shape", list(&[4])), named("dtype", word(dtype))]);
        bench.cx(|cx| input::Input::from_args(&given, CALL, cx))
    };
    for (dtype, wanted) in
        [("int", "int32"), ("i64", "int32"), ("int64", "int32"), ("float", "float32"), ("f64", "float32")]
    {
        assert_eq!(input(&mut bench, dtype), None);
        let message = format!("`dtype` of `Input` must be one of `float32`, `int32`, found `{dtype}`");
        assert_eq!(bench.expect(&[&message])[0].helps, [format!("write `{wanted}`")]);
    }
}
