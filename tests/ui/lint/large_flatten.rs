use mimo::prelude::*;

model! {
    #[deny(mimo::large_flatten)]
    pub Net {
        let image = Input(shape = [64, 64, 3]);
        let h = Conv2D(32, 3, activation = relu)(image);
        let h = MaxPooling2D(2)(h);
        let features = Dense(128, activation = relu)(Flatten()(h));
        let y = Dense(10, activation = softmax)(features);
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {}
