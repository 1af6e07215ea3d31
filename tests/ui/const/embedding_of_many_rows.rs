use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [3], dtype = "int32");
        let y = Embedding(crate::WORDS, 1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

pub const WORDS: usize = 1 << 25;

fn main() {}
