use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        println!("a layer");
        if x { return; }
        struct Inside;
        let y = Dense(2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
