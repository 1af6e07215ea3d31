//! A nested model.

use mimo::prelude::*;

model! {
    /// Four numbers of an image.
    pub Encoder {
        let image = Input(shape = [8, 8, 1]);
        let flat = Flatten()(image);
        let code = Dense(4, activation = relu)(flat);

        Model(inputs = [image], outputs = [code])
    }
}

model! {
    /// Distance of two images.
    pub Siamese {
        use Encoder;

        let left = Input(shape = [8, 8, 1]);
        let right = Input(shape = [8, 8, 1]);
        let encode = Encoder();
        let first = encode(left);
        let second = encode(right);
        let apart = subtract([first, second]);
        let same = Dense(1, activation = sigmoid)(apart);

        Model(inputs = [left, right], outputs = [same])
            .compile(optimizer = Adam(learning_rate = CosineDecay(1e-3, decay_steps = 1000)), loss = binary_crossentropy)
    }
}
