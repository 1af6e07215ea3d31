use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [3], dtype = "int32");
        let y = Embedding(16777220, 1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
