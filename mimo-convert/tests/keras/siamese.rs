// Converted from siamese.keras by `mimo convert`.

use mimo::prelude::*;

model! {
    pub Top {
        let input_layer = Input(shape = [6]);
        let dense_1 = Dense(4, activation = tanh, name = "dense_1")(input_layer);
        let dense_2 = Dense(3)(dense_1);

        Model(inputs = [input_layer], outputs = [dense_2])
    }
}

model! {
    pub Encoder {
        use Top;

        let steps = Input(shape = [8, 6]);
        let bidirectional = Bidirectional(LSTM(3, return_sequences = true))(steps);
        let attention = MultiHeadAttention(2, 4, name = "attention")(bidirectional, bidirectional);
        let global_average_pooling1d: [6] = GlobalAveragePooling1D()(attention);
        let top = Top()(global_average_pooling1d);

        Model(inputs = [steps], outputs = [top])
    }
}

model! {
    pub Siamese {
        use Encoder;

        let left = Input(shape = [8, 6]);
        let right = Input(shape = [8, 6]);
        let encoder = Encoder();
        let encoder_left = encoder(left);
        let encoder_right = encoder(right);
        let absolute = abs(encoder_left - encoder_right);
        let same = Dense(1, activation = sigmoid)(absolute);

        Model(inputs = [left, right], outputs = [same])
    }
}
