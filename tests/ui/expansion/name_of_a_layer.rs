use mimo::prelude::*;

model! {
    pub Net {
        fn Dense(x) { Flatten()(x) }
        
        let x = Input(shape = [8]);
        let y = Dropout(0.5)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
