use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let trunk = Dense(8)(x);
        let kind = Dense(3, activation = softmax)(trunk);
        let risk = Dense(1, activation = sigmoid)(trunk);
        Model(inputs = [x], outputs = [kind, risk])
            .compile(loss = { kind: categorical_crossentropy, risk: binary_crossentropy }, loss_weights = { trunk: 0.5 }, metrics = { trunk: [mae] })
    }
}

fn main() {}
