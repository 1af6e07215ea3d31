use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1, activation = tf.nn.relu)(x);
        Model(inputs = [x], outputs = [y])
            .compile(optimizer = keras.optimizers.Adam(1e-3), loss = keras.losses.MeanSquaredError())
    }
}

fn main() {}
