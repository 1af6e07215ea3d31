use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4, kernel_constraint = max_nrm)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
