//! Collectives on views and pieces: columns of matrices, faces of fields, and memory of types that not all bytes are.

mod harness;

use harness::raw::everywhere;
use olympi_comm::{CollectiveError, Communicator, Datatype, Error, Order, Pieces};

const RANKS: [u32; 4] = [1, 2, 3, 5];

fn cell() -> Datatype {
    Datatype::of::<i32>()
}

/// A column of a matrix, the next of which begins one cell behind.
fn column(rows: usize, columns: usize) -> Datatype {
    cell().vector(rows, 1, columns as i64).unwrap().resized(0, 4).unwrap()
}

/// What is gathered by each form of a call.
fn both_forms(
    world: &Communicator,
    start: &[i32],
    blocking: impl Fn(&mut [i32]) -> Result<(), CollectiveError>,
    scoped: impl Fn(&mut [i32]) -> Result<(), Error>,
) -> Vec<i32> {
    let (mut one, mut other) = (start.to_vec(), start.to_vec());
    blocking(&mut one).unwrap();
    scoped(&mut other).unwrap();
    world.barrier().unwrap();
    assert_eq!(one, other);
    one
}

#[test]
fn columns_are_gathered_and_given_out() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size, rows) = (world.rank(), world.size(), 3);
            let (ranks, root) = (size as usize, size - 1);
            let columns = column(rows, ranks);
            let mine: Vec<_> = (0..rows as i32).map(|row| 10 * row + me).collect();
            let matrix: Vec<i32> =
                (0..rows as i32).flat_map(|row| (0..size).map(move |rank| 10 * row + rank)).collect();
            let (own, is_root) = (cell().view(&mine, rows).unwrap(), me == root);
            let empty = vec![-1; rows * ranks];

            let all = both_forms(
                world,
                &empty,
                |into| world.all_gather_view(&own, &mut columns.view(into, ranks).unwrap()),
                |into| {
                    let mut into = columns.view(into, ranks)?;
                    world.scope(|scope| scope.iall_gather_view(&own, &mut into)?.wait().map(drop))
                },
            );
            assert_eq!(all, matrix);
            let at_root = both_forms(
                world,
                &empty,
                |into| {
                    let mut into = is_root.then(|| columns.view(into, ranks).unwrap());
                    world.gather_view(&own, into.as_mut(), root)
                },
                |into| {
                    let mut into = is_root.then(|| columns.view(into, ranks).unwrap());
                    world.scope(|scope| {
                        scope.igather_view(&own, into.as_mut(), root).map(drop).map_err(Error::from)
                    })
                },
            );
            assert_eq!(at_root, if is_root { &matrix[..] } else { &empty[..] });
            let from = is_root.then(|| columns.view(&matrix, ranks).unwrap());
            let back = both_forms(
                world,
                &vec![-1; rows],
                |into| world.scatter_view(from.as_ref(), &mut cell().view(into, rows).unwrap(), root),
                |into| {
                    let mut into = cell().view(into, rows)?;
                    world.scope(|scope| scope.iscatter_view(from.as_ref(), &mut into, root)?.wait().map(drop))
                },
            );
            assert_eq!(back, mine);
            // The last column to all.
            let last = both_forms(
                world,
                if is_root { &matrix } else { &empty },
                |data| world.broadcast_view(&mut columns.view(&mut data[ranks - 1..], 1).unwrap(), root),
                |data| {
                    let mut last = columns.view(&mut data[ranks - 1..], 1)?;
                    world.scope(|scope| scope.ibroadcast_view(&mut last, root)?.wait().map(drop))
                },
            );
            for (at, number) in last.iter().enumerate() {
                let there = is_root || at % ranks == ranks - 1;
                assert_eq!(*number, if there { matrix[at] } else { -1 });
            }
        });
    }
}

#[test]
fn a_matrix_is_transposed() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let ranks = size as usize;
            // Two rows of 2 * ranks here; two columns of the same matrix are to come, as rows.
            let value = |row: i32, column: i32| 1000 * row + column;
            let rows: Vec<_> =
                (0..2).flat_map(|row| (0..2 * size).map(move |column| value(2 * me + row, column))).collect();
            let block = cell().vector(2, 2, 2 * ranks as i64).unwrap().resized(0, 8).unwrap();
            // Of a block of two rows, its two columns into two rows.
            let turned = column(2, 2 * ranks);
            let turned = turned.contiguous(2).unwrap();
            let turned = Datatype::structure([(1, 0, turned)]).unwrap().resized(0, 8).unwrap();
            let source = block.view(&rows, ranks).unwrap();
            let come = both_forms(
                world,
                &vec![-1; 4 * ranks],
                |into| world.all_to_all_view(&source, &mut turned.view(into, ranks).unwrap()),
                |into| {
                    let mut into = turned.view(into, ranks)?;
                    world.scope(|scope| scope.iall_to_all_view(&source, &mut into)?.wait().map(drop))
                },
            );
            // Each cell of the first row of a block went down a column, which is along the second index here.
            for from in 0..size {
                let at = |row: usize, column: usize| come[row * 2 * ranks + 2 * from as usize + column];
                let cells = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
                let sent = [(0, 0), (0, 1), (1, 0), (1, 1)]
                    .map(|(row, column)| value(2 * from + row, 2 * me + column));
                assert_eq!(cells, sent);
            }
        });
    }
}

