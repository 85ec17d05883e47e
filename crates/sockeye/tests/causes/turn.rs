//! No more loads at a time than there are processors, however many tests are run at once: what is measured is a connection, and not
//! how it shares a processor with others.

use std::num::NonZero;
use std::sync::{Condvar, Mutex};
use std::thread;

use sockeye_zoo::{Skip, Zoo, in_namespace};

/// Loads that are under way.
static LOADS: Mutex<usize> = Mutex::new(0);
static ONE_IS_OVER: Condvar = Condvar::new();

struct Turn;

impl Turn {
    fn take() -> Self {
        let most = thread::available_parallelism().map_or(1, NonZero::get);
        let mut loads = ONE_IS_OVER.wait_while(LOADS.lock().expect("whole"), |loads| *loads >= most).expect("whole");
        *loads += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *LOADS.lock().expect("whole") -= 1;
        ONE_IS_OVER.notify_one();
    }
}

/// The body of a test in a namespace of its own, when it is its turn.
pub(crate) fn in_turn<F>(body: F)
where
    F: FnOnce(&Zoo) -> Result<(), Skip>,
{
    let _turn = Turn::take();
    in_namespace(body);
}
