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
        use Encoder;

        let images = Input(shape = [3, 4, 4, 1]);
        let x = Bidirectional(Encoder())(images);
        let y = Dense(1)(Flatten()(x));
        Model(inputs = [images], outputs = [y])
    }
}

fn main() {
    Outer::new(1);
}
