use mimo::prelude::*;

model! {
    pub Net {
        let image = Input(shape = [28, 28, 1]);
        let age = Input(shape = [1]);
        let features = MaxPooling2D(2)(Conv2D(16, 3)(image));
        let y = Dense(1)(concatenate([features, age]));
        Model(inputs = [image, age], outputs = [y])
    }
}

fn main() {}
