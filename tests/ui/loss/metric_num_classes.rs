use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [4]);
        let y = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [y])
            .compile(loss = sparse_categorical_crossentropy, metrics = [MeanIoU(num_classes = 2)])
    }
}

const KINDS: usize = 3;

model! {
    Known {
        let x = Input(shape = [4]);
        let y = Dense(crate::KINDS, activation = softmax)(x);
        Model(inputs = [x], outputs = [y])
            .compile(loss = sparse_categorical_crossentropy, metrics = [MeanIoU(num_classes = 2)])
    }
}

fn main() {}
