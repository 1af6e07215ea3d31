//! The decoder gives 14 by 14 values, the data has 28 by 28: a type error at the call.

use mimo::prelude::*;

model! {
    pub Decoder {
        let code = Input(shape = [8]);
        let image = Dense(196)(code);
        let image = Reshape([14, 14])(image);
        Model(inputs = [code], outputs = [image]).compile(optimizer = adam, loss = mse)
    }
}

fn main() -> mimo::Result<()> {
    let images: Tensor<(usize, Const<28>, Const<28>), f32, Cpu> = tensor(vec![0.0; 784])?;
    let inputs = DecoderInputs { code: tensor(vec![0.0; 8])? };
    let targets = DecoderTargets { image: images };
    let mut model = Decoder::new(0);
    Trainer::new(&mut model)?.fit((&inputs, &targets), FitOptions::new())?;
    Ok(())
}
