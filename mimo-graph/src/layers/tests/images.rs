//! Arguments, shapes and messages of layers over sequences and images, and of `Dot`.

use super::*;

fn shape_of(bench: &mut Bench, class: &str, given: Vec<Given>, from: &[usize]) -> Option<Shape> {
    let kind = layer(bench, class, given);
    infer(bench, &kind, &[known(from)])
}

#[test]
fn defaults_and_forms_are_keras() {
    let mut bench = Bench::new();
    let mut check = |class: &str, given: Vec<Given>, from: &[usize], to: &[usize]| {
        assert_eq!(shape_of(&mut bench, class, given, from), Some(known(to)), "{class}");
    };
    let all = |n| (None, int(n));
    let same = || named("padding", string("same"));
    check("MaxPooling1D", vec![], &[9, 3], &[4, 3]);
    check("MaxPooling2D", vec![], &[9, 6, 3], &[4, 3, 3]);
    check("MaxPooling2D", vec![all(3), all(2), same()], &[9, 6, 3], &[5, 3, 3]);
    check("MaxPooling2D", vec![(None, list(&[3, 2]))], &[9, 6, 3], &[3, 3, 3]);
    check("AveragePooling1D", vec![(None, list(&[4])), named("strides", int(1))], &[9, 3], &[6, 3]);
    check("AveragePooling2D", vec![all(2), named("padding", word("valid"))], &[5, 4, 2], &[2, 2, 2]);
    check("GlobalMaxPooling1D", vec![], &[9, 3], &[3]);
    let keepdims = || named("keepdims", bool(true));
    check("GlobalAveragePooling1D", vec![keepdims()], &[9, 3], &[1, 3]);
    check("GlobalAveragePooling2D", vec![keepdims()], &[9, 6, 3], &[1, 1, 3]);
    check("ZeroPadding1D", vec![], &[9, 3], &[11, 3]);
    check("ZeroPadding1D", vec![(None, list(&[0, 4]))], &[9, 3], &[13, 3]);
    check("ZeroPadding2D", vec![], &[9, 6, 3], &[11, 8, 3]);
    check("ZeroPadding2D", vec![(None, list(&[1, 2]))], &[9, 6, 3], &[11, 10, 3]);
    let edges = || (None, items([list(&[1, 0]), list(&[0, 2])]));
    check("ZeroPadding2D", vec![edges()], &[9, 6, 3], &[10, 8, 3]);
    check("Cropping1D", vec![], &[9, 3], &[7, 3]);
    check("Cropping2D", vec![], &[9, 6, 3], &[9, 6, 3]);
    check("Cropping2D", vec![edges()], &[9, 6, 3], &[8, 4, 3]);
    check("UpSampling1D", vec![], &[9, 3], &[18, 3]);
    check("UpSampling2D", vec![(None, list(&[1, 3]))], &[9, 6, 3], &[9, 18, 3]);
    bench.expect(&[]);
}

#[test]
fn wrong_arguments_are_told() {
    let mut bench = Bench::new();
    let wrong = [
        ("MaxPooling2D", vec![(None, list(&[2, 2, 2]))]),
        ("MaxPooling1D", vec![(None, list(&[2, 2]))]),
        ("AveragePooling2D", vec![]),
        ("MaxPooling2D", vec![named("strides", int(0))]),
        ("MaxPooling2D", vec![named("padding", string("causal"))]),
        ("ZeroPadding1D", vec![(None, int(-1))]),
        ("ZeroPadding2D", vec![(None, list(&[1, 1, 1]))]),
        ("Dot", vec![(None, int(0))]),
        ("Dot", vec![(None, list(&[1]))]),
    ];
    for (class, given) in wrong {
        assert_eq!(made(&mut bench, class, given), None, "{class}");
    }
    made(&mut bench, "UpSampling2D", vec![named("interpolation", string("bicubic"))]);
    let diags = bench.expect(&[
        "`pool_size` of `MaxPooling2D` must be one length or two, found a list of 3",
        "`pool_size` of `MaxPooling1D` must be one length, found a list of 2",
        "`strides` of `MaxPooling2D` must be an integer of at least 1, found the number 0",
        "`padding` of `MaxPooling2D` must be one of `valid`, `same`, found the string \"causal\"",
        "`padding` of `ZeroPadding1D` must be an integer of at least 0, found the number -1",
        "`padding` of `ZeroPadding2D` must be one length or two, found a list of 3",
        "axis 0 is the batch, which is not summed over",
        "`axes` of `Dot` must be one axis or two, found a list of 1",
        "mimo has no interpolation `bicubic`",
        "`AveragePooling2D` needs `pool_size`",
    ]);
    assert_eq!(diags[5].helps, ["write `((top, bottom), (left, right))`"]);
    assert_eq!(diags[8].helps, ["write `interpolation = \"bilinear\"` or `\"nearest\"`"]);
}

