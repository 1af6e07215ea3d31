use mimo::prelude::*;

model! {
    Encoder {
        let image = Input(shape = [4, 4, 1]);
        let x = Flatten()(image);
        let features = Dense(8, activation = relu)(x);
        Model(inputs = [image], outputs = [features])
    }
}

mod vision {
    pub(crate) use super::Encoder;
}

model! {
    Outer {
        use Encoder;
        use Encoder;
        use vision::Encoder;
        use crate::{Encoder, vision};

        let image = Input(shape = [4, 4, 1]);
        let y = Encoder()(image);
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {
    Outer::new(1);
}
