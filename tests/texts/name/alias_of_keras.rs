use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 3]);
        let h = MaxPool2D(2)(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
