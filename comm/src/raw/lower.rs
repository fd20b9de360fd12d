//! What a call on raw memory is: which schedule it has, and which memory.
//!
//! Here is what MPI says of which arguments matter at which rank, and of calls in place. Memory is only named here; it is
//! touched by whoever [acts](Act).

use olympi_coll::Schedule;
use olympi_datatype::Datatype;

use crate::collective::{CollectiveError, Invocation, Lengths, Parts, Role, Shape, invoke_barrier};
use crate::communicator::Communicator;
use crate::raw::blocks::{Cut, Spread, beside, bytes};
use crate::raw::memory::{Fill, Give, Memory, Side};
use crate::raw::{Numbers, Raw, RawBlocks, RawCollective, RawOp};

/// What is done with a call: it is run, or made ready.
pub(crate) trait Act {
    type Done;

    fn act<P: FnOnce(&Shape<'_>) -> Schedule>(
        self,
        comm: &Communicator,
        invocation: Invocation<P>,
        memory: Memory<Raw<'_>>,
    ) -> Result<Self::Done, CollectiveError>;
}

impl Communicator {
    /// Finds out what a call is, and has it acted on.
    #[inline]
    pub(crate) fn lower<A: Act>(&self, call: RawCollective<'_>, act: A) -> Result<A::Done, CollectiveError> {
        use RawCollective as C;
        match call {
            C::Barrier => act.act(self, invoke_barrier(), Memory::NONE),
            C::Broadcast { data, root } => self.lower_broadcast(data, root, act),
            C::Gather { from, into, root } => self.lower_gather(from, into, root, act),
            C::Scatter { from, into, root } => self.lower_scatter(from, into, root, act),
            C::AllGather { from, into } => self.lower_all_gather(from, into, act),
            C::AllToAll { from: Some(from), into } => self.lower_all_to_all(from, into, act),
            C::AllToAll { from: None, into } => self.lower_all_to_all_in_place(into, act),
            C::Reduce { from, into, operation, root } => self.lower_reduce(from, into, operation, root, act),
            C::AllReduce { from, into, operation } => self.lower_all_reduce(from, into, operation, act),
            C::ReduceScatterBlock { from, into, count, datatype, operation } => {
                self.lower_reduce_scatter_block(from, into, count, datatype, operation, act)
            }
            C::ReduceScatter { from, into, counts, datatype, operation } => {
                self.lower_reduce_scatter(from, into, counts, datatype, operation, act)
            }
            C::Scan { from, into, operation } => self.lower_scan(from, into, operation, false, act),
            C::ExclusiveScan { from, into, operation } => self.lower_scan(from, into, operation, true, act),
            C::NeighbourAllGather { from, into } => self.lower_neighbour_all_gather(from, into, act),
            C::NeighbourAllToAll { from, into } => self.lower_neighbour_all_to_all(from, into, act),
        }
    }

    #[inline]
    fn lower_broadcast<A: Act>(&self, data: Raw<'_>, root: i32, act: A) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "broadcast";
        let Role { is_root, is_other, .. } = self.role(CALL, root)?;
        let data = if is_root || is_other { data } else { Raw::NONE };
        let len = bytes(CALL, &data)?;
        let invocation =
            self.invoke_broadcast::<u8>(Lengths { data: len, result: len, in_place: true }, root)?;
        let (fill, give) = if is_root { (Fill::All, Give::Nothing) } else { (Fill::Nothing, Give::All) };
        act.act(self, invocation, Memory { send: Side::NONE, recv: Side::Whole(data), fill, give })
    }

