use mimo::prelude::*;

model! {
    pub Net {
        fn deeper(x) { let h = Dense(8)(x); deeper(h) }
        
        let x = Input(shape = [8]);
        let y = deeper(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
