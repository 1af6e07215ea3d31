use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 8]);
        let y = add([x[crate::FIRST], x[step], x[0.5], x[x]]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
