// Model 5 repaired: `accuracy` is left, which is the arg-max's. A warning, made an error so that its text is seen.
#![deny(warnings)]

use mimo::prelude::*;

model! {
    pub LabelAndImage {
        let input_tensor = Input(shape = [28, 28, 1]);
        let x = Conv2D(32, (3, 3), activation = relu)(input_tensor);
        let x = MaxPooling2D((2, 2))(x);
        let x = Flatten()(x);
        let x = Dense(64, activation = relu)(x);
        let vector_output = Dense(10, activation = sigmoid)(x);
        let y = Dense(7 * 7 * 32, activation = relu)(x);
        let y = Reshape([7, 7, 32])(y);
        let y = Conv2DTranspose(32, (3, 3), activation = relu, padding = same, strides = (2, 2))(y);
        let image_output: [28, 28, 1] = Conv2DTranspose(1, (3, 3), activation = sigmoid, padding = same, strides = (2, 2))(y);
        Model(inputs = [input_tensor], outputs = [vector_output, image_output])
            .compile(
                optimizer = Adam(),
                loss = { vector_output: binary_crossentropy, image_output: mse },
                metrics = { vector_output: [accuracy], image_output: [mae] },
            )
    }
}

fn main() {}
