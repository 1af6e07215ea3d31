use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 3]);
        let h = MaxPooling1D(2, strides = 0)(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
