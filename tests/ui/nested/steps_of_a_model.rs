use mimo::prelude::*;

model! {
    Two {
        let a = Input(shape = [4]);
        let b = Input(shape = [4]);
        let y = Dense(2)(concatenate([a, b]));
        let z = Dense(3)(a);
        Model(inputs = [a, b], outputs = [y, z])
    }
}

model! {
    Split {
        let a = Input(shape = [4]);
        let y = Dense(2)(a);
        let z = Dense(3)(a);
        Model(inputs = [a], outputs = [y, z])
    }
}

model! {
    Normal {
        let a = Input(shape = [4]);
        let y = BatchNormalization()(Dense(2)(a));
        Model(inputs = [a], outputs = [y])
    }
}

model! {
    Encoder {
        let image = Input(shape = [4, 4]);
        let y = Dense(2)(Flatten()(image));
        Model(inputs = [image], outputs = [y])
    }
}

model! {
    Outer {
        use Encoder;
        use Normal;
        use Split;
        use Two;

        let x = Input(shape = [3, 4]);
        let number = Input(shape = [3]);
        let two = TimeDistributed(Two())(x);
        let split = TimeDistributed(Split())(x);
        let normal = TimeDistributed(Normal())(x);
        let named = TimeDistributed(Normal(trainable = false), name = "steps")(x);
        let images = TimeDistributed(Encoder())(x);
        let deep = TimeDistributed(TimeDistributed(Encoder()))(number);
        let frozen = TimeDistributed(Normal(trainable = false))(x);
        Model(inputs = [x, number], outputs = [two, split, normal, named, images, deep, frozen])
    }
}

fn main() {}
