use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8], name = "signal");
        let z = Input(shape = [8], name = "signal");
        let y = Dense(1)(x + z);
        Model(inputs = [x, z], outputs = [y])
    }
}

fn main() {}
