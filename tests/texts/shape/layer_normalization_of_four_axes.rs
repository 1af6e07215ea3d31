use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [2, 3, 4, 5]);
        let y = LayerNormalization(axis = [1, 2, 3, 4])(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
