//! How a communicator gets a board: rank 0 makes it, the others open it, and all agree that they could.

use std::sync::Arc;

use olympi_coll::{Area, Plan, Schedule, Span, Tuning};
use olympi_transport::Board;
use olympi_transport_api::SendBuf;

use crate::collective::running::{Prepared, Sequence};
use crate::collective::seat::Standing;
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::ThreadError;

/// Ranks that share a board at most; beyond, everyone's looking at everyone costs more than a tree of messages.
const RANKS: u32 = 64;
/// Room for a board's address, whose first byte is its length.
const ADDRESS: usize = 64;

impl Communicator {
    /// Gets a board, if all members can have it. All call this before the same of their collectives.
    #[cold]
    pub(crate) fn ask_for_board(&self) -> Result<(), ThreadError> {
        let context = self.context(Traffic::Collective);
        let board = if self.may_have_board()? { self.share_board()? } else { None };
        let mut inside = self.shared.door.enter()?;
        let calls = inside.mail.contexts.calls(context);
        calls.seat.next = 1;
        calls.seat.standing = match board {
            Some(board) => Standing::Present(Box::new(board)),
            None => Standing::Refused,
        };
        // What was planned without a board is planned anew.
        calls.forget();
        Ok(())
    }

    fn may_have_board(&self) -> Result<bool, ThreadError> {
        let inside = self.shared.door.enter()?;
        let collectives = &inside.mail.collectives;
        Ok(collectives.everyone_here && may_share(self.size() as u32, &collectives.tuning))
    }

    /// Whoever hears of no board, or cannot open it, says so; then nobody has one.
    fn share_board(&self) -> Result<Option<Board>, ThreadError> {
        let mut address = [0; ADDRESS];
        let made = if self.rank() == 0 { self.make_board(&mut address)? } else { None };
        let heard = self.exchange(&mut address, |me, size| from_first(me, size, ADDRESS))?;
        let board = if self.rank() == 0 { made } else { self.open_board(&address)? };
        let mut present = vec![0; self.size() as usize];
        present[self.rank() as usize] = u8::from(heard && board.is_some());
        let told = self.exchange(&mut present, to_first)?;
        present[0] = u8::from(told && present.iter().all(|flag| *flag == 1));
        let agreed = self.exchange(&mut present, |me, size| from_first(me, size, 1))? && present[0] == 1;
        Ok(board.filter(|_| agreed).map(|mut board| {
            board.settle();
            board
        }))
    }

    fn make_board(&self, address: &mut [u8; ADDRESS]) -> Result<Option<Board>, ThreadError> {
        let inside = self.shared.door.enter()?;
        let cell = inside.mail.collectives.tuning.board_cell.next_multiple_of(4096);
        let Some(shm) = inside.progress.shared_memory() else { return Ok(None) };
        match shm.create_board(self.size() as usize, cell) {
            Ok((board, bytes)) if bytes.len() < ADDRESS => {
                address[0] = bytes.len() as u8;
                address[1..=bytes.len()].copy_from_slice(&bytes);
                Ok(Some(board))
            }
            Ok(_) => Ok(None),
            Err(why) => {
                tracing::debug!(why, "no board for the collectives of {self:?}");
                Ok(None)
            }
        }
    }

    fn open_board(&self, address: &[u8; ADDRESS]) -> Result<Option<Board>, ThreadError> {
        let len = usize::from(address[0]).min(ADDRESS - 1);
        let inside = self.shared.door.enter()?;
        let Some(shm) = inside.progress.shared_memory().filter(|_| len > 0) else { return Ok(None) };
        match shm.open_board(&address[1..=len], self.rank() as usize, self.size() as usize) {
            Ok(board) => Ok(Some(board)),
            Err(why) => {
                tracing::debug!(why, "no board for the collectives of {self:?}");
                Ok(None)
            }
        }
    }

    /// Runs a small schedule on bytes of ours, by messages; whether it went well.
    fn exchange(
        &self,
        bytes: &mut [u8],
        plan: impl FnOnce(u32, u32) -> Schedule,
    ) -> Result<bool, ThreadError> {
        let schedule = Arc::new(plan(self.rank() as u32, self.size() as u32));
        let prepared = Prepared {
            call: "a board for collectives",
            schedule,
            operation: None,
            sequence: Sequence::Calls,
        };
        let mut inside = self.shared.door.enter()?;
        let recv = crate::recv::lend(bytes);
        let op = self.begin_by_messages(&mut inside, prepared, SendBuf::empty(), recv, None);
        // The call does not come back before the operation has ended, so the bytes are lent for long enough.
        Ok(self.shared.settle(inside, op)?.is_ok())
    }
}

/// Whether so many ranks of one host share a board, if they can.
pub(crate) fn may_share(ranks: u32, tuning: &Tuning) -> bool {
    ranks <= RANKS && tuning.board_cell > 0
}

/// The first bytes of rank 0 to all.
fn from_first(me: u32, size: u32, len: usize) -> Schedule {
    let mut plan = Plan::new();
    if me == 0 {
        (1..size).for_each(|rank| plan.send(rank, Span::recv(len)));
    } else {
        plan.recv(0, Span::recv(len));
    }
    plan.finish()
}

/// Everyone's own byte to rank 0.
fn to_first(me: u32, size: u32) -> Schedule {
    let mut plan = Plan::new();
    let byte = |rank: u32| Span::new(Area::Recv, rank as usize, 1);
    if me == 0 {
        (1..size).for_each(|rank| plan.recv(rank, byte(rank)));
    } else {
        plan.send(0, byte(me));
    }
    plan.finish()
}
