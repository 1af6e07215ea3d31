use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 6]);
        let words = Input(shape = [4, 6], dtype = "int32");
        let a = GroupNormalization()(x);
        let b = GroupNormalization(0)(x);
        let c = GroupNormalization(2, axis = 0)(x);
        let d = GroupNormalization(2, axis = 3)(x);
        let e = GroupNormalization(2, epsilon = -1.0)(x);
        let f = GroupNormalization(2)(words);
        Model(inputs = [x, words], outputs = [a, b, c, d, e, f])
    }
}

fn main() {}
