//! Evaluating conditions: three-valued, never failing.
//!
//! A missing answer is neither true nor false. `not` of undecided is undecided; `and` and `or` are Kleene's: `no and undecided` is no,
//! `yes or undecided` is yes. Only `is answered` and `is missing` look at whether there is an answer. `unsure` is an answer that equals
//! nothing but `unsure`.

use std::cmp::Ordering;

use jiff::{Span, civil::Date};

use super::{Arithmetic, Comparison, Condition, Datum, Expression, Logic, Quantifier, Scope, Truth};

impl Condition {
    /// Whether it holds.
    pub fn holds(&self, scope: &dyn Scope) -> Truth {
        self.expression.truth(scope)
    }
}

impl Truth {
    /// Yes or no.
    pub const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// The opposite; undecided stays so.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Undecided => Self::Undecided,
        }
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::Undecided, _) | (_, Self::Undecided) => Self::Undecided,
        }
    }

    /// Either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        self.opposite().and(other.opposite()).opposite()
    }

    /// As a value; undecided is missing.
    pub const fn datum(self) -> Datum {
        match self {
            Self::Yes => Datum::Truth(true),
            Self::No => Datum::Truth(false),
            Self::Undecided => Datum::Missing,
        }
    }
}

impl Expression {
    /// Whether it holds. What is no truth (the type check lets none through) is undecided.
    pub fn truth(&self, scope: &dyn Scope) -> Truth {
        match self {
            Self::Not(inner) => inner.truth(scope).opposite(),
            Self::Logic(Logic::And, left, right) => match left.truth(scope) {
                Truth::No => Truth::No,
                decided => decided.and(right.truth(scope)),
            },
            Self::Logic(Logic::Or, left, right) => match left.truth(scope) {
                Truth::Yes => Truth::Yes,
                decided => decided.or(right.truth(scope)),
            },
            Self::Compare(comparison, left, right) => compare(*comparison, &left.datum(scope), &right.datum(scope)),
            Self::In(item, list) => contains(&list.datum(scope), &item.datum(scope)),
            Self::IsNone(inner) => match inner.datum(scope) {
                Datum::Missing => Truth::Undecided,
                Datum::Choices(keys) => Truth::of(keys.is_empty()),
                Datum::Choice(key) => Truth::of(key == "none"),
                Datum::Truth(_) | Datum::Unsure | Datum::Number(_) | Datum::Date(_) | Datum::Days(_) | Datum::Text(_) => Truth::No,
            },
            Self::IsAnswered(inner) => Truth::of(inner.datum(scope) != Datum::Missing),
            Self::IsMissing(inner) => Truth::of(inner.datum(scope) == Datum::Missing),
            Self::Holds(flow) => Truth::of(scope.holds(flow)),
            Self::HandoverNotReached => Truth::of(scope.handover_not_reached()),
            Self::Quantified(quantifier, list, condition) => quantified(*quantifier, list, condition, scope),
            Self::Literal(_) | Self::Name(_) | Self::Option(_) | Self::Arithmetic(..) | Self::DaysSince(_) | Self::AgeOf(_) => {
                match self.datum(scope) {
                    Datum::Truth(holds) => Truth::of(holds),
                    Datum::Missing
                    | Datum::Unsure
                    | Datum::Number(_)
                    | Datum::Date(_)
                    | Datum::Days(_)
                    | Datum::Text(_)
                    | Datum::Choice(_)
                    | Datum::Choices(_) => Truth::Undecided,
                }
            }
        }
    }

