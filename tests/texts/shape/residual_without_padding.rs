use mimo::prelude::*;

model! {
    pub Net {
        let image = Input(shape = [28, 28, 3]);
        let before = Conv2D(32, 3, padding = same, activation = relu)(image);
        let after = Conv2D(32, 3)(before);
        let sum = add([after, before]);
        let y = Dense(1)(GlobalAveragePooling2D()(sum));
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {}
