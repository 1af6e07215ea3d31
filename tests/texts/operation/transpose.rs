use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 6]);
        let a = transpose(x);
        let b = transpose(x, axes = [2, 1, 0]);
        let c = transpose(x, axes = [2, 1]);
        let d = transpose(x, axes = [0, 1, 3]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
