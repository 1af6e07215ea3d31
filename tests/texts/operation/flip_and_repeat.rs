use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 6]);
        let a = flip(x);
        let b = flip(x, axis = 0);
        let c = repeat(x, 2, axis = 0);
        let d = repeat(x, [1, 2], axis = 1);
        let e = tile(x, [2, 1, 1]);
        let f = tile(x, [1, 1, 1, 1]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
