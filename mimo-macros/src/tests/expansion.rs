//! Snapshots of expansions as text: `INSTA_UPDATE=always cargo test -p mimo-macros` writes them.

use proc_macro2::TokenStream;

/// The expansion as rustc sees it, formatted as rustfmt would.
fn expanded(source: &str) -> String {
    let tokens: TokenStream = source.parse().unwrap();
    let expanded = crate::expand::expand(tokens);
    match syn::parse2::<syn::File>(expanded.clone()) {
        Ok(mut file) => {
            // The function for editors comes first, and has its own snapshots. A request for the description of
            // another model is only that call.
            if !matches!(file.items[..], [syn::Item::Macro(_)]) {
                let editor = file.items.remove(0);
                assert!(quote::quote!(#editor).to_string().contains("cfg (rust_analyzer)"), "{expanded}");
            }
            prettyplease::unparse(&file)
        }
        Err(error) => panic!("{error}\n{expanded}"),
    }
}

/// Compares the expansion of a model with its snapshot.
#[track_caller]
fn assert_expansion(name: &str, source: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, expanded(source));
    });
}

#[test]
fn two_heads() {
    assert_expansion(
        "two_heads",
        "/// A value and a kind.
        pub TwoHeads {
            let x = Input(shape = [100]);
            let h = Dense(64, activation = relu)(x);
            let h = Dense(32, activation = relu)(h);
            let value = Dense(1)(h);
            let kind = Dense(3, activation = softmax)(h);

            Model(inputs = [x], outputs = [value, kind]).compile(
                optimizer = Adam(learning_rate = 1e-3),
                loss = { value: mse, kind: categorical_crossentropy },
                loss_weights = { kind: 0.5 },
                metrics = { kind: [accuracy] },
            )
        }",
    );
}

/// Lengths that the macro does not know: it emits them, and const evaluation checks them.
#[test]
fn deferred_lengths() {
    assert_expansion(
        "deferred_lengths",
        "pub(crate) Deferred {
            /// As wide as the widest.
            const WIDE: usize = crate::config::WIDTH * 2;
            let x = Input(shape = [crate::config::STEPS, 8]);
            let flat: [WIDE] = Flatten()(x);
            let side = Dense(WIDE, use_bias = false)(x);
            let side = Flatten()(side);
            let both = concatenate([flat, side]);
            let score = Dense(crate::config::SCORES, activation = sigmoid)(both);

            Model(inputs = [x], outputs = [score])
                .compile(optimizer = SGD(0.1, momentum = 0.9), loss = binary_crossentropy, metrics = [auc])
        }",
    );
}

/// Layers of several tensors, and layers around layers.
#[test]
fn sequences() {
    assert_expansion(
        "sequences",
        "Translate {
            let source = Input(shape = [7, 12]);
            let target = Input(shape = [5, 12]);
            let read = Bidirectional(GRU(8, dropout = 0.1, return_state = true));
            let (_, h, _) = read(source);
            let written = GRU(8, recurrent_dropout = 0.2, return_sequences = true)(target, initial_state = h);
            let word = TimeDistributed(Dense(12, activation = softmax))(written);
            Model([source, target], [word]).compile(optimizer = Adam(), loss = categorical_crossentropy)
        }",
    );
}

/// Without `.compile(…)`, nothing for training is emitted.
#[test]
fn predicts_only() {
    assert_expansion(
        "predicts_only",
        "Predicts {
            let a = Input(shape = [4]);
            let b = Input(shape = [4]);
            let encoder = Dense(8, activation = tanh);
            let similarity = Dense(1)(encoder(a) * encoder(b));
            Model([a, b], [similarity])
        }",
    );
}

/// One layer with two operations and their scratch memory.
#[test]
fn separable() {
    assert_expansion(
        "separable",
        "Separable {
            let image = Input(shape = [8, 8, 4]);
            let x = DepthwiseConv2D(3, padding = same, activation = relu)(image);
            let y = SeparableConv2D(2, 3, strides = 2, depth_multiplier = 2)(x);
            Model(inputs = [image], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
        }",
    );
}

/// Batch statistics: stages that end in sums, and moving averages.
#[test]
fn normalized() {
    assert_expansion(
        "normalized",
        "Normalized {
            let x = Input(shape = [4]);
            let h = BatchNormalization()(Dense(8, use_bias = false)(x));
            let h = Activation(relu)(h);
            let kind = Dense(3, activation = softmax)(h);
            let value = BatchNormalization(trainable = false)(Dense(1)(h));
            Model(inputs = [x], outputs = [kind, value]).compile(
                optimizer = SGD(0.1), loss = { kind: sparse_categorical_crossentropy, value: hinge },
            )
        }",
    );
}

/// A model requests the description of the one it uses.
#[test]
fn asks() {
    assert_expansion(
        "asks",
        "crate = ::net;
        /// Two alike.
        pub Siamese {
            use crate::vision::Encoder as Vision;
            let encode = Vision();
            Model(inputs = [left, right], outputs = [y])
        }",
    );
}

/// With the description, calls are inlined, and weights are nested.
#[test]
fn nested() {
    assert_expansion(
        "nested",
        "@ {
            Encoder {
                const UNITS: usize = crate::config::UNITS;
                let x = Input(shape = [4]);
                let h = Dense(UNITS, activation = relu)(x);
                let y = Dense(3)(h);
                let unused = Dense(2)(h);
                Model(inputs = [x], outputs = { y: y, unused: unused })
            }
        }
        pub Siamese {
            use crate::vision::Encoder;
            let left = Input(shape = [4]);
            let right = Input(shape = [4]);
            let encode = Encoder(trainable = false);
            let (a, _) = encode(left);
            let (b, _) = encode(right);
            let (other, _) = Encoder()(left);
            let same = Dense(1)(a - b + other);
            Model(inputs = [left, right], outputs = [same]).compile(optimizer = SGD(0.1), loss = mse)
        }",
    );
}

/// A nested model with errors has reported them.
#[test]
fn nests_a_wrong_one() {
    assert_expansion(
        "nests_a_wrong_one",
        "@ {} pub(crate) Siamese {
            use super::Encoder;
            let x = Input(shape = [4]);
            let y = Dense(1)(Encoder()(x));
            Model(inputs = [x], outputs = [y])
        }",
    );
}

#[test]
fn several_mistakes() {
    assert_expansion(
        "several_mistakes",
        "pub Wrong {
            let x = Input(shape = [4]);
            let h = Dens(8)(x);
            let y = Dense(units = -1)(h);
            let z = Dense(2, activation = rleu)(x);
            Model(inputs = [x], outputs = [y, z])
                .compile(optimizer = Adam(learning_rate = fast), loss = { y: mse, w: mse })
        }",
    );
}

/// A statement that is being typed.
#[test]
fn half_a_statement() {
    assert_expansion(
        "half_a_statement",
        "pub Typing {
            let image = Input(shape = [8]);
            let h = Dense(64, activation = relu)(image);
            let y =
            Model(inputs = [image], outputs = [h])
        }",
    );
}

/// A list of arguments that is being typed.
#[test]
fn half_an_argument_list() {
    assert_expansion(
        "half_an_argument_list",
        "pub Typing {
            let image = Input(shape = [8]);
            let h = Dense(64, activation = )(image);
            let y = Dense(1)(h);
            Model(inputs = [image], outputs = [y])
                .compile(optimizer = Adam(), loss = )
        }",
    );
}

#[test]
fn the_end_is_missing() {
    assert_expansion(
        "the_end_is_missing",
        "pub Typing {
            let image = Input(shape = [8]);
            let h = Dense(64)
        }",
    );
}
