//! Mistakes of form: each is told at its place, and the rest is read.
use super::*;

#[test]
fn dump() {
    for line in include_str!("cases.txt").lines() {
        println!("### {line}\n{}", told(&model(line)).join("\n"));
    }
}