#[test]
fn faces_of_a_field_go_to_neighbours() {
    for ranks in [1, 2, 4] {
        everywhere(ranks, |world| {
            let dims = [
                if world.size() == 4 { 2 } else { world.size() as usize },
                if world.size() == 4 { 2 } else { 1 },
            ];
            let grid = world.cartesian(&dims, &[true; 2], false).unwrap().unwrap();
            let me = grid.rank();
            // A field of 3 x 4 with a halo of one.
            let value = |rank: i32, row: i32, column: i32| rank * 10_000 + row * 100 + column;
            let mut field = vec![-1; 5 * 6];
            for row in 1..4 {
                (1..5).for_each(|column| field[row * 6 + column] = value(me, row as i32, column as i32));
            }
            let face = |subsizes: [usize; 2], starts: [usize; 2]| {
                (cell().subarray(&[5, 6], &subsizes, &starts, Order::C).unwrap(), 0, 1)
            };
            let own =
                [face([1, 4], [1, 1]), face([1, 4], [3, 1]), face([3, 1], [1, 1]), face([3, 1], [1, 4])];
            let halo =
                [face([1, 4], [0, 1]), face([1, 4], [4, 1]), face([3, 1], [1, 0]), face([3, 1], [1, 5])];
            let sent = field.clone();
            let source = Pieces::new(&sent, own).unwrap();
            let field = both_forms(
                world,
                &field,
                |into| grid.neighbour_all_to_all_view(&source, &mut Pieces::new(into, halo.clone()).unwrap()),
                |into| {
                    let mut into = Pieces::new(into, halo.clone())?;
                    grid.scope(|scope| scope.ineighbour_all_to_all_view(&source, &mut into)?.wait().map(drop))
                },
            );
            let [(up, down), (left, right)] = [0, 1].map(|dimension| grid.shift(dimension, 1).unwrap());
            for column in 1..5 {
                assert_eq!(field[column], value(up, 3, column as i32));
                assert_eq!(field[24 + column], value(down, 1, column as i32));
            }
            for row in 1..4 {
                assert_eq!(field[row * 6], value(left, row as i32, 4));
                assert_eq!(field[row * 6 + 5], value(right, row as i32, 1));
            }
            assert!([0, 5, 24, 29].iter().all(|&corner| field[corner] == -1));
        });
    }
}

#[test]
fn pieces_of_any_lengths_go_anywhere() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let ranks = size as usize;
            // Rank r has r + 1 numbers, which go into every other cell, the last rank's first.
            let mine = vec![me; me as usize + 1];
            let own = cell().view(&mine, mine.len()).unwrap();
            let wide = cell().resized(0, 8).unwrap();
            let mut at = 0;
            let mut places = Vec::new();
            for rank in (0..ranks).rev() {
                places.insert(0, (wide.clone(), at, rank + 1));
                at += 8 * (rank + 1);
            }
            let got = both_forms(
                world,
                &vec![-1; at / 4],
                |into| world.all_gather_view(&own, &mut Pieces::new(into, places.clone()).unwrap()),
                |into| {
                    let mut into = Pieces::new(into, places.clone())?;
                    world.scope(|scope| scope.iall_gather_view(&own, &mut into)?.wait().map(drop))
                },
            );
            let expected: Vec<_> =
                (0..size).rev().flat_map(|rank| vec![[rank, -1]; rank as usize + 1]).flatten().collect();
            assert_eq!(got, expected);
        });
    }
}

#[test]
fn what_is_no_value_is_told_and_mended() {
    everywhere(2, |world| {
        for stride in [1, 2] {
            let bool = Datatype::of::<bool>().vector(3, 1, stride).unwrap();
            let byte = Datatype::of::<u8>();
            let mut flags = [true; 6];
            let outcome = if world.rank() == 0 {
                world.broadcast_view(&mut byte.view(&mut [1_u8, 2, 0], 3).unwrap(), 0)
            } else {
                world.broadcast_view(&mut bool.view(&mut flags, 1).unwrap(), 0)
            };
            if world.rank() == 0 {
                outcome.unwrap();
            } else {
                assert!(matches!(outcome, Err(CollectiveError::Value { .. })), "{outcome:?}");
                assert!(!flags[stride as usize], "it holds a value");
            }
            let mut flags = [true; 6];
            let mut view = bool.view(&mut flags, 1).unwrap();
            let mut bytes = [0_u8, 1, 3];
            let mut other = byte.view(&mut bytes, 3).unwrap();
            let outcome = world.scope(|scope| {
                let request = if world.rank() == 0 {
                    scope.ibroadcast_view(&mut other, 0)?
                } else {
                    scope.ibroadcast_view(&mut view, 0)?
                };
                request.wait()
            });
            assert_eq!(outcome.is_err(), world.rank() == 1, "{outcome:?}");
        }
    });
}

#[test]
fn what_is_missing_or_does_not_come_out_even_is_an_error() {
    everywhere(2, |world| {
        let (mine, mut all) = ([1, 2], [0; 4]);
        let view = cell().view(&mine, 2).unwrap();
        let class = |outcome: Result<(), CollectiveError>| outcome.unwrap_err().class().name();
        let mut three = cell().view(&mut all, 3).unwrap();
        assert_eq!(class(world.all_gather_view(&view, &mut three)), "MPI_ERR_COUNT");
        let mut one = Pieces::new(&mut all, [(cell(), 0, 2)]).unwrap();
        assert_eq!(class(world.all_gather_view(&view, &mut one)), "MPI_ERR_COUNT");
        // Where the root has nothing for the others, it alone knows.
        if world.rank() == 0 {
            let none: Option<&mut olympi_comm::View<Vec<i32>>> = None;
            assert_eq!(class(world.gather_view(&view, none, 0)), "MPI_ERR_BUFFER");
        }
        let mut twice = Pieces::new(&mut all, [(cell(), 0, 2), (cell(), 4, 2)]).unwrap();
        assert_eq!(class(world.all_gather_view(&view, &mut twice)), "MPI_ERR_COUNT");
        assert!(Pieces::new(&mut all, [(cell(), 12, 2)]).is_err());
        world.barrier().unwrap();
    });
}
