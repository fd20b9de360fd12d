//! Which schedule serves a call: on the board where there is one and the bytes are not too many, else by messages.
//!
//! A setting that asks for an algorithm by name asks for messages.

use olympi_coll::inter;
use olympi_coll::{
    Area, Blocks, BroadcastAlgorithm, Elements, Placed, Plan, Schedule, Span, Tuning, all_gather, all_reduce,
    all_to_all, barrier, board, broadcast, exclusive_scan, gather, reduce, reduce_scatter, scan, scatter,
};

use crate::collective::invoke::Shape;
use crate::collective::role::root_across;

impl Shape<'_> {
    /// The cells of the board, if it is there and serves so many bytes a rank, and no algorithm is asked for by name.
    fn board_for<A>(&self, asked: fn(&Tuning) -> &Option<A>, bytes: usize) -> Option<usize> {
        let asked = asked(self.tuning).is_some();
        self.board.filter(|_| self.tuning.board_serves(self.team.size(), bytes, asked))
    }

    /// Makes a schedule by messages.
    fn by_messages(add: impl FnOnce(&mut Plan)) -> Schedule {
        let mut plan = Plan::new();
        add(&mut plan);
        plan.finish()
    }

    /// Makes a schedule for the board, if that serves.
    fn on_board(cell: Option<usize>, add: impl FnOnce(&mut Plan, usize) -> bool) -> Option<Schedule> {
        let mut plan = Plan::for_board();
        add(&mut plan, cell?).then(|| plan.finish())
    }

    pub(crate) fn barrier(&self) -> Schedule {
        let team = &self.team;
        if let Some(sides) = self.sides {
            return Self::by_messages(|plan| inter::barrier(plan, sides));
        }
        Self::on_board(self.board_for(|t| &t.barrier, 0), |plan, _| {
            board::barrier(plan, team);
            true
        })
        .unwrap_or_else(|| Self::by_messages(|plan| barrier::barrier(plan, team, self.nodes, self.tuning)))
    }

    pub(crate) fn broadcast(&self, root: u32, len: usize) -> Schedule {
        let (team, data) = (&self.team, Span::recv(len));
        if let Some(sides) = self.sides {
            let root = root_across(root);
            return Self::by_messages(|plan| {
                inter::broadcast(plan, sides, root, data, self.nodes, self.tuning);
            });
        }
        Self::on_board(self.board_for(|t| &t.broadcast, len), |plan, cell| {
            board::broadcast(plan, team, cell, root, data);
            true
        })
        .unwrap_or_else(|| {
            Self::by_messages(|plan| broadcast::broadcast(plan, team, root, data, self.nodes, self.tuning))
        })
    }

    /// The same with messages that are the same ones for any length: a rank that is wrong about it gets an error, and nobody
    /// waits.
    pub(crate) fn broadcast_in_a_tree(&self, root: u32, len: usize) -> Schedule {
        let broadcast = Some(BroadcastAlgorithm::Binomial);
        let tuning = Tuning { broadcast, broadcast_short_max: usize::MAX, ..self.tuning.clone() };
        let Self { team, sides, nodes, .. } = self;
        let shape = Shape { team: team.clone(), sides: *sides, board: None, nodes: *nodes, tuning: &tuning };
        shape.broadcast(root, len)
    }

    /// Blocks of `len` bytes. In place the root's lies where it goes, and those of others in the area of results.
    pub(crate) fn gather(&self, root: u32, len: usize, in_place: bool) -> Schedule {
        let team = &self.team;
        let blocks = Blocks::Even { len };
        if self.sides.is_some() {
            return self.gather_across(root, Span::send(len), Some(&blocks), true);
        }
        let result = (team.me() == root).then_some(Placed::recv(&blocks));
        let own = match (in_place, &result) {
            (false, _) => Span::send(len),
            (true, None) => Span::recv(len),
            (true, Some(result)) => result.span(root),
        };
        Self::on_board(self.board_for(|t| &t.gather, len), |plan, cell| {
            board::gather(plan, team, cell, root, own, result);
            true
        })
        .unwrap_or_else(|| {
            Self::by_messages(|plan| gather::gather(plan, team, root, own, result, true, self.tuning))
        })
    }

    /// Blocks of `len` bytes. In place the root's stays where it is, and others get theirs in the area of results.
    pub(crate) fn scatter(&self, root: u32, len: usize, in_place: bool) -> Schedule {
        let team = &self.team;
        let blocks = Blocks::Even { len };
        let source = Placed::new(if in_place { Area::Recv } else { Area::Send }, 0, &blocks);
        if self.sides.is_some() {
            return self.scatter_across(root, Some(source), Span::recv(len), true);
        }
        let is_root = team.me() == root;
        let own = if in_place && is_root { source.span(root) } else { Span::recv(len) };
        Self::on_board(self.board_for(|t| &t.scatter, len), |plan, cell| {
            board::scatter(plan, team, cell, root, is_root.then_some(source), own);
            true
        })
        .unwrap_or_else(|| {
            let source = is_root.then_some(source);
            Self::by_messages(|plan| scatter::scatter(plan, team, root, source, own, true, self.tuning))
        })
    }

    /// Blocks of any lengths, which only the root knows, and where they lie with it.
    pub(crate) fn gather_blocks(&self, root: u32, own: Span, blocks: Option<&Blocks>) -> Schedule {
        if self.sides.is_some() {
            return self.gather_across(root, own, blocks, false);
        }
        let result = blocks.map(Placed::recv);
        Self::by_messages(|plan| gather::gather(plan, &self.team, root, own, result, false, self.tuning))
    }

    /// Blocks of any lengths, which only the root knows, and where they lie in its contribution.
    pub(crate) fn scatter_blocks(&self, root: u32, source: Option<Placed<'_>>, own: Span) -> Schedule {
        if self.sides.is_some() {
            return self.scatter_across(root, source, own, false);
        }
        Self::by_messages(|plan| scatter::scatter(plan, &self.team, root, source, own, false, self.tuning))
    }

    /// This rank's contribution has `len` bytes, or lies where it belongs.
    pub(crate) fn all_gather(&self, len: Option<usize>, blocks: &Blocks) -> Schedule {
        let team = &self.team;
        let result = Placed::recv(blocks);
        let own = len.map_or_else(|| result.span(team.me()), Span::send);
        if let Some(sides) = self.sides {
            return Self::by_messages(|plan| inter::all_gather(plan, sides, own, result, self.tuning));
        }
        let longest = blocks.longest(team.size());
        Self::on_board(self.board_for(|t| &t.all_gather, longest), |plan, cell| {
            board::all_gather(plan, team, cell, own, result);
            true
        })
        .unwrap_or_else(|| {
            Self::by_messages(|plan| all_gather::all_gather(plan, team, own, result, self.tuning))
        })
    }

    /// Gives blocks of `from` bytes and gets blocks of `len`, which between two groups may differ.
    pub(crate) fn all_to_all(&self, from: usize, len: usize, in_place: bool) -> Schedule {
        let team = &self.team;
        let blocks = Blocks::Even { len };
        if self.sides.is_some() {
            return self.all_to_all_blocks(&Blocks::Even { len: from }, &blocks, false);
        }
        let (from, into) = (Placed::send(&blocks), Placed::recv(&blocks));
        // A board's blocks are shown piece by piece while those of others come in, so in place there is none.
        let cell = self.board_for(|t| &t.all_to_all, len * team.size() as usize).filter(|_| !in_place);
        Self::on_board(cell.filter(|cell| *cell >= team.size() as usize), |plan, cell| {
            board::all_to_all(plan, team, cell, from, into);
            true
        })
        .unwrap_or_else(|| self.all_to_all_blocks(&blocks, &blocks, in_place))
    }

    /// Blocks of any lengths: only by messages, since nobody knows how many rounds others need.
    pub(crate) fn all_to_all_blocks(&self, from: &Blocks, into: &Blocks, in_place: bool) -> Schedule {
        let result = Placed::recv(into);
        let source = if in_place { result } else { Placed::send(from) };
        if let Some(sides) = self.sides {
            return Self::by_messages(|plan| inter::all_to_all(plan, sides, source, result, self.tuning));
        }
        Self::by_messages(|plan| all_to_all::all_to_all(plan, &self.team, source, result, self.tuning))
    }

    pub(crate) fn reduce(&self, root: u32, len: usize, elements: Elements, in_place: bool) -> Schedule {
        let team = &self.team;
        let own = if in_place { Span::recv(len) } else { Span::send(len) };
        let result = Span::recv(len);
        if let Some(sides) = self.sides {
            let root = root_across(root);
            return Self::by_messages(|plan| {
                inter::reduce(plan, sides, root, own, result, elements, self.nodes, self.tuning);
            });
        }
        Self::on_board(self.board_for(|t| &t.reduce, len), |plan, cell| {
            let result = (team.me() == root).then_some(result);
            board::reduce(plan, team, cell, root, own, result, elements.grain)
        })
        .unwrap_or_else(|| {
            Self::by_messages(|plan| {
                reduce::reduce(plan, team, root, own, result, elements, self.nodes, self.tuning);
            })
        })
    }

    pub(crate) fn all_reduce(&self, len: usize, elements: Elements, in_place: bool) -> Schedule {
        let team = &self.team;
        let own = if in_place { Span::recv(len) } else { Span::send(len) };
        let result = Span::recv(len);
        if let Some(sides) = self.sides {
            return Self::by_messages(|plan| {
                inter::all_reduce(plan, sides, own, result, elements, self.nodes, self.tuning);
            });
        }
        Self::on_board(self.board_for(|t| &t.all_reduce, len), |plan, cell| {
            board::all_reduce(plan, team, cell, own, result, elements.grain)
        })
        .unwrap_or_else(|| {
            Self::by_messages(|plan| {
                all_reduce::all_reduce(plan, team, own, result, elements, self.nodes, self.tuning);
            })
        })
    }

    pub(crate) fn reduce_scatter(&self, blocks: &Blocks, elements: Elements, in_place: bool) -> Schedule {
        let team = &self.team;
        let own = Placed::new(if in_place { Area::Recv } else { Area::Send }, 0, blocks);
        let result = Span::recv(blocks.len(team.me()));
        if let Some(sides) = self.sides {
            let own = Span::send(blocks.total(team.size()));
            return Self::by_messages(|plan| {
                inter::reduce_scatter(plan, sides, own, blocks, result, elements, self.nodes, self.tuning);
            });
        }
        Self::on_board(self.board_for(|t| &t.reduce_scatter, blocks.total(team.size())), |plan, cell| {
            board::reduce_scatter(plan, team, cell, own, result, elements.grain)
        })
        .unwrap_or_else(|| {
            Self::by_messages(|plan| {
                reduce_scatter::reduce_scatter(plan, team, own, result, elements, self.tuning);
            })
        })
    }

    pub(crate) fn scan(&self, len: usize, elements: Elements, in_place: bool, exclusive: bool) -> Schedule {
        let team = &self.team;
        let own = if in_place { Span::recv(len) } else { Span::send(len) };
        let result = Span::recv(len);
        let cell = if exclusive {
            self.board_for(|t| &t.exclusive_scan, len)
        } else {
            self.board_for(|t| &t.scan, len)
        };
        Self::on_board(cell, |plan, cell| {
            let scan = if exclusive { board::exclusive_scan } else { board::scan };
            scan(plan, team, cell, own, result, elements.grain)
        })
        .unwrap_or_else(|| {
            Self::by_messages(|plan| {
                let scan = if exclusive { exclusive_scan::exclusive_scan } else { scan::scan };
                scan(plan, team, own, result, self.tuning);
            })
        })
    }

    /// A gather between two groups; `own` matters at those that contribute, `blocks` at the root.
    fn gather_across(&self, root: u32, own: Span, blocks: Option<&Blocks>, even: bool) -> Schedule {
        let (sides, root) = (self.between(), root_across(root));
        let result = blocks.filter(|_| root == inter::Root::Me).map(Placed::recv);
        Self::by_messages(|plan| inter::gather(plan, sides, root, own, result, even, self.tuning))
    }

    /// A scatter between two groups; `source` matters at the root, `own` at those that get something.
    fn scatter_across(&self, root: u32, source: Option<Placed<'_>>, own: Span, even: bool) -> Schedule {
        let (sides, root) = (self.between(), root_across(root));
        let source = source.filter(|_| root == inter::Root::Me);
        Self::by_messages(|plan| inter::scatter(plan, sides, root, source, own, even, self.tuning))
    }

    fn between(&self) -> inter::Sides {
        self.sides.unwrap_or_else(|| unreachable!("only between two groups"))
    }
}
