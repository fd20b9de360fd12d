//! Random nested datatypes, each beside its type map written out element by element: the definitions of MPI 5.0,
//! chapter 5, word for word, and nothing clever.

#![allow(dead_code, unreachable_pub)] // Each test file uses a part of this.

use olympi_datatype::{Axis, Basic, Datatype, DatatypeError, Distribution, Order};
use proptest::prelude::*;

/// A datatype as a tree of constructors.
#[derive(Clone, Debug)]
pub enum Spec {
    Basic(Basic),
    Contiguous(usize, Box<Spec>),
    Vector(usize, usize, i64, Box<Spec>),
    Hvector(usize, usize, i64, Box<Spec>),
    Indexed(Vec<(usize, i64)>, Box<Spec>),
    Hindexed(Vec<(usize, i64)>, Box<Spec>),
    IndexedBlock(usize, Vec<i64>, Box<Spec>),
    HindexedBlock(usize, Vec<i64>, Box<Spec>),
    Struct(Vec<(usize, i64, Spec)>),
    /// Size, subsize and start of each axis.
    Subarray(Vec<(usize, usize, usize)>, Order, Box<Spec>),
    /// The rank, and the axes.
    Darray(usize, Vec<Axis>, Order, Box<Spec>),
    Resized(i64, i64, Box<Spec>),
    Dup(Box<Spec>),
}

/// A type map: elements and their displacements, in order, the bounds of the datatypes that it is made of, and those that
/// were set by hand.
#[derive(Clone, Debug, Default)]
pub struct Map {
    pub entries: Vec<(Basic, i64)>,
    pub spans: Vec<(i64, i64)>,
    pub lbs: Vec<i64>,
    pub ubs: Vec<i64>,
}

pub const BASICS: [Basic; 10] = [
    Basic::U8,
    Basic::I16,
    Basic::I32,
    Basic::F64,
    Basic::COMPLEX_F32,
    Basic::COMPLEX_F64,
    Basic::I128,
    Basic::BF16,
    Basic::CHAR,
    Basic::PACKED,
];

impl Spec {
    pub fn datatype(&self) -> Result<Datatype, DatatypeError> {
        match self {
            Self::Basic(basic) => Ok(Datatype::basic(*basic)),
            Self::Contiguous(count, of) => of.datatype()?.contiguous(*count),
            Self::Vector(count, block, stride, of) => of.datatype()?.vector(*count, *block, *stride),
            Self::Hvector(count, block, stride, of) => of.datatype()?.hvector(*count, *block, *stride),
            Self::Indexed(blocks, of) => of.datatype()?.indexed(blocks.iter().copied()),
            Self::Hindexed(blocks, of) => of.datatype()?.hindexed(blocks.iter().copied()),
            Self::IndexedBlock(block, at, of) => of.datatype()?.indexed_block(*block, at.iter().copied()),
            Self::HindexedBlock(block, at, of) => of.datatype()?.hindexed_block(*block, at.iter().copied()),
            Self::Struct(blocks) => {
                let part = |(count, at, of): &(usize, i64, Spec)| Ok((*count, *at, of.datatype()?));
                Datatype::structure(blocks.iter().map(part).collect::<Result<Vec<_>, _>>()?)
            }
            Self::Subarray(axes, order, of) => {
                let sizes: Vec<_> = axes.iter().map(|axis| axis.0).collect();
                let subsizes: Vec<_> = axes.iter().map(|axis| axis.1).collect();
                let starts: Vec<_> = axes.iter().map(|axis| axis.2).collect();
                of.datatype()?.subarray(&sizes, &subsizes, &starts, *order)
            }
            Self::Darray(rank, axes, order, of) => of.datatype()?.darray(*rank, axes, *order),
            Self::Resized(lb, extent, of) => of.datatype()?.resized(*lb, *extent),
            Self::Dup(of) => of.datatype()?.dup(),
        }
    }

    pub fn map(&self) -> Map {
        let map = self.parts();
        let spans = if map.entries.is_empty() { Vec::new() } else { vec![(map.lb(), map.ub())] };
        Map { spans, ..map }
    }

