//! A list of heads from a loop.

use mimo::prelude::*;

model! {
    /// Digits of an image, and how many there are.
    pub Captcha {
        const DIGITS: usize = 4;

        let image = Input(shape = [16]);
        let trunk = Dense(8, activation = relu)(image);
        let heads = for i in 0..DIGITS {
            let h = Dense(8, activation = tanh)(trunk);
            Dense(10, activation = softmax, name = "digit_{i}")(h)
        };
        for head in heads[1..] {
            let _last = Dense(4)(concatenate([head, heads[0]]));
        }
        let count = Dense(1)(concatenate([_last, heads]));

        Model(inputs = [image], outputs = [heads, count]).compile(
            optimizer = { digit_*: sgd, rest: adam },
            loss = { digit_*: sparse_categorical_crossentropy, count: mse },
            metrics = { "digit_*": [accuracy] },
        )
    }
}
