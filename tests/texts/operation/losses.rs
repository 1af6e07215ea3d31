use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(4)(x);
        add_loss(mse(x, y));
        let distance = keras.losses.CosineSimilarity()(x, 2.0 * y);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
