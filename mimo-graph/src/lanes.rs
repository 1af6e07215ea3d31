//! Text drawing of a graph: one row per step, one column per value that is still needed.
//!
//! ```text
//! ○    panel [24]
//! ●    dense · Dense [64]
//! │ ○  blood_pressure [1]
//! ●─╯  concatenate · Concatenate [65]
//! ├─●  diagnosis · Dense [3] → diagnosis
//! ●    risk · Dense [1] → risk
//! ```

/// Wider drawings are unreadable.
const WIDEST: usize = 24;

/// A row of the drawing: an input, or a call of a layer.
#[derive(Clone, Debug)]
pub struct Step {
    /// Earlier steps whose values it reads; empty for an input.
    pub reads: Vec<usize>,
    /// Text beside it.
    pub label: String,
}

/// Draws the rows, or returns `None` if the drawing would be too wide to read. A step reads earlier steps.
pub fn draw(steps: &[Step]) -> Option<Vec<String>> {
    let mut readers = vec![0_usize; steps.len()];
    for step in steps {
        for &read in &distinct(&step.reads) {
            *readers.get_mut(read)? += 1;
        }
    }
    let mut lanes: Vec<Option<usize>> = Vec::new();
    let mut rows = Vec::with_capacity(steps.len());
    for (i, step) in steps.iter().enumerate() {
        let reads = distinct(&step.reads);
        let columns: Vec<usize> =
            reads.iter().filter_map(|read| lanes.iter().position(|lane| lane == &Some(*read))).collect();
        for &read in &reads {
            *readers.get_mut(read)? -= 1;
        }
        let over = |column: usize| lanes[column].is_some_and(|read| readers[read] == 0);
        // The step takes the column of a value that it is the last to read, else the next free one.
        let ended = columns.iter().copied().filter(|&column| over(column)).min();
        let after = columns.iter().max().map_or(0, |last| last + 1);
        let free = (after..lanes.len()).find(|&column| lanes[column].is_none());
        let own = ended.or(free).unwrap_or(lanes.len().max(after));
        if own >= WIDEST {
            return None;
        }
        if own >= lanes.len() {
            lanes.resize(own + 1, None);
        }
        let first = columns.iter().copied().chain([own]).min().unwrap_or(own);
        let last = columns.iter().copied().chain([own]).max().unwrap_or(own);
        let mut row = String::new();
        for (column, lane) in lanes.iter().enumerate() {
            let read = columns.contains(&column);
            let ends = lane.is_some_and(|value| readers[value] == 0);
            row.push(match () {
                () if column == own && reads.is_empty() => '○',
                () if column == own => '●',
                () if read && ends && column == last => '╯',
                () if read && ends && column == first => '╰',
                () if read && ends => '┴',
                () if read && column == last => '┤',
                () if read && column == first => '├',
                () if read => '┼',
                () if lane.is_some() => '│',
                () if (first..last).contains(&column) => '─',
                () => ' ',
            });
            row.push(if (first..last).contains(&column) { '─' } else { ' ' });
        }
        rows.push((row.trim_end().to_owned(), step.label.as_str()));
        for &column in &columns {
            if lanes[column].is_some_and(|read| readers[read] == 0) {
                lanes[column] = None;
            }
        }
        lanes[own] = (readers[i] > 0).then_some(i);
        while lanes.last() == Some(&None) {
            lanes.pop();
        }
    }
    let width = rows.iter().map(|(row, _)| row.chars().count()).max().unwrap_or(0);
    let pad = |row: &str| " ".repeat(width - row.chars().count());
    Some(rows.iter().map(|(row, label)| format!("{row}{}  {label}", pad(row))).collect())
}

fn distinct(reads: &[usize]) -> Vec<usize> {
    let mut reads = reads.to_vec();
    reads.sort_unstable();
    reads.dedup();
    reads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(steps: &[(&[usize], &str)]) -> Option<Vec<String>> {
        let step = |&(reads, label): &(&[usize], &str)| Step { reads: reads.to_vec(), label: label.into() };
        draw(&steps.iter().map(step).collect::<Vec<_>>())
    }

    #[test]
    fn branches_join_and_part() {
        let steps: &[(&[usize], &str)] = &[
            (&[], "panel"),
            (&[0], "dense"),
            (&[], "pressure"),
            (&[1, 2], "joined"),
            (&[3], "diagnosis"),
            (&[3], "risk"),
        ];
        let wanted =
            ["○    panel", "●    dense", "│ ○  pressure", "●─╯  joined", "├─●  diagnosis", "●    risk"];
        assert_eq!(drawn(steps).unwrap(), wanted);
    }

    #[test]
    fn a_line_passes_behind_what_it_does_not_touch() {
        let steps: &[(&[usize], &str)] = &[
            (&[], "a"),
            (&[], "b"),
            (&[], "c"),
            (&[0, 2], "a + c"),
            (&[0, 1, 3], "all"),
            (&[4, 4], "twice"),
        ];
        let wanted = ["○      a", "│ ○    b", "│ │ ○  c", "├─│─●  a + c", "●─┴─╯  all", "●      twice"];
        assert_eq!(drawn(steps).unwrap(), wanted);
    }

    #[test]
    fn what_is_too_wide_is_not_drawn() {
        let mut steps: Vec<Step> = (0..40).map(|i| Step { reads: vec![], label: i.to_string() }).collect();
        steps.push(Step { reads: (0..40).collect(), label: "all".into() });
        assert_eq!(draw(&steps), None);
        let alone = [Step { reads: vec![3], label: String::new() }];
        assert_eq!(draw(&alone), None);
        assert_eq!(draw(&[]), Some(vec![]));
    }
}
