//! How many processes a grid has in each dimension (MPI 5.0, section 8.5.2).

use crate::error::TopologyError;

/// Divides processes among the dimensions of a grid as evenly as possible (`MPI_Dims_create`). Dimensions that are not zero
/// stay as they are; the others are set, the larger first.
///
/// # Errors
/// [`TopologyError::Dims`], where the processes do not divide so, or there are none.
///
/// ```
/// let mut dims = [0, 3, 0];
/// olympi_comm::dims_create(24, &mut dims)?;
/// assert_eq!(dims, [4, 3, 2]);
/// # Ok::<(), olympi_comm::TopologyError>(())
/// ```
pub fn dims_create(processes: usize, dims: &mut [usize]) -> Result<(), TopologyError> {
    let wrong = |detail: String| Err(TopologyError::Dims { detail });
    let mut given: usize = 1;
    for dim in dims.iter().filter(|dim| **dim > 0) {
        given = given.saturating_mul(*dim);
    }
    let free = dims.iter().filter(|dim| **dim == 0).count();
    if processes == 0 {
        return wrong("no processes to divide".to_owned());
    }
    if free == 0 {
        return if given == processes {
            Ok(())
        } else {
            wrong(format!("{dims:?} are not {processes} processes"))
        };
    }
    if !processes.is_multiple_of(given) {
        return wrong(format!("{processes} processes do not divide by the {given} of the given dimensions"));
    }
    let best = balanced(processes / given, free);
    for (dim, size) in dims.iter_mut().filter(|dim| **dim == 0).zip(best) {
        *dim = size;
    }
    Ok(())
}

/// Factors of `number`, so many, the largest first, whose largest is as small as it can be; and so on for the rest.
fn balanced(number: usize, factors: usize) -> Vec<usize> {
    if factors == 1 {
        return vec![number];
    }
    let mut best: Option<Vec<usize>> = None;
    // The largest factor is not below the root, and the first that serves is the best.
    let divisors = (1..=number).take_while(|d| d * d <= number).filter(|d| number.is_multiple_of(*d));
    let mut divisors: Vec<usize> = divisors.flat_map(|d| [d, number / d]).collect();
    divisors.sort_unstable();
    divisors.dedup();
    for largest in divisors {
        if power(largest, factors) < number {
            continue;
        }
        let rest = balanced(number / largest, factors - 1);
        if rest[0] <= largest {
            let mut all = vec![largest];
            all.extend(rest);
            best = Some(all);
            break;
        }
    }
    best.unwrap_or_else(|| {
        let mut all = vec![1; factors];
        all[0] = number;
        all
    })
}

fn power(base: usize, exponent: usize) -> usize {
    (0..exponent).fold(1_usize, |product, _| product.saturating_mul(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best by trying all: the smallest largest, then the smallest next, and so on.
    fn tried(number: usize, factors: usize, most: usize) -> Option<Vec<usize>> {
        if factors == 0 {
            return (number == 1).then(Vec::new);
        }
        (1..=most.min(number))
            .filter(|d| number.is_multiple_of(*d))
            .find_map(|d| tried(number / d, factors - 1, d).map(|rest| [vec![d], rest].concat()))
    }

    #[test]
    fn divisions_are_as_even_as_can_be() {
        for number in 1..=200 {
            for factors in 1..=4 {
                let mut dims = vec![0; factors];
                dims_create(number, &mut dims).unwrap();
                assert_eq!(Some(dims), tried(number, factors, number), "{number} in {factors} dimensions");
            }
        }
    }

    #[test]
    fn given_dimensions_stay_and_must_divide() {
        let mut dims = [0, 2, 0, 1];
        dims_create(36, &mut dims).unwrap();
        assert_eq!(dims, [6, 2, 3, 1]);
        let error = dims_create(7, &mut [2, 0]).unwrap_err().to_string();
        assert!(error.contains("7 processes do not divide by the 2"), "{error}");
        assert!(dims_create(7, &mut [2, 3]).is_err() && dims_create(0, &mut [0]).is_err());
        dims_create(6, &mut [2, 3]).unwrap();
        dims_create(1, &mut []).unwrap();
    }
}
