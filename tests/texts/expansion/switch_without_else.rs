use mimo::prelude::*;

model! {
    pub Net {
        fn scale(x, dim, start = 1.0) {
            x * Weight([dim], initializer = Constant(start))
        }
        fn join(list, units) {
            let parts = for t in list { Dense(units)(t) };
            add(parts)
        }

        let x = Input(shape = [8]);
        let y = if training { 2.0 * x };
        let p = scale(x, 8);
        let q = join([x], 2);
        Model(inputs = [x], outputs = [y, p, q])
    }
}

fn main() {}
