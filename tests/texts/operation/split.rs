use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 6]);
        let (a, b) = split(x, 2, axis = 0);
        let (c, d, e) = split(x, 3, axis = 1);
        let (f, g) = split(x, 3, axis = -1);
        let h = split(x, [2, 2], axis = -1);
        let i = unstack(x, num = 3, axis = -1);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
