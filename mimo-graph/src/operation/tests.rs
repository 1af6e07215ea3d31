use super::*;
use crate::describe::List;
use crate::dim::ConstId;

fn view<L>(slot: usize, len: L) -> View<L>
where
    L: Length + From<usize>,
{
    View { slot, column: L::from(0), len: len.clone(), stride: len }
}

/// The same operation, with a number and with an expression.
fn concatenate<L: Length + From<usize>>(len: L) -> Concatenate<L> {
    let target = GradientTarget { view: view(3, len.clone()), accumulate: true, mask: None };
    let part = Read { view: view(0, len.clone()), gradient: Some(target), kept: false };
    let whole = Written { view: view(1, len.clone()), gradient: Some(view(2, len)), kept: true };
    Concatenate { outer: L::from(1), parts: List::Owned(vec![part]), y: whole }
}

#[test]
fn an_operation_visits_its_parts_in_order() {
    let mut found = vec![];
    concatenate(4_usize).parts(&mut |part| {
        found.push(match part {
            Part::Read(read) => ("read", read.view.slot),
            Part::Written(written) => ("written", written.view.slot),
            other => panic!("{other:?}"),
        });
    });
    assert_eq!(found, [("read", 0), ("written", 1)]);
    let mut slots = vec![];
    each_view(&mut concatenate(4_usize), |view, rows| slots.push((view.slot, rows)));
    assert_eq!(slots, [(0, true), (3, true), (1, true), (2, true)]);
}

#[test]
fn an_operation_is_described_with_the_lengths_that_it_has() {
    let len = Dim::constant(ConstId(0));
    let Literal::Struct { name, fields } = concatenate(len.clone()).literal() else { panic!("a struct") };
    assert_eq!(name, "Concatenate");
    let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["outer", "parts", "y"]);
    let slots = Literal::Array(vec![Literal::Int(1), Literal::Int(2)]);
    let arguments = vec![slots, Literal::Dim(len), Literal::Bool(true)];
    let written = Literal::Call { function: "Written::whole", arguments };
    assert_eq!(fields[2].1, written);
}
