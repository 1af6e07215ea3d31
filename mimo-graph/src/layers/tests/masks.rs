//! Compares the mask propagation of layers with Keras (`tests/golden/make_masks.py`).

use super::*;
use crate::layers::layer::Masks;

/// The line of `masks.json` for a class: whether it supports masking, whether it has its own `compute_mask`, and the
/// masks that a call accepts.
fn of_keras(class: &str) -> Option<(bool, bool, Vec<String>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/masks.json");
    let file = std::fs::read_to_string(path).expect("the file");
    let line = file.lines().find(|line| line.trim_start().starts_with(&format!("\"{class}\":")))?;
    let (_, takes) = line.split_once('[').expect("a list");
    let takes = takes.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    Some((line.contains("\"supports\": true"), line.contains("\"own\": true"), takes))
}

/// Mask propagation of classes with their own `compute_mask`.
fn own(kind: &LayerKind) -> Masks {
    match kind.class_name() {
        "Embedding" => Masks::Lose,
        "Masking" => Masks::Differs(0.0),
        "Concatenate" => Masks::Concatenate(-1),
        "Add" | "Subtract" | "Multiply" | "Average" | "Maximum" | "Minimum" => Masks::Join,
        _ => Masks::End,
    }
}

#[test]
fn masks_go_the_way_that_they_go_in_keras() {
    let mut seen = 0;
    for class in classes() {
        let mut bench = Bench::new();
        let kind = layer(&mut bench, class, required(class));
        let Some((supports, has_own, takes)) = of_keras(class) else {
            assert_eq!(class, "Weight", "run `make_masks.py`");
            continue;
        };
        let rule = match (supports, has_own) {
            // It declares no support for masks, but the layer inside outputs its mask (`tests/golden_masks.rs`).
            _ if class == "SpectralNormalization" => Masks::Keep,
            (_, true) => own(&kind),
            (true, false) => Masks::Keep,
            (false, false) => Masks::Lose,
        };
        // An attention has its own `compute_mask`, or keeps the mask of its first tensor.
        if !class.ends_with("Attention") {
            assert_eq!(kind.masks(), rule, "{class}");
        }
        let roles: Vec<&str> = kind.mask_roles().iter().map(|&(_, role)| role).collect();
        match class {
            // Its parts read it, and so does the layer inside of the wrapper.
            "Bidirectional" => assert_eq!(kind.parts()[0].kind.mask_roles(), [(0, "mask")]),
            "TimeDistributed" => assert_eq!(roles, [""; 0]),
            _ if class.ends_with("Attention") => {}
            _ => assert_eq!(roles, takes, "{class}"),
        }
        seen += 1;
    }
    assert!(seen > 60, "{seen} classes");
}

#[test]
fn sequences_keep_the_mask_of_their_steps() {
    for class in ["LSTM", "GRU", "SimpleRNN"] {
        let mut bench = Bench::new();
        let sequences = layer(&mut bench, class, [(None, int(1)), named("return_sequences", bool(true))]);
        assert_eq!(sequences.masks(), Masks::KeepFirst);
    }
    let mut bench = Bench::new();
    let embedding =
        layer(&mut bench, "Embedding", [(None, int(9)), (None, int(2)), named("mask_zero", bool(true))]);
    assert_eq!(embedding.masks(), Masks::NonZero);
}

#[test]
fn masks_have_the_axes_that_their_readers_read() {
    type Shapes = &'static [&'static [usize]];
    let cases: [(&str, Shapes, Shapes); 4] = [
        ("LSTM", &[&[5]], &[&[4], &[], &[5, 2], &[5, 1]]),
        ("GlobalAveragePooling1D", &[&[5]], &[&[2], &[5, 2]]),
        ("BatchNormalization", &[&[5]], &[&[2], &[1], &[5, 2]]),
        ("Softmax", &[&[5, 2], &[1, 2], &[5, 1], &[1, 1]], &[&[5], &[2], &[5, 3], &[1, 5, 2]]),
    ];
    for (class, fine, wrong) in cases {
        let mut bench = Bench::new();
        let kind = layer(&mut bench, class, required(class));
        let x = known(&[5, 2]);
        let mut call = |mask: &[usize], dtype: Dtype| {
            let mask = known(mask);
            let operand =
                |name, shape, dtype, role| Operand { name, shape, dtype, loc: Loc(1), tensor: None, role };
            let inputs = [operand("x", &x, Dtype::Float, ""), operand("m", &mask, dtype, "mask")];
            bench.cx(|cx| kind.infer(&inputs, CALL, cx)).is_some()
        };
        assert!(fine.iter().all(|mask| call(mask, Dtype::Float)), "{class}");
        assert!(!wrong.iter().any(|mask| call(mask, Dtype::Float)), "{class}");
        assert!(!call(fine[0], Dtype::Int), "{class}");
        let diags: Vec<Code> =
            std::mem::take(&mut bench.diags).into_sorted().iter().map(|it| it.code).collect();
        let codes = wrong.iter().map(|_| Code::MaskShape).chain([Code::FloatsNeeded]);
        assert_eq!(diags, codes.collect::<Vec<_>>(), "{class}");
    }
}