    /// The same, with the bounds of what it is made of.
    fn parts(&self) -> Map {
        let blocks = |of: &Spec, blocks: &mut dyn Iterator<Item = (usize, i64)>, in_elements: bool| {
            let inner = of.map();
            let unit = if in_elements { inner.extent() } else { 1 };
            Map::sequence(blocks.map(|(count, at)| inner.block(count).at(at * unit)))
        };
        match self {
            Self::Basic(basic) => {
                let spans = vec![(0, basic.size() as i64)];
                Map { entries: vec![(*basic, 0)], spans, ..Map::default() }
            }
            Self::Contiguous(count, of) => of.map().block(*count),
            Self::Vector(count, block, stride, of) => {
                blocks(of, &mut (0..*count as i64).map(|i| (*block, i * stride)), true)
            }
            Self::Hvector(count, block, stride, of) => {
                blocks(of, &mut (0..*count as i64).map(|i| (*block, i * stride)), false)
            }
            Self::Indexed(list, of) => blocks(of, &mut list.iter().copied(), true),
            Self::Hindexed(list, of) => blocks(of, &mut list.iter().copied(), false),
            Self::IndexedBlock(block, at, of) => blocks(of, &mut at.iter().map(|&at| (*block, at)), true),
            Self::HindexedBlock(block, at, of) => blocks(of, &mut at.iter().map(|&at| (*block, at)), false),
            Self::Struct(parts) => {
                Map::sequence(parts.iter().map(|(count, at, of)| of.map().block(*count).at(*at)))
            }
            Self::Subarray(axes, order, of) => {
                let sizes: Vec<_> = axes.iter().map(|axis| axis.0).collect();
                of.map().of_array(&sizes, *order, |index| {
                    index.iter().zip(axes).all(|(i, (_, sub, start))| (*start..start + sub).contains(i))
                })
            }
            Self::Darray(rank, axes, order, of) => {
                let sizes: Vec<_> = axes.iter().map(|axis| axis.size).collect();
                let mut place = vec![0; axes.len()];
                let mut rest = *rank;
                for (coordinate, axis) in place.iter_mut().zip(axes).rev() {
                    (*coordinate, rest) = (rest % axis.processes, rest / axis.processes);
                }
                of.map().of_array(&sizes, *order, |index| {
                    index.iter().zip(axes).zip(&place).all(|((i, axis), place)| {
                        let block = match axis.distribution {
                            Distribution::None => return true,
                            Distribution::Block(block) => block.unwrap_or(axis.size.div_ceil(axis.processes)),
                            Distribution::Cyclic(block) => block.unwrap_or(1),
                        };
                        i / block % axis.processes == *place
                    })
                })
            }
            Self::Resized(lb, extent, of) => Map { lbs: vec![*lb], ubs: vec![lb + extent], ..of.map() },
            Self::Dup(of) => of.map(),
        }
    }
}

impl Map {
    fn sequence(parts: impl Iterator<Item = Self>) -> Self {
        parts.fold(Self::default(), |mut all, part| {
            all.entries.extend(part.entries);
            all.spans.extend(part.spans);
            all.lbs.extend(part.lbs);
            all.ubs.extend(part.ubs);
            all
        })
    }

    fn at(&self, displacement: i64) -> Self {
        Self {
            entries: self.entries.iter().map(|(basic, at)| (*basic, at + displacement)).collect(),
            spans: self.spans.iter().map(|(lb, ub)| (lb + displacement, ub + displacement)).collect(),
            lbs: self.lbs.iter().map(|at| at + displacement).collect(),
            ubs: self.ubs.iter().map(|at| at + displacement).collect(),
        }
    }

    /// `count` of them, one extent apart.
    pub fn block(&self, count: usize) -> Self {
        Self::sequence((0..count as i64).map(|i| self.at(i * self.extent())))
    }

    /// Those elements of an array whose index is chosen, in the order of memory.
    fn of_array(&self, sizes: &[usize], order: Order, chosen: impl Fn(&[usize]) -> bool) -> Self {
        let total: usize = sizes.iter().product();
        let mut all = Self::default();
        for number in 0..total {
            let mut index = vec![0; sizes.len()];
            let mut rest = number;
            let axes: Vec<usize> = match order {
                Order::C => (0..sizes.len()).rev().collect(),
                Order::Fortran => (0..sizes.len()).collect(),
            };
            for axis in axes {
                (index[axis], rest) = (rest % sizes[axis], rest / sizes[axis]);
            }
            if chosen(&index) {
                let here = self.at(number as i64 * self.extent());
                all.entries.extend(here.entries);
                all.spans.extend(here.spans);
            }
        }
        Self { lbs: vec![0], ubs: vec![total as i64 * self.extent()], ..all }
    }

    /// First byte and end of the data.
    pub fn data(&self) -> Option<(i64, i64)> {
        let first = self.entries.iter().map(|(_, at)| *at).min()?;
        let end = self.entries.iter().map(|(basic, at)| at + basic.size() as i64).max()?;
        Some((first, end))
    }

