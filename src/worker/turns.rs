//! Whose job a worker begins next, whatever the ring says.
//!
//! The rule: a ring tells that something waits; whoever has the fewest jobs running comes next, of equals whoever was served
//! longest ago. The Department comes before all, every second time at most.

use std::collections::HashMap;

use crate::ledger::{Asking, Lane};

/// Who was served when, by this worker.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The number of an organisation's last turn.
    served: HashMap<String, u64>,
    turns: u64,
    /// Whether the last turn was the Department's.
    last: Lane,
}

impl Turns {
    /// Those who ask, in the order in which they come.
    pub(super) fn order(&self, mut asking: Vec<Asking>) -> Vec<Asking> {
        asking.sort_by_key(|who| {
            let comes_first = who.lane == Lane::Department && self.last == Lane::Common;
            (!comes_first, who.running, self.served.get(&who.organisation).copied())
        });
        if self.last == Lane::Department {
            // Its lane is every second turn; it does not take the common ones while others wait.
            asking.sort_by_key(|who| who.lane == Lane::Department);
        }
        asking
    }

    /// Notes whose turn it was.
    pub(super) fn served(&mut self, who: &Asking) {
        self.turns += 1;
        self.last = who.lane;
        self.served.insert(who.organisation.clone(), self.turns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(organisation: &str, running: u64, lane: Lane) -> Asking {
        Asking { organisation: organisation.into(), running, lane }
    }

    fn common(organisation: &str, running: u64) -> Asking {
        asking(organisation, running, Lane::Common)
    }

    /// Takes this many turns of those who ask all the time, one job at a time.
    fn taken(turns: &mut Turns, asking: &[Asking], count: usize) -> Vec<String> {
        (0..count)
            .map(|_| {
                let first = turns.order(asking.to_vec()).remove(0);
                turns.served(&first);
                first.organisation
            })
            .collect()
    }

    #[test]
    fn whoever_has_the_fewest_running_comes_first_and_equals_take_turns() {
        let mut turns = Turns::default();
        assert_eq!(turns.order(vec![common("a", 2), common("b", 0), common("c", 1)])[0], common("b", 0));
        assert_eq!(taken(&mut turns, &[common("a", 0), common("b", 0), common("c", 0)], 7).concat(), "abcabca");
        // One that never had a turn does not wait for a round.
        assert_eq!(taken(&mut turns, &[common("a", 0), common("b", 0), common("d", 0)], 1), ["d"]);
    }

    #[test]
    fn the_department_comes_every_second_time_and_never_twice_while_others_wait() {
        let everybody = [common("a", 0), common("b", 1), asking("so", 3, Lane::Department)];
        let mut turns = Turns::default();
        assert_eq!(taken(&mut turns, &everybody, 6), ["so", "a", "so", "a", "so", "a"]);
        // Alone, it need not wait for anybody.
        assert_eq!(taken(&mut turns, &everybody[2..], 2), ["so", "so"]);
    }
}
