use mimo::prelude::*;

model! {
    Pair {
        let a = Input(shape = [4]);
        let b = Input(shape = [2]);
        let y = Dense(1)(concatenate([a, b]));
        let z = Dense(3)(a);
        Model(inputs = [a, b], outputs = [y, z])
    }
}

model! {
    Outer {
        use Pair;

        let x = Input(shape = [4]);
        let (one, _) = Pair()(x);
        let (two, _) = Pair()(x, x, x);
        let three = Pair()(x, Dense(2)(x));
        let y = Dense(1)(concatenate([one, two, three]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {
    Outer::new(1);
}
