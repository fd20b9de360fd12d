//! Grids, graphs, and collectives among neighbours.

mod harness;

use harness::run;
use olympi_comm::{
    Cartesian, CollectiveError, Communicator, Error, Graph, PROC_NULL, Parts, Topology, TopologyError,
    dims_create,
};

fn everywhere(ranks: u32, body: impl Fn(&Communicator) + Send + Sync + Copy + 'static) {
    for transport in harness::transports() {
        run(transport, ranks, move |universe| body(universe.world()));
    }
}

#[test]
fn ranks_know_their_places_on_a_grid() {
    everywhere(6, |world| {
        let grid = world.cartesian(&[2, 3], &[false, true], false).unwrap().unwrap();
        let me = grid.rank();
        assert_eq!(grid.my_coords(), [me as usize / 3, me as usize % 3]);
        for rank in 0..6 {
            let coords: Vec<i64> = grid.coords(rank).unwrap().iter().map(|c| *c as i64).collect();
            assert_eq!(grid.rank_at(&coords).unwrap(), rank);
            assert_eq!(grid.rank_at(&[coords[0], coords[1] - 3]).unwrap(), rank);
        }
        let error = grid.rank_at(&[2, 0]).unwrap_err();
        assert!(matches!(error, TopologyError::Coordinates { .. }), "{error}");
        assert!(grid.coords(6).is_err() && grid.shift(2, 1).is_err());
        let (up, down) = grid.shift(0, 1).unwrap();
        assert_eq!((up, down), if me < 3 { (PROC_NULL, me + 3) } else { (me - 3, PROC_NULL) });
        let (left, right) = grid.shift(1, 1).unwrap();
        assert_eq!((left, right), (me / 3 * 3 + (me + 2) % 3, me / 3 * 3 + (me + 1) % 3));

        // A row of the grid is a grid of its own, and a duplicate has the topology too.
        let row = grid.sub(&[false, true]).unwrap();
        assert_eq!(
            (row.size(), row.rank(), row.grid().dims(), row.grid().periods()),
            (3, me % 3, &[3][..], &[true][..])
        );
        let copy = row.dup().unwrap();
        assert!(matches!(copy.topology(), Some(Topology::Grid(grid)) if grid.dims() == [3]));
        assert!(world.topology().is_none());

        let view = Cartesian::of(&copy).unwrap();
        assert_eq!((view.grid(), view.my_coords()), (row.grid(), row.my_coords()));
        assert!(Cartesian::of(world).is_none());

        // Ranks beyond the grid have no place.
        assert_eq!(world.cart_map(&[2, 2]).unwrap().is_some(), me < 4);
        assert!(world.cart_map(&[7]).is_err() && world.cart_map(&[2, 0]).is_err());
        let small = world.cartesian(&[2, 2], &[true; 2], true).unwrap();
        assert_eq!(small.is_some(), me < 4);
        let error = world.cartesian(&[7], &[true], false).unwrap_err();
        assert_eq!(error.to_string(), "wrong dimensions: a grid of [7] has 7 places, for 6 ranks");
    });
}

/// The value at a place of a global field.
fn field(row: i64, column: i64) -> f64 {
    (row * 100 + column) as f64
}

#[test]
fn a_halo_exchange_brings_what_lies_next_door() {
    for ranks in [1, 2, 4, 6] {
        for periods in [[false; 2], [true, false], [true; 2]] {
            run("shm", ranks, move |universe| {
                let mut dims = [0; 2];
                dims_create(ranks as usize, &mut dims).unwrap();
                let grid = universe.world().cartesian(&dims, &periods, true).unwrap().unwrap();
                let coords = grid.my_coords();
                let [rows, columns] = [0, 1].map(|i| dims[i] as i64);
                let [row, column] = [0, 1].map(|i| coords[i] as i64);
                // To each neighbour the value here; from each that there.
                let mine = [field(row, column); 4];
                let mut halo = [-1.0; 4];
                grid.neighbour_all_to_all_into(&mine[..], &mut halo[..]).unwrap();
                let there = |dr: i64, dc: i64| {
                    let (r, c) = (row + dr, column + dc);
                    let missing = (!periods[0] && !(0..rows).contains(&r))
                        || (!periods[1] && !(0..columns).contains(&c));
                    if missing { -1.0 } else { field(r.rem_euclid(rows), c.rem_euclid(columns)) }
                };
                assert_eq!(halo, [there(-1, 0), there(1, 0), there(0, -1), there(0, 1)]);

                // Each block says for whom it is: the one at the lower side gets what is sent downwards.
                let sent = [10.0, 11.0, 20.0, 21.0].map(|side| field(row, column) * 100.0 + side);
                let mut got = [-1.0; 4];
                let mut exchange = grid.neighbour_all_to_all_init(sent.to_vec(), got.to_vec()).unwrap();
                for _ in 0..3 {
                    exchange.start().unwrap();
                    exchange.wait().unwrap();
                }
                got.copy_from_slice(exchange.result().unwrap());
                let from = |value: f64, side: f64| if value < 0.0 { -1.0 } else { value * 100.0 + side };
                let expected = [
                    from(there(-1, 0), 11.0),
                    from(there(1, 0), 10.0),
                    from(there(0, -1), 21.0),
                    from(there(0, 1), 20.0),
                ];
                assert_eq!(got, expected, "{dims:?} {periods:?}");

                let mut around = [-1.0; 4];
                grid.neighbour_all_gather_into(&field(row, column), &mut around[..]).unwrap();
                assert_eq!(around, halo);
            });
        }
    }
}

