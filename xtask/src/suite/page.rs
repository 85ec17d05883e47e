//! A page of docs that a command makes of a template, and whether it is of the template of today.

/// Whether a page has the words of its template, in their order, the first words first and the last ones last: nothing
/// stands before or behind them, unless the template has a place there.
///
/// # Errors
///
/// The first words that are not there.
pub(crate) fn is_of_template<'t>(page: &str, template: &'t str) -> Result<(), &'t str> {
    let words: Vec<&str> = between_places(template).collect();
    let &[first, ref others @ .., last] = &words[..] else {
        return if page == template { Ok(()) } else { Err(template) };
    };
    let rest = page.strip_prefix(first).ok_or(first)?;
    // The last words are looked for at the end, the others each as early as may be: so the next ones have most room.
    let inside = rest.strip_suffix(last);
    let mut rest = inside.unwrap_or(rest);
    for &words in others {
        let at = rest.find(words).ok_or(words)?;
        rest = &rest[at + words.len()..];
    }
    if inside.is_some() { Ok(()) } else { Err(last) }
}

/// What stands before, between and after the places of a template, which are `{words}`.
fn between_places(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').enumerate().map(|(number, part)| match part.split_once('}') {
        Some((_, words)) if number > 0 => words,
        _ => part,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_changed_are_missed() {
        let template = "# Title\n\nOn {day}, Linux {kernel}:\n\n{results}\n\nThe end.\n";
        let page = "# Title\n\nOn 2026-11-28, Linux 6.18:\n\n| a |\n\nThe end.\n";
        assert_eq!(is_of_template(page, template), Ok(()));
        assert_eq!(is_of_template(&page.replace("Title", "Titles"), template), Err("# Title\n\nOn "));
        assert_eq!(is_of_template(&page.replace(", Linux", ""), template), Err(", Linux "));
        assert_eq!(is_of_template(&page.replace("The end", "No end"), template), Err("\n\nThe end.\n"));
        assert_eq!(is_of_template(&format!("Before. {page}"), template), Err("# Title\n\nOn "));
        assert_eq!(is_of_template(&format!("{page}More.\n"), template), Err("\n\nThe end.\n"));
    }

    #[test]
    fn words_that_also_stand_in_a_place_are_found_where_they_belong() {
        let template = "{day}, {machine}.\n\n{complaints}\n\nThe end.\n";
        let page = "Monday, 2 processors, 7 GiB.\n\nThe end.\n\nThe end.\n";
        assert_eq!(is_of_template(page, template), Ok(()));
        assert_eq!(is_of_template("Monday, 2 processors.\n\nThe end.\n", template), Err(".\n\n"));
    }

    #[test]
    fn a_template_that_ends_in_a_place_says_nothing_of_the_end() {
        assert_eq!(is_of_template("On Monday\nmore\n", "On {day}"), Ok(()));
        assert_eq!(is_of_template("In May", "On {day}"), Err("On "));
        assert_eq!(is_of_template("No place.\n", "No place.\n"), Ok(()));
        assert_eq!(is_of_template("No place.\nMore.\n", "No place.\n"), Err("No place.\n"));
    }
}
