use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(3)(x);
        let z = Dense(3, activation = softmax)(x);
        let w = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [y, z, w]).compile(
            loss = { y: custom(targets = false), z: none, w: none },
            metrics = { y: [mae], z: [categorical_accuracy, sparse_categorical_accuracy], w: [sparse_categorical_accuracy, accuracy] },
        )
    }
}

fn main() {}
