//! Which rank of a grid each process gets, so that neighbours share a node where they can.

use olympi_coll::Nodes;

/// For each rank of a grid (row-major) which of the old ranks takes it. Nodes get compact blocks of the grid. Where the nodes
/// have different numbers of ranks, or no block of that size divides the grid, everything stays as it is.
pub(crate) fn placement(dims: &[usize], nodes: Option<&Nodes>) -> Vec<u32> {
    let size: usize = dims.iter().product();
    let as_it_is = || (0..size as u32).collect();
    let Some(nodes) = nodes else { return as_it_is() };
    // The old ranks of each node, in the order in which nodes are first seen.
    let mut members: Vec<(u32, Vec<u32>)> = Vec::new();
    for rank in 0..size as u32 {
        let node = nodes.number(rank);
        match members.iter_mut().find(|(known, _)| *known == node) {
            Some((_, ranks)) => ranks.push(rank),
            None => members.push((node, vec![rank])),
        }
    }
    let each = members.first().map_or(1, |(_, ranks)| ranks.len());
    if members.iter().any(|(_, ranks)| ranks.len() != each) {
        return as_it_is();
    }
    let Some(block) = best_block(dims, each) else { return as_it_is() };
    (0..size)
        .map(|place| {
            let coords = coords_of(place, dims);
            let over: Vec<usize> = coords.iter().zip(&block).map(|(c, b)| c / b).collect();
            let within: Vec<usize> = coords.iter().zip(&block).map(|(c, b)| c % b).collect();
            let blocks: Vec<usize> = dims.iter().zip(&block).map(|(d, b)| d / b).collect();
            members[place_of(&over, &blocks)].1[place_of(&within, &block)]
        })
        .collect()
}

/// The block of so many places that divides the grid and cuts the fewest edges; of equal ones the first.
fn best_block(dims: &[usize], places: usize) -> Option<Vec<usize>> {
    let mut best: Option<(usize, Vec<usize>)> = None;
    let mut block = vec![1; dims.len()];
    search(dims, places, 0, &mut block, &mut best);
    best.map(|(_, block)| block)
}

fn search(
    dims: &[usize],
    left: usize,
    at: usize,
    block: &mut Vec<usize>,
    best: &mut Option<(usize, Vec<usize>)>,
) {
    if at == dims.len() {
        // Edges of the grid between one block and the next.
        let size: usize = dims.iter().product();
        let cut: usize = block.iter().zip(dims).map(|(side, dim)| size / dim * (dim / side - 1)).sum();
        if left == 1 && best.as_ref().is_none_or(|(least, _)| cut < *least) {
            *best = Some((cut, block.clone()));
        }
        return;
    }
    for side in
        (1..=left.min(dims[at])).filter(|side| left.is_multiple_of(*side) && dims[at].is_multiple_of(*side))
    {
        block[at] = side;
        search(dims, left / side, at + 1, block, best);
    }
    block[at] = 1;
}

/// The place of coordinates in row-major order, and back.
pub(crate) fn place_of(coords: &[usize], dims: &[usize]) -> usize {
    coords.iter().zip(dims).fold(0, |place, (coord, dim)| place * dim + coord)
}

pub(crate) fn coords_of(mut place: usize, dims: &[usize]) -> Vec<usize> {
    let mut coords = vec![0; dims.len()];
    for (coord, dim) in coords.iter_mut().zip(dims).rev() {
        *coord = place % dim;
        place /= dim;
    }
    coords
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges of the grid whose ends are on different nodes.
    fn crossing(dims: &[usize], nodes: &Nodes, placement: &[u32]) -> usize {
        let mut count = 0;
        for place in 0..placement.len() {
            for at in 0..dims.len() {
                let mut other = coords_of(place, dims);
                other[at] += 1;
                if other[at] < dims[at] {
                    let ends = [place, place_of(&other, dims)].map(|place| nodes.number(placement[place]));
                    count += usize::from(ends[0] != ends[1]);
                }
            }
        }
        count
    }

    #[test]
    fn compact_blocks_cross_fewer_edges() {
        for (dims, each, expected) in [
            (&[8, 8][..], 16, (24, 16)),
            (&[4, 4], 4, (12, 8)),
            (&[4, 4, 4], 8, (64, 48)),
            (&[2, 16], 8, (18, 6)),
        ] {
            let nodes = Nodes::Consecutive(each);
            let size: usize = dims.iter().product();
            let row_major: Vec<u32> = (0..size as u32).collect();
            let placed = placement(dims, Some(&nodes));
            let mut sorted = placed.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, row_major, "a permutation");
            let found = (crossing(dims, &nodes, &row_major), crossing(dims, &nodes, &placed));
            assert!(found.1 <= found.0 && found == expected, "{dims:?} by {each}: {found:?}");
        }
    }

    #[test]
    fn what_does_not_divide_stays_as_it_is() {
        let row_major: Vec<u32> = (0..9).collect();
        assert_eq!(placement(&[3, 3], None), row_major);
        assert_eq!(placement(&[3, 3], Some(&Nodes::Consecutive(2))), row_major);
        assert_eq!(placement(&[3, 3], Some(&Nodes::Consecutive(4))), row_major);
    }
}
