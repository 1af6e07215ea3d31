//! Arguments, shapes and messages of the normalizations and of `Rescaling`.

use super::*;

const CLASSES: [&str; 2] = ["BatchNormalization", "LayerNormalization"];

fn names_and_shapes(kind: &LayerKind, from: &[usize]) -> Vec<(&'static str, Shape)> {
    kind.weights(&[&known(from)]).into_iter().map(|weight| (weight.name, weight.shape)).collect()
}

#[test]
fn shapes_stay_and_weights_have_the_lengths_of_the_axes() {
    let mut bench = Bench::new();
    let from = [5, 4, 3];
    for (class, axis, lengths) in [
        ("BatchNormalization", None, &[3][..]),
        ("BatchNormalization", Some(int(1)), &[5]),
        ("BatchNormalization", Some(int(-2)), &[4]),
        ("LayerNormalization", None, &[3]),
        ("LayerNormalization", Some(int(2)), &[4]),
        ("LayerNormalization", Some(list(&[-1, 1])), &[3, 5]),
        ("LayerNormalization", Some(list(&[1, 2, 3])), &[5, 4, 3]),
    ] {
        let kind = layer(&mut bench, class, axis.map(|axis| named("axis", axis)));
        assert_eq!(infer(&mut bench, &kind, &[known(&from)]), Some(known(&from)), "{class}");
        let weights = names_and_shapes(&kind, &from);
        assert!(weights.iter().all(|(_, shape)| *shape == known(lengths)), "{class}: {weights:?}");
        let names: Vec<_> = weights.iter().map(|(name, _)| *name).collect();
        let averages =
            if class == "BatchNormalization" { &["moving_mean", "moving_variance"][..] } else { &[] };
        assert_eq!(names, [&["gamma", "beta"], averages].concat(), "{class}");
    }
    for class in CLASSES {
        let without = ["center", "scale"].map(|part| named(part, bool(false)));
        let kind = layer(&mut bench, class, without);
        let trained =
            names_and_shapes(&kind, &from).into_iter().filter(|(name, _)| !name.starts_with("moving"));
        assert_eq!(trained.count(), 0, "{class}");
    }
    bench.expect(&[]);
}

#[test]
fn lengths_of_constants_are_lengths_of_weights() {
    let mut bench = Bench::new();
    for class in CLASSES {
        let kind = layer(&mut bench, class, []);
        let shape = Shape(vec![b(), a()]);
        assert_eq!(infer(&mut bench, &kind, std::slice::from_ref(&shape)), Some(shape.clone()));
        assert_eq!(kind.weights(&[&shape])[0].shape, Shape(vec![a()]));
    }
    bench.expect(&[]);
}

#[test]
fn settings_that_do_not_exist_are_reported() {
    let mut bench = Bench::new();
    for (class, setting) in [
        ("BatchNormalization", "renorm"),
        ("BatchNormalization", "synchronized"),
        ("LayerNormalization", "rms_scaling"),
    ] {
        made(&mut bench, class, [named(setting, bool(true))]);
    }
    for class in CLASSES {
        made(&mut bench, class, [named("epsilon", float(-1.0))]);
    }
    made(&mut bench, "BatchNormalization", [named("momentum", float(1.5))]);
    let diags = bench.expect(&[
        "mimo has no `renorm` for `BatchNormalization`",
        "mimo has no `synchronized` for `BatchNormalization`",
        "mimo has no `rms_scaling` for `LayerNormalization`",
        "`epsilon` of `BatchNormalization` must be at least 0, found -1",
        "`epsilon` of `LayerNormalization` must be at least 0, found -1",
        "`momentum` of `BatchNormalization` must be from 0 to 1, found 1.5",
    ]);
    assert!(diags.iter().all(|diag| !diag.helps.is_empty()));
}

