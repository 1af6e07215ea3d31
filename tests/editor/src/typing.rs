//! Where the driver types. Nothing is here when it does not.
