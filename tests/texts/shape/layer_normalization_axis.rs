use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [6, 4]);
        let v = Input(shape = [8]);
        let a = LayerNormalization(axis = 3)(x);
        let b = LayerNormalization(axis = [1, -2])(x);
        let c = LayerNormalization(axis = 0)(x);
        let d = LayerNormalization(axis = [])(x);
        let e = LayerNormalization(axis = -2)(v);
        Model(inputs = [x, v], outputs = [a, b, c, d, e])
    }
}

fn main() {}
