use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let y = Conv2DTranspose(8, 3, strides = 2, output_padding = 2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
