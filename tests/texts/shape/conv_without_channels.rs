use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [28, 28]);
        let y = Conv2D(8, 3)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
