use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = concatenate([Dense(2)(x) for i in range(5)]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
