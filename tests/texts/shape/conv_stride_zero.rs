use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let y = Conv2D(8, 3, strides = 0)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
