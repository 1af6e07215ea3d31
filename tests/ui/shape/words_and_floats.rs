use mimo::prelude::*;

model! {
    pub Net {
        let w = Input(shape = [20], dtype = "int32");
        let x = Input(shape = [20]);
        let y = Dense(1)(concatenate([w, x]));
        Model(inputs = [w, x], outputs = [y])
    }
}

fn main() {}
