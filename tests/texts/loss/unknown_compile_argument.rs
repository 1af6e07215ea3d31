use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let kind = Dense(3, activation = softmax)(x);
        let risk = Dense(1, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [kind, risk])
            .compile(optimiser = Adam(), loss = [categorical_crossentropy, binary_crossentropy])
    }
}

fn main() {}
