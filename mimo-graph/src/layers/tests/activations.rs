//! `PReLU`, `Activation(glu)`, adaptive poolings and `CategoryEncoding`: shapes, weights and messages.

use super::*;

#[test]
fn a_prelu_has_a_slope_for_each_value_that_is_not_shared() {
    let mut bench = Bench::new();
    for (shared, slopes) in [
        (None, &[5, 4, 3][..]),
        (Some(int(2)), &[5, 1, 3]),
        (Some(list(&[1, 2])), &[1, 1, 3]),
        (Some(value(ValueKind::None)), &[5, 4, 3]),
    ] {
        let prelu = layer(&mut bench, "PReLU", shared.map(|axes| named("shared_axes", axes)));
        assert_eq!(infer(&mut bench, &prelu, &[known(&[5, 4, 3])]), Some(known(&[5, 4, 3])));
        let weights = prelu.weights(&[&known(&[5, 4, 3])]);
        assert_eq!((weights[0].name, &weights[0].shape), ("alpha", &known(slopes)));
    }
    for axes in [list(&[0]), int(-1)] {
        assert_eq!(made(&mut bench, "PReLU", [named("shared_axes", axes)]), None);
    }
    let far = layer(&mut bench, "PReLU", [named("shared_axes", int(4))]);
    let orthogonal = layer(&mut bench, "PReLU", [named("alpha_initializer", word("orthogonal"))]);
    let normed =
        layer(&mut bench, "PReLU", [named("alpha_constraint", call("MaxNorm", [named("axis", int(1))]))]);
    let plain = layer(&mut bench, "PReLU", []);
    for (prelu, shape) in [(far, known(&[5, 4, 3])), (orthogonal, known(&[5])), (normed, known(&[5]))] {
        assert_eq!(infer(&mut bench, &prelu, &[shape]), None);
    }
    assert_eq!(infer(&mut bench, &plain, &[known(&[])]), None);
    assert_eq!(infer(&mut bench, &plain, &[known(&[2, 2, 2, 2, 2])]), None);
    bench.expect(&[
        "`shared_axes` of `PReLU` names axis 0, which is not an axis of a sample",
        "`shared_axes` of `PReLU` names axis -1, which is not an axis of a sample",
        "`PReLU` needs an axis, but `x` is [], one number",
        "axis 4 does not exist: `x` has axes 1 to 3",
        "`alpha` has 1 axis, and only a matrix is orthogonal",
        "`alpha` has no axis 1: its axes are 0 to 0",
        "mimo has no `PReLU` of 5 axes: 4 are the most",
    ]);
}

#[test]
fn a_glu_halves_the_last_axis() {
    let mut bench = Bench::new();
    let glu = layer(&mut bench, "Activation", [(None, word("glu"))]);
    assert_eq!(infer(&mut bench, &glu, &[known(&[3, 8])]), Some(known(&[3, 4])));
    assert_eq!(infer(&mut bench, &glu, &[known(&[7])]), None);
    let deferred = infer(&mut bench, &glu, &[Shape(vec![a()])]);
    assert_eq!(deferred, Some(Shape(vec![a() / Dim::Known(2)])));
    assert_eq!(bench.checks(), ["last axis of `x`, which `glu` halves,: A MultipleOf 2"]);
    assert_eq!(made(&mut bench, "Dense", [(None, int(4)), named("activation", word("glu"))]), None);
    bench.expect(&[
        "`glu` halves the last axis, but that of `x` is 7",
        "`glu` halves the last axis, so it cannot be the `activation` of a `Dense`",
    ]);
}

#[test]
fn adaptive_poolings_have_the_size_that_is_asked_for() {
    let mut bench = Bench::new();
    for class in ["AdaptiveAveragePooling1D", "AdaptiveMaxPooling1D"] {
        let pooling = layer(&mut bench, class, [(None, int(4))]);
        assert_eq!(infer(&mut bench, &pooling, &[known(&[9, 3])]), Some(known(&[4, 3])), "{class}");
    }
    for class in ["AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D"] {
        let both = layer(&mut bench, class, [(None, int(4))]);
        assert_eq!(infer(&mut bench, &both, &[known(&[9, 8, 3])]), Some(known(&[4, 4, 3])), "{class}");
        let each = layer(&mut bench, class, [(None, list(&[4, 2]))]);
        assert_eq!(infer(&mut bench, &each, &[known(&[9, 8, 3])]), Some(known(&[4, 2, 3])), "{class}");
        assert_eq!(infer(&mut bench, &each, &[known(&[9, 8])]), None);
    }
    bench.expect(&[
        "`AdaptiveAveragePooling2D` needs [height, width, channels], but `x` is [9, 8]",
        "`AdaptiveMaxPooling2D` needs [height, width, channels], but `x` is [9, 8]",
    ]);
}

#[test]
fn categories_become_one_vector_or_one_each() {
    let mut bench = Bench::new();
    let encoding = |bench: &mut Bench, mode: &str| {
        layer(bench, "CategoryEncoding", [(None, int(10)), named("output_mode", word(mode))])
    };
    let given = |bench: &mut Bench, kind: &LayerKind, shape: &[usize]| {
        infer_typed(bench, kind, &[known(shape)], Dtype::Int).map(|(shape, _)| shape)
    };
    let one = encoding(&mut bench, "one_hot");
    for (shape, wanted) in [(&[][..], &[10][..]), (&[1], &[10]), (&[4], &[4, 10]), (&[3, 4], &[3, 4, 10])] {
        assert_eq!(given(&mut bench, &one, shape), Some(known(wanted)));
    }
    for mode in ["multi_hot", "count"] {
        let all = encoding(&mut bench, mode);
        assert_eq!(given(&mut bench, &all, &[4]), Some(known(&[10])), "{mode}");
        assert_eq!(given(&mut bench, &all, &[]), None);
        assert_eq!(given(&mut bench, &all, &[3, 4]), None);
    }
    assert_eq!(infer(&mut bench, &one, &[known(&[4])]), None);
    bench.expect(&[
        "`CategoryEncoding` makes one vector of the numbers of one axis, but `x` is []",
        "`CategoryEncoding` makes one vector of the numbers of one axis, but `x` is [3, 4]",
        "`CategoryEncoding` encodes integers, but `x` holds floats",
    ]);
}