#[test]
fn axes_that_do_not_exist_are_reported() {
    let mut bench = Bench::new();
    assert_eq!(made(&mut bench, "BatchNormalization", [named("axis", int(0))]), None);
    assert_eq!(made(&mut bench, "LayerNormalization", [named("axis", list(&[1, 0]))]), None);
    assert_eq!(made(&mut bench, "LayerNormalization", [named("axis", list(&[]))]), None);
    bench.expect(&[
        "axis 0 is the batch, over which `BatchNormalization` takes its statistics",
        "axis 0 is the batch, which is not normalized over",
        "`axis` of `LayerNormalization` names no axis",
    ]);
    for (class, axis, from) in [
        ("BatchNormalization", int(3), &[6, 4][..]),
        ("BatchNormalization", int(i64::MIN), &[6]),
        ("BatchNormalization", int(-1), &[]),
        ("LayerNormalization", int(3), &[6, 4]),
        ("LayerNormalization", int(i64::MAX), &[6]),
        ("LayerNormalization", int(i64::MIN), &[6]),
        ("LayerNormalization", list(&[1, -2]), &[6, 4]),
        ("LayerNormalization", int(-1), &[]),
        ("LayerNormalization", list(&[1, 2, 3, 4]), &[2, 3, 4, 5]),
    ] {
        let kind = layer(&mut bench, class, [named("axis", axis)]);
        assert_eq!(infer(&mut bench, &kind, &[known(from)]), None, "{class}");
        assert!(kind.weights(&[&known(from)]).len() <= 4);
    }
    // Equal errors at one place are reported once.
    bench.expect(&[
        "`BatchNormalization` needs an axis, but `x` is [], one number",
        "`LayerNormalization` needs an axis, but `x` is [], one number",
        "axis 3 does not exist: `x` has axes 1 to 2",
        "axis -9223372036854775808 does not exist: `x` has axis 1 only",
        "axis 9223372036854775807 does not exist: `x` has axis 1 only",
        "`axis` of `LayerNormalization` names axis 1 of `x` twice",
        "mimo has no `LayerNormalization` over 4 axes: 3 are the most",
    ]);
}

#[test]
fn whole_numbers_are_not_normalized() {
    let mut bench = Bench::new();
    for class in CLASSES {
        let kind = layer(&mut bench, class, []);
        assert_eq!(infer_typed(&mut bench, &kind, &[known(&[6])], Dtype::Int), None);
        bench.expect(&[&format!("`{class}` computes with floats, but `x` holds integers")]);
    }
}

#[test]
fn time_distributed_refuses_batch_statistics() {
    let mut bench = Bench::new();
    made(&mut bench, "TimeDistributed", [(None, call("BatchNormalization", []))]);
    let diags = bench.expect(&[
        "`TimeDistributed` runs a layer step by step, and `BatchNormalization` has one set of averages for all steps",
    ]);
    assert_eq!(
        diags[0].helps,
        [
            "call the layer itself, which takes its statistics over all steps; an axis that is not negative is then one higher"
        ]
    );
}

#[test]
fn shapes_of_weights_of_the_other_normalizations() {
    let mut bench = Bench::new();
    let from = [4, 2, 3];
    for (class, axis, lengths) in [
        ("RMSNormalization", None, Some(&[3][..])),
        ("RMSNormalization", Some(list(&[-1, 1])), Some(&[4, 3])),
        ("UnitNormalization", Some(list(&[1, 2, 3])), None),
        ("GroupNormalization", None, Some(&[3])),
        ("GroupNormalization", Some(int(1)), Some(&[4])),
        ("Normalization", None, Some(&[3])),
        ("Normalization", Some(list(&[-1, -2])), Some(&[2, 3])),
        ("Normalization", Some(value(ValueKind::None)), Some(&[])),
    ] {
        let groups = (class == "GroupNormalization").then(|| named("groups", int(-1)));
        let kind = layer(&mut bench, class, axis.map(|axis| named("axis", axis)).into_iter().chain(groups));
        assert_eq!(infer(&mut bench, &kind, &[known(&from)]), Some(known(&from)), "{class}");
        let weights = names_and_shapes(&kind, &from);
        assert_eq!(weights.is_empty(), lengths.is_none(), "{class}");
        assert!(weights.iter().all(|(_, shape)| Some(shape) == lengths.map(known).as_ref()), "{class}");
    }
    let constants = [named("mean", list(&[1, 2, 3])), named("variance", list(&[1, 4, 9]))];
    let kind = layer(&mut bench, "Normalization", constants);
    assert_eq!(names_and_shapes(&kind, &from), []);
    bench.expect(&[]);
}

