//! Models in a crate in which mimo is called `net`, in edition 2021, public and documented.
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications)]
#![no_implicit_prelude]

::net::model! {
    crate = ::net;

    /// A digit and whether it is even.
    pub Digit {
        /// Pixels along a side.
        const SIDE: ::core::primitive::usize = 8;

        let image = Input(shape = [SIDE, SIDE]);
        let x = Flatten()(image);
        let x = Dropout(0.2)(Dense(16, activation = relu, kernel_regularizer = L2(1e-4))(x));
        let digit = Dense(10, activation = softmax)(x);
        let even = Dense(1, activation = sigmoid)(x);

        Model(inputs = [image], outputs = [digit, even]).compile(
            optimizer = Adam(clipnorm = 1.0),
            loss = { digit: sparse_categorical_crossentropy, even: binary_crossentropy },
            metrics = { digit: [accuracy], even: [accuracy, auc] },
        )
    }
}

/// A model of another crate, in which other names mean other things.
pub mod shared {
    /// How wide the features are.
    const WIDTH: ::core::primitive::usize = 3;

    ::net::model! {
        crate = ::net;

        /// Features of a digit.
        pub Features {
            /// Half of them.
            const HALF: ::core::primitive::usize = WIDTH;

            let image = Input(shape = [super::Digit::SIDE, 8]);
            let x = Flatten()(image);
            let wide = Dense(2 * HALF, activation = tanh)(x);
            let narrow = Dense(HALF)(x);
            Model(inputs = [image], outputs = [wide, narrow])
        }
    }

    /// Comes before what it uses, and is used by others.
    pub mod pairs {
        ::net::model! {
            crate = ::net;

            /// Two images, compared.
            pub Compared {
                use super::Features as Seen;
                use super::hidden::Score;

                let a = Input(shape = [8, 8]);
                let b = Input(shape = [8, 8]);
                let seen = Seen();
                let (a_wide, a_narrow) = seen(a);
                let (b_wide, b_narrow) = seen(b);
                let score = Score(name = "rate")([a_wide - b_wide, a_narrow - b_narrow]);
                Model(inputs = [a, b], outputs = [score])
            }
        }
    }

    mod hidden {
        ::net::model! {
            crate = ::net;

            pub(super) Score {
                let wide = Input(shape = [6]);
                let narrow = Input(shape = [3]);
                let score = Dense(1)(concatenate([wide, narrow]));
                Model(inputs = [wide, narrow], outputs = [score])
            }
        }
    }
}

/// Functions of the language for models of other crates.
pub mod blocks {
    ::net::functions! {
        crate = ::net;

        const RATE: ::core::primitive::f32 = 0.25;

        fn dropped(x, units) {
            Dropout(RATE)(Dense(units, activation = relu)(x))
        }

        /// Two dense layers with dropout.
        ///
        /// The second is half as wide.
        pub fn funnel(x, units = 8) {
            dropped(dropped(x, units), units / 2)
        }

        pub fn head(x, classes, activation = softmax) {
            Dense(classes, activation = activation)(x)
        }
    }
}

/// Functions may use those of other blocks, and models.
pub mod nets {
    ::net::functions! {
        crate = ::net;

        use super::blocks::funnel as narrow;
        use super::blocks::head;
        use super::inner::Tiny;

        /// A whole classifier.
        pub fn classifier(image, classes = 10) {
            let x = Flatten()(image);
            head(Tiny()(narrow(x)), classes)
        }
    }
}

pub use nets::classifier;

/// The path may be any that leads to mimo.
pub mod inner {
    use ::net as renamed_again;

    renamed_again::model! {
        crate = renamed_again;

        /// Predicts only.
        pub Small {
            let x = Input(shape = [super::Digit::SIDE]);
            let y = Dense(1)(x);
            Model(x, y)
        }
    }
    renamed_again::model! {
        crate = renamed_again;

        /// A part of others.
        pub Tiny {
            let x = Input(shape = [4]);
            let y = Dense(4, activation = tanh)(x);
            Model(x, y)
        }
    }
}
