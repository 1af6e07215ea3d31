//! Every lint that a user can deny, denied around expansions of all kinds.

/// Constants of the models.
#[deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    missing_copy_implementations,
    nonstandard_style,
    rust_2018_idioms,
    unused,
    unused_qualifications,
    unused_results,
    unreachable_pub,
    unsafe_code,
    non_snake_case,
    let_underscore_drop,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    variant_size_differences,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    keyword_idents,
    meta_variable_misuse,
    redundant_lifetimes,
    unit_bindings,
    absolute_paths_not_starting_with_crate,
    macro_use_extern_crate,
    unused_extern_crates,
    deprecated_in_future,
    let_underscore_lock,
    unnameable_types,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::cargo
)]
#[allow(clippy::redundant_pub_crate, reason = "it contradicts `unreachable_pub`")]
pub(crate) mod denied {
    #![forbid(unsafe_code)]

    mimo::model! {
        /// One of every trained kind.
        pub(crate) Trained {
            /// Number of units.
            const WIDTH: usize = 4;
            const HALF: usize = WIDTH / 2;
            let image = Input(shape = [WIDTH, 2]);
            let age = Input(shape = [1]);
            let x = concatenate([Flatten()(image), age]);
            let x = Dropout(0.5)(Dense(HALF + 4, activation = relu, kernel_regularizer = L2(0.01))(x));
            let x = GaussianNoise(0.1)(x);
            let shared = Dense(6, use_bias = false);
            let x = shared(x) * shared(x);
            let kind = Dense(3, activation = softmax)(x);
            let tags = Dense(WIDTH, activation = sigmoid)(x);
            let value = Dense(1)(x);
            let extra = Dense(1, trainable = false)(x);
            Model(inputs = [image, age], outputs = [kind, tags, value, extra]).compile(
                optimizer = Adam(1e-2, global_clipnorm = 1.0),
                loss = { kind: sparse_categorical_crossentropy, tags: binary_crossentropy, value: huber, extra: none },
                metrics = { kind: [accuracy], tags: [binary_accuracy, auc], value: [mae, r2] },
            )
        }
    }

    mimo::model! {
        /// No losses; a layer with one of Keras's names.
        pub(crate) Predicts {
            let x = Input(shape = [3]);
            let h = Dense(4, name = "Conv_1")(x);
            let y = Dense(2)(h);
            Model(x, y)
        }
    }

    const CLASSES: usize = 3;

    mimo::model! {
        /// Nested models, one of which has nested models itself.
        pub(crate) Around {
            use Nesting;
            use crate::lints::denied::Predicts as Plain;
            use Weightless;

            let x = Input(shape = [3]);
            let images = Input(shape = [3, 2]);
            let nested = Nesting(name = "first", trainable = false);
            let h = nested(nested(x));
            let h = concatenate([Plain()(h), Nesting()(x)]);
            let y = concatenate([h, Flatten()(Weightless()(images))]);
            let y = Dense(1)(y);
            Model(inputs = [x, images], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
        }
    }

    mimo::model! {
        /// Lengths known to the macro.
        pub(crate) Nesting {
            use super::denied::Predicts;
            let x = Input(shape = [CLASSES]);
            let y = Predicts()(x);
            let y = Dense(CLASSES)(y);
            Model(inputs = [x], outputs = [y])
        }
    }

    mimo::model! {
        /// No weights either.
        pub(crate) Weightless {
            let x = Input(shape = [3, 2]);
            let y = Permute([2, 1])(x);
            Model(x, y)
        }
    }

    mimo::model! {
        /// A loss from another module.
        pub(crate) Custom {
            let x = Input(shape = [3]);
            let y = Dense(2)(x);
            Model(x, y).compile(optimizer = SGD(0.1), loss = custom)
        }
    }
}

#[test]
fn they_are_there() {
    assert_eq!(denied::Trained::WIDTH, 4);
    assert_eq!(denied::Predicts::PARAMETERS + denied::Weightless::PARAMETERS, 26);
    assert_eq!(denied::Custom::OUTPUTS.len(), 1);
    assert_eq!(denied::Around::PARAMETERS, 2 * denied::Nesting::PARAMETERS + 26 + 12);
}
