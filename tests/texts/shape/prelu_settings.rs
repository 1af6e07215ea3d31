use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let a = PReLU(shared_axes = [0, 1])(x);
        let b = PReLU(shared_axes = 4)(x);
        let c = PReLU(alpha_constraint = MaxNorm(axis = 3))(x);
        let d = PReLU(0.25)(x);
        let e = Dense(4, activation = PReLU)(x);
        Model(inputs = [x], outputs = [a, b, c, d, e])
    }
}

fn main() {}
