use mimo::prelude::*;

model! {
    #[deny(mimo::accuracy_of_labels)]
    Net {
        let x = Input(shape = [4]);
        let y = Dense(3, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y])
            .compile(loss = binary_crossentropy, metrics = [accuracy, F1Score(average = macro)])
    }
}

fn main() {}