    /// Its value. What cannot be computed (an answer is missing, a day beyond the calendar) is [`Datum::Missing`].
    pub fn datum(&self, scope: &dyn Scope) -> Datum {
        match self {
            Self::Literal(datum) => datum.clone(),
            Self::Name(name) => named(name, scope),
            Self::Option(key) => Datum::Choice(key.clone()),
            Self::Arithmetic(operation, left, right) => calculate(*operation, &left.datum(scope), &right.datum(scope)),
            Self::DaysSince(day) => match day.datum(scope) {
                Datum::Date(day) => Datum::Number(days_between(day, scope.today())),
                _ => Datum::Missing,
            },
            Self::AgeOf(born) => match born.datum(scope) {
                Datum::Date(born) => Datum::Number(f64::from(years_between(born, scope.today()))),
                Datum::Number(year) => Datum::Number(f64::from(scope.today().year()) - year),
                _ => Datum::Missing,
            },
            Self::Not(_)
            | Self::Logic(..)
            | Self::Compare(..)
            | Self::In(..)
            | Self::IsNone(_)
            | Self::IsAnswered(_)
            | Self::IsMissing(_)
            | Self::Holds(_)
            | Self::HandoverNotReached
            | Self::Quantified(..) => self.truth(scope).datum(),
        }
    }
}

fn named(name: &str, scope: &dyn Scope) -> Datum {
    if name == "today" {
        return Datum::Date(scope.today());
    }
    let value = scope.value(name);
    if value != Datum::Missing {
        return value;
    }
    match name.strip_suffix(".count").map(|question| scope.value(question)) {
        #[expect(clippy::cast_precision_loss, reason = "a question has far fewer than 2^52 options")]
        Some(Datum::Choices(keys)) => Datum::Number(keys.len() as f64),
        Some(_) | None => value,
    }
}

fn quantified(quantifier: Quantifier, list: &str, condition: &Expression, scope: &dyn Scope) -> Truth {
    let items = scope.items(list);
    if items.is_empty() && scope.value(&format!("{list}.count")) == Datum::Missing {
        return Truth::Undecided;
    }
    let truths = items.iter().map(|item| condition.truth(item.as_ref()));
    match quantifier {
        Quantifier::Any => truths.fold(Truth::No, Truth::or),
        Quantifier::All => truths.fold(Truth::Yes, Truth::and),
    }
}

fn contains(list: &Datum, item: &Datum) -> Truth {
    match (list, item) {
        (Datum::Missing, _) | (_, Datum::Missing) => Truth::Undecided,
        (Datum::Choices(keys), Datum::Choice(key) | Datum::Text(key)) => Truth::of(keys.contains(key)),
        (Datum::Choice(only), Datum::Choice(key) | Datum::Text(key)) => Truth::of(only == key),
        _ => Truth::No,
    }
}

fn compare(comparison: Comparison, left: &Datum, right: &Datum) -> Truth {
    if *left == Datum::Missing || *right == Datum::Missing {
        return Truth::Undecided;
    }
    let order = order(left, right);
    match comparison {
        Comparison::Equal => Truth::of(equal(left, right)),
        Comparison::NotEqual => Truth::of(!equal(left, right)),
        Comparison::Less => order.map_or(Truth::Undecided, |order| Truth::of(order.is_lt())),
        Comparison::LessOrEqual => order.map_or(Truth::Undecided, |order| Truth::of(order.is_le())),
        Comparison::Greater => order.map_or(Truth::Undecided, |order| Truth::of(order.is_gt())),
        Comparison::GreaterOrEqual => order.map_or(Truth::Undecided, |order| Truth::of(order.is_ge())),
    }
}

fn equal(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Choices(keys), Datum::Choice(key) | Datum::Text(key)) | (Datum::Choice(key) | Datum::Text(key), Datum::Choices(keys)) => {
            matches!(keys.as_slice(), [only] if only == key)
        }
        (Datum::Choice(a) | Datum::Text(a), Datum::Choice(b) | Datum::Text(b)) => a == b,
        (a, b) => a == b || order(a, b) == Some(Ordering::Equal),
    }
}

