//! A part of the model that is to be frozen is a field, whose name the compiler knows.

use mimo::prelude::*;

model! {
    Encoder {
        let x = Input(shape = [4]);
        let code = Dense(3)(x);
        Model(inputs = [x], outputs = [code])
    }
}

model! {
    Net {
        use Encoder;

        let x = Input(shape = [4]);
        let y = Dense(1)(Encoder()(x));
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

fn main() -> Result<()> {
    let mut model = Net::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.freeze(|model| &model.encodr)?;
    trainer.freeze(|model| &model.encoder.kode)
}
