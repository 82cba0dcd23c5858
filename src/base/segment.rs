//! How many SMS a text costs, and the plain characters that keep it cheap.
//!
//! A text whose characters all stand in the GSM 03.38 alphabet travels as septets: 160 in one SMS, 153 in each part of a longer one; nine
//! characters of the extension table cost two and are never split. One character outside makes the whole text UCS-2: 70 units of UTF-16, or
//! 67 a part, surrogate pairs never split. [`fold`] takes typographic characters to their plain kin, as Twilio's "smart encoding" does.
//! Source: 3GPP TS 23.038, TS 23.040; Twilio's sms-segments-calculator 1.3.0.

use serde::{Deserialize, Serialize};

/// How a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// Septets of the GSM 03.38 alphabet.
    Gsm7,
    /// Units of UTF-16.
    Ucs2,
}

/// The cost of a text as SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// How it travels.
    pub encoding: Encoding,
    /// Parts that are billed; an empty text is one.
    pub n_segments: usize,
    /// Septets or UTF-16 units in all.
    pub n_units: usize,
    /// The first character that forces UCS-2.
    pub first_non_gsm: Option<char>,
}

/// Counts the segments of a text as it is given; what a channel folds has to be folded before.
pub fn segments(text: &str) -> Segments {
    let first_non_gsm = text.chars().find(|&character| septets(character).is_none());
    let (encoding, alone, in_part) = match first_non_gsm {
        None => (Encoding::Gsm7, 160, 153),
        Some(_) => (Encoding::Ucs2, 70, 67),
    };
    let units = |character: char| match encoding {
        Encoding::Gsm7 => septets(character).unwrap_or(1),
        Encoding::Ucs2 => character.len_utf16(),
    };
    let n_units = text.chars().map(units).sum();
    let n_segments = if n_units <= alone { 1 } else { parts(text.chars().map(units), in_part) };
    Segments { encoding, n_segments, n_units, first_non_gsm }
}

/// Parts of at most `in_part` units, no character split.
fn parts(units: impl Iterator<Item = usize>, in_part: usize) -> usize {
    let mut n_parts = 1;
    let mut used = 0;
    for n in units {
        if used + n > in_part {
            n_parts += 1;
            used = 0;
        }
        used += n;
    }
    n_parts
}

/// Septets that a character costs in the GSM alphabet; `None` where it is not in it.
fn septets(character: char) -> Option<usize> {
    match character {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '\n' | '\r' | ' ' => Some(1),
        '!' | '"' | '#' | '$' | '%' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | '-' | '.' | '/' => Some(1),
        ':' | ';' | '<' | '=' | '>' | '?' | '@' | '_' | '£' | '¥' | '¤' | '§' | '¡' | '¿' => Some(1),
        'è' | 'é' | 'ù' | 'ì' | 'ò' | 'à' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' | 'Æ' | 'æ' | 'ß' | 'É' => Some(1),
        'Ä' | 'Ö' | 'Ñ' | 'Ü' | 'ä' | 'ö' | 'ñ' | 'ü' => Some(1),
        'Δ' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' => Some(1),
        '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' | '\u{c}' => Some(2),
        _ => None,
    }
}

/// The text with typographic quotes, dashes, spaces and the like made plain. Letters stay as they are, accents too.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        match plain(character) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(character),
        }
    }
    folded
}

