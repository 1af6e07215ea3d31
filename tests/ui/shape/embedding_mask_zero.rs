use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [100], dtype = "int32");
        let h = Embedding(1000, 64, mask_zero = true)(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
