use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [6], dtype = "int32");
        let y = LayerNormalization()(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
