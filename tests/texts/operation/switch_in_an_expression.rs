use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let h = Dense(4)(x);
        let scaled = 2.0 * if training { x } else { h };
        let shapes = if training { Dense(3)(x) } else { h };
        let (a, b) = if training { (x, h) } else { (h, x) };
        Model(inputs = [x], outputs = [h])
    }
}

fn main() {}
