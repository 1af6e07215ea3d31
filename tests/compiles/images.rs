use mimo::prelude::*;

const SIDE: usize = 12;
const POOL: usize = 2;

model! {
    pub Net {
        let x = Input(shape = [SIDE, 10, 3]);
        let h = MaxPooling2D(POOL, padding = "same")(x);
        let h = ZeroPadding2D(((POOL, 0), (1, POOL)))(h);
        let h = AveragePooling2D((3, POOL), strides = POOL)(h);
        let h = UpSampling2D((POOL, 2), interpolation = "bilinear")(h);
        let h: [SIDE / 2 - 2, 6, 3] = Cropping2D(((POOL, 0), (1, 1)))(h);
        let g = GlobalAveragePooling2D()(h);
        let h = Reshape([-1, 3])(h);
        let h = dot([h, g], axes = (2, 1), normalize = true);
        let y = Dense(1)(h);
        Model(inputs = x, outputs = y)
    }
}

#[test]
fn compiles() {
    Net::new(0);
}
