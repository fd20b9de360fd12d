//! Collectives of intercommunicators over real transports: each group gets what the other one contributes.

mod harness;

use harness::sides::{Side, everywhere, rooted};
use olympi_comm::{CollectiveError, Communicator, Op, PROC_NULL, Parts, ROOT};

/// From nothing to what no eager message carries.
const LENGTHS: [usize; 4] = [0, 1, 37, 5_000];

/// What a rank of a group contributes: the group, the rank, and for whom.
fn block(left: bool, rank: i32, to: i32, len: usize) -> Vec<i64> {
    (0..len as i64)
        .map(|at| at * 1000 + i64::from(left) * 100 + i64::from(rank) * 10 + i64::from(to))
        .collect()
}

fn blocks(left: bool, ranks: i32, to: i32, len: usize) -> Vec<i64> {
    (0..ranks).flat_map(|rank| block(left, rank, to, len)).collect()
}

/// The sum of what all ranks of a group contribute.
fn sum(left: bool, ranks: i32, to: i32, len: usize) -> Vec<i64> {
    let add = |sum: Vec<i64>, rank| sum.iter().zip(block(left, rank, to, len)).map(|(a, b)| a + b).collect();
    (0..ranks).fold(vec![0; len], add)
}

#[test]
fn a_barrier_waits_for_the_other_group() {
    everywhere(|Side { inter, .. }| {
        for _ in 0..3 {
            inter.barrier().unwrap();
        }
        let early = inter.ibarrier().unwrap();
        let mut again = inter.barrier_init().unwrap();
        early.wait().unwrap();
        again.start().unwrap();
        again.wait().unwrap();
    });
}

#[test]
fn a_broadcast_reaches_the_other_group_alone() {
    rooted(|Side { is_left, inter, theirs, .. }, root| {
        for len in LENGTHS {
            let own = block(*is_left, inter.rank(), 0, len);
            let expected =
                if root >= 0 { block(!is_left, theirs.len() as i32 - 1, 0, len) } else { own.clone() };
            let mut data = own.clone();
            inter.broadcast(&mut data, root).unwrap();
            assert!(data == expected);
            assert!(inter.ibroadcast(own.clone(), root).unwrap().wait().unwrap() == expected);
            let mut data = own.clone();
            inter.scope(|scope| scope.ibroadcast(&mut data, root)?.wait()).unwrap();
            assert!(data == expected);
            let mut persistent = inter.broadcast_init(own, root).unwrap();
            for _ in 0..2 {
                persistent.start().unwrap();
                persistent.wait().unwrap();
                assert!(persistent.result().unwrap() == expected);
            }
        }
    });
}

#[test]
fn a_root_gathers_from_the_other_group_and_scatters_to_it() {
    rooted(|Side { is_left, inter, theirs, .. }, root| {
        let (me, remote) = (inter.rank(), theirs.len() as i32);
        for len in LENGTHS {
            let own = block(*is_left, me, 7, len);
            let gathered = inter.gather(&own, root).unwrap();
            assert!(gathered == (root == ROOT).then(|| blocks(!is_left, remote, 7, len)));
            let room = if root == ROOT { len * remote as usize } else { 0 };
            let (_, all) = inter.igather(own, vec![0; room], root).unwrap().wait().unwrap();
            assert!(root != ROOT || all == blocks(!is_left, remote, 7, len));
            // What is scattered is the root's, for each rank.
            let from = if root == ROOT {
                (0..remote).flat_map(|to| block(*is_left, me, to, len)).collect()
            } else {
                vec![]
            };
            let mut mine = vec![0; if root >= 0 { len } else { 0 }];
            inter.scatter_into(&from, &mut mine, root).unwrap();
            assert!(root < 0 || mine == block(!is_left, root, me, len));
            let mut persistent = inter.scatter_init(from, mine, root).unwrap();
            persistent.start().unwrap();
            persistent.wait().unwrap();
            assert!(root < 0 || persistent.result().unwrap() == block(!is_left, root, me, len));
        }
    });
}

#[test]
fn blocks_of_any_lengths_go_across() {
    rooted(|Side { is_left, inter, theirs, .. }, root| {
        let (me, remote) = (inter.rank(), theirs.len());
        // Rank r sends 3 r numbers, or gets them; they lie apart at the root.
        let len = |rank: usize| 3 * rank;
        let counts: Vec<_> = (0..remote).map(len).collect();
        let offsets: Vec<_> = (0..remote).map(|rank| (remote - 1 - rank) * len(remote)).collect();
        let parts = Parts::at(&counts, &offsets);
        let own = block(*is_left, me, 0, len(me as usize));
        let mut all = vec![-1; if root == ROOT { parts.end() } else { 0 }];
        inter.gather_parts_into(&own, &mut all, &parts, root).unwrap();
        if root == ROOT {
            for rank in 0..remote {
                let part = &all[offsets[rank]..][..counts[rank]];
                assert_eq!(part, block(!is_left, rank as i32, 0, counts[rank]));
            }
        }
        let mut mine = vec![-1; if root >= 0 { len(me as usize) } else { 0 }];
        inter.scatter_parts_into(&all, &mut mine, &parts, root).unwrap();
        assert!(root < 0 || mine == own, "what was gathered comes back");
        // Everyone gets everything.
        let parts = Parts::new(&counts);
        let mut all = vec![-1; parts.end()];
        inter.all_gather_parts_into(&own, &mut all, &parts).unwrap();
        let expected: Vec<_> =
            (0..remote).flat_map(|rank| block(!is_left, rank as i32, 0, len(rank))).collect();
        assert_eq!(all, expected);
        // Rank r sends r + s numbers to rank s.
        let counts: Vec<_> = (0..remote).map(|rank| rank + me as usize).collect();
        let parts = Parts::new(&counts);
        let between = |left, from: i32, to: i32| block(left, from, to, (from + to) as usize);
        let source: Vec<_> = (0..remote as i32).flat_map(|to| between(*is_left, me, to)).collect();
        let mut result = vec![-1; parts.end()];
        inter.all_to_all_parts_into(&source, &mut result, &parts, &parts).unwrap();
        let expected: Vec<_> = (0..remote as i32).flat_map(|from| between(!is_left, from, me)).collect();
        assert_eq!(result, expected);
    });
}

