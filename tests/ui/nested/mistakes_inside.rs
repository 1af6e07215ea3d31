use mimo::prelude::*;

model! {
    Encoder {
        let image = Input(shape = [4, 4, 1]);
        let x = Flaten()(image);
        let features = Dense(8, activation = relu)(x);
        Model(inputs = [image], outputs = [features])
    }
}

model! {
    Siamese {
        use Encoder;

        let left = Input(shape = [4, 4, 1]);
        let right = Input(shape = [4, 4, 1]);
        let encode = Encoder();
        let y = Dense(1)(encode(left) - encode(right));
        Model(inputs = [left, right], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    Around {
        use Siamese;

        let a = Input(shape = [4, 4, 1]);
        let (x, y) = Siamese()(a, a, a);
        let z = Dens(1)(x + y);
        Model(inputs = [a], outputs = [z])
    }
}

fn main() -> Result<()> {
    let mut model = Siamese::new(1);
    let inputs = SiameseInputs::<usize> { left: tensor([0.0; 16])?, right: tensor([0.0; 16])? };
    let SiameseOutputs { y } = model.forward(&inputs)?;
    let mut trainer = Trainer::new(&mut model)?;
    trainer.train_on_batch(&inputs, &SiameseTargets::<usize> { y })?;
    println!("{} {}", Siamese::PARAMETERS, <Siamese as Model>::SPEC.name);
    Around::new(1);
    Ok(())
}
