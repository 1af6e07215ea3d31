//! Models in a crate to which mimo is `net`, in edition 2021, public and documented.
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
}
