use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4)(x, activation = relu);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
