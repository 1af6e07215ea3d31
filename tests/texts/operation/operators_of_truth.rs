use mimo::prelude::*;

model! {
    pub Net {
        let a = Input(shape = [4]);
        let b = Dense(4)(a);
        let both = (a > 0.0) & (b > 0.0);
        let one = a || b;
        let neither = !a;
        let python = a > 0.0 and not b;
        Model(inputs = [a], outputs = [b])
    }
}

fn main() {}
