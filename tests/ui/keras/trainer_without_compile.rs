use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() -> mimo::Result<()> {
    let mut model = Net::new(0);
    let _trainer = Trainer::new(&mut model)?;
    Ok(())
}
