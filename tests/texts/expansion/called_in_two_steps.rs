use mimo::prelude::*;

model! {
    pub Net {
        fn block(x, units) {
            Dense(units, activation = relu)(x)
        }

        let x = Input(shape = [8]);
        let y = block(16)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
