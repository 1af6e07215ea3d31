//! Arguments, shapes and messages of layers over sequences and images, and of `Dot`.

use super::tests::{CALL, a, infer, infer_typed, known, layer, list, made};
use super::*;
use crate::dim::Dim;
use crate::testing::{Bench, Given, int, items, named, string, word};

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
    let keepdims = || named("keepdims", crate::testing::value(crate::value::ValueKind::Bool(true)));
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
        "`strides` of `MaxPooling2D` must be a whole number of at least 1, found the number 0",
        "`padding` of `MaxPooling2D` must be one of `valid`, `same`, found the string \"causal\"",
        "`padding` of `ZeroPadding1D` must be a whole number of at least 0, found the number -1",
        "`padding` of `ZeroPadding2D` must be one length or two, found a list of 3",
        "axis 0 is the batch, which is not summed over",
        "`axes` of `Dot` must be one axis or two, found a list of 1",
        "mimo has no interpolation `bicubic` yet",
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
        "`UpSampling2D` computes with floats, but `x` holds whole numbers",
        "`MaxPooling2D` computes with floats, but `x` holds whole numbers",
    ]);
}

#[test]
fn dot_sums_over_one_axis_of_each() {
    let mut bench = Bench::new();
    let mut of = |axes: crate::value::Value, p: &[usize], q: &[usize]| {
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
