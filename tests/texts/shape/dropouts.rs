use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 4]);
        let a = SpatialDropout2D(0.5)(x);
        let b = SpatialDropout1D(1.5)(x);
        let c = GaussianDropout(1)(x);
        let d = AlphaDropout(-0.1)(x);
        let e = SpatialDropout2D(0.5, data_format = "channels_first")(x);
        let f = GaussianDropout(0.5, noise_shape = [10, 1])(x);
        let g = Identity(3)(x);
        Model(inputs = [x], outputs = [a, b, c, d, e, f, g])
    }
}

fn main() {}