#[test]
fn everyone_gathers_and_exchanges_with_the_other_group() {
    everywhere(|Side { is_left, inter, mine, theirs, .. }| {
        let (me, remote) = (inter.rank(), theirs.len() as i32);
        for len in LENGTHS {
            let own = block(*is_left, me, 3, len);
            assert!(inter.all_gather(&own).unwrap() == blocks(!is_left, remote, 3, len));
            let out: Vec<_> = (0..remote).flat_map(|to| block(*is_left, me, to, len)).collect();
            assert!(inter.all_to_all(&out).unwrap() == blocks(!is_left, remote, me, len));
            // The groups need not send blocks of one length: here one of the right side's is one longer.
            let (own_len, other_len) = if *is_left { (len, len + 1) } else { (len + 1, len) };
            let own = block(*is_left, me, 3, own_len);
            let (_, all) =
                inter.iall_gather(own, vec![0; other_len * remote as usize]).unwrap().wait().unwrap();
            assert!(all == blocks(!is_left, remote, 3, other_len));
            let out: Vec<_> = (0..remote).flat_map(|to| block(*is_left, me, to, own_len)).collect();
            let mut into = vec![0; other_len * remote as usize];
            inter.scope(|scope| scope.iall_to_all(&out, &mut into)?.wait()).unwrap();
            assert!(into == blocks(!is_left, remote, me, other_len));
        }
        assert_eq!(mine.len() as i32, inter.size());
    });
}

#[test]
fn reductions_combine_the_other_group() {
    rooted(|Side { is_left, inter, mine, theirs, .. }, root| {
        let (me, remote) = (inter.rank(), theirs.len() as i32);
        for len in LENGTHS {
            let own = block(*is_left, me, 0, len);
            let at_root = inter.reduce(&own, root, Op::sum()).unwrap();
            assert!(at_root == (root == ROOT).then(|| sum(!is_left, remote, 0, len)));
            assert!(inter.all_reduce(&own, Op::sum()).unwrap() == sum(!is_left, remote, 0, len));
            let (_, all) = inter.iall_reduce(own, vec![0; len], Op::sum()).unwrap().wait().unwrap();
            assert!(all == sum(!is_left, remote, 0, len));
            // Vectors of one length, which each group divides among its own.
            let len = len * mine.len() * theirs.len();
            let (own, each) = (block(*is_left, me, 0, len), len / mine.len());
            let expected = &sum(!is_left, remote, 0, len)[me as usize * each..][..each];
            let mut part = vec![0; each];
            inter.reduce_scatter_block_into(&own, &mut part, Op::sum()).unwrap();
            assert!(part == expected);
            // The first rank gets nothing, the last one two shares, of any lengths.
            let ranks = mine.len();
            let mut counts = vec![each; ranks];
            if ranks > 1 {
                (counts[0], counts[ranks - 1]) = (0, 2 * each);
            }
            let at: usize = counts[..me as usize].iter().sum();
            let mut part = vec![0; counts[me as usize]];
            inter.reduce_scatter_into(&own, &mut part, &counts, Op::sum()).unwrap();
            assert!(part == sum(!is_left, remote, 0, len)[at..at + part.len()]);
        }
        // In the order of ranks: what joins decimal numbers, whose length stands in the lowest byte.
        let join = |a: &i64, b: &i64| {
            let digits = b & 255;
            (((a >> 8) * 10_i64.pow(digits as u32) + (b >> 8)) << 8) | ((a & 255) + digits)
        };
        let joined = inter.all_reduce(&(i64::from(me + 1) << 8 | 1), Op::associative(join)).unwrap();
        assert_eq!(joined >> 8, (1..=i64::from(remote)).fold(0, |number, digit| number * 10 + digit));
    });
}

#[test]
fn what_is_not_defined_across_says_so() {
    everywhere(|Side { inter, theirs, world, .. }| {
        let undefined = |result: Result<(), CollectiveError>| {
            let error = result.unwrap_err();
            assert_eq!(error.class().name(), "MPI_ERR_COMM", "{error}");
        };
        undefined(inter.scan(&1, Op::sum()).map(drop));
        undefined(inter.exclusive_scan(&1, Op::sum()).map(drop));
        undefined(inter.all_reduce_in_place(&mut [1], Op::sum()));
        undefined(inter.all_gather_in_place(&mut vec![0; theirs.len()]));
        undefined(inter.gather_in_place(&mut vec![0; theirs.len()], ROOT));
        undefined(inter.scan_objects(&1, |a, b| a + b).map(drop));
        undefined(inter.exclusive_scan_objects(&1, |a, b| a + b).map(drop));
        undefined(inter.broadcast_object(Some(&1), ROOT).map(drop));
        undefined(inter.scatter_objects(Some(&[1]), ROOT).map(drop));
        let class = |comm: &Communicator, root| comm.broadcast(&mut [0], root).unwrap_err().class().name();
        assert_eq!(class(inter, theirs.len() as i32), "MPI_ERR_ROOT");
        assert_eq!([class(world, ROOT), class(world, PROC_NULL)], ["MPI_ERR_ROOT"; 2]);
        inter.barrier().unwrap();
    });
}
