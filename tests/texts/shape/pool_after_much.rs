use mimo::prelude::*;

model! {
    pub Net {
        let image = Input(shape = [28, 28, 1]);
        let x = Conv2D(8, 5, strides = 2)(image);
        let x = Conv2D(8, 5, strides = 2)(x);
        let x = ReLU()(x);
        let x = Dropout(0.1)(x);
        let x = Conv2D(16, 3)(x);
        let x = MaxPooling2D(3)(x);
        let y = Dense(1)(Flatten()(x));
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {}
