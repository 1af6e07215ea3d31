use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [28, 28]);
        let h = MaxPooling2D(2)(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
