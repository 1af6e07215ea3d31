use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        Model(inputs = [x], outputs = [])
    }
}

fn main() {}
