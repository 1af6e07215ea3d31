use mimo::prelude::*;

const SIDE: usize = 2;

model! {
    Encoder {
        let image = Input(shape = [SIDE, SIDE, 1]);
        let x = Conv2D(4, 3)(image);
        let features = Dense(4)(Flatten()(x));
        Model(inputs = [image], outputs = [features])
    }
}

model! {
    Outer {
        use Encoder;

        let image = Input(shape = [2, 2, 1]);
        let y = Dense(1)(Encoder()(image));
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {
    Outer::new(1);
}