#[test]
fn other_axes_are_told_with_what_to_write() {
    let mut bench = Bench::new();
    for (class, from) in [
        ("MaxPooling2D", &[28, 28][..]),
        ("MaxPooling1D", &[100]),
        ("GlobalMaxPooling1D", &[28, 28, 3]),
        ("UpSampling2D", &[7]),
    ] {
        assert_eq!(shape_of(&mut bench, class, vec![], from), None);
    }
    let diags = bench.expect(&[
        "`MaxPooling2D` needs [height, width, channels], but `x` is [28, 28]",
        "`MaxPooling1D` needs [steps, channels], but `x` is [100]",
        "`GlobalMaxPooling1D` needs [steps, channels], but `x` is [28, 28, 3]",
        "`UpSampling2D` needs [height, width, channels], but `x` is [7]",
    ]);
    let helps: Vec<_> = diags.iter().map(|diag| diag.helps[0].as_str()).collect();
    assert_eq!(
        helps,
        [
            "bring it to [height, width, channels] with `Reshape(…)`",
            "bring it to [steps, channels] with `Reshape(…)`",
            "bring it to [steps, channels] with `Reshape(…)`",
            "bring it to [height, width, channels] with `Reshape(…)`",
        ]
    );
}

#[test]
fn what_does_not_fit_is_told_with_what_does() {
    let mut bench = Bench::new();
    let five = || vec![(None, int(5))];
    assert_eq!(shape_of(&mut bench, "MaxPooling2D", five(), &[4, 6, 3]), None);
    assert_eq!(shape_of(&mut bench, "AveragePooling1D", five(), &[4, 3]), None);
    assert_eq!(shape_of(&mut bench, "Cropping1D", five(), &[10, 3]), None);
    assert_eq!(shape_of(&mut bench, "Cropping2D", five(), &[11, 9, 3]), None);
    let diags = bench.expect(&[
        "no window of `MaxPooling2D` fits: `pool_size` is 5, but `x` is [4, 6, 3]",
        "no window of `AveragePooling1D` fits: `pool_size` is 5, but `x` is [4, 3]",
        "`Cropping1D` takes 10 of the steps of `x`, of which there are 10",
        "`Cropping2D` takes 10 of the width of `x`, which is 9",
    ]);
    let helps: Vec<_> = diags.iter().map(|diag| diag.helps[0].as_str()).collect();
    assert_eq!(
        helps,
        [
            "write a smaller `pool_size`, or `padding = \"same\"`",
            "write a smaller `pool_size`, or `padding = \"same\"`",
            "take 9 at most in all, so that something is left",
            "take 8 at most in all, so that something is left",
        ]
    );
}

