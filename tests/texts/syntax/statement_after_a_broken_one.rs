use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h += Dense(4)(x);
        let y = Dense(1)(h);
        let z = Dens(1)(xx);
        Model(inputs = [x], outputs = [y, z])
    }
}

fn main() {}
