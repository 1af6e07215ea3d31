use mimo::prelude::*;

const SIDE: usize = 4;

model! {
    Encoder {
        const UNITS: usize = SIDE * 2;
        let image = Input(shape = [SIDE, SIDE]);
        let features = Dense(UNITS)(Flatten()(image));
        Model(inputs = [image], outputs = [features])
    }
}

model! {
    Outer {
        use Encoder;

        let image = Input(shape = [4, 5]);
        let features: [9] = Encoder()(image);
        let y = Dense(1)(features);
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {
    Outer::new(1);
}
