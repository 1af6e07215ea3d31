//! Places for the boxes of a directed graph without cycles, from top to bottom, by Sugiyama's method: ranks, order within a rank, coordinates.
//!
//! Written here because of what was measured on crates (2026-11, unoptimized builds as users debug): `dagre` 0.1.2 took 1.8 s for ResNet50 and
//! 14 s for the 703 layers of DenseNet201, and 18 s in a release build for 200 boxes with 400 edges; `rust-sugiyama` 0.4 returns no routes of
//! edges and took minutes for random graphs of 40 boxes; `layout-rs` 0.1.3 draws itself, with colours and fonts of its own; `dugong` is a part
//! of another product.

use std::collections::BTreeMap;

/// Space between boxes of a rank, and beside a line.
const BESIDE: f64 = 22.0;
const LINE: f64 = 6.0;
/// Points through which long lines pass; a graph with more of them has lines that are straight.
const MOST_POINTS: usize = 20_000;
const SWEEPS: usize = 12;

/// Boxes and the lines between them. An edge leads to a box of a larger index.
#[derive(Debug)]
pub struct Layout {
    /// Centers of the boxes.
    pub centers: Vec<(f64, f64)>,
    /// Points of each edge, from the bottom of a box to the top of another.
    pub routes: Vec<Vec<(f64, f64)>>,
    /// Width and height of all.
    pub size: (f64, f64),
}

