use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let a = LayerNormalization(rms_scaling = true)(x);
        let b = LayerNormalization(epsilon = -1.0)(x);
        let c = LayerNormalization(epsilon = none)(x);
        let d = LayerNormalization(axis = 1.5)(x);
        let e = LayerNormalization(gamma_constraint = MaxNorm(1.0, axis = 1))(x);
        Model(inputs = [x], outputs = [a, b, c, d, e])
    }
}

fn main() {}
