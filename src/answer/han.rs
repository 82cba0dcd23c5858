//! Traditional signs of Chinese and the simplified ones they are folded to, so that 發燒 is found by an option called 发烧.
//!
//! The signs that people write of health, family, time and place stand in `words/han.txt`; what is not among them stays as typed. A sign of two
//! meanings has the form that an intake meets (發 and 髮 are both 发).

use std::sync::OnceLock;

/// Lines of pairs, each a traditional sign and its simplified one.
static TEXT: &str = include_str!("words/han.txt");

/// The pairs, sorted by the traditional sign.
fn signs() -> &'static [(char, char)] {
    static SIGNS: OnceLock<Vec<(char, char)>> = OnceLock::new();
    SIGNS.get_or_init(|| {
        let mut signs = Vec::new();
        for line in TEXT.lines() {
            let mut chars = line.chars();
            while let (Some(traditional), Some(simple)) = (chars.next(), chars.next()) {
                signs.push((traditional, simple));
            }
        }
        signs.sort_unstable();
        signs
    })
}

/// The simplified form of a sign; itself where it has none.
pub fn simplified(sign: char) -> char {
    if !('\u{4e00}'..='\u{9fff}').contains(&sign) {
        return sign;
    }
    let signs = signs();
    signs.binary_search_by_key(&sign, |(traditional, _)| *traditional).ok().and_then(|at| signs.get(at)).map_or(sign, |(_, simple)| *simple)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_ends_in_a_simplified_sign_and_begins_with_another() {
        assert!(TEXT.lines().all(|line| line.chars().count() % 2 == 0));
        assert!(signs().windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0)));
        for (traditional, simple) in signs() {
            assert_eq!(simplified(*simple), *simple, "{traditional}");
        }
    }

    #[test]
    fn both_scripts_fold_to_one() {
        assert_eq!("發燒咳嗽醫院".chars().map(simplified).collect::<String>(), "发烧咳嗽医院");
    }
}
