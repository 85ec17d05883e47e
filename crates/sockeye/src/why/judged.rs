//! Judgements of all sockets, round after round.

use std::collections::HashMap;

use sockeye_state::lives::{Judgement, Lives};

/// Sockets that are judged at most; of more the first are.
const SOCKETS_MAX: usize = 1_000_000;

/// Judgements by cookie.
#[derive(Default)]
pub(super) struct Judged {
    by_cookie: HashMap<u64, Judgement>,
    rounds: u64,
}

impl Judged {
    /// Takes what the last round said, where there was one since the last time.
    pub(super) fn take(&mut self, rounds: u64, lives: &Lives) {
        if rounds == self.rounds {
            return;
        }
        self.rounds = rounds;
        for (life, message) in lives.iter() {
            let Some((before, now, elapsed)) = life.interval(message) else { continue };
            if self.by_cookie.len() < SOCKETS_MAX || self.by_cookie.contains_key(&life.cookie) {
                let judgement = self.by_cookie.entry(life.cookie).or_insert_with(|| Judgement::new(before));
                judgement.take(&life.causes, &before, &now, elapsed);
            }
        }
    }

    pub(super) fn of(&self, cookie: u64) -> Option<&Judgement> {
        self.by_cookie.get(&cookie)
    }
}
