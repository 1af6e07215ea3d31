//! Class and value from an image, as published.

use mimo::prelude::*;

model! {
    pub ImageClassAndValue {
        let input_layer = Input(shape = [32, 32, 3]);
        let conv1 = Conv2D(32, (3, 3), activation = relu)(input_layer);
        let pool1 = MaxPooling2D((2, 2))(conv1);
        let conv2 = Conv2D(64, (3, 3), activation = relu)(pool1);
        let pool2 = MaxPooling2D((2, 2))(conv2);
        let flat = Flatten()(pool2);
        let dense_class = Dense(128, activation = relu)(flat);
        let output_class = Dense(10, activation = softmax)(dense_class);
        let dense_reg = Dense(64, activation = relu)(flat);
        let output_reg = Dense(1)(dense_reg);
        Model(inputs = [input_layer], outputs = [output_class, output_reg])
            .compile(optimizer = Adam(), loss = [categorical_crossentropy, mse], metrics = [accuracy, mae])
    }
}

#[test]
fn compiles() {
    ImageClassAndValue::new(0);
}
