use mimo::prelude::*;

model! {
    pub Net {
        fn head(x) { Dens(1)(x) }
        
        let x = Input(shape = [8]);
        let a = head(x);
        let b = head(x);
        let y = add([a, b]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
