use super::super::{
    Rule, Subject,
    fill::{Filling, fill},
    finding,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
    model::Role,
    source::Span,
};

/// A text that is hard to read.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F047",
    title: "A text that is hard to read",
    level: Level::Note,
    what: "The text needs more than six years of school: by the Flesch-Kincaid grade in English, below 55 on the INFLESZ scale in Spanish. Texts under 20 words are not judged.",
    why: "Half of all adults read below that, fewer in a second language, and nobody reads well when ill and afraid.",
    bad: "\
steps:
  advice:
    say: |
      Individuals experiencing deterioration of their respiratory condition should immediately communicate with the appropriate medical establishment in order to
      obtain professional evaluation and further instructions regarding necessary precautions.
    end: complete
",
    good: "\
steps:
  advice:
    say: |
      If you find it hard to breathe, call your doctor now. Say that you got this text. They will tell you what to do next. Stay at home until then.
    end: complete
",
};

/// Texts of fewer words say too little about how they read.
const LEAST_WORDS: usize = 20;
/// Years of school.
const MOST_GRADE: f64 = 6.5;
/// "Normal" on the INFLESZ scale begins here.
const LEAST_INFLESZ: f64 = 55.0;

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for text in &subject.flow.texts {
        match text.role {
            Role::Say | Role::First | Role::More | Role::Retry | Role::Why => {}
            Role::Option(_) | Role::None | Role::StartsOn | Role::Label => continue,
        }
        report(subject.source_language().primary(), &text.source, &text.span, findings);
        for (language, translation) in &text.translations {
            report(language.primary(), &translation.text, &translation.span, findings);
        }
    }
}

fn report(language: &str, text: &str, span: &Span, findings: &mut Vec<Finding>) {
    // Names are short words here; shared texts are judged where they are the text.
    let filling = Filling { name: &|_| "Ann".to_owned(), partial: &|_| None };
    let filled = fill(text, &filling);
    let Some(measure) = Measure::of(&filled, language) else { return };
    let verdict = match language {
        "en" => {
            let grade = measure.flesch_kincaid();
            (grade > MOST_GRADE).then(|| format!("reads like grade {grade:.0}"))
        }
        "es" => {
            let ease = measure.inflesz();
            (ease < LEAST_INFLESZ).then(|| format!("{ease:.0} on the INFLESZ scale"))
        }
        _ => None,
    };
    if let Some(label) = verdict {
        let mut found = finding(&PAGE, span, label, "this text is hard to read");
        found.help = Some("use shorter sentences and everyday words".to_owned());
        findings.push(found);
    }
}

/// Counts of a text.
#[derive(Clone, Copy, Debug)]
struct Measure {
    words: f64,
    sentences: f64,
    syllables: f64,
}

impl Measure {
    /// `None` for texts too short to be judged.
    fn of(text: &str, language: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).collect();
        if words.len() < LEAST_WORDS {
            return None;
        }
        let ends = words.iter().filter(|word| word.ends_with(['.', '!', '?', ':', ';', '…'])).count();
        // A line without a full stop is a sentence all the same: lists.
        let lines =
            text.lines().filter(|line| !line.trim().is_empty() && !line.trim_end().ends_with(['.', '!', '?', ':', ';', '…'])).count();
        let syllables = words.iter().map(|word| if language == "es" { syllables_es(word) } else { syllables_en(word) }).sum::<usize>();
        Some(Self { words: count(words.len()), sentences: count((ends + lines).max(1)), syllables: count(syllables) })
    }

    /// Kincaid et al. 1975.
    fn flesch_kincaid(self) -> f64 {
        0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59
    }

    /// Szigriszt Pazos 1993, on the scale of Barrio Cantalejo 2008.
    fn inflesz(self) -> f64 {
        206.835 - 62.3 * self.syllables / self.words - self.words / self.sentences
    }
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// Groups of vowels, without a silent `e` at the end.
fn syllables_en(word: &str) -> usize {
    let letters: Vec<char> = word.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
    let vowel = |c: &char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let mut groups = letters.chunk_by(|a, b| vowel(a) == vowel(b)).filter(|group| group.first().is_some_and(vowel)).count();
    let text: String = letters.iter().collect();
    let silent = text.ends_with('e') && !text.ends_with("le") || text.ends_with("ed") && !text.ends_with("ted") && !text.ends_with("ded");
    if silent && groups > 1 {
        groups -= 1;
    }
    groups.max(1)
}

/// Groups of vowels, two strong ones (or an accented weak one beside a strong) being two.
fn syllables_es(word: &str) -> usize {
    let word = word.to_lowercase().replace("qu", "q").replace("gue", "ge").replace("gui", "gi");
    let strong = |c: char| matches!(c, 'a' | 'e' | 'o' | 'á' | 'é' | 'ó' | 'í' | 'ú');
    let weak = |c: char| matches!(c, 'i' | 'u' | 'ü');
    let mut n = 0;
    let mut before = ' ';
    for c in word.chars() {
        let joins = strong(c) && weak(before) || weak(c) && (strong(before) && !matches!(before, 'í' | 'ú') || weak(before));
        if (strong(c) || weak(c)) && !joins {
            n += 1;
        }
        before = c;
    }
    n.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_counted_as_they_are_spoken() {
        for (word, n) in [("fever", 2), ("breathe", 1), ("table", 2), ("called", 1), ("wanted", 2), ("emergency", 4), ("you", 1)] {
            assert_eq!(syllables_en(word), n, "{word}");
        }
        for (word, n) in
            [("salud", 2), ("enfermera", 4), ("día", 2), ("tiene", 2), ("que", 1), ("aéreo", 4), ("ciudad", 2), ("síntomas", 3)]
        {
            assert_eq!(syllables_es(word), n, "{word}");
        }
    }

    #[test]
    fn plain_words_read_easily_in_both_languages() {
        let english = "If you feel worse, call us at once. We are here all day and all night. You can also write to us here.";
        assert!(Measure::of(english, "en").unwrap().flesch_kincaid() < MOST_GRADE);
        let spanish = "Si se siente peor, llame ya. Estamos aquí todo el día y toda la noche. También nos puede escribir por aquí.";
        assert!(Measure::of(spanish, "es").unwrap().inflesz() > LEAST_INFLESZ);
        let hard = "Las personas que experimenten empeoramiento de sus manifestaciones respiratorias deberán comunicarse inmediatamente con el establecimiento \
                    sanitario correspondiente para obtener una evaluación profesional especializada y recomendaciones complementarias.";
        assert!(Measure::of(hard, "es").unwrap().inflesz() < LEAST_INFLESZ);
    }
}
