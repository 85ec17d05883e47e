//! What a smoke run may take: a lane of CI that takes longer is one that is left out.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::run::Run;

/// From the first boot to the last end, without what is built and downloaded. Twice and more of what it takes on two cores.
pub(super) const MAX: Duration = Duration::from_mins(6);

/// From when to when a guest was there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) boot: Instant,
    pub(super) end: Instant,
}

/// Says that guests took longer than they may, and what took how long.
pub(super) fn too_long(runs: &[Run], max: Duration) -> Option<String> {
    let took = together(runs.iter().map(|run| run.span).collect());
    if took <= max {
        return None;
    }
    let mut text = format!("the guests took {} s from boot to end, and may take {} s", took.as_secs(), max.as_secs());
    for run in runs {
        let own = run.span.end.duration_since(run.span.boot).as_secs();
        let tests: u64 = run.outcomes.iter().map(|outcome| u64::from(outcome.seconds)).sum();
        let _ = write!(text, "\n  {}: {own} s, of which", run.release);
        for outcome in &run.outcomes {
            let _ = write!(text, " {} {} s,", outcome.name, outcome.seconds);
        }
        let _ = write!(text, " boot and end {} s", own.saturating_sub(tests));
    }
    Some(text)
}

/// The time in which one of these was there: guests run at once, as many as there are processors.
fn together(mut spans: Vec<Span>) -> Duration {
    spans.sort_by_key(|span| span.boot);
    let (mut took, mut until) = (Duration::ZERO, None);
    for Span { boot, end } in spans {
        let from = until.map_or(boot, |until: Instant| until.max(boot));
        took += end.saturating_duration_since(from);
        until = Some(from.max(end));
    }
    took
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::allowed::Judged;
    use crate::suite::outcome::Outcome;

    fn span(base: Instant, from: u64, to: u64) -> Span {
        Span { boot: base + Duration::from_secs(from), end: base + Duration::from_secs(to) }
    }

    fn run(release: &str, span: Span, seconds: [u32; 2]) -> Run {
        let outcomes = ["sockeye/kinds", "bpf/events"].into_iter().zip(seconds);
        let outcomes = outcomes.map(|(name, seconds)| Outcome { name: name.to_owned(), seconds, ..Outcome::default() });
        let judged = Judged { unknown: Vec::new(), idle: Vec::new() };
        Run { release: release.to_owned(), line: release.to_owned(), outcomes: outcomes.collect(), judged, span }
    }

    #[test]
    fn guests_that_run_at_once_take_the_time_of_the_longer_one_and_one_after_the_other_both() {
        let base = Instant::now();
        let seconds =
            |spans: &[(u64, u64)]| together(spans.iter().map(|&(from, to)| span(base, from, to)).collect()).as_secs();
        assert_eq!(seconds(&[(3, 120), (5, 200)]), 197);
        assert_eq!(seconds(&[(5, 200), (3, 120)]), 197);
        assert_eq!(seconds(&[(3, 200), (50, 120)]), 197);
        // What is downloaded between them is not counted.
        assert_eq!(seconds(&[(3, 103), (500, 620)]), 220);
    }

    #[test]
    fn what_takes_too_long_says_what_took_how_long() {
        let base = Instant::now();
        let runs = [run("6.1.0", span(base, 0, 150), [70, 60]), run("6.12.117", span(base, 2, 402), [333, 48])];
        let said = too_long(&runs, MAX).expect("402 s are too many");
        assert_eq!(
            said,
            "the guests took 402 s from boot to end, and may take 360 s\n  \
            6.1.0: 150 s, of which sockeye/kinds 70 s, bpf/events 60 s, boot and end 20 s\n  \
            6.12.117: 400 s, of which sockeye/kinds 333 s, bpf/events 48 s, boot and end 19 s"
        );
        assert_eq!(too_long(&runs[..1], MAX), None);
        assert_eq!(too_long(&runs, Duration::from_secs(402)), None);
    }
}
