use mimo::prelude::*;

model! {
    pub Net {
        let image = Input(shape = [28, 28, 3]);
        let before = Conv2D(32, 3, padding = same)(image);
        let after = Conv2D(32, 3, strides = 2, padding = same)(before);
        let shortcut = Conv2D(32, 1)(before);
        let sum = after + shortcut;
        let y = Dense(1)(GlobalAveragePooling2D()(sum));
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {}
