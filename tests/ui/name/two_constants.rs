use mimo::prelude::*;

model! {
    pub Net {
        const N: usize = 1;
        const N: usize = 2;
        let x = Input(shape = [N]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
