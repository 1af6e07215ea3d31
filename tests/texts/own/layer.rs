use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = crate::Layer(name = "mine")(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
