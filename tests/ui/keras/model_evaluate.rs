use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let digit = Dense(10, activation = softmax)(x);
        let ink = Dense(1)(x);
        Model(inputs = [x], outputs = [digit, ink]).compile(
            optimizer = Adam(),
            loss = { digit: sparse_categorical_crossentropy, ink: mse },
        )
    }
}

fn main() -> mimo::Result<()> {
    let inputs = NetInputs { x: tensor(vec![0.0; 8])? };
    let targets = NetTargets { digit: tensor(vec![1])?, ink: tensor(vec![0.0])? };
    let mut model = Net::new(0);
    model.evaluate(&inputs, &targets);
    Ok(())
}