#[test]
fn graphs_have_the_neighbours_that_were_named() {
    everywhere(4, |world| {
        // A star round node 0; node 3 is no node.
        let star = world.graph(&[2, 3, 4], &[1, 2, 0, 0]).unwrap();
        let me = world.rank();
        assert_eq!(star.is_some(), me < 3);
        if let Some(star) = star {
            assert_eq!(star.neighbours(0).unwrap(), [1, 2]);
            assert_eq!(Graph::of(&star).unwrap().shape(), star.shape());
            assert_eq!(star.dup().unwrap().topology(), star.topology());
            let mut got = vec![-1; star.neighbours(me).unwrap().len()];
            star.neighbour_all_gather_into(&(me * 10), &mut got[..]).unwrap();
            assert_eq!(got, if me == 0 { vec![10, 20] } else { vec![0] });
        }
        assert!(world.graph(&[1], &[4]).is_err() && world.graph(&[2, 1], &[0, 0]).is_err());
        assert_eq!(world.graph_map(&[2, 3, 4], &[1, 2, 0, 0]).unwrap(), Some(me).filter(|me| *me < 3));
        assert!(world.graph_map(&[1], &[4]).is_err());
        let one_way = world.graph(&[1, 1, 1, 1], &[1]).unwrap().unwrap();
        let error = one_way.neighbour_all_gather_into(&1, &mut vec![0; usize::from(me == 0)][..]);
        assert_eq!(error.is_err(), me == 0);
    });
}

#[test]
fn distributed_graphs_keep_duplicates_loops_and_weights() {
    everywhere(3, |world| {
        let me = world.rank();
        let (next, before) = ((me + 1) % 3, (me + 2) % 3);
        // Twice to the next one, and once to oneself.
        let graph = world
            .dist_graph_adjacent(&[before, me, before], Some(&[1, 2, 3]), &[next, next, me], Some(&[1, 3, 2]))
            .unwrap();
        assert_eq!(graph.edges().source_weights(), Some(&[1, 2, 3][..]));
        let mut got = [0; 3];
        graph.neighbour_all_to_all_into(&[me * 10, me * 10 + 1, me * 10 + 2][..], &mut got[..]).unwrap();
        assert_eq!(got, [before * 10, me * 10 + 2, before * 10 + 1]);

        // The same, told by rank 0 alone.
        let edges: Vec<(i32, i32, i32)> = (0..3).flat_map(|r| [(r, (r + 1) % 3, 7), (r, r, 8)]).collect();
        let told = world.dist_graph(if me == 0 { &edges } else { &[] }).unwrap();
        let mut all: Vec<_> =
            told.edges().sources().iter().zip(told.edges().source_weights().unwrap()).collect();
        all.sort_unstable();
        let mut expected = vec![(&before, &7), (&me, &8)];
        expected.sort_unstable();
        assert_eq!(all, expected);
        let counts: Vec<usize> = told.edges().destinations().iter().map(|to| *to as usize + 1).collect();
        let mine: Vec<i32> = counts.iter().flat_map(|count| vec![me; *count]).collect();
        let to = Parts::new(&vec![me as usize + 1; told.edges().sources().len()]);
        let mut got = vec![-1; to.end()];
        told.neighbour_all_to_all_parts_into(&mine, &mut got, &Parts::new(&counts), &to).unwrap();
        let expected: Vec<i32> =
            told.edges().sources().iter().flat_map(|from| vec![*from; me as usize + 1]).collect();
        assert_eq!(got, expected);

        let open = world.dist_graph_adjacent(&[me], None, &[], None).unwrap();
        assert_eq!((open.edges().sources(), open.edges().source_weights()), (&[me][..], None));
        let error = Error::from(open.neighbour_all_gather_into(&1, &mut [0][..]).unwrap_err());
        assert!(error.to_string().contains("its own source"), "{error}");
        let plain = world.dist_graph_unweighted(&[(me, next)]).unwrap().into_communicator();
        let Some(Topology::Distributed(edges)) = plain.topology() else { panic!("it carries a graph") };
        assert_eq!((edges.sources(), edges.destinations()), (&[before][..], &[next][..]));
        assert_eq!((edges.source_weights(), edges.destination_weights()), (None, None));
        assert!(Cartesian::of(&plain).is_none() && Graph::of(&plain).is_none());
        assert!(world.dist_graph_adjacent(&[5], None, &[], None).is_err());
        let error = Error::from(world.neighbour_all_gather_into(&1, &mut [0; 0][..]).unwrap_err());
        assert!(matches!(error, Error::Collective(CollectiveError::Communicator { .. })), "{error}");
    });
}
