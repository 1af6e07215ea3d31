use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = tf.exp(x);
        let y = stop_gradient(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
