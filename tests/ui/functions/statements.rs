use mimo::prelude::*;

functions! {
    let dense = Dense(4);

    pub const UNITS: usize = 3;

    fn head(x) { dense(x) }

    pub fn twice(x) { head(head(x)) }

    pub fn endless(x) { again(Dense(UNITS)(x)) }

    fn again(x) { endless(x) }

    pub(nowhere) fn hidden(x) { x }

    Model(inputs = [x], outputs = [y])
}

fn main() {}
