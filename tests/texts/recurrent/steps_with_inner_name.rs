use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let y = TimeDistributed(Dense(4, name = "each one", trainable = false))(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
