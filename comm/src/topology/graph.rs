//! Graphs of ranks (MPI 5.0, sections 8.5.3 and 8.5.4).

use std::ops::Deref;
use std::sync::Arc;

use crate::collective::Parts;
use crate::communicator::Communicator;
use crate::error::TopologyError;
use crate::topology::Topology;

/// A graph that every rank knows whole: for each node where its neighbours end in the list of all (`MPI_Graph_create`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphShape {
    index: Vec<usize>,
    edges: Vec<i32>,
}

impl GraphShape {
    /// For each node where its neighbours end.
    pub fn index(&self) -> &[usize] {
        &self.index
    }

    /// The neighbours of all nodes, one after the other.
    pub fn edges(&self) -> &[i32] {
        &self.edges
    }

    pub(crate) fn neighbours(&self, node: usize) -> &[i32] {
        let begin = node.checked_sub(1).map_or(0, |before| self.index[before]);
        &self.edges[begin..self.index[node]]
    }
}

/// The edges of one rank in a distributed graph: who sends to it, and to whom it sends, with weights if there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    sources: Vec<i32>,
    source_weights: Option<Vec<i32>>,
    destinations: Vec<i32>,
    destination_weights: Option<Vec<i32>>,
}

impl Edges {
    /// Who sends to this rank.
    pub fn sources(&self) -> &[i32] {
        &self.sources
    }

    /// To whom this rank sends.
    pub fn destinations(&self) -> &[i32] {
        &self.destinations
    }

    /// The weights of the sources; `None` (`MPI_UNWEIGHTED`): there are none.
    pub fn source_weights(&self) -> Option<&[i32]> {
        self.source_weights.as_deref()
    }

    /// The weights of the destinations; `None` (`MPI_UNWEIGHTED`): there are none.
    pub fn destination_weights(&self) -> Option<&[i32]> {
        self.destination_weights.as_deref()
    }

    /// Whether a rank, whose edges these are, is its own source as often as its own destination: it would wait for itself.
    pub(crate) fn is_closed_at(&self, rank: i32) -> bool {
        let own = |ranks: &[i32]| ranks.iter().filter(|other| **other == rank).count();
        own(&self.sources) == own(&self.destinations)
    }
}

/// A communicator with a graph that every rank knows whole.
#[derive(Debug)]
pub struct Graph {
    comm: Communicator,
    shape: Arc<GraphShape>,
}

/// A communicator with a graph of which each rank knows its own edges.
#[derive(Debug)]
pub struct DistributedGraph {
    comm: Communicator,
    edges: Arc<Edges>,
}

impl Deref for Graph {
    type Target = Communicator;

    fn deref(&self) -> &Communicator {
        &self.comm
    }
}

impl Deref for DistributedGraph {
    type Target = Communicator;

    fn deref(&self) -> &Communicator {
        &self.comm
    }
}

impl Graph {
    /// The graph that a communicator is known to carry; `None`: it carries none that all ranks know.
    pub fn of(comm: &Communicator) -> Option<Self> {
        match comm.topology() {
            Some(Topology::Graph(shape)) => Some(Self { comm: comm.handle(), shape }),
            _ => None,
        }
    }

    /// The communicator itself, which goes on carrying the graph.
    pub fn into_communicator(self) -> Communicator {
        self.comm
    }

    /// The graph (`MPI_Graph_get`, `MPI_Graphdims_get`).
    pub fn shape(&self) -> &GraphShape {
        &self.shape
    }

    /// The neighbours of a rank (`MPI_Graph_neighbors`), in the order in which they were given.
    ///
    /// # Errors
    /// [`TopologyError::Rank`].
    pub fn neighbours(&self, rank: i32) -> Result<&[i32], TopologyError> {
        Ok(self.shape.neighbours(self.member(rank)?))
    }
}

impl DistributedGraph {
    /// The communicator itself, which goes on carrying the graph.
    pub fn into_communicator(self) -> Communicator {
        self.comm
    }

    /// The edges of this rank (`MPI_Dist_graph_neighbors`).
    pub fn edges(&self) -> &Edges {
        &self.edges
    }
}

impl Communicator {
    /// Makes a graph of the first ranks (`MPI_Graph_create`): node i's neighbours are `edges[index[i - 1]..index[i]]`; `None`
    /// for ranks that are no node. All ranks give the same. Ranks are not reordered, which the standard allows.
    ///
    /// # Errors
    /// [`TopologyError`]: a graph that makes no sense; what [`create`](Self::create) may fail with.
    pub fn graph(&self, index: &[usize], edges: &[i32]) -> Result<Option<Graph>, TopologyError> {
        self.check_graph(index, edges)?;
        let ranks: Vec<i32> = (0..index.len() as i32).collect();
        let Some(comm) = self.create(&self.group().incl(&ranks)?)? else { return Ok(None) };
        let shape = Arc::new(GraphShape { index: index.to_vec(), edges: edges.to_vec() });
        Ok(Some(Graph { comm: comm.carrying(Topology::Graph(Arc::clone(&shape))), shape }))
    }

    /// The rank that this one would get in a graph (`MPI_Graph_map`): the same; `None`: it would be no node.
    ///
    /// # Errors
    /// [`TopologyError`], as for [`graph`](Self::graph).
    pub fn graph_map(&self, index: &[usize], edges: &[i32]) -> Result<Option<i32>, TopologyError> {
        self.check_graph(index, edges)?;
        Ok(Some(self.rank()).filter(|rank| (*rank as usize) < index.len()))
    }