    fn lower_gather<A: Act>(
        &self,
        from: Option<Raw<'_>>,
        into: RawBlocks<'_>,
        root: i32,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "gather";
        let (Role { is_root, is_other, .. }, even) = (self.role(CALL, root)?, into.is_even());
        if !is_root {
            let from = if is_other { from.ok_or_else(|| apart(CALL))? } else { Raw::NONE };
            let lengths = Lengths { data: bytes(CALL, &from)?, result: 0, in_place: false };
            let memory = Memory::sent(Side::Whole(from));
            return if even {
                act.act(self, self.invoke_gather::<u8>(lengths, root)?, memory)
            } else {
                act.act(
                    self,
                    self.invoke_gather_parts::<u8>(lengths, &Parts::listed(Vec::new()), root)?,
                    memory,
                )
            };
        }
        let Spread { side, cut } = into.spread(CALL, self.count(), |_| true, None)?;
        let result = side.len();
        let (lengths, memory) = match from {
            _ if !is_other => (Lengths { data: 0, result, in_place: false }, Memory::both(Side::NONE, side)),
            Some(from) => {
                let lengths = Lengths { data: bytes(CALL, &from)?, result, in_place: false };
                (lengths, Memory::both(beside(CALL, from, side.run())?, side))
            }
            None => {
                let fill = self.own_block(CALL, &into, &cut)?;
                let lengths = Lengths { data: result, result, in_place: true };
                (lengths, Memory { fill, ..Memory::both(Side::NONE, side) })
            }
        };
        match cut {
            Cut::Even(_) => act.act(self, self.invoke_gather::<u8>(lengths, root)?, memory),
            Cut::Listed(parts) => {
                act.act(self, self.invoke_gather_parts::<u8>(lengths, &parts, root)?, memory)
            }
        }
    }

    fn lower_scatter<A: Act>(
        &self,
        from: RawBlocks<'_>,
        into: Option<Raw<'_>>,
        root: i32,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "scatter";
        let (Role { is_root, is_other, .. }, even) = (self.role(CALL, root)?, from.is_even());
        if !is_root {
            let into = if is_other { into.ok_or_else(|| apart(CALL))? } else { Raw::NONE };
            let lengths = Lengths { data: 0, result: bytes(CALL, &into)?, in_place: false };
            let memory = Memory::both(Side::NONE, Side::Whole(into));
            return if even {
                act.act(self, self.invoke_scatter::<u8>(lengths, root)?, memory)
            } else {
                act.act(
                    self,
                    self.invoke_scatter_parts::<u8>(lengths, &Parts::listed(Vec::new()), root)?,
                    memory,
                )
            };
        }
        let into = if is_other { into } else { Some(Raw::NONE) };
        let lent = into.and_then(|into| Side::Whole(into).run());
        let Spread { side, cut } = from.spread(CALL, self.count(), |_| true, lent)?;
        let data = side.len();
        let (lengths, memory) = match into {
            Some(into) => {
                let lengths = Lengths { data, result: bytes(CALL, &into)?, in_place: false };
                (lengths, Memory::both(side, Side::Whole(into)))
            }
            None => {
                // The blocks take the place of a result, which is not written to.
                let lengths = Lengths { data, result: data, in_place: true };
                let memory = Memory { send: Side::NONE, recv: side, fill: Fill::All, give: Give::Nothing };
                (lengths, memory)
            }
        };
        match cut {
            Cut::Even(_) => act.act(self, self.invoke_scatter::<u8>(lengths, root)?, memory),
            Cut::Listed(parts) => {
                act.act(self, self.invoke_scatter_parts::<u8>(lengths, &parts, root)?, memory)
            }
        }
    }

    #[inline]
    fn lower_all_gather<A: Act>(
        &self,
        from: Option<Raw<'_>>,
        into: RawBlocks<'_>,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "all_gather";
        let Spread { side, cut } = into.spread(CALL, self.count(), |_| true, None)?;
        let result = side.len();
        let (lengths, memory) = match from {
            Some(from) => {
                let lengths = Lengths { data: bytes(CALL, &from)?, result, in_place: false };
                (lengths, Memory::both(beside(CALL, from, side.run())?, side))
            }
            None => {
                self.apart(CALL, true)?;
                let fill = self.own_block(CALL, &into, &cut)?;
                let lengths = Lengths { data: result, result, in_place: true };
                (lengths, Memory { fill, ..Memory::both(Side::NONE, side) })
            }
        };
        match cut {
            Cut::Even(_) => act.act(self, self.invoke_all_gather::<u8>(lengths)?, memory),
            Cut::Listed(parts) => act.act(self, self.invoke_all_gather_parts::<u8>(lengths, &parts)?, memory),
        }
    }

    #[inline]
    fn lower_all_to_all<A: Act>(
        &self,
        from: RawBlocks<'_>,
        into: RawBlocks<'_>,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "all_to_all";
        let ranks = self.count();
        let Spread { side: recv, cut: into } = into.spread(CALL, ranks, |_| true, None)?;
        let Spread { side: send, cut: from } = from.spread(CALL, ranks, |_| true, recv.run())?;
        let lengths = Lengths { data: send.len(), result: recv.len(), in_place: false };
        let memory = Memory::both(send, recv);
        match (from, into) {
            (Cut::Even(_), Cut::Even(_)) => act.act(self, self.invoke_all_to_all::<u8>(lengths)?, memory),
            (Cut::Listed(from), Cut::Listed(into)) => {
                act.act(self, self.invoke_all_to_all_parts::<u8>(lengths, &from, &into)?, memory)
            }
            _ => Err(mixed(CALL)),
        }
    }

