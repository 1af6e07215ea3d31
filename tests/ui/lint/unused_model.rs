use mimo::prelude::*;

model! {
    pub Encoder {
        let x = Input(shape = [4]);
        let code = Dense(2)(x);
        Model(inputs = [x], outputs = [code])
    }
}

model! {
    #[deny(mimo::unused_model)]
    pub Net {
        use Encoder;
        let x = Input(shape = [4]);
        let y = Dense(2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
