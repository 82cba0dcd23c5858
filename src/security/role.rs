//! Who may do what, at the desk and by the API. Denied unless it stands in the table.

use serde::{Deserialize, Serialize};

/// What somebody is, at the desk or by an API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Works the queue: reads and answers conversations.
    Tracer,
    /// A tracer who also gives out work, starts flows and takes exports.
    Supervisor,
    /// Writes flows; sees nothing of patients.
    Author,
    /// Reads what was done, by whom; changes nothing.
    Auditor,
    /// Runs the installation: everything, users included.
    Admin,
}

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See the queue and its escalations: reasons and waiting times.
    SeeQueue,
    /// Read a conversation, answers included.
    ReadConversation,
    /// Claim, reply, answer on behalf, hand back, park, resolve.
    WorkConversation,
    /// Take from or give to another tracer.
    AssignWork,
    /// Start a flow for an address.
    StartFlow,
    /// Export answers.
    ExportAnswers,
    /// Erase what is kept of a conversation.
    Erase,
    /// Read, simulate and publish flows.
    EditFlows,
    /// Read the audit.
    ReadAudit,
    /// Add, change and remove users.
    ManageUsers,
}

impl Role {
    /// All, in the order of menus.
    pub const ALL: [Self; 5] = [Self::Tracer, Self::Supervisor, Self::Author, Self::Auditor, Self::Admin];

    /// The word for it in the configuration and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tracer => "tracer",
            Self::Supervisor => "supervisor",
            Self::Author => "author",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role of a word, if it is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether this role may do that.
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// The table.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Tracer => &[P::SeeQueue, P::ReadConversation, P::WorkConversation],
            Self::Supervisor => &[
                P::SeeQueue,
                P::ReadConversation,
                P::WorkConversation,
                P::AssignWork,
                P::StartFlow,
                P::ExportAnswers,
                P::Erase,
                P::ReadAudit,
            ],
            Self::Author => &[P::EditFlows],
            Self::Auditor => &[P::SeeQueue, P::ReadAudit],
            Self::Admin => &[
                P::SeeQueue,
                P::ReadConversation,
                P::WorkConversation,
                P::AssignWork,
                P::StartFlow,
                P::ExportAnswers,
                P::Erase,
                P::EditFlows,
                P::ReadAudit,
                P::ManageUsers,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_was_decided() {
        use Permission::*;
        let columns =
            [SeeQueue, ReadConversation, WorkConversation, AssignWork, StartFlow, ExportAnswers, Erase, EditFlows, ReadAudit, ManageUsers];
        for (role, row) in [
            (Role::Tracer, "yyy-------"),
            (Role::Supervisor, "yyyyyyy-y-"),
            (Role::Author, "-------y--"),
            (Role::Auditor, "y-------y-"),
            (Role::Admin, "yyyyyyyyyy"),
        ] {
            let may: String = columns.iter().map(|permission| if role.may(*permission) { 'y' } else { '-' }).collect();
            assert_eq!(may, row, "{role:?}");
        }
    }

    #[test]
    fn a_role_is_read_back_from_its_word() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.word());
        }
        assert_eq!(Role::from_word("root"), None);
    }
}
