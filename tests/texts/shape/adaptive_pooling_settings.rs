use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 4]);
        let a = AdaptiveAveragePooling2D(2)(x);
        let b = AdaptiveMaxPooling1D()(x);
        let c = AdaptiveMaxPooling1D((2, 3))(x);
        let d = AdaptiveAveragePooling1D(0)(x);
        let e: [5, 4] = AdaptiveAveragePooling1D(4)(x);
        Model(inputs = [x], outputs = [a, b, c, d, e])
    }
}

fn main() {}
