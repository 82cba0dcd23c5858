//! Comparing words with a pattern: white space is one space, `…` is anything.

/// Whether words fit a pattern: line breaks count as spaces, `…` (or `...`) matches any words, also none.
pub(crate) fn fits(pattern: &str, words: &str) -> bool {
    let pattern = one_line(pattern).replace("...", "…");
    let words = one_line(words);
    let mut parts = pattern.split('…').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = words.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// The words with every run of white space as one space.
pub(crate) fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn dots_match_any_words_and_the_rest_must_be_the_same() {
        let rows = [
            ("Good morning Ana, …", "Good morning Ana, this is us.\n\nWell?", true),
            ("Good morning Ana, ...", "Good morning Ana, this is us.", true),
            ("Good morning", "Good morning", true),
            ("Good morning", "Good morning Ana", false),
            ("Good … today?", "Good morning. Well today?", true),
            ("Good … today?", "Good morning. Well today? Yes", false),
            ("… Ana … well …", "Hi Ana, are you well?", true),
            ("… well … Ana", "Hi Ana, are you well?", false),
            ("One two", "One\n\n two ", true),
            ("…", "", true),
            ("aba…ba", "aba", false),
        ];
        for (pattern, words, expected) in rows {
            assert_eq!(fits(pattern, words), expected, "{pattern} / {words}");
        }
    }
}