#[test]
fn constants_are_checked_late() {
    let mut bench = Bench::new();
    let image = [Shape(vec![a(), Dim::Known(8), Dim::Known(3)])];
    let pooling = layer(&mut bench, "MaxPooling2D", vec![(None, int(3)), named("strides", int(2))]);
    let given = infer(&mut bench, &pooling, &image).expect("a shape");
    assert_eq!(given.display(&bench.consts).to_string(), "[((A - 3) / 2) + 1, 3, 3]");
    let cropping = layer(&mut bench, "Cropping2D", vec![(None, list(&[2, 0]))]);
    let given = infer(&mut bench, &cropping, &image).expect("a shape");
    assert_eq!(given.display(&bench.consts).to_string(), "[A - 4, 8, 3]");
    let own = layer(&mut bench, "AveragePooling2D", vec![(None, word("B"))]);
    let given = infer(&mut bench, &own, &[known(&[6, 8, 3])]).expect("a shape");
    assert_eq!(given.display(&bench.consts).to_string(), "[6 / B, 8 / B, 3]");
    assert_eq!(
        bench.checks(),
        [
            "height of `x`: A AtLeast 3",
            "height of `x`: A AtLeast 5",
            "`pool_size` of `AveragePooling2D`: B AtLeast 1",
            "height of `x`: 6 AtLeast B",
            "width of `x`: 8 AtLeast B",
        ]
    );
    bench.expect(&[]);
}

#[test]
fn whole_numbers_are_moved_but_not_mixed() {
    let mut bench = Bench::new();
    let image = [known(&[4, 4, 1])];
    for class in ["ZeroPadding2D", "Cropping2D", "UpSampling2D"] {
        let kind = layer(&mut bench, class, vec![]);
        let given = infer_typed(&mut bench, &kind, &image, Dtype::Int);
        assert_eq!(given.map(|(_, dtype)| dtype), Some(Dtype::Int), "{class}");
    }
    bench.expect(&[]);
    let bilinear = layer(&mut bench, "UpSampling2D", vec![named("interpolation", word("bilinear"))]);
    let pooling = layer(&mut bench, "MaxPooling2D", vec![]);
    for kind in [bilinear, pooling] {
        assert_eq!(infer_typed(&mut bench, &kind, &image, Dtype::Int), None);
    }
    bench.expect(&[
        "`UpSampling2D` computes with floats, but `x` holds integers",
        "`MaxPooling2D` computes with floats, but `x` holds integers",
    ]);
}

#[test]
fn dot_sums_over_one_axis_of_each() {
    let mut bench = Bench::new();
    let mut of = |axes: Value, p: &[usize], q: &[usize]| {
        let kind = layer(&mut bench, "Dot", [(None, axes)]);
        infer(&mut bench, &kind, &[known(p), known(q)])
    };
    assert_eq!(of(int(1), &[3], &[3]), Some(known(&[1])));
    assert_eq!(of(int(2), &[2, 3], &[4, 3]), Some(known(&[2, 4])));
    assert_eq!(of(list(&[2, 1]), &[2, 3], &[3, 5]), Some(known(&[2, 5])));
    assert_eq!(of(int(-1), &[3], &[2, 3]), Some(known(&[2])));
    assert_eq!(of(int(1), &[2, 3], &[4, 3]), None);
    assert_eq!(of(int(2), &[3], &[3]), None);
    let diags = bench.expect(&[
        "`Dot` sums over axis 1 of `x`, which is 2, and axis 1 of `y`, which is 4",
        "axis 2 of `x` does not exist: it is [3]",
        "axis 2 of `y` does not exist: it is [3]",
    ]);
    assert_eq!(diags[0].helps, ["sum over axes of the same length"]);
    assert_eq!(diags[0].loc, CALL);
}

