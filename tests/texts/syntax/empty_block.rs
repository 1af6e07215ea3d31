use mimo::prelude::*;

model! {
    pub Net {}
}

fn main() {}
