use mimo::prelude::*;

model! {
    pub Net {
        fn head(units) { Dense(units)(x) }
        
        let x = Input(shape = [8]);
        let y = head(1);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
