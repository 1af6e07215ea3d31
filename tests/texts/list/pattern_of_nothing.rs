use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let heads = for i in 0..3 { Dense(10, activation = softmax, name = "digit_{i}")(x) };
        Model(inputs = [x], outputs = heads)
            .compile(optimizer = adam, loss = { digits_*: sparse_categorical_crossentropy })
    }
}

fn main() {}
