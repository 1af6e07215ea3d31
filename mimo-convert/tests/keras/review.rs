// Converted from review.keras by `mimo convert`.

use mimo::prelude::*;

model! {
    pub Table {
        let input_layer_1 = Input(shape = [3]);
        let dense_3 = Dense(4, use_bias = false, name = "dense_3")(input_layer_1);
        let batch_normalization_1 = BatchNormalization()(dense_3);

        Model(inputs = [input_layer_1], outputs = [batch_normalization_1])
    }
}

model! {
    pub Review {
        use Table;

        let words = Input(shape = [5], dtype = "int32");
        let age = Input(shape = [3]);
        let embedding = Embedding(31, 4, mask_zero = true)(words);
        let both_ways: [6] = Bidirectional(GRU(3), name = "both_ways")(embedding);
        let table = Table()(age);
        let frozen = Dense(4, activation = tanh, trainable = false, name = "frozen")(age);
        let concatenate_1: [14] = Concatenate(name = "concatenate_1")([both_ways, table, frozen]);
        let mood = Dense(1, activation = sigmoid)(concatenate_1);
        let kind = Dense(3, activation = softmax)(concatenate_1);

        Model(inputs = [words, age], outputs = [mood, kind])
            .compile(
                optimizer = Nadam(learning_rate = 0.02, clipnorm = 1.0),
                loss = { mood: binary_crossentropy, kind: sparse_categorical_crossentropy },
                loss_weights = { mood: 0.5, kind: 2.0 },
                metrics = { mood: [mae] },
                weighted_metrics = { kind: [accuracy] },
            )
    }
}
