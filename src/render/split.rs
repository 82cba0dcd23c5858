//! Cutting what is too long for one message, where a reader would pause.

/// How long a text is: UTF-16 units, the longest way any provider counts.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text in pieces of at most `max` units (at least 1), cut between paragraphs, else lines, else sentences, else words.
///
/// Nothing but white space at the cuts is lost. Pieces are never empty.
pub(crate) fn split(text: &str, max: usize) -> Vec<String> {
    let max = max.max(2);
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while length(rest) > max {
        let end = prefix_end(rest, max);
        let head = rest.get(..end).unwrap_or(rest);
        // A cut in the first third would waste a message: try the next smaller unit instead.
        let least = end / 3;
        let cut = [cut_after(head, "\n\n"), cut_after(head, "\n"), cut_after_sentence(head), cut_after(head, " ")]
            .into_iter()
            .flatten()
            .find(|cut| *cut > least)
            .unwrap_or(end);
        let (piece, after) = rest.split_at(cut);
        if !piece.trim().is_empty() {
            pieces.push(piece.trim().to_owned());
        }
        rest = after.trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// A label cut at a word to at most `max` characters; the whole where it fits.
pub(crate) fn cut_at_word(label: &str, max: usize) -> String {
    if label.chars().count() <= max {
        return label.to_owned();
    }
    let head: String = label.chars().take(max.saturating_sub(1)).collect();
    let at_word = head.rfind(' ').filter(|cut| *cut * 2 > head.len()).and_then(|cut| head.get(..cut)).unwrap_or(&head);
    format!("{}…", at_word.trim_end_matches([' ', ',', '.', ';', ':']))
}

/// The byte after the last letter that fits; joined emoji may be cut, letters never.
fn prefix_end(text: &str, max: usize) -> usize {
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        units += letter.len_utf16();
        if units > max {
            return at;
        }
    }
    text.len()
}

fn cut_after(head: &str, mark: &str) -> Option<usize> {
    head.rfind(mark).map(|at| at + mark.len())
}

fn cut_after_sentence(head: &str) -> Option<usize> {
    let spaced = [". ", "! ", "? ", "؟ ", "। "].iter().filter_map(|mark| cut_after(head, mark)).max();
    let close = ["。", "！", "？"].iter().filter_map(|mark| cut_after(head, mark)).max();
    spaced.max(close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_where_a_reader_would_pause() {
        let rows: [(&str, usize, &[&str]); 6] = [
            ("One two.", 20, &["One two."]),
            ("First here.\n\nSecond here.", 20, &["First here.", "Second here."]),
            ("First line\nsecond line", 15, &["First line", "second line"]),
            ("One two three. Four five six.", 20, &["One two three.", "Four five six."]),
            ("abcdefghij", 4, &["abcd", "efgh", "ij"]),
            ("😀😀😀", 4, &["😀😀", "😀"]),
        ];
        for (text, max, pieces) in rows {
            assert_eq!(split(text, max), pieces, "{text}");
        }
        assert!(split("  ", 5).is_empty());
    }

    #[test]
    fn a_label_is_cut_at_a_word() {
        assert_eq!(cut_at_word("Trouble breathing", 24), "Trouble breathing");
        assert_eq!(cut_at_word("Chest pain that does not go away", 24), "Chest pain that does…");
        assert_eq!(cut_at_word("Donaudampfschifffahrtsgesellschaft", 10), "Donaudamp…");
    }

    proptest::proptest! {
        #[test]
        fn no_letter_is_lost_and_no_piece_is_too_long(text in "[a-zé .\n😀]{0,300}", max in 2_usize..80) {
            let pieces = split(&text, max);
            proptest::prop_assert!(pieces.iter().all(|piece| length(piece) <= max && !piece.is_empty()));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(letters(&pieces.concat()), letters(&text));
        }
    }
}
