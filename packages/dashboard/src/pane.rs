//! The parts of the dashboard.

/// A part of the dashboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "their titles")]
pub(crate) enum Pane {
    #[default]
    Stages,
    Profile,
    Deltas,
    Hot,
    Log,
    History,
}

impl Pane {
    /// Every pane, in the order of their keys.
    pub(crate) const ALL: [Self; 6] =
        [Self::Stages, Self::Profile, Self::Deltas, Self::Hot, Self::Log, Self::History];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Stages => "Stages",
            Self::Profile => "Profile",
            Self::Deltas => "Deltas",
            Self::Hot => "Hot functions",
            Self::Log => "Log",
            Self::History => "History",
        }
    }

    /// Whether it is one of those that take turns in the lower part.
    pub(crate) fn is_lower(self) -> bool {
        matches!(self, Self::Hot | Self::Log | Self::History)
    }
}
