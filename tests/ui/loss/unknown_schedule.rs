use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let kind = Dense(3, activation = softmax)(x);
        let risk = Dense(1, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [kind, risk])
            .compile(optimizer = Adam(learning_rate = ExponentialDecy(0.1, 100, 0.9)), loss = { kind: categorical_crossentropy, risk: binary_crossentropy })
    }
}

fn main() {}
