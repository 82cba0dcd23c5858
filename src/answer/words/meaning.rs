//! What words mean: the entries of the word lists.

use crate::answer::day::Feast;

/// What a word says about yes and no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruthWord {
    /// Yes.
    Yes,
    /// No.
    No,
    /// "I do not know".
    Unsure,
    /// Yes only where its clause ends with it: "I have", "he does".
    YesAtEnd,
    /// Yes only as the whole reply: "y".
    YesAlone,
    /// No only as the whole reply: "n".
    NoAlone,
    /// Says nothing: "please", "um".
    Filler,
    /// Takes back what was said before: "sorry I meant".
    Correction,
    /// "But".
    But,
    /// "I feel bad", said of oneself.
    Ill,
    /// "I feel fine", said of oneself.
    Well,
    /// Declines to answer, or answers something else: "I do not understand".
    Refusal,
    /// What may stand before yes or no within a sentence: "I think", "that".
    Lead,
    /// An ordinary word that looks like one with a typing fault.
    Other,
}

/// How surely a word takes back what was said before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// It does nothing else: "I mean", "no wait".
    Plain,
    /// It may beg pardon for something else: "sorry".
    Perhaps,
}

/// What a word says about a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListWord {
    /// Joins: and, plus.
    And,
    /// Either: or.
    Or,
    /// From one to another: to.
    To,
    /// Every option.
    All,
    /// No option.
    None,
    /// All but.
    Except,
    /// "Not", before what is not meant.
    Not,
    /// Turns from what is not to what is: but, only.
    But,
    /// Both of two.
    Both,
    /// Who texts.
    Me,
    /// The last option.
    Last,
    /// Before a count of all there are: "los 5", "les quatre".
    These,
    /// The first so many: 前两个, "los dos primeros".
    First,
    /// Feels well: none, where that may be said.
    Well,
    /// Says nothing: option, number, please.
    Filler,
}

/// What a word says in a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberWord {
    /// Adds its value: seven, twenty.
    Value(f64),
    /// Multiplies: hundred, thousand.
    Scale(f64),
    /// The n-th.
    Ordinal(f64),
    /// Joins: and.
    And,
    /// The decimal sign, said.
    Point,
    /// Minus.
    Minus,
    /// Adds a part: "and a half".
    Part(f64),
    /// "A": one, before a unit or scale.
    A,
    /// A thing counted, written at the number: "3ppl", "12kids".
    Counted,
    /// Part of a fraction that is not read: "trillionth".
    Fraction,
    /// What a count before it is divided by: "thirds" is 3; below 1 it is the share itself: ثلثين.
    Share(f64),
    /// Between the parts of a whole and how many of them: 分之.
    PartsOf,
    /// "Over", between what is divided and what divides; before a number "over 10" bounds it.
    Divide,
    /// Bounds the number behind it: "more than".
    Bound,
    /// Bounds the number before it: "or more", "something".
    BoundBehind,
    /// Adds what is not counted: "plus".
    Plus,
    /// Divides: "over", "out of".
    Over,
    /// No number at all: "un montón".
    Vague,
    /// Adds its part to the number behind it: साढ़े, half more than.
    Before(f64),
    /// Before a number that is yet to be reached: "turning".
    Becoming,
}

/// Which way a number reaches, in a label or a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// "More than", "or more".
    Beyond,
    /// "Less than", "up to", "or less".
    UpTo,
}

/// What a word says of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateWord {
    /// A month, 1–12.
    Month(i8),
    /// A weekday, Monday 1.
    Weekday(i8),
    /// Days from today: yesterday is -1.
    Day(i32),
    /// This moment: today, where no other day is said.
    Now,
    /// So many days before or after today, which only the bounds tell: कल is yesterday and tomorrow.
    Either(i32),
    /// A unit of time.
    Unit(Unit),
    /// Two of a unit, said by its form: يومين.
    Two(Unit),
    /// A length by its own name, in minutes: "half an hour", "fortnight".
    Lasting(u32),
    /// Between a number and its unit, and says nothing: "two whole weeks".
    Padding,
    /// A day with a name: Christmas.
    Feast(Feast),
    /// Before a length: "hace", "il y a".
    AgoBefore,
    /// After a length: "ago".
    AgoAfter,
    /// Before a length: "in", "dentro de".
    LaterBefore,
    /// After a length: "from now".
    LaterAfter,
    /// Last.
    Last,
    /// Next.
    Next,
    /// This.
    This,
    /// Since, from: says nothing but that a day follows, or a length that has gone on till now.
    Since,
    /// Of, the, on: may stand between the parts of a day.
    Of,
    /// After the day of the month: 日.
    DayMark,
    /// After the number of a month: 月.
    MonthMark,
    /// After the year: 年.
    YearMark,
    /// Before a year that is counted from another: 民國75年 is 75 years after 1911.
    Era(i16),
    /// And: joins lengths.
    And,
    /// A time too vague to be a day: weekend, few days.
    Vague,
    /// Turns down what follows: "not".
    Not,
    /// More than, less than, about: a length so said is no day.
    Roughly,
}

/// Units of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// What a word says of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeWord {
    /// Before noon.
    Am,
    /// After noon.
    Pm,
    /// From the evening till before dawn.
    Night,
    /// Noon.
    Noon,
    /// Midnight.
    Midnight,
    /// Half past, after the hour.
    Half,
    /// A quarter past, after the hour.
    Quarter,
    /// "Half past", before the hour.
    HalfBefore,
    /// "Quarter past", before the hour.
    QuarterBefore,
    /// A quarter, of which "to" or "less" tells what.
    QuarterOf,
    /// Between minutes and the hour that they lead to: "ten to nine".
    To,
    /// Between minutes and the hour that they follow: "ten past nine".
    Past,
    /// Between an hour and the minutes that it lacks: "ocho menos diez".
    Less,
    /// O'clock, h, 点: after the hour.
    Hour,
    /// Says nothing: at, around.
    Filler,
}

/// What a word says of a temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemperatureWord {
    /// °C.
    Celsius,
    /// °F.
    Fahrenheit,
    /// "Degrees", of either.
    Degree,
}

/// What turns a sign of danger into none, or keeps it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HearingWord {
    /// Directly before the sign: "no", "without".
    Not,
    /// Between "not" and the sign: "any", "signs of".
    Between,
    /// Joins signs, so that "no fever or chest pain" denies both.
    Or,
    /// After the sign: "gone", "went away".
    Gone,
    /// Long ago: "last month", "years ago".
    Past,
    /// Still so: "still", "since", "now".
    Still,
    /// Only supposed: "if I get", "what if".
    Supposed,
    /// Makes the sign another, harmless thing: "nose".
    Harmless,
    /// Tells of a trade or an errand: "I am a nurse", "drive".
    Work,
    /// It came once and never since.
    NeverAgain,
}
