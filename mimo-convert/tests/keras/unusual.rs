// Converted from unusual.config.json by `mimo convert`.

use mimo::prelude::*;

model! {
    pub Unusual {
        let image = Input(shape = [8, 8, 3]);
        // let flip_1 = RandomFlip(data_format = "channels_last", mode = "horizontal")(image);
        // `flip`: mimo has no layer `RandomFlip`
        let conv = Conv2D(2, 3, name = "conv")(image);
        // let resize = Resizing(antialias = false, crop_to_aspect_ratio = false, data_format = "channels_last", fill_mode = "constant")(conv);
        // `resize`: mimo has no layer `Resizing`
        // let twice = Lambda(arguments = {}, function = {"class_name":"__lambda__","config":{"closure":null,"code":"…, output_shape = [4,4,2])(resize);
        // `twice`: mimo has no layer `Lambda`
        let flatten = Flatten()(twice);
        let score = Dense(1)(flatten);

        Model(inputs = [image], outputs = [score])
    }
}

// What is missing or computed otherwise than in Keras:
// - flip: mimo has no layer `RandomFlip`; change the images as batches are filled, in a data set of your own: see `examples/10_image_class_and_value.rs`
// - resize: mimo has no layer `Resizing`; write `AdaptiveAveragePooling2D((32, 32))` for a smaller image, or `UpSampling2D(2, interpolation = bilinear)` for a larger one
// - twice: mimo has no layer `Lambda`; write a function of the block: `fn scale(x, gate) { exp(0.5 * x) * gate }`
