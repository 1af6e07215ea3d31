use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 4, 3]);
        let h = UpSampling2D(interpolation = "bicubic")(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
