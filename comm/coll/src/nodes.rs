//! Which members live on which node, and the teams that follow from it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::Team;

/// The nodes of a team's members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// So many consecutive members a node, the last node having the rest: no table, however many there are.
    Consecutive(u32),
    /// For each member the number of its node.
    Listed(Arc<[u32]>),
}

/// Where a member stands: its node, and the leaders of all nodes if it is one.
#[derive(Clone, Debug)]
pub struct Place {
    /// The members of its node.
    pub node: Team,
    /// Which of them leads it.
    pub node_leader: u32,
    /// The leaders of all nodes, if it is one.
    pub leaders: Option<Team>,
    /// Which of the leaders is the root, or the first.
    pub first_leader: u32,
    /// Whether the members of each node are consecutive: then leaders keep the order of operands, whoever leads.
    pub in_order: bool,
}

impl Nodes {
    /// The nodes of members whose nodes have these numbers, in the shorter form where that is possible. `None`: all are on
    /// one node, or each on its own, so that leaders have nothing to spare.
    pub fn of(numbers: &[u32]) -> Option<Self> {
        let first = numbers.first()?;
        let each = numbers.iter().take_while(|number| *number == first).count();
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < 2 || sorted.len() == numbers.len() {
            return None;
        }
        let runs = numbers.chunks(each);
        // So many runs of one node each, and as many nodes: each node is one run.
        let consecutive =
            runs.len() == sorted.len() && runs.into_iter().all(|run| run.iter().all(|n| *n == run[0]));
        Some(if consecutive { Self::Consecutive(each as u32) } else { Self::Listed(numbers.into()) })
    }

    /// The number of a member's node, whatever the number is.
    pub fn number(&self, member: u32) -> u32 {
        match self {
            Self::Consecutive(each) => member / each,
            Self::Listed(numbers) => numbers.get(member as usize).copied().unwrap_or(u32::MAX),
        }
    }

    /// Where this member stands, its node being led by its first member. `None`: there are not several nodes, or no node has
    /// several members, so that leaders have nothing to spare.
    pub fn place(&self, team: &Team) -> Option<Place> {
        self.place_with(team, 0)
    }

    /// The same, with `root` the leader of its node.
    pub fn place_with(&self, team: &Team, root: u32) -> Option<Place> {
        match self {
            Self::Consecutive(each) => consecutive(team, *each, root),
            Self::Listed(nodes) => listed(team, nodes, root),
        }
    }
}

fn consecutive(team: &Team, each: u32, root: u32) -> Option<Place> {
    let (me, members) = (team.me(), team.size());
    if each <= 1 || each >= members {
        return None;
    }
    let (node, root_node) = (me / each, root / each);
    let size = each.min(members - node * each);
    let in_node = team.range(node * each, 1, size, me % each)?;
    let leads = if node == root_node { root % each } else { 0 };
    let nodes = members.div_ceil(each);
    let leaders = match (me % each == leads, root.is_multiple_of(each)) {
        (false, _) => None,
        // Each node's first member leads it: no table.
        (true, true) => Some(team.range(0, each, nodes, node)?),
        (true, false) => {
            let ranks: Vec<u32> =
                (0..nodes).map(|n| team.rank(if n == root_node { root } else { n * each })).collect();
            Some(Team::listed(node, ranks.into()))
        }
    };
    Some(Place { node: in_node, node_leader: leads, leaders, first_leader: root_node, in_order: true })
}

fn listed(team: &Team, nodes: &[u32], root: u32) -> Option<Place> {
    let (me, members) = (team.me(), team.size());
    assert_eq!(nodes.len(), members as usize, "each member has a node");
    // Nodes in the order in which they are first seen, each with its members.
    let mut of_node: Vec<(u32, Vec<u32>)> = Vec::new();
    for member in 0..members {
        let node = nodes[member as usize];
        match of_node.iter_mut().find(|(known, _)| *known == node) {
            Some((_, members)) => members.push(member),
            None => of_node.push((node, alloc::vec![member])),
        }
    }
    if of_node.len() < 2 || of_node.len() == members as usize {
        return None;
    }
    let leader = |members: &[u32]| if members.contains(&root) { root } else { members[0] };
    let leaders: Vec<u32> = of_node.iter().map(|(_, members)| leader(members)).collect();
    let mine = of_node.iter().position(|(_, members)| members.contains(&me))?;
    let members = &of_node[mine].1;
    let position = |member: u32| members.iter().position(|m| *m == member).map(|at| at as u32);
    let in_order = of_node.iter().all(|(_, members)| members.windows(2).all(|pair| pair[1] == pair[0] + 1));
    let ranks = |members: &[u32]| -> Arc<[u32]> { members.iter().map(|m| team.rank(*m)).collect() };
    let leads = leaders[mine] == me;
    Some(Place {
        node: Team::listed(position(me)?, ranks(members)),
        node_leader: position(leaders[mine])?,
        leaders: leads.then(|| Team::listed(mine as u32, ranks(&leaders))),
        first_leader: leaders.iter().position(|l| *l == root).unwrap_or(0) as u32,
        in_order,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_and_listed_nodes_are_the_same() {
        for members in 2..20_u32 {
            for each in 2..members {
                let table: Arc<[u32]> = (0..members).map(|member| member / each).collect();
                for (me, root) in (0..members).flat_map(|me| (0..members).map(move |root| (me, root))) {
                    let team = Team::strided(me, 5, 2, members);
                    let a = Nodes::Consecutive(each).place_with(&team, root).expect("several nodes");
                    let b = Nodes::Listed(Arc::clone(&table)).place_with(&team, root).expect("several nodes");
                    let ranks = |team: &Team| (0..team.size()).map(|m| team.rank(m)).collect::<Vec<_>>();
                    assert_eq!((ranks(&a.node), a.node.me()), (ranks(&b.node), b.node.me()));
                    assert_eq!(a.leaders.as_ref().map(ranks), b.leaders.as_ref().map(ranks));
                    assert_eq!((a.node_leader, a.first_leader), (b.node_leader, b.first_leader));
                    assert_eq!(a.leaders.is_some(), a.node.me() == a.node_leader);
                    assert!(a.in_order == b.in_order);
                }
            }
        }
    }

    #[test]
    fn the_shorter_form_is_found() {
        assert_eq!(Nodes::of(&[4, 4, 9, 9, 1]), Some(Nodes::Consecutive(2)));
        assert_eq!(Nodes::of(&[4, 4, 9, 9, 4]), Some(Nodes::Listed([4, 4, 9, 9, 4].into())));
        assert_eq!(Nodes::of(&[4, 9, 9]), Some(Nodes::Listed([4, 9, 9].into())));
        assert_eq!([Nodes::of(&[4, 4]), Nodes::of(&[4, 9]), Nodes::of(&[])], [const { None }; 3]);
        assert_eq!((Nodes::Consecutive(2).number(5), Nodes::Listed([7, 7, 3].into()).number(2)), (2, 3));
    }

    #[test]
    fn where_leaders_spare_nothing_there_are_none() {
        let team = Team::all(1, 4);
        assert!(Nodes::Consecutive(1).place(&team).is_none() && Nodes::Consecutive(4).place(&team).is_none());
        assert!(Nodes::Listed([7, 7, 7, 7].into()).place(&team).is_none());
        assert!(Nodes::Listed([3, 1, 2, 0].into()).place(&team).is_none());
        let place = Nodes::Listed([3, 1, 3, 1].into()).place(&team).expect("two nodes of two");
        assert!(!place.in_order && place.leaders.is_some() && place.node.rank(1) == 3);
    }
}
