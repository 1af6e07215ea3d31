//! Every kernel against a plain double-precision reference, on every instruction set of this processor.
