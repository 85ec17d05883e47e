//! What BTF says of structures and enumerations: names, places, numbers.

use anyhow::{Context, Result, ensure};

use super::btf::{Btf, DEPTH_MAX, Kind, Member};

/// One field of a structure. Members of anonymous unions and structures count as the outer one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// The kernel's name.
    pub(super) name: String,
    /// Byte offset; of a bit field, the offset of the integer it lives in.
    pub(super) offset: u32,
    /// Size in bytes; of a bit field, the size of that integer.
    pub(super) size: u32,
    /// Of a bit field: lowest bit and width inside that integer, on a little-endian machine.
    pub(super) bits: Option<(u32, u32)>,
}

impl Btf {
    /// The fields of a structure, by offset; `None` where the blob does not know it.
    pub(super) fn fields(&self, structure: &str) -> Result<Option<Vec<Field>>> {
        let mut found: Option<Vec<Field>> = None;
        for kind in self.types.iter().filter(|one| self.text(one.name) == structure).map(|one| &one.kind) {
            let Kind::Structure { members, .. } = kind else {
                continue;
            };
            let mut fields = Vec::new();
            self.flatten(members, 0, DEPTH_MAX, &mut fields)?;
            fields.sort_by(|a, b| (a.offset, a.bits, &a.name).cmp(&(b.offset, b.bits, &b.name)));
            ensure!(found.as_ref().is_none_or(|other| *other == fields), "two layouts of struct {structure}");
            found = Some(fields);
        }
        Ok(found)
    }

    /// All enumerators of the enumeration that holds `member`, by value.
    ///
    /// Most enumerations of sock_diag have no name; one of their members identifies them.
    pub(super) fn enumeration_with(&self, member: &str) -> Option<Vec<(String, i64)>> {
        self.types.iter().find_map(|one| {
            let Kind::Enumeration { values, .. } = &one.kind else {
                return None;
            };
            values.iter().any(|&(name, _)| self.text(name) == member).then(|| {
                let mut list: Vec<_> =
                    values.iter().map(|&(name, value)| (self.text(name).to_owned(), value)).collect();
                list.sort_by_key(|&(_, value)| value);
                list
            })
        })
    }

    fn flatten(&self, members: &[Member], base_bits: u32, depth: u32, into: &mut Vec<Field>) -> Result<()> {
        ensure!(depth > 0, "types nested too deeply");
        for member in members {
            let bit_offset = base_bits + member.bit_offset;
            let name = self.text(member.name);
            if name.is_empty() {
                if let Kind::Structure { members, .. } | Kind::Union { members, .. } = &self.resolve(member.of)?.kind {
                    self.flatten(members, bit_offset, depth - 1, into)?;
                }
                continue;
            }
            let size = self.size(member.of, DEPTH_MAX)?;
            into.push(if member.bit_width == 0 {
                Field { name: name.to_owned(), offset: bit_offset / 8, size, bits: None }
            } else {
                ensure!(size > 0, "bit field {name} has no size");
                let offset = bit_offset / (8 * size) * size;
                Field { name: name.to_owned(), offset, size, bits: Some((bit_offset - 8 * offset, member.bit_width)) }
            });
        }
        Ok(())
    }

    fn size(&self, id: u32, depth: u32) -> Result<u32> {
        ensure!(depth > 0, "types nested too deeply");
        Ok(match &self.resolve(id)?.kind {
            Kind::Sized(size)
            | Kind::Structure { size, .. }
            | Kind::Union { size, .. }
            | Kind::Enumeration { size, .. } => *size,
            Kind::Array { element, count } => {
                self.size(*element, depth - 1)?.checked_mul(*count).context("array too large")?
            }
            Kind::Alias { .. } | Kind::Other => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::btf::tests::sample;
    use super::*;

    #[test]
    fn bit_fields_and_anonymous_unions_have_their_place() {
        let btf = Btf::read(&sample()).expect("the sample is well-formed");
        let field = |name: &str, offset, size, bits| Field { name: name.to_owned(), offset, size, bits };
        assert_eq!(
            btf.fields("s").expect("one layout"),
            Some(vec![field("low", 0, 1, Some((0, 4))), field("high", 0, 1, Some((4, 4))), field("word", 4, 8, None),])
        );
        assert_eq!(btf.fields("unheard_of").expect("no layout"), None);
    }

    #[test]
    fn an_enumeration_is_found_by_any_of_its_members() {
        let btf = Btf::read(&sample()).expect("the sample is well-formed");
        let expected = Some(vec![("B".to_owned(), -1), ("A".to_owned(), 1)]);
        assert_eq!(btf.enumeration_with("A"), expected);
        assert_eq!(btf.enumeration_with("B"), expected);
        assert_eq!(btf.enumeration_with("C"), None);
    }
}
