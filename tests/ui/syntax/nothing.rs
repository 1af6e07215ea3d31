use mimo::prelude::*;

model! {}

fn main() {}
