//! The words of a command line, as getopt_long(3) takes them apart: letters in clusters, long names that may be cut short,
//! values attached or in the next word, options behind other words.

/// An option that the program knows.
pub(super) struct Known<Id> {
    /// Its letter.
    pub(super) letter: Option<char>,
    /// Its long names.
    pub(super) names: &'static [&'static str],
    pub(super) has_value: bool,
    pub(super) id: Id,
}

/// An option that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<Id> {
    pub(super) id: Id,
    /// Empty where it takes none.
    pub(super) value: String,
}

/// Takes words apart. What is no option comes back as the second part, in its order. An error says what is wrong.
pub(super) fn take_apart<Id: Copy + PartialEq>(
    words: &[String],
    known: &[Known<Id>],
) -> Result<(Vec<Found<Id>>, Vec<String>), String> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            others.extend(words.cloned());
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, attached) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let option = by_name(name, known)?;
            let value = match (option.has_value, attached) {
                (false, Some(_)) => return Err(format!("option '--{name}' doesn't allow an argument")),
                (false, None) => String::new(),
                (true, Some(value)) => value.to_owned(),
                (true, None) => {
                    words.next().cloned().ok_or_else(|| format!("option '--{name}' requires an argument"))?
                }
            };
            found.push(Found { id: option.id, value });
            continue;
        }
        let Some(cluster) = word.strip_prefix('-').filter(|cluster| !cluster.is_empty()) else {
            others.push(word.clone());
            continue;
        };
        let mut letters = cluster.chars();
        while let Some(letter) = letters.next() {
            let option = known.iter().find(|option| option.letter == Some(letter));
            let option = option.ok_or_else(|| format!("invalid option -- '{letter}'"))?;
            if !option.has_value {
                found.push(Found { id: option.id, value: String::new() });
                continue;
            }
            let attached = letters.as_str();
            let value = if attached.is_empty() {
                words.next().cloned().ok_or_else(|| format!("option requires an argument -- '{letter}'"))?
            } else {
                attached.to_owned()
            };
            found.push(Found { id: option.id, value });
            break;
        }
    }
    Ok((found, others))
}

/// The option of that name, or the only one whose name begins with it.
fn by_name<'k, Id: Copy + PartialEq>(name: &str, known: &'k [Known<Id>]) -> Result<&'k Known<Id>, String> {
    if let Some(option) = known.iter().find(|option| option.names.contains(&name)) {
        return Ok(option);
    }
    let begins = |option: &&Known<Id>| option.names.iter().any(|known| known.starts_with(name));
    let mut fitting = known.iter().filter(begins);
    match (fitting.next(), fitting.next()) {
        (Some(option), None) => Ok(option),
        (Some(_), Some(_)) => {
            let all = known.iter().flat_map(|option| option.names).filter(|known| known.starts_with(name));
            let all: String = all.flat_map(|name| [" '--", name, "'"]).collect();
            Err(format!("option '--{name}' is ambiguous; possibilities:{all}"))
        }
        _ => Err(format!("unrecognized option '--{name}'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Known<u8>; 4] = [
        Known { letter: Some('t'), names: &["tcp"], has_value: false, id: 1 },
        Known { letter: Some('N'), names: &["net"], has_value: true, id: 2 },
        Known { letter: None, names: &["tos"], has_value: false, id: 3 },
        Known { letter: Some('A'), names: &["query", "socket"], has_value: true, id: 4 },
    ];

    type Taken = (Vec<(u8, String)>, Vec<String>);

    fn taken(words: &[&str]) -> Result<Taken, String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let (found, others) = take_apart(&words, &KNOWN)?;
        Ok((found.into_iter().map(|found| (found.id, found.value)).collect(), others))
    }

    #[test]
    fn values_are_attached_or_the_next_word() {
        for words in [&["-tNblue"][..], &["-tN", "blue"], &["-t", "--net=blue"], &["--tcp", "--net", "blue"]] {
            assert_eq!(taken(words).unwrap().0, [(1, String::new()), (2, "blue".to_owned())], "{words:?}");
        }
    }

    #[test]
    fn options_stand_behind_other_words_too_and_end_at_two_dashes() {
        let (found, others) = taken(&["sport", "-t", "=", "--", "-N"]).unwrap();
        assert_eq!(found, [(1, String::new())]);
        assert_eq!(others, ["sport", "=", "-N"]);
    }

    #[test]
    fn long_names_may_be_cut_short_where_they_stay_clear() {
        assert_eq!(taken(&["--sock=all"]).unwrap().0, [(4, "all".to_owned())]);
        assert_eq!(taken(&["--t"]).unwrap_err(), "option '--t' is ambiguous; possibilities: '--tcp' '--tos'");
    }

    #[test]
    fn mistakes_are_named() {
        for (words, mistake) in [
            (&["-tX"][..], "invalid option -- 'X'"),
            (&["-tN"], "option requires an argument -- 'N'"),
            (&["--tcp=1"], "option '--tcp' doesn't allow an argument"),
            (&["--query"], "option '--query' requires an argument"),
            (&["--nothing"], "unrecognized option '--nothing'"),
        ] {
            assert_eq!(taken(words).unwrap_err(), mistake);
        }
    }
}
