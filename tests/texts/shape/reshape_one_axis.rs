use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [100]);
        let h = Dense(1568)(x);
        let h = Reshape([7, 7, 30])(h);
        let y = Conv2DTranspose(1, 3)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
