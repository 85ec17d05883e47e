//! For fingers that know `ss`: what its options are in sockeye.

/// Letters of `ss` (and `netstat`) that choose protocols, and the words for them.
const PROTOCOLS: [(char, &str, &str); 9] = [
    ('t', "--tcp", "tcp"),
    ('u', "--udp", "udp"),
    ('w', "--raw", "raw"),
    ('x', "--unix", "unix"),
    ('S', "--sctp", "sctp"),
    ('M', "--mptcp", "mptcp"),
    ('0', "--packet", "packet"),
    ('4', "--ipv4", "src 0.0.0.0/0"),
    ('6', "--ipv6", "src ::/0"),
];

/// Options that become options of sockeye.
const OPTIONS: [(char, &str, &str); 6] = [
    ('r', "--resolve", "--resolve"),
    ('m', "--memory", "--view memory"),
    ('i', "--info", "--view tcp"),
    ('o', "--options", "--view timers"),
    ('s', "--summary", "--group-by proto,state"),
    ('H', "--no-header", "--no-header"),
];

/// Options that say what sockeye does anyway, or that change nothing in which sockets are listed.
const NEEDLESS: [(char, &str); 6] = [
    ('n', "--numeric"),
    ('p', "--processes"),
    ('e', "--extended"),
    ('Q', "--no-queues"),
    ('O', "--oneline"),
    ('z', "--contexts"),
];

/// For arguments that hold options of `ss` (`-tlnp`): a sentence with the command that lists the same sockets. `None`
/// where there is none, or an option that is not known here.
///
/// ```
/// let hint = sockeye_query::filter::ss_hint(&["-tlnp"]);
/// assert_eq!(hint.unwrap(), "`-tlnp` is an option of ss; in sockeye: sockeye sockets tcp listening");
/// ```
pub fn hint<S: AsRef<str>>(args: &[S]) -> Option<String> {
    let mut words = Vec::new();
    let mut options = Vec::new();
    let mut rest = Vec::new();
    let mut found = Vec::new();
    let (mut listening, mut all) = (false, false);
    for arg in args.iter().map(AsRef::as_ref) {
        let long = arg.starts_with("--");
        let letters: Vec<char> = match arg.strip_prefix('-') {
            Some(letters) if !letters.is_empty() && !long => letters.chars().collect(),
            Some(_) if long && arg.len() > 2 => vec![letter_of(arg)?],
            _ => {
                rest.push(arg);
                continue;
            }
        };
        found.push(arg);
        for letter in letters {
            match letter {
                'l' => listening = true,
                'a' => all = true,
                _ => {
                    if let Some(&(.., word)) = PROTOCOLS.iter().find(|(own, ..)| *own == letter) {
                        words.push(word);
                    } else if let Some(&(.., option)) = OPTIONS.iter().find(|(own, ..)| *own == letter) {
                        options.push(option);
                    } else {
                        NEEDLESS.iter().find(|(own, _)| *own == letter)?;
                    }
                }
            }
        }
    }
    let first = found.first()?;
    // What ss calls listening are also the sockets that wait for datagrams, which connect to nobody.
    let protocols: Vec<_> = words.iter().filter(|word| !word.starts_with("src ")).collect();
    let connects = !protocols.is_empty() && protocols.iter().all(|word| matches!(**word, "tcp" | "mptcp" | "sctp"));
    words.push(match (all, listening) {
        (true, _) => "all",
        (false, true) if connects => "listening",
        (false, true) => "listening unconnected",
        (false, false) => "connected",
    });
    // A listing has one view.
    let several_views = options.iter().filter(|option| option.starts_with("--view")).count() > 1;
    if several_views {
        options.retain(|option| !option.starts_with("--view"));
        options.push("--view everything");
    }
    let mut command = vec!["sockeye sockets".to_owned()];
    command.extend(options.into_iter().map(str::to_owned));
    command.extend(words.into_iter().map(str::to_owned));
    command.extend(filter_words(&rest));
    let (them, verb) =
        if found.len() == 1 { ((*first).to_owned(), "is an option") } else { (found.join(" "), "are options") };
    Some(format!("`{them}` {verb} of ss; in sockeye: {}", command.join(" ")))
}

fn letter_of(long: &str) -> Option<char> {
    let protocols = PROTOCOLS.iter().chain(&OPTIONS).map(|&(letter, name, _)| (letter, name));
    let others = NEEDLESS.into_iter().chain([('l', "--listening"), ('a', "--all")]);
    protocols.chain(others).find(|(_, name)| *name == long).map(|(letter, _)| letter)
}

/// The filter behind the options, in brackets where an `or` would otherwise take the words before it along.
fn filter_words(rest: &[&str]) -> Vec<String> {
    let has_or = rest
        .iter()
        .any(|word| matches!(word.to_ascii_lowercase().as_str(), "or" | "|" | "||") || word.contains(" or "));
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    let shell_safe = |word: &str| !word.is_empty() && word.bytes().all(harmless);
    if has_or {
        return vec![format!("'({})'", rest.join(" ").replace('\'', "\""))];
    }
    rest.iter()
        .map(|word| if shell_safe(word) { (*word).to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::hint;

    fn check(args: &str, command: &str) {
        let args: Vec<&str> = args.split(' ').collect();
        let hint = hint(&args);
        assert_eq!(
            hint.as_deref().and_then(|hint| hint.split_once("in sockeye: ")).map(|(_, command)| command),
            Some(command)
        );
    }

    #[test]
    fn the_usual_clusters_have_their_filter() {
        check("-tlnp", "sockeye sockets tcp listening");
        check("-tulpn", "sockeye sockets tcp udp listening unconnected");
        check("-t4l", "sockeye sockets tcp src 0.0.0.0/0 listening");
        check("-l", "sockeye sockets listening unconnected");
        check("-tan", "sockeye sockets tcp all");
        check("-x", "sockeye sockets unix connected");
        check("-t -4 -n", "sockeye sockets tcp src 0.0.0.0/0 connected");
        check("--tcp --listening", "sockeye sockets tcp listening");
        check("-tim", "sockeye sockets --view everything tcp connected");
        check("-s", "sockeye sockets --group-by proto,state connected");
    }

    #[test]
    fn a_filter_behind_the_options_is_kept() {
        check("-tn dst 10.0.0.1", "sockeye sockets tcp connected dst 10.0.0.1");
        check("-tn ( sport = 1 )", "sockeye sockets tcp connected '(' sport = 1 ')'");
        check("-tn sport = 1 or dport = 1", "sockeye sockets tcp connected '(sport = 1 or dport = 1)'");
    }

    #[test]
    fn what_is_not_of_ss_is_left_alone() {
        for args in [["tcp"], ["-"], ["--"], ["-y"], ["--json"], [""], ["-tj"]] {
            assert_eq!(hint(&args), None, "{args:?}");
        }
        assert_eq!(
            hint(&["-tlnp"]).as_deref(),
            Some("`-tlnp` is an option of ss; in sockeye: sockeye sockets tcp listening")
        );
    }
}
