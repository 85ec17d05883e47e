//! Filters as `ss` reads them, and its options where sockeye's own were expected.

use sockeye_query::filter::{self, Dialect, ss_hint};
use sockeye_query::sockets::catalog;

use super::filter::{Known, ROWS, corpus, plan, slack, sound, valid};
use crate::random::Random;
use crate::target::{Reader, Target};
use crate::words::Corpus;

/// The families that can be preferred.
const PREFERRED: [Option<&str>; 5] = [None, Some("unix"), Some("link"), Some("netlink"), Some("vsock")];

struct Filters {
    corpus: Corpus,
}

/// The target. An input says in a byte which family is preferred, and then the filter.
pub(super) fn make() -> Box<dyn Target> {
    std::sync::LazyLock::force(&ROWS);
    Box::new(Filters { corpus: corpus() })
}

impl Target for Filters {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        [&[random.byte()], self.corpus.filter(catalog(), true, random).as_bytes()].concat()
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(|input| {
            let Some((&preferred, text)) = input.split_first() else { return false };
            let text = valid(text);
            let words: Vec<&str> = text.split(' ').collect();
            let hint = ss_hint(&words);
            let dialect = Dialect::Ss(PREFERRED[usize::from(preferred) % PREFERRED.len()]);
            match filter::parse_as(dialect, text, catalog(), &Known) {
                Ok(filter) => {
                    ROWS.decide_sockets(&filter.expression);
                    plan(&filter.expression);
                    true
                }
                Err(mistake) => {
                    sound(&mistake, text);
                    hint.is_some()
                }
            }
        })
    }

    fn slack(&self, input: &[u8]) -> usize {
        // Any word that stands where an address does can be a name of a unix socket, and so a pattern.
        slack(input, input.split(|&byte| byte == b' ').count())
    }
}
