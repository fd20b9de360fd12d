//! Which rank is on which host: the value of `PMI_process_mapping`.

/// A parsed `(vector,(first_host,hosts,ranks_per_host),...)`: blocks of ranks laid out over hosts.
///
/// The blocks repeat until every rank has its host; hydra 4 says `(vector,(0,1,1))` for any number of ranks
/// on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessMapping {
    blocks: Vec<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    first_host: u32,
    hosts: u32,
    ranks_per_host: u32,
}

impl ProcessMapping {
    /// The mapping of `ranks` ranks on a single host.
    pub fn one_host(ranks: u32) -> Self {
        ProcessMapping { blocks: vec![Block { first_host: 0, hosts: 1, ranks_per_host: ranks.max(1) }] }
    }

    /// Parses the value; `None` if it is no such vector or places no rank at all.
    ///
    /// ```
    /// let mapping = olympi_pmi::ProcessMapping::parse("(vector,(0,2,2),(2,1,1))").unwrap();
    /// assert_eq!(mapping.hosts_of(5), [0, 0, 1, 1, 2]);
    /// ```
    pub fn parse(value: &str) -> Option<Self> {
        let rest = value.trim().strip_prefix("(vector")?.strip_suffix(')')?;
        let mut blocks = Vec::new();
        for block in rest.split('(').skip(1) {
            let block = block.trim_end_matches(',').strip_suffix(')')?;
            let mut numbers = block.split(',').map(|number| number.trim().parse::<u32>().ok());
            let block = Block {
                first_host: numbers.next()??,
                hosts: numbers.next()??,
                ranks_per_host: numbers.next()??,
            };
            if numbers.next().is_some() || block.hosts == 0 || block.ranks_per_host == 0 {
                return None;
            }
            block.first_host.checked_add(block.hosts)?;
            blocks.push(block);
        }
        (!blocks.is_empty()).then_some(ProcessMapping { blocks })
    }

    /// The host number of each of the first `ranks` ranks. The numbers only tell hosts apart.
    pub fn hosts_of(&self, ranks: usize) -> Vec<u32> {
        self.blocks
            .iter()
            .cycle()
            .flat_map(|block| {
                (block.first_host..block.first_host + block.hosts)
                    .flat_map(|host| std::iter::repeat_n(host, block.ranks_per_host as usize))
            })
            .take(ranks)
            .collect()
    }
}

impl std::fmt::Display for ProcessMapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(vector")?;
        for block in &self.blocks {
            write!(f, ",({},{},{})", block.first_host, block.hosts, block.ranks_per_host)?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_mappings_of_real_launchers() {
        let hosts = |text: &str, ranks| ProcessMapping::parse(text).map(|mapping| mapping.hosts_of(ranks));
        assert_eq!(hosts("(vector,(0,1,1))", 2), Some(vec![0, 0]));
        assert_eq!(hosts("(vector,(0,1,2),(1,1,1))", 3), Some(vec![0, 0, 1]));
        assert_eq!(hosts("(vector,(0,2,1))", 4), Some(vec![0, 1, 0, 1]));
    }

    #[test]
    fn what_is_no_mapping() {
        for text in
            ["", "(vector)", "(vector,(0,1))", "(vector,(0,0,1))", "(vector,(0,1,1,1))", "(vector,(x,1,1))"]
        {
            assert_eq!(ProcessMapping::parse(text), None, "{text}");
        }
        assert_eq!(ProcessMapping::parse("(vector,(4294967295,4294967295,1))"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "(\\(|\\)|,|vector|[0-9]{1,11}){0,16}") {
            if let Some(mapping) = ProcessMapping::parse(&text) {
                prop_assert_eq!(mapping.hosts_of(9).len(), 9);
                prop_assert_eq!(ProcessMapping::parse(&mapping.to_string()), Some(mapping));
            }
        }
    }
}