    pub fn lb(&self) -> i64 {
        let lowest = self.spans.iter().map(|span| span.0).min().unwrap_or(0);
        self.lbs.iter().min().copied().unwrap_or(lowest)
    }

    pub fn ub(&self) -> i64 {
        self.ubs.iter().max().copied().unwrap_or_else(|| {
            let strictest = self.entries.iter().map(|(basic, _)| basic.align() as i64).max().unwrap_or(1);
            let mut ub = self.spans.iter().map(|span| span.1).max().unwrap_or(0);
            while (ub - self.lb()) % strictest != 0 {
                ub += 1;
            }
            ub
        })
    }

    pub fn extent(&self) -> i64 {
        self.ub() - self.lb()
    }

    pub fn size(&self) -> usize {
        self.entries.iter().map(|(basic, _)| basic.size()).sum()
    }
}

/// A number that is mostly a few bytes, and sometimes just what makes neighbours touch.
fn displacement() -> impl Strategy<Value = i64> {
    prop_oneof![-40_i64..60, (-4_i64..6).prop_map(|n| n * 8)]
}

/// How often: seldom not at all.
fn count() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(0), 9 => 1_usize..4]
}

fn axis() -> impl Strategy<Value = (usize, usize, usize)> {
    (1_usize..5).prop_flat_map(|size| {
        prop_oneof![1 => Just(0), 9 => 1..=size]
            .prop_flat_map(move |sub| (Just(size), Just(sub), 0..=size - sub))
    })
}

fn shared_axis() -> impl Strategy<Value = Axis> {
    (1_usize..6, 1_usize..4).prop_flat_map(|(size, processes)| {
        let least = size.div_ceil(processes);
        prop_oneof![
            Just(Axis { size, distribution: Distribution::None, processes: 1 }),
            prop::option::of(least..least + 2).prop_map(move |block| Axis {
                size,
                distribution: Distribution::Block(block),
                processes
            }),
            prop::option::of(1_usize..4).prop_map(move |block| Axis {
                size,
                distribution: Distribution::Cyclic(block),
                processes
            }),
        ]
    })
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::C), Just(Order::Fortran)]
}

/// Any datatype, nested up to three deep and not too large to be written out.
pub fn spec() -> impl Strategy<Value = Spec> {
    let leaf = prop::sample::select(&BASICS[..]).prop_map(Spec::Basic);
    leaf.prop_recursive(3, 20, 3, |inner| {
        let of = inner.clone().prop_map(Box::new);
        let blocks = || prop::collection::vec((count(), displacement()), 1..4);
        let places = || prop::collection::vec(displacement(), 1..4);
        prop_oneof![
            (count(), of.clone()).prop_map(|(n, of)| Spec::Contiguous(n, of)),
            (count(), count(), -3_i64..5, of.clone()).prop_map(|(n, b, s, of)| Spec::Vector(n, b, s, of)),
            (count(), count(), displacement(), of.clone())
                .prop_map(|(n, b, s, of)| Spec::Hvector(n, b, s, of)),
            (prop::collection::vec((count(), -3_i64..8), 1..4), of.clone())
                .prop_map(|(blocks, of)| Spec::Indexed(blocks, of)),
            (blocks(), of.clone()).prop_map(|(blocks, of)| Spec::Hindexed(blocks, of)),
            (count(), prop::collection::vec(-3_i64..8, 1..4), of.clone())
                .prop_map(|(b, at, of)| Spec::IndexedBlock(b, at, of)),
            (count(), places(), of.clone()).prop_map(|(b, at, of)| Spec::HindexedBlock(b, at, of)),
            prop::collection::vec((count(), displacement(), inner), 1..4).prop_map(Spec::Struct),
            (prop::collection::vec(axis(), 1..4), order(), of.clone())
                .prop_map(|(axes, order, of)| Spec::Subarray(axes, order, of)),
            (prop::collection::vec(shared_axis(), 1..3), any::<prop::sample::Index>(), order(), of.clone())
                .prop_map(|(axes, rank, order, of)| {
                    let grid = axes.iter().map(|axis| axis.processes).product();
                    Spec::Darray(rank.index(grid), axes, order, of)
                }),
            (-20_i64..20, -30_i64..60, of.clone()).prop_map(|(lb, extent, of)| Spec::Resized(lb, extent, of)),
            of.prop_map(Spec::Dup),
        ]
    })
    .prop_filter("too large to be written out", |spec| spec.map().entries.len() <= 3000)
}
