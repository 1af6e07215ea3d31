// Converted from keras2.keras by `mimo convert`.

use mimo::prelude::*;

model! {
    pub Tower {
        let inner = Input(shape = [3]);
        let hidden = Dense(4, activation = tanh, name = "hidden")(inner);
        let normal = BatchNormalization()(hidden);

        Model(inputs = [inner], outputs = [normal])
    }
}

model! {
    pub Top {
        let dense_input = Input(shape = [11]);
        let dense = Dense(4)(dense_input);
        let leaky_re_lu = LeakyReLU(negative_slope = 0.1)(dense);
        let dense_1 = Dense(3)(leaky_re_lu);

        Model(inputs = [dense_input], outputs = [dense_1])
    }
}

model! {
    pub Keras2 {
        use Tower;
        use Top;

        let left = Input(shape = [3]);
        let right = Input(shape = [3]);
        let words = Input(shape = [5], dtype = "int32");
        let tower = Tower();
        let tower_left = tower(left);
        let tower_right = tower(right);
        let embedding = Embedding(31, 4, mask_zero = true)(words);
        let both: [8] = Concatenate(name = "both")([tower_left, tower_right]);
        let both_ways: [5, 6] = Bidirectional(LSTM(3, return_sequences = true), name = "both_ways")(embedding);
        let shared = Dense(8, activation = relu, name = "shared");
        let shared_1 = shared(both);
        let shared_2 = shared(shared_1);
        let attention = MultiHeadAttention(2, 3, name = "attention")(both_ways, value = both_ways);
        let last = GRU(3, name = "last")(attention);
        let all_1: [11] = Concatenate(name = "all")([shared_2, last]);
        let top = Top()(all_1);
        let kind = Dense(3, activation = softmax)(top);
        let score = Dense(1)(top);

        Model(inputs = [left, right, words], outputs = [kind, score])
            .compile(optimizer = Adam(learning_rate = 0.01), loss = { kind: mse, score: mse })
    }
}
