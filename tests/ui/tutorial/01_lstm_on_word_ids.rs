//! Sentiment from image and text, as published.

use mimo::prelude::*;

model! {
    pub Sentiment {
        let image_input = Input(shape = [128, 128, 3]);
        let x = Conv2D(32, (3, 3), activation = relu)(image_input);
        let x = MaxPooling2D((2, 2))(x);
        let x = Flatten()(x);
        let text_input = Input(shape = [100]);
        let y = LSTM(64)(text_input);
        let merged = concatenate([x, y]);
        let output = Dense(1, activation = sigmoid)(merged);
        Model(inputs = [image_input, text_input], outputs = [output])
            .compile(optimizer = Adam(), loss = binary_crossentropy, metrics = [accuracy])
    }
}

fn main() {}
