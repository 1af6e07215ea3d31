use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dens(4)(x)
        g = Dense(4, use_bias = True)(h);
        let y = Dense(1, activation: relu)(x);
        let z = Dense(2)(q);
        Model(inputs = [x], outputs = [y, z])
    }
}

fn main() {}
