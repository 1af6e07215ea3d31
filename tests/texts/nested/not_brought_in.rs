use mimo::prelude::*;

model! {
    Encoder {
        let image = Input(shape = [4, 4, 1]);
        let x = Flatten()(image);
        let features = Dense(8, activation = relu)(x);
        Model(inputs = [image], outputs = [features])
    }
}

model! {
    Outer {
        let image = Input(shape = [4, 4, 1]);
        let y = Encoder()(image);
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {
    Outer::new(1);
}