#[test]
fn lists_of_constants_have_the_length_of_the_axis() {
    let mut bench = Bench::new();
    let rescaling = layer(&mut bench, "Rescaling", [named("scale", list(&[1, 2])), named("offset", int(1))]);
    let kind = layer(
        &mut bench,
        "Normalization",
        [named("axis", int(1)), named("mean", list(&[1, 2])), named("variance", list(&[1, 2]))],
    );
    assert_eq!(infer(&mut bench, &rescaling, &[known(&[5, 2])]), Some(known(&[5, 2])));
    assert_eq!(infer(&mut bench, &kind, &[known(&[2, 5])]), Some(known(&[2, 5])));
    bench.expect(&[]);
    assert_eq!(infer(&mut bench, &rescaling, &[known(&[5, 3])]), None);
    assert_eq!(infer(&mut bench, &kind, &[known(&[3, 5])]), None);
    bench.expect(&[
        "`scale` of `Rescaling` has 2 numbers, but the last axis of `x` has length 3",
        "`mean` of `Normalization` has 2 numbers, but the normalized axis of `x` has length 3",
    ]);
    let deferred = Shape(vec![Dim::Known(5), a()]);
    assert_eq!(infer(&mut bench, &rescaling, std::slice::from_ref(&deferred)), Some(deferred.clone()));
    let group = layer(&mut bench, "GroupNormalization", [named("groups", int(4))]);
    assert_eq!(infer(&mut bench, &group, std::slice::from_ref(&deferred)), Some(deferred));
    assert_eq!(bench.checks(), ["last axis of `x`: A Equal 2", "number of channels of `x`: A MultipleOf 4"]);
}

#[test]
fn settings_of_the_other_normalizations_are_checked() {
    let mut bench = Bench::new();
    let none = || value(ValueKind::None);
    for (class, given) in [
        ("GroupNormalization", vec![named("groups", int(0))]),
        ("GroupNormalization", vec![named("groups", int(i64::MAX))]),
        ("GroupNormalization", vec![named("axis", int(0))]),
        ("RMSNormalization", vec![named("axis", list(&[0]))]),
        ("UnitNormalization", vec![named("axis", list(&[]))]),
        ("Rescaling", vec![named("scale", list(&[]))]),
        ("Rescaling", vec![named("scale", int(0))]),
        ("Normalization", vec![named("mean", int(1))]),
        ("Normalization", vec![named("variance", int(1))]),
        ("Normalization", vec![named("mean", list(&[1, 2])), named("variance", int(1))]),
        ("Normalization", vec![named("mean", int(1)), named("variance", int(-1))]),
        (
            "Normalization",
            vec![named("axis", none()), named("mean", list(&[1, 2])), named("variance", list(&[1, 2]))],
        ),
        ("Normalization", vec![named("axis", list(&[1, -1]))]),
    ] {
        assert_eq!(made(&mut bench, class, given), None, "{class}");
    }
    let diags = bench.expect(&[
        "`groups` of `GroupNormalization` must be an integer of at least 1, or -1, found the number 0",
        "`groups` of `GroupNormalization` must be at most 1099511627776 (2^40), found 9223372036854775807",
        "axis 0 is the batch, and `GroupNormalization` needs the axis of the channels",
        "axis 0 is the batch, which is not normalized over",
        "`axis` of `UnitNormalization` names no axis",
        "`scale` of `Rescaling` must be a number or a list of numbers, found a list of 0",
        "`scale` of `Rescaling` is 0, which makes all values equal",
        "`Normalization` with a `mean` needs `variance`",
        "`Normalization` with a `variance` needs `mean`",
        "`mean` and `variance` of `Normalization` are not equally many numbers",
        "`variance` of `Normalization` must be at least 0",
        "`axis = none` has one mean for all values, and `mean` is a list",
        "`axis` of `Normalization` counts some axes from the start and some from the end",
    ]);
    assert!(diags.iter().all(|diag| !diag.helps.is_empty()));
}

#[test]
fn inputs_that_do_not_fit_the_other_normalizations_are_reported() {
    let mut bench = Bench::new();
    for (class, given, from) in [
        ("GroupNormalization", vec![named("groups", int(4))], &[5, 6][..]),
        ("GroupNormalization", vec![named("axis", int(3)), named("groups", int(1))], &[5, 6]),
        ("GroupNormalization", vec![named("groups", int(1))], &[]),
        ("RMSNormalization", vec![named("axis", int(3))], &[5, 6]),
        ("UnitNormalization", vec![named("axis", list(&[1, -2]))], &[5, 6]),
        ("Normalization", vec![named("axis", list(&[1, 3]))], &[5, 6, 7]),
        ("Normalization", vec![named("axis", int(4))], &[5, 6, 7]),
    ] {
        let kind = layer(&mut bench, class, given);
        assert_eq!(infer(&mut bench, &kind, &[known(from)]), None, "{class}");
    }
    // Equal errors at one place are reported once.
    bench.expect(&[
        "`GroupNormalization` needs an axis, but `x` is [], one number",
        "`GroupNormalization` cuts channels in 4 `groups`, but `x` has 6",
        "axis 3 does not exist: `x` has axes 1 to 2",
        "`axis` of `UnitNormalization` names axis 1 of `x` twice",
        "mimo has no `Normalization` over axes that are not neighbours",
        "axis 4 does not exist: `x` has axes 1 to 3",
    ]);
}

