use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20], dtype = "int32");
        let y = Dense(4)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
