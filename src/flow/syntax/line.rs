//! What one line is made of.

use std::ops::Range;

/// A key on its line, and where the value begins.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// The key, without quotes.
    pub key: String,
    /// Where it stands, as offsets into what was given.
    pub range: Range<usize>,
    /// Where the value begins (after the colon).
    pub value: usize,
}

/// Whether it looks like a space and is none to YAML: a no-break space and its kin.
pub const fn is_odd_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Whether nobody sees it, and no script needs it: control characters, zero-width spaces, marks that turn the direction of writing by force.
pub fn is_invisible(c: char) -> bool {
    c.is_control() && c != '\t'
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Finds `key:` at the beginning: what stands before the first `: ` or a `:` at the end.
pub fn key_of(rest: &str) -> Option<KeyPart> {
    let quoted = rest.chars().next().filter(|first| matches!(first, '"' | '\'')).and_then(|quote| {
        let close = rest.get(1..)?.find(quote)? + 1;
        let after = rest.get(close + 1..)?;
        (after == ":" || after.starts_with(": ")).then(|| KeyPart {
            key: rest.get(1..close).unwrap_or("").to_owned(),
            range: 0..close + 1,
            value: close + 2,
        })
    });
    quoted.or_else(|| {
        let colon = rest.match_indices(':').find(|(at, _)| matches!(rest.as_bytes().get(at + 1), None | Some(b' ' | b'\t')))?.0;
        let key = rest.get(..colon)?.trim_end();
        (!key.is_empty()).then(|| KeyPart { key: key.to_owned(), range: 0..key.len(), value: colon + 1 })
    })
}

/// How far a comment leaves the value: texts end at two spaces and `#`, other values at one space and `#` outside quotes.
pub fn before_comment(value: &str, is_text: bool) -> usize {
    let bytes = value.as_bytes();
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        let blank = |back: usize| at.checked_sub(back).is_some_and(|i| matches!(bytes.get(i), Some(b' ' | b'\t')));
        match (byte, quote) {
            (b'#', _) if is_text && blank(1) && blank(2) => return value.get(..at).map_or(0, |v| v.trim_end().len()),
            (b'#', None) if !is_text && (at == 0 || blank(1)) => return value.get(..at).map_or(0, |v| v.trim_end().len()),
            (b'"' | b'\'', None) if !is_text => quote = Some(byte),
            (_, Some(open)) if open == byte => quote = None,
            _ => {}
        }
    }
    value.trim_end().len()
}

/// Whether a value is wholly in one pair of quotes.
pub fn is_quoted(value: &str) -> bool {
    let mut chars = value.chars();
    match (chars.next(), chars.next_back()) {
        (Some(open @ ('"' | '\'')), Some(close)) => open == close && !chars.as_str().contains(open),
        _ => false,
    }
}

/// Whether a value opens a block of lines below it: `|`, `>`, with YAML's signs.
pub fn opens_block(value: &str) -> bool {
    let mut chars = value.chars();
    matches!(chars.next(), Some('|' | '>')) && chars.all(|c| matches!(c, '+' | '-' | '1'..='9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_at_its_first_colon_and_space() {
        let key = |rest| key_of(rest).map(|part| (part.key, part.value));
        assert_eq!(key("say if you: Hello: you"), Some(("say if you".to_owned(), 11)));
        assert_eq!(key("then:"), Some(("then".to_owned(), 5)));
        assert_eq!(key("\"a: b\": c"), Some(("a: b".to_owned(), 7)));
        assert_eq!(key("see https://example.org"), None);
        assert_eq!(key(": x"), None);
    }

    #[test]
    fn a_comment_in_a_text_needs_two_spaces() {
        let cut = |value: &'static str, is_text| &value[..before_comment(value, is_text)];
        assert_eq!(cut("Room #5 # up   # a comment", true), "Room #5 # up");
        assert_eq!(cut("# 1 on the list", true), "# 1 on the list");
        assert_eq!(cut("yes/no # a comment", false), "yes/no");
        assert_eq!(cut("name == '# 1' # a comment", false), "name == '# 1'");
        assert_eq!(cut("# a comment", false), "");
    }

    #[test]
    fn quotes_count_only_around_the_whole() {
        assert!(is_quoted("\"a b\""));
        assert!(!is_quoted("'a' in 'b'"));
        assert!(!is_quoted("\""));
    }
}