#[test]
fn spectral_normalization_has_the_shapes_of_the_layer_inside() {
    let mut bench = Bench::new();
    let dense = || call("Dense", [(None, int(2)), named("name", string("inside"))]);
    let spectral = layer(&mut bench, "SpectralNormalization", [(None, dense()), (None, int(3))]);
    assert_eq!(infer(&mut bench, &spectral, &[known(&[5, 4])]), Some(known(&[5, 2])));
    assert!(matches!(spectral.core(), (LayerKind::Dense(_), 0)));
    let wanted = [("kernel", known(&[4, 2])), ("bias", known(&[2])), ("vector_u", known(&[1, 2]))];
    assert_eq!(names_and_shapes(&spectral, &[5, 4]), wanted);
    let trained: Vec<_> =
        spectral.weights(&[&known(&[4])]).iter().map(|weight| weight.options.trainable).collect();
    assert_eq!(trained, [true, true, false]);
    let LayerKind::SpectralNormalization(wrapper) = &spectral else { panic!("{spectral:?}") };
    assert_eq!((wrapper.power_iterations, wrapper.inner_name().as_str()), (3, "inside"));
    // The last axis of the kernel in Keras's layout: that of the inputs for a transposed convolution, of the multiplier for a
    // depthwise one.
    for (inner, from, last) in [
        (call("Conv2DTranspose", [(None, int(5)), (None, int(2))]), &[6, 6, 3][..], 3),
        (call("DepthwiseConv2D", [(None, int(2))]), &[6, 6, 3], 1),
        (call("Conv1D", [(None, int(5)), (None, int(2))]), &[6, 3], 5),
    ] {
        let spectral = layer(&mut bench, "SpectralNormalization", [(None, inner)]);
        assert!(infer(&mut bench, &spectral, &[known(from)]).is_some());
        let vector = names_and_shapes(&spectral, from).pop();
        assert_eq!(vector, Some(("vector_u", known(&[1, last]))));
    }
    bench.expect(&[]);
}

#[test]
fn spectral_normalization_needs_one_kernel_of_its_own() {
    let mut bench = Bench::new();
    let dense = || call("Dense", [(None, int(2))]);
    let separable = call("SeparableConv1D", [(None, int(2)), (None, int(2))]);
    let inner = [
        call("Flatten", []),
        separable,
        call("SpectralNormalization", [(None, dense())]),
        call("TimeDistributed", [(None, dense())]),
    ];
    for inner in inner {
        assert_eq!(made(&mut bench, "SpectralNormalization", [(None, inner)]), None);
    }
    let spectral = call("SpectralNormalization", [(None, dense())]);
    assert_eq!(made(&mut bench, "TimeDistributed", [(None, spectral)]), None);
    made(&mut bench, "SpectralNormalization", [(None, dense()), named("power_iterations", int(0))]);
    let frozen = call("Dense", [(None, int(2)), named("trainable", bool(false))]);
    made(&mut bench, "SpectralNormalization", [(None, frozen)]);
    bench.expect(&[
        "`SpectralNormalization` divides a layer's `kernel` or `embeddings`, and `Flatten` has neither of its own",
        "`SpectralNormalization` divides a layer's `kernel` or `embeddings`, and `SeparableConv1D` has neither of its own",
        "the kernel in this `SpectralNormalization` is normalized already",
        "`SpectralNormalization` divides a layer's `kernel` or `embeddings`, and `TimeDistributed` has neither of its own",
        "`TimeDistributed` uses one kernel for all steps, and a `SpectralNormalization` would change it before each",
        "`power_iterations` of `SpectralNormalization` must be an integer of at least 1, found the number 0",
        "whether this `Dense` is trained is said at the `SpectralNormalization` around it",
    ]);
}
