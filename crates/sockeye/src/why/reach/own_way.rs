//! The way of sockets that have one though others have none: a rule leads what has their mark, source or link elsewhere.

use sockeye_conn::Error;

use super::super::kernel::Kernel;
use super::towards::Towards;
use super::{Reach, Way, hops, route};

/// What helps where sockets have a way of their own.
const HAVE_ONE: &str = "a socket without a mark, a source or a link of its own has no way; those that are there have one by theirs: \
                        sockeye rules";
/// What helps where none is known of sockets that are there: marks are told to CAP_NET_ADMIN alone.
const MAY_HAVE_ONE: &str = "a socket without a mark or a source of its own has no route; those that are there had one before, or have it \
                            by a mark that is not told: add a route (sockeye routes dst = default), or see sockeye rules";

/// Looks at the way of the first of them that has one. `None`: none of them has, or there is none.
pub(super) fn look(reach: &mut Reach, kernel: &mut Kernel, towards: &Towards) -> Result<Option<Way>, Error> {
    if towards.count() == 0 {
        return Ok(None);
    }
    let mut own = None;
    for flow in towards.flows() {
        if kernel.route(&reach.target, &flow, false)?.is_ok() {
            own = Some(flow);
            break;
        }
    }
    if let Some(finding) = reach.findings.iter_mut().find(|one| one.cause.ends_with("-route")) {
        finding.evidence.push(("sockets", towards.count().into()));
        if own.is_some() {
            finding.advice = HAVE_ONE;
        } else if finding.cause == "no-route" {
            finding.advice = MAY_HAVE_ONE;
        }
    }
    let Some(flow) = own else { return Ok(None) };
    let mut says = Vec::new();
    says.extend(flow.source.map(|source| format!("from {source}")));
    says.extend((flow.mark != 0).then(|| format!("mark {:#x}", flow.mark)));
    says.extend(flow.link.map(|link| format!("dev {}", kernel.interface(link))));
    reach.step("own way", format!("of sockets {}:", says.join(" ")));
    let way = route::of(reach, kernel, &flow)?;
    if let Some(way) = &way {
        hops::look(reach, kernel, way)?;
    }
    Ok(way)
}
