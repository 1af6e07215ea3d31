//! InceptionV3: blocks of parallel branches with different windows, whose channels are put side by side.
//!
//! Paper: *Rethinking the Inception Architecture for Computer Vision* (<https://arxiv.org/abs/1512.00567>).

use mimo::prelude::*;

functions! {
    fn conv(x, filters, kernel, strides = 1, padding = same) {
        let x = Conv2D(filters, kernel, strides = strides, padding = padding, use_bias = false)(x);
        Activation(relu)(BatchNormalization(scale = false)(x))
    }

    /// A convolution that halves the image.
    fn halved(x, filters) {
        conv(x, filters, 3, strides = 2, padding = valid)
    }

    fn averaged(x, filters) {
        conv(AveragePooling2D(3, strides = 1, padding = same)(x), filters, 1)
    }

    /// Windows of 1×1, 5×5 and twice 3×3.
    fn block_a(x, pooled, name) {
        let a = conv(x, 64, 1);
        let b = conv(conv(x, 48, 1), 64, 5);
        let c = conv(conv(conv(x, 64, 1), 96, 3), 96, 3);
        concatenate([a, b, c, averaged(x, pooled)], name = name)
    }

    /// Windows of 1×7 and 7×1, once and twice.
    fn block_b(x, filters, name) {
        let a = conv(x, 192, 1);
        let b = conv(conv(conv(x, filters, 1), filters, (1, 7)), 192, (7, 1));
        let c = conv(conv(conv(x, filters, 1), filters, (7, 1)), filters, (1, 7));
        let c = conv(conv(c, filters, (7, 1)), 192, (1, 7));
        concatenate([a, b, c, averaged(x, 192)], name = name)
    }

    /// Windows of 1×3 beside 3×1.
    fn block_c(x, i) {
        let a = conv(x, 320, 1);
        let b = conv(x, 384, 1);
        let b = concatenate([conv(b, 384, (1, 3)), conv(b, 384, (3, 1))], name = "mixed9_{i}");
        let c = conv(conv(x, 448, 1), 384, 3);
        let c = concatenate([conv(c, 384, (1, 3)), conv(c, 384, (3, 1))]);
        concatenate([a, b, c, averaged(x, 192)], name = "mixed{i + 9}")
    }

    /// InceptionV3: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`InceptionV3`](https://keras.io/api/applications/inceptionv3/#inceptionv3-function)
    pub fn inception_v3(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        let x = halved(image, 32);
        let x = conv(conv(x, 32, 3, padding = valid), 64, 3);
        let x = MaxPooling2D(3, strides = 2)(x);
        let x = conv(conv(x, 80, 1, padding = valid), 192, 3, padding = valid);
        let x = MaxPooling2D(3, strides = 2)(x);
        for (i, pooled) in [32, 64, 64].iter().enumerate() {
            let x = block_a(x, pooled, "mixed{i}");
        }
        let a = halved(x, 384);
        let b = halved(conv(conv(x, 64, 1), 96, 3), 96);
        let x = concatenate([a, b, MaxPooling2D(3, strides = 2)(x)], name = "mixed3");
        for (i, filters) in [128, 160, 160, 192].iter().enumerate() {
            let x = block_b(x, filters, "mixed{i + 4}");
        }
        let a = halved(conv(x, 192, 1), 320);
        let b = halved(conv(conv(conv(x, 192, 1), 192, (1, 7)), 192, (7, 1)), 192);
        let x = concatenate([a, b, MaxPooling2D(3, strides = 2)(x)], name = "mixed8");
        for i in 0..2 {
            let x = block_c(x, i);
        }
        if include_top {
            let x = GlobalAveragePooling2D(name = "avg_pool")(x);
            Dense(classes, activation = classifier_activation, name = "predictions")(x)
        } else if pooling == avg {
            GlobalAveragePooling2D()(x)
        } else if pooling == max {
            GlobalMaxPooling2D()(x)
        } else {
            x
        }
    }
}

#[cfg(feature = "inception_v3")]
model! {
    /// InceptionV3: 23.9 million parameters.
    ///
    /// Keras: [`InceptionV3`](https://keras.io/api/applications/inceptionv3/). Its inputs are images with values from -1 to 1, of
    /// at least 75 × 75.
    pub InceptionV3 {
        use inception_v3;

        let image = Input(shape = [299, 299, 3]);
        let predictions = inception_v3(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
