use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 3]);
        let a = Normalization(mean = 0.5)(x);
        let b = Normalization(mean = [0.5, 1.0, 2.0], variance = 4.0)(x);
        let c = Normalization(mean = 0.5, variance = -4.0)(x);
        let d = Normalization(axis = none, mean = [1.0, 2.0], variance = [1.0, 1.0])(x);
        let e = Normalization(mean = [0.5, 1.0], variance = [1.0, 4.0])(x);
        let f = Normalization(axis = [1, -1])(x);
        let g = Normalization(axis = 3)(x);
        let h = Normalization(axis = 0)(x);
        Model(inputs = [x], outputs = [a, b, c, d, e, f, g, h])
    }
}

fn main() {}
