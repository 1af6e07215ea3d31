use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let heads = for i in 0..3 { Dense(10, activation = softmax, name = "digit")(x) };
        Model(inputs = [x], outputs = heads)
    }
}

fn main() {}
