//! Dropouts and noise.

use super::*;
use crate::layers::dropout::{Dropout, Together};

#[test]
fn noise_layers_keep_the_shape_and_bound_the_rate() {
    let mut bench = Bench::new();
    let dropout = layer(&mut bench, "Dropout", [(None, float(0.2)), named("seed", int(4))]);
    let wanted = Dropout { rate: 0.2, together: Together::Alone, seed: Some(4) };
    assert_eq!(dropout, LayerKind::Dropout(wanted));
    for class in ["Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout"] {
        let noise = layer(&mut bench, class, [(None, float(0.2))]);
        assert_eq!(infer(&mut bench, &noise, &[known(&[2, 4])]), Some(known(&[2, 4])), "{class}");
    }
    made(&mut bench, "Dropout", [(None, int(20))]);
    made(&mut bench, "GaussianNoise", [named("stddev", float(-0.5))]);
    made(&mut bench, "AlphaDropout", [(None, int(1))]);
    bench.expect(&[
        "`rate` of `Dropout` must be from 0 to 1, found 20",
        "`stddev` of `GaussianNoise` must be from 0 to 1, found -0.5",
        "`rate` of `AlphaDropout` must be at least 0 and below 1, found 1",
    ]);
}

#[test]
fn a_noise_shape_has_the_axes_of_a_sample() {
    let mut bench = Bench::new();
    let none = || value(ValueKind::None);
    let with = |shape: Value| [(None, float(0.5)), (None, shape)];
    for class in ["Dropout", "AlphaDropout"] {
        for shape in [list(&[1, 4]), items([none(), int(1)]), items([none(), none()]), none()] {
            let noise = layer(&mut bench, class, with(shape));
            assert_eq!(infer(&mut bench, &noise, &[known(&[2, 4])]), Some(known(&[2, 4])), "{class}");
        }
        for shape in [list(&[8, 1, 4]), list(&[1]), list(&[1, 3])] {
            let noise = layer(&mut bench, class, with(shape));
            assert_eq!(infer(&mut bench, &noise, &[known(&[2, 4])]), None, "{class}");
        }
        let deferred = layer(&mut bench, class, with(items([int(1), word("B")])));
        assert!(infer(&mut bench, &deferred, &[known(&[2, 4])]).is_some());
    }
    made(&mut bench, "Dropout", with(int(1)));
    made(&mut bench, "Dropout", with(list(&[0, 1])));
    let of = |class: &str| {
        [
            format!("`noise_shape` of `{class}` has 3 lengths, but `x` has 2 axes: [2, 4]"),
            format!("`noise_shape` of `{class}` has 1 length, but `x` has 2 axes: [2, 4]"),
            format!("axis 2 of `noise_shape` of `{class}` is 3, but axis 2 of `x` is 4"),
        ]
    };
    let wrong = [
        "`noise_shape` of `Dropout` must be a list, found the number 1".to_owned(),
        "each length in `noise_shape` of `Dropout` must be an integer of at least 1, found the number 0"
            .into(),
    ];
    let wanted = [&wrong[..], &of("Dropout"), &of("AlphaDropout")].concat();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let diags = bench.expect(&wanted);
    assert_eq!(diags[2].helps, ["leave out the batch: `noise_shape = [1, 4]`"]);
    assert_eq!(diags[3].helps, ["write a length for each axis of a sample: `noise_shape = [1, none]`"]);
}

#[test]
fn spatial_dropouts_read_sequences_and_images() {
    let mut bench = Bench::new();
    let sequence = layer(&mut bench, "SpatialDropout1D", [(None, float(0.5))]);
    let image = layer(&mut bench, "SpatialDropout2D", [(None, float(0.5))]);
    assert_eq!(infer(&mut bench, &sequence, &[known(&[5, 3])]), Some(known(&[5, 3])));
    assert_eq!(infer(&mut bench, &image, &[known(&[5, 4, 3])]), Some(known(&[5, 4, 3])));
    assert_eq!(infer(&mut bench, &sequence, &[known(&[3])]), None);
    assert_eq!(infer(&mut bench, &image, &[known(&[5, 3])]), None);
    bench.expect(&[
        "`SpatialDropout1D` needs [steps, channels], but `x` is [3]",
        "`SpatialDropout2D` needs [height, width, channels], but `x` is [5, 3]",
    ]);
}

#[test]
fn an_identity_takes_and_gives_anything() {
    let mut bench = Bench::new();
    let identity = layer(&mut bench, "Identity", []);
    for dtype in [Dtype::Float, Dtype::Int] {
        let given = infer_typed(&mut bench, &identity, &[known(&[2, 3])], dtype);
        assert_eq!(given, Some((known(&[2, 3]), dtype)));
    }
    assert!(identity.aliases());
    bench.expect(&[]);
}
