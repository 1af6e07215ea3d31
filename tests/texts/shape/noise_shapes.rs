use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 4]);
        let a = Dropout(0.5, noise_shape = (32, 1, 4))(x);
        let b = Dropout(0.5, noise_shape = [1, 3])(x);
        let c = AlphaDropout(0.5, [1])(x);
        let d = Dropout(0.5, noise_shape = 1)(x);
        let e = Dropout(0.5, noise_shape = [0, 4])(x);
        Model(inputs = [x], outputs = [a, b, c, d, e])
    }
}

fn main() {}
