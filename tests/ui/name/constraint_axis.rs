use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4, kernel_constraint = MaxNorm(2.0, axis = 2))(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