/// What stands for a typographic character, if it is one.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        '“' | '”' | '„' | '‟' | '«' | '»' | 'ʺ' | 'ˮ' | '❝' | '❞' | '〝' | '〞' | '＂' | '″' => "\"",
        '‘' | '’' | '‚' | '‛' | 'ʻ' | 'ʼ' | 'ʽ' | 'ʾ' | 'ʿ' | 'ˈ' | 'ˊ' | 'ˋ' | 'ʹ' | '′' | '‵' | '´' | '`' | '❛' | '❜' | '＇' | '‹'
        | '›' => "'",
        '–' | '—' | '―' | '‒' | '‐' | '‑' | '⁃' | '−' | '─' | '－' | '﹣' | '֊' => "-",
        '…' => "...",
        '‥' => "..",
        '․' => ".",
        '‼' => "!!",
        '⁇' => "??",
        '⁈' => "?!",
        '⁉' => "!?",
        '÷' | '⁄' | '∕' | '⧸' | '／' => "/",
        '¼' => "1/4",
        '½' => "1/2",
        '¾' => "3/4",
        '，' | '﹐' => ",",
        '！' | '﹗' => "!",
        '？' | '﹖' => "?",
        '：' | '﹕' => ":",
        '；' | '﹔' => ";",
        '（' => "(",
        '）' => ")",
        '＋' => "+",
        '＿' => "_",
        '｜' => "|",
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{2028}' | '\u{2029}' => " ",
        '\u{200b}' | '\u{feff}' | '\u{2060}' | '\u{ad}' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn costs(text: &str, encoding: Encoding, n_units: usize, n_segments: usize) {
        let cost = segments(text);
        assert_eq!((cost.encoding, cost.n_units, cost.n_segments), (encoding, n_units, n_segments), "{text}");
    }

    #[test]
    fn parts_of_a_long_text_are_shorter_than_a_single_one() {
        costs("", Encoding::Gsm7, 0, 1);
        costs(&"a".repeat(160), Encoding::Gsm7, 160, 1);
        costs(&"a".repeat(161), Encoding::Gsm7, 161, 2);
        costs(&"a".repeat(306), Encoding::Gsm7, 306, 2);
        costs(&"a".repeat(307), Encoding::Gsm7, 307, 3);
        costs(&"я".repeat(70), Encoding::Ucs2, 70, 1);
        costs(&"я".repeat(71), Encoding::Ucs2, 71, 2);
        costs(&"я".repeat(135), Encoding::Ucs2, 135, 3);
    }

    #[test]
    fn a_character_of_two_units_is_never_split() {
        costs(&format!("{}€{}", "a".repeat(152), "a".repeat(152)), Encoding::Gsm7, 306, 3);
        costs(&format!("{}😀{}", "a".repeat(66), "a".repeat(66)), Encoding::Ucs2, 134, 3);
    }

    #[test]
    fn the_character_that_forces_ucs_2_is_named() {
        assert_eq!(segments("¿Cómo está?").first_non_gsm, Some('ó'));
        assert_eq!(segments("mañana").first_non_gsm, None);
        assert_eq!(segments("Ça va, français").first_non_gsm, Some('ç'));
    }

    #[test]
    fn folding_makes_typography_plain_and_leaves_letters() {
        assert_eq!(fold("“It’s” — well…\u{a0}ok\t½"), "\"It's\" - well... ok 1/2");
        assert_eq!(fold("ç â ï ñ 你好"), "ç â ï ñ 你好");
        assert_eq!(segments(&fold("Don’t wait – call…")).encoding, Encoding::Gsm7);
    }

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        text: String,
        encoding: String,
        segments: usize,
        bits: usize,
        smart_encoding: String,
        smart_segments: usize,
    }

    fn name(encoding: Encoding) -> &'static str {
        match encoding {
            Encoding::Gsm7 => "GSM-7",
            Encoding::Ucs2 => "UCS-2",
        }
    }

    #[test]
    fn twilios_own_calculator_agrees() {
        let Ok(folder) = std::env::var("INTAKE_SAMPLES") else {
            println!("skipped: INTAKE_SAMPLES is not set");
            return;
        };
        let file = std::fs::read_to_string(format!("{folder}/payloads/vectors/sms_segments.json")).unwrap();
        let vectors: Vectors = serde_json::from_str(&file).unwrap();
        assert!(vectors.cases.len() >= 47);
        for case in vectors.cases {
            let cost = segments(&case.text);
            let bits = cost.n_units * if cost.encoding == Encoding::Gsm7 { 7 } else { 16 };
            assert_eq!((name(cost.encoding), cost.n_segments, bits), (&*case.encoding, case.segments, case.bits), "{:?}", case.text);
            let folded = segments(&fold(&case.text));
            assert_eq!((name(folded.encoding), folded.n_segments), (&*case.smart_encoding, case.smart_segments), "folded {:?}", case.text);
        }
    }
}