#[test]
fn convolutions_have_the_lengths_of_keras() {
    let mut bench = Bench::new();
    let mut given = |class: &str, args: Vec<(Option<&'static str>, Value)>, shape: &[usize]| {
        let kind = layer(&mut bench, class, [(None, int(8)), (None, int(3))].into_iter().chain(args));
        infer(&mut bench, &kind, &[known(shape)])
    };
    assert_eq!(given("Conv2D", vec![], &[28, 27, 1]), Some(known(&[26, 25, 8])));
    let strides = || named("strides", int(2));
    assert_eq!(given("Conv2D", vec![strides()], &[28, 27, 1]), Some(known(&[13, 13, 8])));
    let same = || named("padding", word("same"));
    assert_eq!(given("Conv2D", vec![strides(), same()], &[28, 27, 1]), Some(known(&[14, 14, 8])));
    assert_eq!(given("Conv1D", vec![named("dilation_rate", int(2))], &[9, 4]), Some(known(&[5, 8])));
    assert_eq!(given("Conv1D", vec![named("padding", word("causal"))], &[9, 4]), Some(known(&[9, 8])));
    assert_eq!(given("Conv2DTranspose", vec![strides(), same()], &[7, 7, 4]), Some(known(&[14, 14, 8])));
    assert_eq!(given("Conv2DTranspose", vec![strides()], &[7, 7, 4]), Some(known(&[15, 15, 8])));
    assert_eq!(given("Conv1DTranspose", vec![named("strides", int(5))], &[3, 4]), Some(known(&[15, 8])));
    bench.expect(&[]);
}

#[test]
fn weights_of_convolutions_have_the_layout_of_keras() {
    let mut bench = Bench::new();
    let image = known(&[9, 9, 4]);
    let groups = [(None, int(8)), (None, list(&[3, 2])), named("groups", int(2))];
    let conv = layer(&mut bench, "Conv2D", groups);
    let transposed = layer(&mut bench, "Conv2DTranspose", [(None, int(8)), (None, list(&[3, 2]))]);
    let shapes = |kind: &LayerKind| -> Vec<Shape> {
        kind.weights(&[&image]).into_iter().map(|weight| weight.shape).collect()
    };
    assert_eq!(shapes(&conv), [known(&[3, 2, 2, 8]), known(&[8])]);
    assert_eq!(shapes(&transposed), [known(&[3, 2, 8, 4]), known(&[8])]);
    bench.expect(&[]);
}

#[test]
fn depthwise_convolutions_have_the_shapes_of_keras() {
    let mut bench = Bench::new();
    let image = known(&[9, 8, 4]);
    let weights = |kind: &LayerKind| -> Vec<(&str, Shape)> {
        kind.weights(&[&image]).into_iter().map(|weight| (weight.name, weight.shape)).collect()
    };
    let twice = || named("depth_multiplier", int(2));
    let depthwise = layer(&mut bench, "DepthwiseConv2D", [(None, list(&[3, 2])), (None, int(2)), twice()]);
    assert_eq!(infer(&mut bench, &depthwise, std::slice::from_ref(&image)), Some(known(&[4, 4, 8])));
    assert_eq!(weights(&depthwise), [("kernel", known(&[3, 2, 4, 2])), ("bias", known(&[8]))]);
    let separable = layer(&mut bench, "SeparableConv2D", [(None, int(5)), (None, list(&[3, 2])), twice()]);
    assert_eq!(infer(&mut bench, &separable, std::slice::from_ref(&image)), Some(known(&[7, 7, 5])));
    let [depthwise, pointwise] =
        [("depthwise_kernel", known(&[3, 2, 4, 2])), ("pointwise_kernel", known(&[1, 1, 8, 5]))];
    assert_eq!(weights(&separable), [depthwise, pointwise, ("bias", known(&[5]))]);
    bench.expect(&[]);
}

#[test]
fn lengths_of_constants_are_checked_by_const_evaluation() {
    let mut bench = Bench::new();
    let conv = layer(&mut bench, "Conv2D", [(None, int(8)), (None, int(3)), named("groups", int(2))]);
    let shape = Shape(vec![a(), 5.into(), b()]);
    let given = infer(&mut bench, &conv, &[shape]);
    assert_eq!(given, Some(Shape(vec![a().max(3.into()) - 3.into() + 1.into(), 3.into(), 8.into()])));
    assert_eq!(bench.checks(), ["axis 1 of `x`: A AtLeast 3", "last axis of `x`: B MultipleOf 2"]);
    bench.expect(&[]);
}
