//! Random numbers have the shape of a tensor, and a number has none; nor has a list of lengths, as Keras takes one.

use mimo::model;

model! {
    Net {
        let x = Input(shape = [8]);
        let a = x + random_normal(2.0);
        let b = a * random_uniform([8]);
        let y = Dense(1)(b);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
