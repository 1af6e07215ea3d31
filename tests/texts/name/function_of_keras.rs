use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = tf.exp(x);
        let y = top_k(h, 3);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
