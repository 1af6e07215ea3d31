//! Calls that follow each other as loops.

use mimo_graph::value::{Value, ValueKind};

use super::blocks::rename;
use super::forms::{Form, Part, Walk, form_at, readers, visit};
use super::parameters::parameters;
use super::{Block, Statement};

/// Most statements of a round.
pub(super) const ROUND: usize = 4;

/// Calls that follow each other, each on what the one before it gave, as loops.
pub(super) fn with_loops(block: &Block) -> Block {
    let mut folded = block.clone();
    let mut at = 0;
    while at < folded.statements.len() {
        let found = (1..=ROUND).find_map(|length| rounds(&folded, at, length));
        if let Some((statement, count, names)) = found {
            folded.statements.splice(at..at + count, [statement]);
            for (old, new) in &names {
                for port in
                    folded.outputs.iter_mut().filter(|port| port.name.is_empty() && port.binding == *old)
                {
                    port.binding.clone_from(new);
                }
                for statement in folded.statements.iter_mut().skip(at + 1) {
                    if let Statement::Let(bound) = statement {
                        rename(&mut bound.value, &[(old.clone(), new.clone())]);
                    }
                }
            }
        }
        at += 1;
    }
    folded
}

/// A loop, how many statements it stands for, and the names that change after it.
type Rounds = (Statement, usize, Vec<(String, String)>);

/// A loop of rounds of `length` statements from `start`: the statement, how many it stands for, and the names that change after it.
fn rounds(block: &Block, start: usize, length: usize) -> Option<Rounds> {
    // Only what comes next can be a round.
    let own = form_at(block, start)?;
    let next = form_at(block, start + length)?;
    if own.text != next.text {
        return None;
    }
    let forms: Vec<Option<Form>> = (start..block.statements.len()).map(|at| form_at(block, at)).collect();
    let shifted = Block { statements: block.statements.get(start..)?.to_vec(), ..block.clone() };
    let readers = readers(&shifted);
    let walk = Walk { block: &shifted, forms: &forms, readers: &readers };
    let mut parts: Vec<Part> = vec![];
    let mut key = None;
    loop {
        let at = parts.len() * length;
        let Some((own, part)) = walk.part(at, length) else { break };
        let [input] = &part.inputs[..] else { break };
        let chained = parts.last().is_none_or(|before: &Part| {
            before.output == *input
                && readers
                    .get(input)
                    .is_some_and(|readers| readers.iter().all(|it| (at..at + length).contains(it)))
        });
        if !chained || key.as_ref().is_some_and(|key| *key != own) {
            break;
        }
        key = Some(own);
        parts.push(part);
    }
    if parts.len() < 2 || parts.len() * length < 3 {
        return None;
    }
    let (parameters, opens) = parameters(&forms, &parts, length)?;
    let (first, last) = (parts.first()?, parts.last()?);
    // What a function returns has no name outside.
    let is_output = block.outputs.iter().any(|port| port.binding == last.output && !port.name.is_empty());
    if is_output {
        return None;
    }
    let result = first.inputs.first()?.clone();
    // The tensor before the loop has the name that each round binds anew, so nothing else may read it later.
    let read_later = readers.get(&result).is_some_and(|readers| readers.iter().any(|&at| at >= length));
    let is_port = block.outputs.iter().chain(&block.inputs).any(|port| port.binding == result);
    if read_later || is_port {
        return None;
    }
    let names: Vec<String> = match &parameters[..] {
        [] => vec!["i".into()],
        some => some.iter().map(|it| it.name.clone()).collect(),
    };
    let rounds = (0..parts.len()).map(|round| match &parameters[..] {
        [] => vec![super::whole(i64::try_from(round).unwrap_or(0))],
        some => some.iter().filter_map(|it| it.values.get(round).cloned()).collect(),
    });
    let rounds: Vec<Vec<Value>> = rounds.collect();
    // Texts in the list of a loop are not put together, as names and arguments are.
    let is_template = |value: &Value| matches!(&value.kind, ValueKind::Str(text) if text.contains('{'));
    if rounds.iter().flatten().any(is_template) {
        return None;
    }
    let mut open = opens.iter();
    let mut body = vec![];
    for at in 0..length {
        let Some(Statement::Let(bound)) = shifted.statements.get(at) else { return None };
        let mut bound = bound.clone();
        visit(&mut bound.value, &mut |_, value, _| {
            if let Some(replaced) = open.next() {
                *value = replaced.clone();
            }
        });
        bound.shape = None;
        if at + 1 == length {
            bound.bindings = vec![result.clone()];
        }
        body.push(Statement::Let(bound));
    }
    let statement = Statement::For { names, rounds, body };
    Some((statement, parts.len() * length, vec![(last.output.clone(), result)]))
}
