use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [6], dtype = "int32");
        let y = BatchNormalization()(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
