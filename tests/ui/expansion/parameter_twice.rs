use mimo::prelude::*;

model! {
    pub Net {
        fn sum(x, x) { x + x }
        
        let x = Input(shape = [8]);
        let y = sum(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
