use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 6]);
        let a = cast(x, float16);
        let b = cast(x > 0.0, bool);
        let c = Dense(2)(cast(x, int32));
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