    fn check_graph(&self, index: &[usize], edges: &[i32]) -> Result<(), TopologyError> {
        self.one_group()?;
        let nodes = index.len();
        let wrong = |detail: String| Err(TopologyError::Graph { detail });
        if nodes > self.size() as usize {
            return wrong(format!("{nodes} nodes for {} ranks", self.size()));
        }
        if !index.is_sorted() || index.last().copied().unwrap_or(0) != edges.len() {
            return wrong(format!("the index {index:?} does not divide {} edges", edges.len()));
        }
        if let Some(edge) = edges.iter().find(|edge| !(0..nodes as i32).contains(*edge)) {
            return wrong(format!("an edge leads to {edge}, but there are nodes 0 to {}", nodes as i32 - 1));
        }
        Ok(())
    }

    /// Makes a graph of which each rank tells its own edges, those that end here and those that begin here
    /// (`MPI_Dist_graph_create_adjacent`). Edges are told by both ends.
    ///
    /// # Errors
    /// [`TopologyError`]: ranks or weights that make no sense; what [`dup`](Self::dup) may fail with.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let world = universe.world();
    /// let (me, size) = (world.rank(), world.size());
    /// let ring = world.dist_graph_adjacent(&[(me + size - 1) % size], None, &[(me + 1) % size], None)?;
    /// let mut before = [-1];
    /// ring.neighbour_all_gather_into(&me, &mut before[..])?;
    /// assert_eq!(before, [(me + size - 1) % size]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn dist_graph_adjacent(
        &self,
        sources: &[i32],
        source_weights: Option<&[i32]>,
        destinations: &[i32],
        destination_weights: Option<&[i32]>,
    ) -> Result<DistributedGraph, TopologyError> {
        let edges = Edges {
            sources: sources.to_vec(),
            source_weights: source_weights.map(<[i32]>::to_vec),
            destinations: destinations.to_vec(),
            destination_weights: destination_weights.map(<[i32]>::to_vec),
        };
        self.one_group()?;
        self.check(&edges)?;
        let edges = Arc::new(edges);
        let comm = self.dup()?.carrying(Topology::Distributed(Arc::clone(&edges)));
        Ok(DistributedGraph { comm, edges })
    }

    /// Makes a graph of which each rank may tell any edges, as `(from, to, weight)` (`MPI_Dist_graph_create`): each rank's
    /// edges then come in the order of the ranks that told them.
    ///
    /// # Errors
    /// [`TopologyError`]: edges between what are no ranks; what [`dup`](Self::dup) and an exchange may fail with.
    pub fn dist_graph(&self, edges: &[(i32, i32, i32)]) -> Result<DistributedGraph, TopologyError> {
        self.told(edges, true)
    }

    /// The same without weights (`MPI_UNWEIGHTED`), at all ranks.
    ///
    /// # Errors
    /// As for [`dist_graph`](Self::dist_graph).
    pub fn dist_graph_unweighted(&self, edges: &[(i32, i32)]) -> Result<DistributedGraph, TopologyError> {
        let edges: Vec<_> = edges.iter().map(|(from, to)| (*from, *to, 1)).collect();
        self.told(&edges, false)
    }

    fn told(&self, edges: &[(i32, i32, i32)], weighted: bool) -> Result<DistributedGraph, TopologyError> {
        self.one_group()?;
        for (from, to, _) in edges {
            self.member(*from)?;
            self.member(*to)?;
        }
        // Each edge goes to its two ends: (other end, weight, whether it begins there).
        let mut told: Vec<Vec<[i32; 3]>> = vec![Vec::new(); self.size() as usize];
        for (from, to, weight) in edges {
            told[*from as usize].push([*to, *weight, 1]);
            told[*to as usize].push([*from, *weight, 0]);
        }
        let counts: Vec<usize> = told.iter().map(Vec::len).collect();
        let coming = self.all_to_all(&counts[..])?;
        let (from, to) = (Parts::new(&counts), Parts::new(&coming));
        let mut mine = vec![[0; 3]; to.end()];
        self.all_to_all_parts_into(&told.concat(), &mut mine, &from, &to)?;
        let side = |begins: i32, at: usize| -> Vec<i32> {
            mine.iter().filter(|edge| edge[2] == begins).map(|edge| edge[at]).collect()
        };
        let edges = Arc::new(Edges {
            sources: side(0, 0),
            source_weights: weighted.then(|| side(0, 1)),
            destinations: side(1, 0),
            destination_weights: weighted.then(|| side(1, 1)),
        });
        let comm = self.dup()?.carrying(Topology::Distributed(Arc::clone(&edges)));
        Ok(DistributedGraph { comm, edges })
    }

    fn check(&self, edges: &Edges) -> Result<(), TopologyError> {
        for rank in edges.sources.iter().chain(&edges.destinations) {
            self.member(*rank)?;
        }
        let wrong = |detail: String| Err(TopologyError::Graph { detail });
        for (ranks, weights) in
            [(&edges.sources, &edges.source_weights), (&edges.destinations, &edges.destination_weights)]
        {
            if let Some(weights) = weights
                && weights.len() != ranks.len()
            {
                return wrong(format!("{} edges have {} weights", ranks.len(), weights.len()));
            }
        }
        Ok(())
    }
}
