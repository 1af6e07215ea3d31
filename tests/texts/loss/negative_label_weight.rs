use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(2, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = adam, loss = binary_crossentropy(label_weights = [1.0, -2.0]))
    }
}

fn main() {}
