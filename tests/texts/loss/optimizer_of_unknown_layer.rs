use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(4, activation = relu, name = "trunk")(x);
        let kind = Dense(3, activation = softmax)(h);
        let risk = Dense(1, activation = sigmoid)(h);
        Model(inputs = [x], outputs = [kind, risk])
            .compile(
                optimizer = { trunc: SGD(0.01), h: SGD(0.01), rest: Adam() },
                loss = { kind: categorical_crossentropy, risk: binary_crossentropy },
            )
    }
}

fn main() {}