    fn lower_all_to_all_in_place<A: Act>(
        &self,
        into: RawBlocks<'_>,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "all_to_all";
        self.apart(CALL, true)?;
        let Spread { side, cut } = into.spread(CALL, self.count(), |_| true, None)?;
        let len = side.len();
        let lengths = Lengths { data: len, result: len, in_place: true };
        let memory = Memory { fill: Fill::All, ..Memory::both(Side::NONE, side) };
        match cut {
            Cut::Even(_) => act.act(self, self.invoke_all_to_all::<u8>(lengths)?, memory),
            Cut::Listed(parts) => {
                act.act(self, self.invoke_all_to_all_parts_in_place::<u8>(lengths, &parts)?, memory)
            }
        }
    }

    #[inline]
    fn lower_reduce<A: Act>(
        &self,
        from: Option<Raw<'_>>,
        into: Raw<'_>,
        operation: &RawOp,
        root: i32,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "reduce";
        let Role { is_root, is_other, .. } = self.role(CALL, root)?;
        let into = if is_root { into } else { Raw::NONE };
        let from = match from {
            Some(from) if is_other => Some(from),
            None if is_root && is_other => None,
            None if is_other => return Err(apart(CALL)),
            _ => Some(Raw::NONE),
        };
        let result = bytes(CALL, &into)?;
        let (lengths, memory) = combined(CALL, from, into)?;
        let op = operation.on(CALL, lengths.data.max(result))?;
        act.act(self, self.invoke_reduce::<u8>(lengths, root, op)?, memory)
    }

    #[inline]
    fn lower_all_reduce<A: Act>(
        &self,
        from: Option<Raw<'_>>,
        into: Raw<'_>,
        operation: &RawOp,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "all_reduce";
        let (lengths, memory) = combined(CALL, from, into)?;
        let op = operation.on(CALL, lengths.data)?;
        act.act(self, self.invoke_all_reduce::<u8>(lengths, op)?, memory)
    }

    fn lower_scan<A: Act>(
        &self,
        from: Option<Raw<'_>>,
        into: Raw<'_>,
        operation: &RawOp,
        exclusive: bool,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        let call = if exclusive { "exclusive_scan" } else { "scan" };
        let (lengths, mut memory) = combined(call, from, into)?;
        let op = operation.on(call, lengths.data)?;
        if exclusive {
            if self.rank() == 0 {
                memory.give = Give::Nothing; // Its result is left as it is.
            }
            act.act(self, self.invoke_exclusive_scan::<u8>(lengths, op)?, memory)
        } else {
            act.act(self, self.invoke_scan::<u8>(lengths, op)?, memory)
        }
    }

    fn lower_reduce_scatter_block<A: Act>(
        &self,
        from: Option<*mut u8>,
        into: *mut u8,
        count: usize,
        datatype: &Datatype,
        operation: &RawOp,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "reduce_scatter_block";
        let total = count.checked_mul(self.size() as usize).ok_or_else(|| too_many(CALL))?;
        let (lengths, memory) = scattered(CALL, from, into, (total, count), datatype)?;
        let op = operation.on(CALL, bytes(CALL, &Raw::new(into, count, datatype))?)?;
        act.act(self, self.invoke_reduce_scatter::<u8>(lengths, op)?, memory)
    }

