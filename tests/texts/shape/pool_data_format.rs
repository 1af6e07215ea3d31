use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 3]);
        let h = MaxPooling2D(2, data_format = "channels_first")(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
