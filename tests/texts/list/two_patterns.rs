use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let heads = for i in 0..3 { Dense(10, activation = softmax, name = "digit_{i}")(x) };
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [heads, y]).compile(
            optimizer = { digit_*: sgd, digit_0: adam, d*: adam, rest: adam },
            loss = { digit_*: sparse_categorical_crossentropy, d*: mse, y: mse },
        )
    }
}

fn main() {}