    fn lower_reduce_scatter<A: Act>(
        &self,
        from: Option<*mut u8>,
        into: *mut u8,
        counts: Numbers<'_>,
        datatype: &Datatype,
        operation: &RawOp,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "reduce_scatter";
        let (me, ranks) = (self.rank() as usize, self.size() as usize);
        let (mut total, mut mine, mut sizes) = (0_usize, 0, Vec::with_capacity(ranks));
        for rank in 0..ranks {
            let count = counts.get(rank).and_then(|count| usize::try_from(count).ok()).ok_or_else(|| {
                let detail = format!("there is no count for rank {rank}, or it is negative");
                CollectiveError::Counts { call: CALL, detail }
            })?;
            mine = if rank == me { count } else { mine };
            total = total.checked_add(count).ok_or_else(|| too_many(CALL))?;
            sizes.push(bytes(CALL, &Raw::new(into, count, datatype))?);
        }
        let (lengths, memory) = scattered(CALL, from, into, (total, mine), datatype)?;
        let whole = if total > 0 { bytes(CALL, &Raw::new(into, 1, datatype))? } else { 0 };
        let op = operation.on(CALL, whole)?;
        act.act(self, self.invoke_reduce_scatter_parts::<u8>(lengths, &sizes, op)?, memory)
    }

    fn lower_neighbour_all_gather<A: Act>(
        &self,
        from: Raw<'_>,
        into: RawBlocks<'_>,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "neighbour_all_gather";
        let around = self.around(CALL)?;
        let ranks = around.sources();
        let Spread { side, cut } = into.spread(CALL, ranks, |at| around.has_source(at), None)?;
        let blocks = cut.landing(CALL, ranks, side.len())?;
        let own = bytes(CALL, &from)?;
        let memory = Memory::both(beside(CALL, from, side.run())?, side);
        act.act(self, around.invoke_all_gather(own, blocks), memory)
    }

    fn lower_neighbour_all_to_all<A: Act>(
        &self,
        from: RawBlocks<'_>,
        into: RawBlocks<'_>,
        act: A,
    ) -> Result<A::Done, CollectiveError> {
        const CALL: &str = "neighbour_all_to_all";
        let around = self.around(CALL)?;
        let (sources, targets) = (around.sources(), around.targets());
        let into = into.spread(CALL, sources, |at| around.has_source(at), None)?;
        let from = from.spread(CALL, targets, |at| around.has_target(at), into.side.run())?;
        let result = into.cut.landing(CALL, sources, into.side.len())?;
        let source = from.cut.blocks(CALL, targets, from.side.len())?;
        act.act(self, around.invoke_all_to_all(source, result), Memory::both(from.side, into.side))
    }

    /// In place, this rank's own block is a contribution.
    fn own_block<'a>(
        &self,
        call: &'static str,
        blocks: &RawBlocks<'a>,
        cut: &Cut,
    ) -> Result<Fill<Raw<'a>>, CollectiveError> {
        let me = self.rank() as usize;
        Ok(Fill::Part(cut.offset(me), blocks.block(call, me)?))
    }
}

/// The lengths and the memory of a reduction.
#[inline]
fn combined<'a>(
    call: &'static str,
    from: Option<Raw<'a>>,
    into: Raw<'a>,
) -> Result<(Lengths, Memory<Raw<'a>>), CollectiveError> {
    let result = bytes(call, &into)?;
    let recv = Side::Whole(into);
    Ok(match from {
        Some(from) => {
            let lengths = Lengths { data: bytes(call, &from)?, result, in_place: false };
            (lengths, Memory::both(beside(call, from, recv.run())?, recv))
        }
        None => {
            let lengths = Lengths { data: result, result, in_place: true };
            (lengths, Memory { fill: Fill::All, ..Memory::both(Side::NONE, recv) })
        }
    })
}

/// The same of a reduction of so many elements in all, of which so many are this rank's.
fn scattered<'a>(
    call: &'static str,
    from: Option<*mut u8>,
    into: *mut u8,
    (total, mine): (usize, usize),
    datatype: &'a Datatype,
) -> Result<(Lengths, Memory<Raw<'a>>), CollectiveError> {
    let result = Raw::new(into, mine, datatype);
    Ok(match from {
        Some(from) => combined(call, Some(Raw::new(from, total, datatype)), result)?,
        None => {
            let (lengths, memory) = combined(call, None, Raw::new(into, total, datatype))?;
            (lengths, Memory { give: Give::Front(result), ..memory })
        }
    })
}

#[cold]
fn apart(call: &'static str) -> CollectiveError {
    CollectiveError::Memory { call, detail: "only the root may be in place" }
}

#[cold]
fn mixed(call: &'static str) -> CollectiveError {
    let detail = "the blocks of one side are even, those of the other are listed".to_owned();
    CollectiveError::Counts { call, detail }
}

#[cold]
fn too_many(call: &'static str) -> CollectiveError {
    CollectiveError::Counts { call, detail: "the counts are more than can be counted".to_owned() }
}
