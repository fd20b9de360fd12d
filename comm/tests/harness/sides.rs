//! A world that is cut in two, and the intercommunicator of its sides.

use olympi_comm::{ANY_SOURCE, ANY_TAG, Communicator, Group, PROC_NULL, ROOT, Universe};

use super::{run, transports};

/// One side of a world that is cut in two.
pub struct Side<'a> {
    pub world: &'a Communicator,
    /// Ranks of the world, of this side and of the other one.
    pub mine: Vec<i32>,
    pub theirs: Vec<i32>,
    /// The side of the lower ranks.
    pub is_left: bool,
    pub local: Communicator,
    pub inter: Communicator,
}

/// Runs it on groups of 1 to 4 and 1 to 4 ranks: all of them over the first transport, some over the others.
pub fn everywhere(body: impl Fn(&Side<'_>) + Copy + Send + Sync + 'static) {
    let some = [(1, 1), (1, 3), (2, 1), (2, 2), (3, 2), (4, 4)];
    let all = (1..=4).flat_map(|left| (1..=4).map(move |right| (left, right))).collect::<Vec<_>>();
    for (at, transport) in transports().into_iter().enumerate() {
        for &(left, right) in if at == 0 { &all[..] } else { &some } {
            run(transport, left + right, move |universe| body(&cut(universe, left as i32)));
        }
    }
}

/// What each of a side names as the root, which is the last rank of the left or the right side.
pub fn root_of(side: &Side<'_>, left: bool) -> i32 {
    match (side.is_left == left, side.inter.rank() + 1 == side.inter.size()) {
        (false, _) => side.theirs.len() as i32 - 1,
        (true, true) => ROOT,
        (true, false) => PROC_NULL,
    }
}

/// Runs it for the roots of both sides.
pub fn rooted(body: impl Fn(&Side<'_>, i32) + Copy + Send + Sync + 'static) {
    everywhere(move |side| {
        for left in [true, false] {
            body(side, root_of(side, left));
        }
    });
}

pub fn cut(universe: &Universe, left: i32) -> Side<'_> {
    let world = universe.world();
    let (me, size) = (world.rank(), world.size());
    let is_left = me < left;
    let (mut mine, mut theirs): (Vec<_>, Vec<_>) = ((0..left).collect(), (left..size).collect());
    if !is_left {
        std::mem::swap(&mut mine, &mut theirs);
    }
    let local = world.split(Some(i32::from(is_left)), me).unwrap().unwrap();
    // The last rank of the left side leads it, and the first one of the right side.
    let (leader, other) = if is_left { (left - 1, left) } else { (0, left - 1) };
    let bridge = (local.rank() == leader).then_some((world, other));
    let inter = local.create_inter(leader, bridge, 5).unwrap();
    Side { world, mine, theirs, is_left, local, inter }
}

pub fn world_ranks(group: &Group, world: &Communicator) -> Vec<i32> {
    let ranks: Vec<_> = (0..group.size()).collect();
    group.translate_ranks(&ranks, world.group()).unwrap().into_iter().map(Option::unwrap).collect()
}

/// Everyone writes to everyone of the other side, and must get what all of them write.
pub fn talk(comm: &Communicator, mark: i32) {
    let remote = comm.remote_size().unwrap();
    let sends: Vec<_> =
        (0..remote).map(|to| comm.isend(vec![mark, comm.rank(), to], to, 4).unwrap()).collect();
    let mut heard: Vec<_> = (0..remote)
        .map(|_| {
            let (got, status) = comm.recv_vec::<i32>(ANY_SOURCE, ANY_TAG).unwrap();
            assert_eq!(got, [mark, status.source(), comm.rank()]);
            status.source()
        })
        .collect();
    heard.sort_unstable();
    assert_eq!(heard, (0..remote).collect::<Vec<_>>());
    sends.into_iter().for_each(|send| drop(send.wait().unwrap()));
}
