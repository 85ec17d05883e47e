//! One dump, from its request to its conclusion.

use sockeye_wire::{Kind, Message, Messages};

use crate::conclusion::{Conclusion, Refusal};
use crate::received::Received;

/// What to do after [`Dump::handle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Receive again.
    Continue,
    /// The dump has ended, well or badly: see [`Dump::into_conclusion`].
    Ended,
}

/// Follows one dump. It hands each row to a visitor as it comes and keeps none.
///
/// A dump ends with `NLMSG_DONE`, which may carry an errno, or with `NLMSG_ERROR`. Until one of them came it is not
/// over, and only a dump that ended with status 0 and lost nothing on the way is whole.
///
/// ```
/// use sockeye_state::{Datagram, Dump, Received, Step};
///
/// let mut dump = Dump::new(7);
/// // NLMSG_DONE with -ENOENT: a family that this kernel does not have.
/// let mut done = vec![20, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0];
/// done.extend_from_slice(&(-2i32).to_ne_bytes());
/// let step = dump.handle(Received::Datagram(Datagram::new(&done)), |_row| {});
/// assert_eq!(step, Step::Ended);
/// assert_eq!(dump.into_conclusion().refusal.unwrap().errno, 2);
/// ```
#[derive(Debug)]
pub struct Dump {
    sequence: u32,
    conclusion: Conclusion,
}

impl Dump {
    /// A dump whose request carries this sequence number.
    pub fn new(sequence: u32) -> Self {
        Self { sequence, conclusion: Conclusion::default() }
    }

    /// Takes what the socket gave; each row goes to `visit`.
    #[inline]
    pub fn handle<'a>(&mut self, received: Received<'a>, mut visit: impl FnMut(&Message<'a>)) -> Step {
        let datagram = match received {
            Received::Datagram(datagram) => datagram,
            Received::Overrun => {
                self.conclusion.overruns += 1;
                return Step::Continue;
            }
            Received::Empty => return Step::Continue,
        };
        if datagram.sender != 0 {
            self.conclusion.foreign += 1;
            return Step::Continue;
        }
        if datagram.truncated {
            self.conclusion.truncated += 1;
        }
        for message in Messages::new(datagram.bytes) {
            let Ok(message) = message else {
                // A truncated datagram is malformed at its end: that is one loss, not two.
                self.conclusion.defects += u64::from(!datagram.truncated);
                break;
            };
            if message.sequence() != self.sequence {
                self.conclusion.strays += 1;
                continue;
            }
            self.conclusion.interrupted |= message.is_interrupted();
            match message.kind() {
                Kind::Data(_) => {
                    self.conclusion.messages += 1;
                    visit(&message);
                }
                Kind::Done | Kind::Error => {
                    self.conclude(&message);
                    return Step::Ended;
                }
                Kind::Overrun => self.conclusion.overruns += 1,
                _ => {}
            }
        }
        Step::Continue
    }

    /// What the dump is worth, once it has ended. Before that: not done.
    pub fn into_conclusion(self) -> Conclusion {
        self.conclusion
    }

    #[cold]
    fn conclude(&mut self, message: &Message<'_>) {
        let status = match (message.done(), message.error()) {
            (Some(done), _) => done.map(|done| (done.errno, done.extended)),
            (_, Some(error)) => error.map(|error| (error.errno, error.extended)),
            (None, None) => return,
        };
        match status {
            Ok((0, _)) => self.conclusion.done = true,
            Ok((errno, extended)) => self.conclusion.refusal = Some(Refusal::new(errno, &extended)),
            Err(_) => self.conclusion.defects += 1,
        }
    }
}
