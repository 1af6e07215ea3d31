// Converted from churn.keras by `mimo convert`.

use mimo::prelude::*;

model! {
    pub ChurnModel {
        let photo = Input(shape = [12, 12, 1]);
        let age = Input(shape = [3]);
        let conv = Conv2D(4, 3, activation = relu, kernel_initializer = he_normal, name = "conv")(photo);
        let max_pooling2d: [5, 5, 4] = MaxPooling2D()(conv);
        let batch_normalization = BatchNormalization()(max_pooling2d);
        let flatten: [100] = Flatten()(batch_normalization);
        let subtract_1 = age / 100.0 - 0.5;
        let concatenate_1: [103] = Concatenate()([flatten, subtract_1]);
        let dense = Dense(8, activation = relu, kernel_regularizer = L2(0.001))(concatenate_1);
        let dropout = Dropout(0.25)(dense);
        let kind = Dense(3, activation = softmax)(dropout);
        let churn = Dense(1, activation = sigmoid)(dropout);

        Model(inputs = [photo, age], outputs = [kind, churn])
            .compile(
                optimizer = Adam(learning_rate = CosineDecay(0.002, 1000)),
                loss = { kind: sparse_categorical_crossentropy, churn: BinaryCrossentropy(label_smoothing = 0.1) },
                loss_weights = { kind: 1.0, churn: 0.5 },
                metrics = { kind: [accuracy], churn: [accuracy, auc] },
            )
    }
}
