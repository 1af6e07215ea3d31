//! Tests of warnings: reported at their tokens, and allowed by name.

use super::*;

/// Warnings of a model of these statements, with `a` and `b` as outputs.
fn warned(statements: &str, compile: &str) -> Vec<String> {
    told(&format!(
        "Net {{ let i = Input(shape = [28, 28, 1]);\n{statements}\nModel(inputs = [i], outputs = [a, b]){compile} }}"
    ))
}

const HEADS: &str = "let f = Flatten()(i); let a = Dense(1)(f); let b = Dense(3, activation = softmax)(f);";

#[test]
fn a_flattened_image_that_holds_nearly_all_weights() {
    let image = |wide: usize, between: &str| {
        format!(
            "let c = Conv2D(32, 3, activation = relu)(i); let f = Flatten()(c); {between} let h = Dense({wide})(f); \
             let a = Dense(1)(h); let b = Dense(1)(h);"
        )
    };
    let all = warned(&image(16, ""), "");
    assert_eq!(
        all,
        [
            "2:77 [Dense(16)(f)] warning: this `Dense` holds 346,128 of the model's 346,482 weights, because it reads all values of a \
          flattened [26, 26, 32]\n\n  \
          = help: write `GlobalAveragePooling2D()` instead of `Flatten()`, which leaves 32 values\n  \
          = help: or a `MaxPooling2D(2)` before it, which leaves every fourth\n  \
          = help: `#[allow(mimo::large_flatten)]` if it is meant\n  \
          = note: i [28, 28, 1] → Conv2D → c [26, 26, 32] → Flatten → f [21632]"
        ]
    );
    assert_eq!(warned(&image(16, "let f = Dropout(0.5)(f);"), "").len(), 1);
    // Small models, models with as many weights elsewhere, images that are inputs, and lengths that depend on
    // constants.
    assert_eq!(warned(&image(4, ""), ""), [""; 0]);
    let more = "let d = Dense(64)(h); let d = Dense(1024)(d); let b = Dense(1)(d);";
    assert_eq!(warned(&image(16, "").replace("let b = Dense(1)(h);", more), ""), [""; 0]);
    assert_eq!(warned(&HEADS.replace("Dense(1)", "Dense(4096)"), ""), [""; 0]);
    assert_eq!(warned(&image(16, "").replace("Dense(16)", "Dense(WIDE)"), ""), [""; 0]);
    let allowed = image(16, "").replace("let h", "#[allow(mimo::large_flatten)] let h");
    assert_eq!(warned(&allowed, ""), [""; 0]);
}

#[test]
fn dropout_behind_a_head() {
    const LOSSES: &str = ".compile(loss = custom)";
    let heads = |a: &str| HEADS.replace("let a = Dense(1)(f);", a);
    assert_eq!(
        warned(&heads("let a = Dropout(0.5)(Dense(1)(f));"), LOSSES),
        [
            "2:31 [Dropout(0.5)(Dense(1)(f))] warning: `Dropout` stands behind the last layer of the output `a`, and changes what it \
          predicts while training\n\n  = help: call it before the `Dense`, on `f`, or remove it"
        ]
    );
    for wrong in [
        "let a = GaussianNoise(0.1)(Dense(1)(f));",
        "let a = Activation(softmax)(Dropout(0.5)(Dense(3)(f)));",
        "let a = Reshape([3, 1])(Dropout(0.5)(Dense(3)(f)));",
    ] {
        assert_eq!(warned(&heads(wrong), LOSSES).len(), 1, "{wrong}");
    }
    for right in [
        "let d = Dropout(0.5)(Dense(4)(f)); let a = Dense(1)(d);",
        // A hidden tensor is an output too.
        "let a = Dropout(0.5)(Dense(4)(f)); let f = Dense(2)(a);",
        "let a = Dropout(0.5)(i);",
        "#[allow(mimo::dropout_after_head)] let a = Dropout(0.5)(Dense(1)(f));",
    ] {
        assert_eq!(warned(&heads(right), LOSSES), [""; 0], "{right}");
    }
    // Features for another model.
    let features = heads("let a = Dropout(0.5)(Dense(1)(f));");
    assert_eq!(warned(&features, ""), [""; 0]);
    assert_eq!(warned(&features, ".compile(loss = { a: none, b: custom })"), [""; 0]);
}

#[test]
fn a_loss_of_no_weight() {
    let compile = |weights: &str| format!(".compile(loss = {{ a: mse, b: none }}, loss_weights = {weights})");
    let told = warned(HEADS, &compile("{ a: 0.0 }"));
    let [one] = &told[..] else { panic!("{told:#?}") };
    assert!(
        one.contains("[0.0] warning: the loss of `a` has the weight 0, so that nothing is learned from it"),
        "{one}"
    );
    assert!(one.contains("write `a: none` in `loss`"), "{one}");
    assert_eq!(warned(HEADS, &compile("[0, 0]")).len(), 1);
    assert_eq!(warned(HEADS, &compile("{ a: 1e-9 }")), [""; 0]);
}

#[test]
fn a_large_learning_rate() {
    let compile = |rate: &str| format!(".compile(optimizer = SGD({rate}), loss = {{ a: mse, b: none }})");
    let told = warned(HEADS, &compile("10"));
    let [one] = &told[..] else { panic!("{told:#?}") };
    assert!(one.contains("[10] warning: a `learning_rate` of 10 is above 1"), "{one}");
    assert!(one.contains("leave it out, which means 0.01"), "{one}");
    assert_eq!(warned(HEADS, &compile("1.0")), [""; 0]);
}

#[test]
fn a_normalization_of_each_value_by_itself() {
    let of = |layer: &str| warned(&format!("let n = {layer}(i); {}", HEADS.replace("(i)", "(n)")), "");
    assert_eq!(
        of("LayerNormalization()"),
        [
            "2:9 [LayerNormalization()(i)] warning: `LayerNormalization` normalizes each value of `i` by itself, so that all of them become \
          0\n\n  = help: write `BatchNormalization()`, which normalizes each value over the samples of the batch\n  \
          = help: or normalize over axes with more than one value"
        ]
    );
    for (layer, left) in [("RMSNormalization()", "1 or -1"), ("UnitNormalization()", "1 or -1")] {
        let told = of(layer);
        assert!(told.len() == 1 && told[0].contains(left), "{layer}: {told:?}");
    }
    let vector =
        "let n = GroupNormalization(groups = -1)(Flatten()(i)); let a = Dense(1)(n); let b = Dense(1)(n);";
    assert_eq!(warned(vector, "").len(), 1);
    for layer in [
        "LayerNormalization(axis = [1, 2, 3])",
        "RMSNormalization(axis = 1)",
        "GroupNormalization(groups = -1)",
        "BatchNormalization()",
    ] {
        assert_eq!(of(layer), [""; 0], "{layer}");
    }
}

#[test]
fn axes_that_are_offered_are_lists_where_a_list_was_written() {
    let told = warned(
        "let n = UnitNormalization(axis = [1, 3, 4])(i); let a = Dense(1)(n); let b = Dense(1)(n);",
        "",
    );
    assert!(told.len() == 1 && told[0].contains("= help: write `axis = (1, 3)`, which outputs"), "{told:?}");
}