/// A box, or a point of a long line.
struct Item {
    rank: usize,
    width: f64,
    is_box: bool,
    /// A point on the way to boxes that were moved down: such a line is straight, and boxes stand on both of its sides.
    is_trunk: bool,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Lays out boxes of these widths and heights. Edges from a box to itself or to an earlier one are left out; `between` is the space between
/// ranks. Inputs and outputs of the graph that would make a rank wider than `widest` stand in several ranks; other boxes stay, however wide a rank is.
pub fn layout(boxes: &[(f64, f64)], edges: &[(usize, usize)], between: f64, widest: f64) -> Layout {
    let is_edge = |&(from, to): &(usize, usize)| from < to && to < boxes.len();
    let widths: Vec<f64> = boxes.iter().map(|size| size.0).collect();
    let Ranks { ranks, folded_down, folded_up } =
        ranks(&widths, edges.iter().copied().filter(is_edge), widest);
    let mut items: Vec<Item> = ranks
        .iter()
        .zip(boxes)
        .map(|(&rank, &(width, _))| Item {
            rank,
            width,
            is_box: true,
            is_trunk: false,
            above: vec![],
            below: vec![],
        })
        .collect();
    let points: usize =
        edges.iter().copied().filter(is_edge).map(|(from, to)| ranks[to] - ranks[from] - 1).sum();
    // Lines from one box share their points.
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut paths: Vec<Vec<usize>> = Vec::with_capacity(edges.len());
    for edge @ &(from, to) in edges {
        if !is_edge(edge) {
            paths.push(vec![]);
            continue;
        }
        let mut path = vec![from];
        if points <= MOST_POINTS {
            for rank in ranks[from] + 1..ranks[to] {
                let point = *shared.entry((from, rank)).or_insert_with(|| {
                    let is_trunk = folded_down.get(rank) == Some(&true);
                    let (above, below) = (vec![], vec![]);
                    items.push(Item { rank, width: LINE, is_box: false, is_trunk, above, below });
                    items.len() - 1
                });
                path.push(point);
            }
        }
        path.push(to);
        for pair in path.windows(2) {
            if let &[upper, lower] = pair
                && items[upper].rank + 1 == items[lower].rank
                && !items[upper].below.contains(&lower)
            {
                items[upper].below.push(lower);
                items[lower].above.push(upper);
            }
        }
        paths.push(path);
    }

    let mut rows: Vec<Vec<usize>> = vec![vec![]; ranks.iter().max().map_or(0, |last| last + 1)];
    for (index, item) in items.iter().enumerate() {
        rows[item.rank].push(index);
    }
    let folded = folded_down.iter().zip(&folded_up).map(|(down, up)| *down || *up);
    for (rank, row) in
        rows.iter_mut().enumerate().zip(folded).filter_map(|(row, folded)| folded.then_some(row))
    {
        // Lines to the other ranks of a fold pass in the middle. They cross nothing at the end either, so `order` would leave them there.
        let boxes_in_row = row.iter().filter(|item| items[**item].is_box).count();
        let half = (boxes_in_row + rank % 2) / 2;
        if let Some(rest) = row.get_mut(half..) {
            rest.rotate_left(boxes_in_row - half);
        }
    }
    order(&items, &mut rows);
    let xs = columns(&items, &rows);

    let mut tops = Vec::with_capacity(rows.len());
    let mut heights = Vec::with_capacity(rows.len());
    let mut y = 0.0;
    for row in &rows {
        let height = row.iter().filter_map(|&item| boxes.get(item)).map(|size| size.1).fold(0.0, f64::max);
        tops.push(y);
        heights.push(height);
        y += height + between;
    }
    let left = items.iter().zip(&xs).map(|(item, x)| x - item.width / 2.0).fold(f64::INFINITY, f64::min);
    let xs: Vec<f64> = xs.iter().map(|x| x - if left.is_finite() { left } else { 0.0 }).collect();
    let right = items.iter().zip(&xs).map(|(item, x)| x + item.width / 2.0).fold(0.0, f64::max);
    // Boxes hang from the top of their rank.
    let centers: Vec<_> = (0..boxes.len()).map(|i| (xs[i], tops[ranks[i]] + boxes[i].1 / 2.0)).collect();
    let route = |path: &Vec<usize>| -> Vec<(f64, f64)> {
        let (Some(&first), Some(&last)) = (path.first(), path.last()) else { return vec![] };
        let mut route = vec![(xs[first], tops[ranks[first]] + boxes[first].1)];
        for &point in path.iter().filter(|&&item| item >= boxes.len()) {
            let rank = items[point].rank;
            route.extend([(xs[point], tops[rank]), (xs[point], tops[rank] + heights[rank])]);
        }
        route.push((entry(&items, &xs, boxes, path), tops[ranks[last]]));
        route
    };
    let routes = paths.iter().map(route).collect();
    Layout { centers, routes, size: (right, (y - between).max(0.0)) }
}

/// Horizontal position at which a line enters its box from above: beside those of the other lines, in their order.
fn entry(items: &[Item], xs: &[f64], boxes: &[(f64, f64)], path: &[usize]) -> f64 {
    let (Some(&last), Some(&before)) = (path.last(), path.get(path.len().wrapping_sub(2))) else {
        return 0.0;
    };
    let mut sources = items[last].above.clone();
    if !sources.contains(&before) {
        return xs[last];
    }
    sources.sort_by(|a, b| xs[*a].total_cmp(&xs[*b]).then(a.cmp(b)));
    let place = sources.iter().position(|source| *source == before).unwrap_or(0) as f64;
    let step = (boxes[last].0 * 0.6 / sources.len() as f64).min(24.0);
    xs[last] + step * (place - (sources.len() as f64 - 1.0) / 2.0)
}

/// The rank of each box, and which ranks boxes have left downwards and upwards because these were too wide.
struct Ranks {
    ranks: Vec<usize>,
    folded_down: Vec<bool>,
    folded_up: Vec<bool>,
}

/// The rank of each box: below all that lead to it. Boxes that nothing leads to stand just above the first that they lead to. Where a rank is wider
/// than `widest`, boxes that lead nowhere move down, and boxes that nothing leads to move up.
fn ranks(widths: &[f64], edges: impl Iterator<Item = (usize, usize)> + Clone, widest: f64) -> Ranks {
    let count = widths.len();
    let mut from: Vec<Vec<usize>> = vec![vec![]; count];
    let mut to: Vec<Vec<usize>> = vec![vec![]; count];
    for (upper, lower) in edges {
        from[lower].push(upper);
        to[upper].push(lower);
    }
    let mut ranks = vec![0; count];
    for lower in 0..count {
        ranks[lower] = from[lower].iter().map(|&upper| ranks[upper] + 1).max().unwrap_or(0);
    }
    for upper in (0..count).rev() {
        if from[upper].is_empty() {
            ranks[upper] = to[upper]
                .iter()
                .map(|&lower| ranks[lower])
                .min()
                .map_or(0, |rank: usize| rank.saturating_sub(1));
        }
    }
    let mut folded_down = fold(&mut ranks, widths, widest, |item| to[item].is_empty());
    // The same from below.
    let last = folded_down.len().saturating_sub(1);
    let turn = |ranks: &mut Vec<usize>, last: usize| ranks.iter_mut().for_each(|rank| *rank = last - *rank);
    turn(&mut ranks, last);
    let mut folded_up =
        fold(&mut ranks, widths, widest, |item| from[item].is_empty() && !to[item].is_empty());
    turn(&mut ranks, folded_up.len().saturating_sub(1));
    folded_up.reverse();
    let added = folded_up.len().saturating_sub(folded_down.len());
    folded_down.splice(0..0, std::iter::repeat_n(false, added));
    Ranks { ranks, folded_down, folded_up }
}

/// Moves movable boxes of ranks that are too wide to the next rank, so that the parts are about as wide as each other. Returns for each rank
/// whether boxes left it.
fn fold(ranks: &mut [usize], widths: &[f64], widest: f64, is_movable: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut rows: Vec<Vec<usize>> = vec![vec![]; ranks.iter().max().map_or(0, |last| last + 1)];
    for (item, rank) in ranks.iter().enumerate() {
        rows[*rank].push(item);
    }
    let mut folded = vec![];
    while let Some(row) = rows.get_mut(folded.len()) {
        let total: f64 = row.iter().map(|item| widths[*item] + BESIDE).sum();
        let part = total / (total / widest).ceil().max(1.0);
        let mut x: f64 =
            row.iter().filter(|item| !is_movable(**item)).map(|item| widths[*item] + BESIDE).sum();
        let mut moved = vec![];
        row.retain(|&item| {
            let wide = widths[item] + BESIDE;
            // One box is in every rank, however wide it is.
            let fits = x + wide / 2.0 <= part && x + wide <= widest;
            let stays = total <= widest || !is_movable(item) || x == 0.0 || fits;
            if !stays {
                moved.push(item);
            } else if is_movable(item) {
                x += wide;
            }
            stays
        });
        folded.push(!moved.is_empty());
        if moved.is_empty() {
            continue;
        }
        moved.iter().for_each(|item| ranks[*item] = folded.len());
        match rows.get_mut(folded.len()) {
            Some(next) => next.extend(moved),
            None => rows.push(moved),
        }
    }
    folded
}

/// Sorts each rank by the mean of the places of its neighbours in the rank above, then below, again and again (barycenters), and keeps the order
/// with the fewest crossings.
fn order(items: &[Item], rows: &mut [Vec<usize>]) {
    let mut places = vec![0.0; items.len()];
    let place = |rows: &[Vec<usize>], places: &mut Vec<f64>| {
        for row in rows {
            for (place, &item) in row.iter().enumerate() {
                places[item] = place as f64;
            }
        }
    };
    place(rows, &mut places);
    let mut best = (crossings(items, rows, &places), rows.to_vec());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let down = sweep % 2 == 0;
        let count = rows.len();
        for step in 0..count {
            let Some(row) = rows.get_mut(if down { step } else { count - 1 - step }) else { continue };
            let key = |item: usize| {
                let neighbours = if down { &items[item].above } else { &items[item].below };
                match neighbours.len() {
                    0 => places[item],
                    len => neighbours.iter().map(|&other| places[other]).sum::<f64>() / len as f64,
                }
            };
            let mut keyed: Vec<_> = row.iter().map(|&item| (key(item), item)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *row = keyed.into_iter().map(|(_, item)| item).collect();
            for (place, &item) in row.iter().enumerate() {
                places[item] = place as f64;
            }
        }
        let found = crossings(items, rows, &places);
        if found < best.0 {
            best = (found, rows.to_vec());
        }
    }
    rows.clone_from_slice(&best.1);
}

/// The number of pairs of lines between neighbouring ranks that cross.
fn crossings(items: &[Item], rows: &[Vec<usize>], places: &[f64]) -> usize {
    let mut count = 0;
    for row in rows {
        let mut lines: Vec<(f64, f64)> = Vec::new();
        for &upper in row {
            lines.extend(items[upper].below.iter().map(|&lower| (places[upper], places[lower])));
        }
        lines.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        // Insertion into the sorted places below: what is behind the new one is crossed.
        let mut below: Vec<f64> = Vec::with_capacity(lines.len());
        for (_, place) in lines {
            let at = below.partition_point(|other| *other <= place);
            count += below.len() - at;
            below.insert(at, place);
        }
    }
    count
}

/// Centers from left to right: near the mean of the neighbours, in the order of the rank and without overlaps.
fn columns(items: &[Item], rows: &[Vec<usize>]) -> Vec<f64> {
    let mut xs = vec![0.0; items.len()];
    for row in rows {
        let mut x = 0.0;
        for &item in row {
            xs[item] = x + items[item].width / 2.0;
            x += items[item].width + BESIDE;
        }
        // Centered, as a first guess.
        row.iter().for_each(|&item| xs[item] -= x / 2.0);
    }
    for sweep in 0..SWEEPS * 2 {
        let down = sweep % 2 == 0;
        for step in 0..rows.len() {
            let Some(row) = rows.get(if down { step } else { rows.len() - 1 - step }) else { continue };
            let wanted: Vec<(f64, f64)> = row.iter().map(|&item| wish(items, &xs, item, down)).collect();
            for (&item, x) in row.iter().zip(apart(items, row, &wanted)) {
                xs[item] = x;
            }
        }
    }
    xs
}

/// Preferred position of an item, and its weight: long lines are to be straight.
fn wish(items: &[Item], xs: &[f64], item: usize, down: bool) -> (f64, f64) {
    let Item { above, below, is_box, is_trunk, .. } = &items[item];
    if let (true, [source]) = (is_trunk, &above[..]) {
        return (xs[*source], 100.0);
    }
    let (first, other) = if down { (above, below) } else { (below, above) };
    let neighbours = if first.is_empty() { other } else { first };
    let (mut sum, mut weights) = (0.0, 0.0);
    for &neighbour in neighbours {
        let weight = match (is_box, items[neighbour].is_box) {
            (false, false) => 8.0,
            (true, true) => 2.0,
            _ => 1.0,
        };
        sum += weight * xs[neighbour];
        weights += weight;
    }
    if weights > 0.0 { (sum / weights, weights) } else { (xs[item], 0.1) }
}

/// The centers nearest to the wanted ones (weighted least squares) that keep the order and the space between items: pool adjacent violators.
fn apart(items: &[Item], row: &[usize], wanted: &[(f64, f64)]) -> Vec<f64> {
    let mut offsets = Vec::with_capacity(row.len());
    let mut x = 0.0;
    let mut before: Option<&Item> = None;
    for &item in row {
        let item = &items[item];
        if let Some(before) = before {
            let space = if before.is_box && item.is_box { BESIDE } else { 2.0 * LINE };
            x += before.width / 2.0 + space + item.width / 2.0;
        }
        offsets.push(x);
        before = Some(item);
    }
    // Groups that touch: mean, weight, number of items.
    let mut groups: Vec<(f64, f64, usize)> = Vec::new();
    for ((wanted, weight), offset) in wanted.iter().zip(&offsets) {
        let mut group = (wanted - offset, *weight, 1);
        while let Some(&(mean, weight, len)) = groups.last().filter(|last| last.0 > group.0) {
            groups.pop();
            group =
                ((mean * weight + group.0 * group.1) / (weight + group.1), weight + group.1, len + group.2);
        }
        groups.push(group);
    }
    let means = groups.iter().flat_map(|&(mean, _, len)| std::iter::repeat_n(mean, len));
    means.zip(&offsets).map(|(mean, offset)| mean + offset).collect()
}
