use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4, kernel_initializer = RandomUniform(minval = 1.0, maxval = -1.0))(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
