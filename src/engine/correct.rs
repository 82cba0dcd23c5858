//! BACK: the last question again, wherever it stood.

use super::{
    ask::Asked,
    effect::Purpose,
    scope,
    session::{Frame, Item, Loop, LoopPhase},
    walk::{At, Walk},
};
use crate::{
    base::id::PersonNumber,
    flow::{
        Flow,
        model::{Body, Kind, StepId},
    },
};

impl Walk<'_, '_> {
    /// Asks the question before the open one again; its answer becomes history. Never across identity, consent or a called flow.
    pub fn back(&mut self) {
        let Some(flow) = self.flow() else { return };
        let Some((position, at)) = self.last_answered(&flow) else {
            let before = vec![self.run.shared(Some(&self.revision.id), "nothing-to-go-back", &[])];
            return self.ask_again(before, Purpose::Dialogue);
        };
        if let Some(answer) = self.session.answers.get_mut(position) {
            answer.superseded = true;
        }
        self.session.open = None;
        self.run.note("", "back to the question before");
        match at {
            Back::Step(frame, id) => {
                self.at_frame(frame);
                self.walk(At::Enter { step: id, again: true });
            }
            Back::Around(frame, id, first) => {
                self.at_frame(frame);
                let step = flow.step(id);
                if let Body::Repeat(repeat) = &step.body {
                    let at = if first { self.ask_first(step, repeat) } else { self.ask_more(step, repeat) };
                    self.walk(at);
                }
            }
        }
    }

    fn at_frame(&mut self, frame: Frame) {
        if let Some(innermost) = self.session.frames.last_mut() {
            *innermost = frame;
        }
    }

    /// The last answer before the open question, and the place it was asked at.
    fn last_answered(&self, flow: &Flow) -> Option<(usize, Back)> {
        // An answer to the open question itself (asked again after BACK) is history already, so the newest valid one is before it.
        let open_step = match self.asked(flow)? {
            Asked::Step(id, _) => flow.step(id).path.clone(),
            Asked::First(id, _) => format!("{}#first", flow.step(id).path),
            Asked::More(id, _) => format!("{}#more", flow.step(id).path),
        };
        let items = self.items();
        for (position, answer) in self.session.answers.iter().enumerate().rev() {
            let is_open = answer.step == open_step && answer.items == items;
            if answer.superseded || answer.flow != flow.name || is_open {
                continue;
            }
            let around = answer.step.split_once('#');
            let Some(id) = flow.find(around.map_or(answer.step.as_str(), |(group, _)| group)) else { continue };
            let step = flow.step(id);
            match (&step.body, around) {
                (Body::Ask(ask), None) => {
                    if matches!(ask.kind, Kind::Consent | Kind::BirthYear) {
                        return None;
                    }
                    let loops = self.loops_for(flow, &step.path, &answer.items)?;
                    return Some((position, Back::Step(Frame { flow: flow.name.clone(), at: step.path.clone(), loops }, id)));
                }
                (Body::Repeat(_), Some((_, which))) => {
                    let depth = scope::depth(Some(flow), &step.path);
                    let outer = answer.items.get(..depth)?;
                    let mut loops = self.loops_for(flow, &step.path, outer)?;
                    let nth = match answer.items.get(depth) {
                        Some(Item::Nth(nth)) => *nth,
                        Some(Item::Person(_)) | None => 0,
                    };
                    let first = which == "first";
                    let phase = if first { LoopPhase::First } else { LoopPhase::More };
                    loops.push(Loop { group: step.path.clone(), people: Vec::new(), at: nth, phase });
                    return Some((position, Back::Around(Frame { flow: flow.name.clone(), at: step.path.clone(), loops }, id, first)));
                }
                // A value that was set, or a group: nothing to ask.
                (Body::Ask(_) | Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_), _) => {}
            }
        }
        None
    }

    /// The groups around a path, entered at the given items.
    fn loops_for(&self, flow: &Flow, path: &str, items: &[Item]) -> Option<Vec<Loop>> {
        let mut groups: Vec<StepId> = Vec::new();
        let mut group = flow.step(flow.find(path)?).group;
        while let Some(id) = group {
            groups.insert(0, id);
            group = flow.step(id).group;
        }
        let mut loops = Vec::new();
        for (id, item) in groups.into_iter().zip(items) {
            let step = flow.step(id);
            let people: Vec<PersonNumber> = match &step.body {
                Body::ForEach(each) => self.with_view(|view| scope::people_of(view, &each.list)),
                Body::Repeat(_) | Body::Plain | Body::Ask(_) | Body::Call(_) => Vec::new(),
            };
            let at = match item {
                Item::Person(number) => u16::try_from(people.iter().position(|person| person == number)?).ok()?,
                Item::Nth(nth) => *nth,
            };
            loops.push(Loop { group: step.path.clone(), people, at, phase: LoopPhase::Steps });
        }
        Some(loops)
    }
}

enum Back {
    Step(Frame, StepId),
    Around(Frame, StepId, bool),
}
