use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4, kernel_regularizer = L3(1e-4))(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
