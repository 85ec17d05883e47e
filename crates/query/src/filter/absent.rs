//! What `ss` says of sockets without ports and addresses: they are not those that a condition names.
//!
//! In sockeye's own language a value that is absent decides nothing. `ss` asks each socket whether it is the one, and what
//! has no port is not at port 22: `sport != :22` and `not src 10.0.0.1` take unix sockets, in front of which scripts put `-t`
//! or do not.

use super::ast::{Condition, Expression, Test};
use crate::{Catalog, FieldId};

/// Fields that a socket has or has not by its family. What the kernel keeps back or has no value of is another matter.
const FIELDS: [&str; 5] = ["local", "peer", "local_port", "peer_port", "port"];

/// The same condition, where negated conditions on ports and addresses hold of what has none.
pub(super) fn is_another(expression: Expression, catalog: &Catalog) -> Expression {
    let fields: Vec<FieldId> = FIELDS.into_iter().filter_map(|name| catalog.find(name)).collect();
    where_it_is(expression, true, &fields)
}

/// Where the expression holds (`wanted`), or where it does not.
fn where_it_is(expression: Expression, wanted: bool, fields: &[FieldId]) -> Expression {
    let parts = |parts: Vec<Expression>| parts.into_iter().map(|part| where_it_is(part, wanted, fields));
    match (expression, wanted) {
        (Expression::Not(inner), _) => where_it_is(*inner, !wanted, fields),
        (Expression::All(all), true) | (Expression::Any(all), false) => Expression::all(parts(all)),
        (Expression::Any(all), true) | (Expression::All(all), false) => Expression::any(parts(all)),
        (test @ Expression::Test(_), true) => test,
        (Expression::Test(Test { field, condition }), false)
            if fields.contains(&field) && condition != Condition::Present =>
        {
            let without = Expression::test(field, Condition::Present).negated();
            Expression::any([Expression::Test(Test { field, condition }).negated(), without])
        }
        (test @ Expression::Test(_), false) => test.negated(),
    }
}
