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
    Siamese {
        use Encoder;

        let left = Input(shape = [4, 4, 3]);
        let right = Input(shape = [16]);
        let encode = Encoder();
        let a = encode(left);
        let b = encode(right);
        let y = Dense(1)(a - b);
        Model(inputs = [left, right], outputs = [y])
    }
}

fn main() {
    let model = Siamese::new(1);
    let _: Encoder = model.encoder;
}
