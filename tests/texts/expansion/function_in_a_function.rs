use mimo::prelude::*;

model! {
    pub Net {
        fn head(x) { fn last(x) { Dense(1)(x) } last(x) }
        
        let x = Input(shape = [8]);
        let y = head(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
