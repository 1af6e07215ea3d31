//! Residual networks for small images: three stacks of blocks of two convolutions, as the paper trains them on CIFAR-10.
//!
//! Paper: *Deep Residual Learning for Image Recognition* (<https://arxiv.org/abs/1512.03385>), section 4.2.

use mimo::prelude::*;

functions! {
    fn normalized(x, filters, kernel, stride, name) {
        let x = Conv2D(
            filters,
            kernel,
            strides = stride,
            padding = same,
            use_bias = false,
            kernel_initializer = he_normal,
            name = "{name}_conv",
        )(x);
        BatchNormalization(name = "{name}_bn")(x)
    }

    /// Two convolutions beside a shortcut, which is projected where the shape changes.
    fn block(x, filters, stride, shortcuts, name) {
        let h = normalized(x, filters, 3, stride, "{name}_1");
        let h = Activation(relu, name = "{name}_1_relu")(h);
        let h = normalized(h, filters, 3, 1, "{name}_2");
        if shortcuts {
            if stride != 1 || x.shape[-1] != filters {
                let x = normalized(x, filters, 1, stride, "{name}_0");
            }
            let h = add([x, h], name = "{name}_add");
        }
        Activation(relu, name = "{name}_out")(h)
    }

    /// A residual network with `6 · blocks + 2` layers with weights: from images `[height, width, channels]` to probabilities of classes,
    /// or to the means of `4 · filters` features with `include_top = false`. `shortcuts = false` leaves the plain network, to compare with.
    pub fn resnet_cifar(
        image,
        blocks = 3,
        filters = 16,
        include_top = true,
        classes = 10,
        classifier_activation = softmax,
        shortcuts = true,
    ) {
        let x = normalized(image, filters, 3, 1, "conv1");
        let x = Activation(relu, name = "conv1_relu")(x);
        for (i, factor) in [1, 2, 4].iter().enumerate() {
            for j in 0..blocks {
                let stride = if i > 0 && j == 0 { 2 } else { 1 };
                let x = block(x, factor * filters, stride, shortcuts, "conv{i + 2}_block{j + 1}");
            }
        }
        let x = GlobalAveragePooling2D(name = "avg_pool")(x);
        if include_top {
            Dense(classes, activation = classifier_activation, name = "predictions")(x)
        } else {
            x
        }
    }
}
