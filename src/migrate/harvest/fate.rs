//! The words for what became of an instruction.

use crate::migrate::account::{Disposition, DropReason};

/// What became of an instruction, and what there is to say about it.
pub(in crate::migrate) type Judged = (Disposition, Vec<String>);

/// One fate for several parts: what a person must see wins, then what stays.
pub(super) fn strongest(fates: Vec<Disposition>) -> Disposition {
    let rank = |fate: &Disposition| match fate {
        Disposition::Person { .. } => 0,
        Disposition::Dropped { why: DropReason::Secret { .. } } => 1,
        Disposition::Carried { .. } => 2,
        Disposition::Kept { .. } => 3,
        Disposition::Superseded { .. } => 4,
        Disposition::Dropped { .. } => 5,
    };
    fates.into_iter().min_by_key(rank).unwrap_or(dropped(DropReason::SaysNothing))
}

pub(super) fn kept(setting: &str) -> Disposition {
    Disposition::Kept { setting: setting.to_owned() }
}

pub(super) fn dropped(why: DropReason) -> Disposition {
    Disposition::Dropped { why }
}

pub(super) fn superseded(by: &str) -> Disposition {
    Disposition::Superseded { by: by.to_owned() }
}

pub(super) fn person(why: &str) -> Disposition {
    Disposition::Person { why: why.to_owned() }
}
