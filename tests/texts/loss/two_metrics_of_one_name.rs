use mimo::prelude::*;

model! {
    pub Net {
        let v = Input(shape = [4]);
        let x = Dense(1)(v);
        let x_binary = Dense(1, activation = sigmoid)(v);
        Model(inputs = [v], outputs = [x, x_binary])
            .compile(loss = mse, metrics = { x: binary_accuracy, x_binary: accuracy })
    }
}

fn main() {}
