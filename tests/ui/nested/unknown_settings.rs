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

        let image = Input(shape = [4, 4, 1]);
        let a = Encoder(8, trainabel = false)(image);
        let b = Encoder(units = 8, name = encoder)(image);
        let c = Encoder(image);
        let y = Dense(1)(a + b + c);
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {
    Outer::new(1);
}
