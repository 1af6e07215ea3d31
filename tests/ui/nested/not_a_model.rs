use mimo::prelude::*;

struct Encoder;

mod vision {}

model! {
    One {
        use Encoder;

        let x = Input(shape = [4]);
        let y = Encoder()(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    Other {
        use vision::Encoder;

        let x = Input(shape = [4]);
        let y = Encoder()(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {
    let _ = Encoder;
}
