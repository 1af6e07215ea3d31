use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let a = BatchNormalization(renorm = true)(x);
        let b = BatchNormalization(synchronized = true)(x);
        let c = BatchNormalization(momentum = 1.5)(x);
        let d = BatchNormalization(epsilon = -1.0, beta_constraint = MaxNorm(1.0, axis = 1))(x);
        Model(inputs = [x], outputs = [a, b, c, d])
    }
}

fn main() {}