/// Numbers, days and lengths of time have an order; a plain number beside a length of time counts days.
fn order(left: &Datum, right: &Datum) -> Option<Ordering> {
    match (left, right) {
        (Datum::Number(a) | Datum::Days(a), Datum::Number(b) | Datum::Days(b)) => a.partial_cmp(b),
        (Datum::Date(a), Datum::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn calculate(operation: Arithmetic, left: &Datum, right: &Datum) -> Datum {
    let signed = |amount: f64| match operation {
        Arithmetic::Plus => amount,
        Arithmetic::Minus => -amount,
    };
    match (left, right) {
        (Datum::Date(day), Datum::Days(days) | Datum::Number(days)) => moved(*day, signed(*days)),
        (Datum::Days(days) | Datum::Number(days), Datum::Date(day)) if operation == Arithmetic::Plus => moved(*day, *days),
        (Datum::Date(a), Datum::Date(b)) if operation == Arithmetic::Minus => Datum::Days(days_between(*b, *a)),
        (Datum::Number(a), Datum::Number(b)) => Datum::Number(a + signed(*b)),
        (Datum::Number(a) | Datum::Days(a), Datum::Number(b) | Datum::Days(b)) => Datum::Days(a + signed(*b)),
        _ => Datum::Missing,
    }
}

/// A day moved by whole days; parts of a day are dropped, and beyond the calendar there is nothing.
fn moved(day: Date, days: f64) -> Datum {
    if !(-4_000_000.0..=4_000_000.0).contains(&days) {
        return Datum::Missing;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded just above; parts of a day are dropped on purpose")]
    let days = days.trunc() as i64;
    Span::new().try_days(days).ok().and_then(|span| day.checked_add(span).ok()).map_or(Datum::Missing, Datum::Date)
}

fn days_between(from: Date, to: Date) -> f64 {
    f64::from(from.until(to).map_or(0, |span| span.get_days()))
}

fn years_between(born: Date, today: Date) -> i16 {
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    today.year() - born.year() - i16::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::*;

    #[derive(Default)]
    struct Answers {
        values: BTreeMap<String, Datum>,
        items: Vec<BTreeMap<String, Datum>>,
    }

    impl Scope for Answers {
        fn value(&self, name: &str) -> Datum {
            self.values.get(name).cloned().unwrap_or(Datum::Missing)
        }
        fn holds(&self, flow: &str) -> bool {
            flow == "identity"
        }
        fn handover_not_reached(&self) -> bool {
            false
        }
        fn items(&self, _list: &str) -> Vec<Box<dyn Scope + '_>> {
            self.items
                .iter()
                .map(|own| {
                    let values = self.values.iter().chain(own).map(|(k, v)| (k.clone(), v.clone())).collect();
                    Box::new(Answers { values, items: Vec::new() }) as Box<dyn Scope>
                })
                .collect()
        }
        fn today(&self) -> Date {
            date(2026, 3, 2)
        }
    }

    fn name(name: &str) -> Box<Expression> {
        Box::new(Expression::Name(name.to_owned()))
    }

    fn literal(datum: Datum) -> Box<Expression> {
        Box::new(Expression::Literal(datum))
    }

    fn scope() -> Answers {
        let values = [
            ("yes", Datum::Truth(true)),
            ("unsure", Datum::Unsure),
            ("nothing", Datum::Choices(Vec::new())),
            ("signs", Datum::Choices(vec!["chest".to_owned(), "cough".to_owned()])),
            ("onset", Datum::Date(date(2026, 2, 27))),
            ("born", Datum::Date(date(2000, 3, 3))),
            ("contacts.count", Datum::Number(2.0)),
        ];
        let item = |last: Datum| BTreeMap::from([("contacts.last".to_owned(), last)]);
        Answers {
            values: values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
            items: vec![item(Datum::Date(date(2026, 3, 1))), item(Datum::Missing)],
        }
    }

    #[test]
    fn a_missing_answer_is_neither_true_nor_false() {
        use Truth::{No, Undecided, Yes};
        let gone = || name("gone");
        let cases = [
            (Expression::Compare(Comparison::Equal, gone(), literal(Datum::Truth(true))), Undecided),
            (Expression::Compare(Comparison::NotEqual, gone(), literal(Datum::Truth(true))), Undecided),
            (Expression::Not(gone()), Undecided),
            (Expression::IsNone(gone()), Undecided),
            (Expression::In(Box::new(Expression::Option("a".to_owned())), gone()), Undecided),
            (Expression::IsMissing(gone()), Yes),
            (Expression::IsAnswered(gone()), No),
            (Expression::Logic(Logic::Or, gone(), name("yes")), Yes),
            (Expression::Logic(Logic::And, gone(), name("yes")), Undecided),
            (Expression::Logic(Logic::And, gone(), Box::new(Expression::Not(name("yes")))), No),
        ];
        for (expression, expected) in cases {
            assert_eq!(expression.truth(&scope()), expected, "{expression:?}");
        }
    }

    #[test]
    fn unsure_equals_only_unsure() {
        let equals = |datum| Expression::Compare(Comparison::Equal, name("unsure"), literal(datum)).truth(&scope());
        assert_eq!(equals(Datum::Unsure), Truth::Yes);
        assert_eq!(equals(Datum::Truth(true)), Truth::No);
        assert_eq!(equals(Datum::Truth(false)), Truth::No);
        assert_eq!(name("unsure").truth(&scope()), Truth::Undecided);
    }

    #[test]
    fn lists_know_none_and_their_options() {
        assert_eq!(Expression::IsNone(name("nothing")).truth(&scope()), Truth::Yes);
        assert_eq!(Expression::IsNone(name("signs")).truth(&scope()), Truth::No);
        let holds = |key: &str| Expression::In(Box::new(Expression::Option(key.to_owned())), name("signs")).truth(&scope());
        assert_eq!(holds("chest"), Truth::Yes);
        assert_eq!(holds("fever"), Truth::No);
        assert_eq!(name("signs.count").datum(&scope()), Datum::Number(2.0));
        assert_eq!(name("nothing.count").datum(&scope()), Datum::Number(0.0));
    }

    #[test]
    fn days_are_counted_on_the_calendar() {
        assert_eq!(Expression::DaysSince(name("onset")).datum(&scope()), Datum::Number(3.0));
        assert_eq!(Expression::AgeOf(name("born")).datum(&scope()), Datum::Number(25.0));
        let earlier = Expression::Arithmetic(Arithmetic::Minus, name("today"), literal(Datum::Days(2.0)));
        assert_eq!(earlier.datum(&scope()), Datum::Date(date(2026, 2, 28)));
        let between = Expression::Arithmetic(Arithmetic::Minus, name("today"), name("onset"));
        assert_eq!(between.datum(&scope()), Datum::Days(3.0));
        let far = Expression::Arithmetic(Arithmetic::Plus, name("today"), literal(Datum::Days(1e300)));
        assert_eq!(far.datum(&scope()), Datum::Missing);
    }

    #[test]
    fn any_and_all_keep_the_undecided_apart() {
        let recent = |since| {
            let last = name("contacts.last");
            Box::new(Expression::Compare(Comparison::GreaterOrEqual, last, literal(Datum::Date(since))))
        };
        let quantified = |which, since| Expression::Quantified(which, "contacts".to_owned(), recent(since)).truth(&scope());
        assert_eq!(quantified(Quantifier::Any, date(2026, 3, 1)), Truth::Yes);
        assert_eq!(quantified(Quantifier::Any, date(2026, 3, 2)), Truth::Undecided);
        assert_eq!(quantified(Quantifier::All, date(2026, 3, 1)), Truth::Undecided);
        assert_eq!(quantified(Quantifier::All, date(2026, 3, 2)), Truth::No);
        let unreached = Expression::Quantified(Quantifier::All, "unreached".to_owned(), name("yes"));
        let nobody = Answers { values: BTreeMap::from([("none.count".to_owned(), Datum::Number(0.0))]), items: Vec::new() };
        assert_eq!(unreached.truth(&nobody), Truth::Undecided);
        let reached = Expression::Quantified(Quantifier::All, "none".to_owned(), name("yes"));
        assert_eq!(reached.truth(&nobody), Truth::Yes);
    }

    #[test]
    fn what_holds_is_asked_of_the_scope() {
        assert_eq!(Expression::Holds("identity".to_owned()).truth(&scope()), Truth::Yes);
        assert_eq!(Expression::HandoverNotReached.truth(&scope()), Truth::No);
    }
}
