use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Hashing(8)(x);
        let y = Lambda(f)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
