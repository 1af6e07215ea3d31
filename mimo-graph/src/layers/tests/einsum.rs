//! `EinsumDense`: shapes, weights and messages.

use super::*;

fn einsum(bench: &mut Bench, equation: &str, shape: Value, bias: Option<&str>) -> Option<LayerKind> {
    let bias = bias.map(|axes| named("bias_axes", string(axes)));
    let given = [(None, string(equation)), (None, shape)].into_iter().chain(bias);
    made(bench, "EinsumDense", given).map(|made| made.kind)
}

#[test]
fn einsum_dense_has_the_axes_of_its_equation() {
    let mut bench = Bench::new();
    let none = || value(ValueKind::None);
    for (equation, lengths, bias, input, output, weights) in [
        ("ab,bc->ac", int(3), Some("c"), known(&[5]), known(&[3]), vec![known(&[5, 3]), known(&[3])]),
        ("abc,dc->abd", items([none(), int(2)]), None, known(&[4, 3]), known(&[4, 2]), vec![known(&[2, 3])]),
        (
            "abc,cde->abde",
            items([int(4), int(2), int(6)]),
            Some("d"),
            known(&[4, 3]),
            known(&[4, 2, 6]),
            vec![known(&[3, 2, 6]), known(&[2, 1])],
        ),
        (
            "ab...,bc->ac...",
            int(2),
            Some("c"),
            known(&[4, 2, 3]),
            known(&[2, 2, 3]),
            vec![known(&[4, 2]), known(&[2, 1, 1])],
        ),
        (
            "...x,xy->...y",
            int(2),
            Some("y"),
            Shape(vec![a(), b()]),
            Shape(vec![a(), Dim::Known(2)]),
            vec![Shape(vec![b(), Dim::Known(2)]), known(&[2])],
        ),
    ] {
        let kind = einsum(&mut bench, equation, lengths, bias).expect(equation);
        assert_eq!(infer(&mut bench, &kind, std::slice::from_ref(&input)), Some(output), "{equation}");
        let found: Vec<Shape> = kind.weights(&[&input]).into_iter().map(|weight| weight.shape).collect();
        assert_eq!(found, weights, "{equation}");
    }
    bench.expect(&[]);
}

#[test]
fn what_einsum_dense_cannot_do_is_told() {
    let mut bench = Bench::new();
    let none = || value(ValueKind::None);
    for (equation, lengths, bias) in [
        ("ab,bc", int(3), None),
        ("ab,bc->ac", items([int(3), int(4)]), None),
        ("ab,bc->ac", none(), None),
        ("abc,cd->abd", items([none(), none()]), None),
        ("ab,bc->ac", int(3), Some("b")),
        ("ab,bc->ac", int(3), Some("a")),
        ("ab,bc->ac", int(3), Some("cc")),
        ("ab,bc->ac", int(3), Some("")),
        ("abcd,bcdef->aef", list(&[1, 2]), None),
    ] {
        assert_eq!(einsum(&mut bench, equation, lengths, bias), None, "{equation} {bias:?}");
    }
    let kind = einsum(&mut bench, "abc,cd->abd", list(&[4, 2]), None).expect("a layer");
    assert_eq!(infer(&mut bench, &kind, &[known(&[3])]), None);
    assert_eq!(infer(&mut bench, &kind, &[known(&[5, 3])]), None);
    assert_eq!(infer_typed(&mut bench, &kind, &[known(&[4, 3])], Dtype::Int), None);
    bench.expect(&[
        "the equation `ab,bc` has no `->` before the axes of the output",
        "`output_shape` of `ab,bc->ac` needs 1 length, found 2",
        "the length of the axis `c` of `ab,bc->ac` is not known: the input does not have it",
        "the length of the axis `d` of `abc,cd->abd` is not known: the input does not have it",
        "`bias_axes` names `b`, which is not an axis of the output of `ab,bc->ac`",
        "`bias_axes` names the batch `a`, and all samples have the same bias",
        "`bias_axes` names `c` twice",
        "`bias_axes` names no axis",
        "mimo has no `EinsumDense` with a kernel of 5 axes: 4 are the most",
        "`abc,cd->abd` reads samples of 2 axes, but `x` has 1: [3]",
        "`EinsumDense` computes with floats, but `x` holds integers",
        "the axis `b` of `abc,cd->abd` is 5 in `x`, and 4 in `output_shape`",
    ]);
}
