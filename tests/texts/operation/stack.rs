use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 6]);
        let a = stack([x, x], axis = 0);
        let b = stack([x, x[1..]], axis = 1);
        let c = stack(x, x);
        let d = stack([x, x]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
