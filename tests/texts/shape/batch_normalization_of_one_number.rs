use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = []);
        let y = BatchNormalization()(x);
        let z = LayerNormalization()(x);
        Model(inputs = [x], outputs = [y, z])
    }
}

fn main() {}
