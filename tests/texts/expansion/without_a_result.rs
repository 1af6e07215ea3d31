use mimo::prelude::*;

model! {
    pub Net {
        fn head(x) { let h = Dense(1)(x); }
        
        let x = Input(shape = [8]);
        let y = head(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
