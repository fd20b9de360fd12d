//! Objects in collectives: those of intercommunicators, and ranks that have none to give.

mod harness;

use harness::sides::{Side, everywhere, rooted};
use harness::{run, transports};
use olympi_comm::{CollectiveError, Communicator, ROOT, Universe};
use serde::{Deserialize, Serialize};

/// What a rank of a side gives, and for whom: of different lengths, some longer than any eager message.
fn word(left: bool, rank: i32, to: i32) -> String {
    let repeated = if rank == 1 { 200_000 } else { 3 * rank as usize + 1 };
    format!("{} {rank} {to} ", if left { "left" } else { "right" }).repeat(repeated)
}

fn words(left: bool, ranks: i32, to: i32) -> Vec<String> {
    (0..ranks).map(|rank| word(left, rank, to)).collect()
}

#[test]
fn a_root_gives_objects_to_the_other_group_and_gets_those_of_it() {
    rooted(|Side { is_left, inter, theirs, .. }, root| {
        let (me, remote) = (inter.rank(), theirs.len() as i32);
        let given = (root == ROOT).then(|| word(*is_left, me, 0));
        let got = inter.broadcast_object_across(given.as_ref(), root).unwrap();
        assert!(got == (root >= 0).then(|| word(!is_left, root, 0)));

        let given = (root == ROOT).then(|| (0..remote).map(|to| word(*is_left, me, to)).collect::<Vec<_>>());
        let got = inter.scatter_objects_across(given.as_deref(), root).unwrap();
        assert!(got == (root >= 0).then(|| word(!is_left, root, me)));

        let got = inter.gather_objects(&word(*is_left, me, 5), root).unwrap();
        assert!(got == (root == ROOT).then(|| words(!is_left, remote, 5)));

        let joined = inter.reduce_objects(&word(*is_left, me, 6), root, |a, b| a + &b).unwrap();
        assert!(joined == (root == ROOT).then(|| words(!is_left, remote, 6).concat()));
    });
}

#[test]
fn everyone_gets_the_objects_of_the_other_group() {
    everywhere(|Side { is_left, inter, theirs, .. }| {
        let (me, remote) = (inter.rank(), theirs.len() as i32);
        let expected = words(!is_left, remote, 1);
        assert!(inter.all_gather_objects(&word(*is_left, me, 1)).unwrap() == expected);
        let joined = inter.all_reduce_objects(&word(*is_left, me, 1), |a, b| a + &b).unwrap();
        assert!(joined == expected.concat());
        let out: Vec<_> = (0..remote).map(|to| word(*is_left, me, to)).collect();
        assert!(inter.all_to_all_objects(&out).unwrap() == words(!is_left, remote, me));
    });
}

/// A number that cannot be sent if it is odd.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Even(i32);

impl Serialize for Even {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 2 == 1 {
            return Err(serde::ser::Error::custom("it is odd"));
        }
        serializer.serialize_newtype_struct("Even", &self.0)
    }
}

/// The calls with this rank's own number, and what a communicator of one group or two makes of them.
fn calls(comm: &Communicator, root: i32, mine: Even) -> [Result<(), CollectiveError>; 5] {
    let given = (root == ROOT || root == comm.rank()).then_some(mine);
    let one_each = vec![mine; comm.remote_size().unwrap_or(comm.size()) as usize];
    [
        comm.broadcast_object_across(given.as_ref(), root).map(drop),
        comm.gather_objects(&mine, root).map(drop),
        comm.all_gather_objects(&mine).map(drop),
        comm.scatter_objects_across(given.map(|_| &one_each[..]), root).map(drop),
        comm.all_to_all_objects(&one_each).map(drop),
    ]
}

/// Whether what each got is `Ok`, its own reason, or that of the rank that had nothing.
fn check(results: [Result<(), CollectiveError>; 5], culprit: i32, is_culprit: bool, concerned: [bool; 5]) {
    for (call, (result, concerned)) in results.into_iter().zip(concerned).enumerate() {
        match result {
            Ok(()) => assert!(!concerned, "call {call}"),
            Err(CollectiveError::Encode { .. }) => assert!(concerned && is_culprit, "call {call}"),
            Err(CollectiveError::Failed { rank, .. }) => {
                assert!(concerned && !is_culprit && rank == culprit, "call {call}: {rank}");
            }
            Err(error) => panic!("call {call}: {error}"),
        }
    }
}

#[test]
fn a_rank_without_an_object_is_an_error_where_it_would_have_gone() {
    let both = |universe: &Universe| {
        let world = universe.world();
        let me = world.rank();
        // Rank 1 has nothing: as the root of all, and as one of those who give to rank 0.
        for root in [1, 0] {
            let results = calls(world, root, Even(if me == 1 { 1 } else { 2 * me }));
            let given = root == 1;
            check(results, 1, me == 1, [given, me == root || me == 1, true, given, true]);
        }
        assert_eq!(world.all_gather_objects(&Even(2 * me)).unwrap().len(), world.size() as usize);
        let few = world.all_to_all_objects(&vec![me; 2 + usize::from(me != 2)]).unwrap_err();
        match few {
            CollectiveError::Buffer { needed: 3, len: 2, .. } => assert_eq!(me, 2),
            CollectiveError::Failed { rank, .. } => assert!(me != 2 && rank == 2),
            error => panic!("{error}"),
        }
        assert_eq!(world.all_gather_objects(&me).unwrap(), [0, 1, 2]);
    };
    for transport in transports() {
        run(transport, 3, both);
    }
}

#[test]
fn across_groups_too_and_what_follows_is_not_disturbed() {
    rooted(|Side { is_left, inter, theirs, .. }, root| {
        let me = inter.rank();
        // The root's group has an object less: the root's own.
        let in_root_group = root < 0;
        let mine = Even(if root == ROOT { 1 } else { 2 * me });
        let results = calls(inter, root, mine);
        let culprit = if in_root_group { -1 } else { root };
        let is_culprit = root == ROOT;
        let concerned = is_culprit || !in_root_group;
        // The root gives nothing when it gathers.
        check(results, culprit, is_culprit, [concerned, false, concerned, concerned, concerned]);
        let got = inter.all_gather_objects(&word(*is_left, me, 2)).unwrap();
        assert!(got == words(!is_left, theirs.len() as i32, 2));
    });
}
