use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 6]);
        let a = RMSNormalization(axis = 3)(x);
        let b = RMSNormalization(axis = [1, -2])(x);
        let c = RMSNormalization(scale = false)(x);
        let d = UnitNormalization(axis = 0)(x);
        let e = UnitNormalization(axis = 1.5)(x);
        let f = UnitNormalization(epsilon = 1e-3)(x);
        Model(inputs = [x], outputs = [a, b, c, d, e, f])
    }
}

fn main() {}
