use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [7, 7, 8]);
        let h = Conv2DTranspose(4, 3, strides = 2, padding = same)(x);
        let y: [28, 28, 1] = Conv2DTranspose(1, 3, padding = same)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
