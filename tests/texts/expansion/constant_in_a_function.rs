use mimo::prelude::*;

model! {
    pub Net {
        fn head(x) { const UNITS: usize = 3; Dense(UNITS)(x) }
        
        let x = Input(shape = [8]);
        let y = head(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
