use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [6, 4]);
        let a = BatchNormalization(axis = 3)(x);
        let b = BatchNormalization(axis = 0)(x);
        Model(inputs = [x], outputs = [a, b])
    }
}

fn main() {}
