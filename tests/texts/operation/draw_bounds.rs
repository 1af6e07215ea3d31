//! Bounds, deviations and means of random numbers are numbers, in order.

use mimo::model;

model! {
    Net {
        let x = Input(shape = [8]);
        let a = random_uniform(x, 1.0, -1.0);
        let b = random_normal(x, stddev = -0.5);
        let c = random_normal(x, mean = x);
        let d = random_uniform(x, seed = 0.5);
        let y = Dense(1)(concatenate([a, b, c, d]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
