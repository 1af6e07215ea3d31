use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 3, 2]);
        let y = Normalization(axis = [-1, -3])(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
