use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let value = Dense(64)(x);
        let gate = Dense(32, activation = sigmoid)(x);
        let y = Dense(1)(value * gate);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
