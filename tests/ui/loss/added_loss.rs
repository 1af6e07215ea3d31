//! Misuse of `add_loss`: more than one number per sample, a value of it, numbers, and names that are taken.

use mimo::model;

model! {
    Shapes {
        let x = Input(shape = [4, 3]);
        let h = Dense(2)(x);
        add_loss(square(h), name = "size");
        let z = Dense(2)(Flatten()(h));
        add_loss(abs(z), 0.1);
        add_loss(0.5);
        let y = Dense(1)(z);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    Values {
        let x = Input(shape = [4]);
        let h = Dense(1)(x);
        let loss = add_loss(square(h), name = "size");
        let y = Dense(1)(concatenate([h, add_loss(abs(h))]));
        Model(inputs = [x], outputs = [y, loss]).compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    Names {
        let x = Input(shape = [4]);
        let h = Dense(1)(x);
        add_loss(square(h), name = "size");
        add_loss(abs(h), name = "size");
        add_loss(exp(h), name = "a loss");
        add_loss(sin(h), weights = 0.1);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    Logs {
        let x = Input(shape = [4]);
        let h = Dense(1)(x);
        add_loss(square(h), name = "kl");
        add_loss(abs(h), name = "size");
        let kl = Dense(1)(h);
        let size_loss = Dense(1)(h);
        Model(inputs = [x], outputs = [kl, size_loss]).compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    Encoder {
        let x = Input(shape = [4]);
        let h = Dense(1)(x);
        add_loss(square(h), name = "size");
        Model(inputs = [x], outputs = [h])
    }
}

model! {
    Steps {
        use Encoder;
        let x = Input(shape = [3, 4]);
        let h = TimeDistributed(Encoder())(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

fn main() {}
