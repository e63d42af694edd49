//! One bloc of the invented province: its members, their scores, what was given to them.

use super::{
    chance::Chance,
    names::{Person, Places},
};

/// The sorts of blocs: name, form, how members are called, who signs for a member.
const SORTS: [(&str, &str, &str, &str); 6] = [
    ("Cụm thi đua các xã, phường số", "cluster", "Ủy ban nhân dân xã", "Chủ tịch"),
    ("Cụm thi đua các xã, phường số", "cluster", "Ủy ban nhân dân phường", "Chủ tịch"),
    ("Khối thi đua các trường trung học phổ thông số", "bloc", "Trường Trung học phổ thông", "Hiệu trưởng"),
    ("Khối thi đua các doanh nghiệp số", "bloc", "Công ty cổ phần", "Giám đốc"),
    ("Khối thi đua các đơn vị y tế số", "bloc", "Trung tâm Y tế khu vực", "Giám đốc"),
    ("Khối thi đua các hợp tác xã số", "bloc", "Hợp tác xã nông nghiệp", "Giám đốc"),
];

#[derive(Debug)]
pub(super) struct Bloc {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) form: &'static str,
    /// In the order of the decision: the first leads, the second stands in.
    pub(super) members: Vec<Member>,
    /// Day in December of the conference.
    pub(super) met_on: u64,
    pub(super) guide: Person,
    pub(super) secretary: Person,
    pub(super) serial: u64,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) position: &'static str,
    pub(super) head: Person,
    pub(super) self_score: u64,
    pub(super) appraised: u64,
    pub(super) bonus: u64,
    pub(super) penalty: u64,
    pub(super) grassroots: u64,
    pub(super) provincial: u64,
}

impl Member {
    pub(super) fn total(&self) -> u64 {
        self.appraised + self.bonus - self.penalty
    }
}

/// What is proposed for whom, best first.
pub(super) struct Proposed<'a> {
    pub(super) member: &'a Member,
    pub(super) rank: usize,
    pub(super) form: &'static str,
    /// Votes for it.
    pub(super) agree: u64,
}

impl Bloc {
    pub(super) fn invent(index: usize, all: usize, chance: &mut Chance, places: &mut Places) -> Self {
        let (name, form, unit, position) = SORTS[(index * SORTS.len() / all.max(1)).min(SORTS.len() - 1)];
        let id = format!("{}-{:02}", if form == "cluster" { "cum" } else { "khoi" }, index + 1);
        let count = chance.between(8, 24);
        let mut members: Vec<Member> = (1..=count)
            .map(|number| {
                let self_score = chance.between(905, 972);
                Member {
                    id: format!("{id}-{number:02}"),
                    name: format!("{unit} {}", places.next()),
                    position,
                    head: Person::invent(chance),
                    self_score,
                    appraised: self_score - chance.between(0, 8),
                    bonus: chance.between(0, 28),
                    penalty: if chance.one_in(6) { 5 } else { 0 },
                    grassroots: chance.between(0, 14),
                    provincial: if chance.one_in(4) { chance.between(1, 3) } else { 0 },
                }
            })
            .collect();
        if chance.one_in(3) {
            share_a_rank(&mut members);
        }
        Self {
            name: format!("{name} {}", index + 1),
            form,
            members,
            met_on: chance.between(14, 18),
            guide: Person::invent(chance),
            secretary: Person::invent(chance),
            serial: 10 + 12 * index as u64,
            id,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.members.len() as u64
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.form == "cluster"
    }

    /// `Khối` or `Cụm`, and its offices.
    pub(super) fn called(&self) -> &'static str {
        if self.is_cluster() { "Cụm" } else { "Khối" }
    }

    pub(super) fn head_title(&self) -> String {
        format!("Trưởng {}", self.called().to_lowercase())
    }

    pub(super) fn deputy_title(&self) -> String {
        format!("Phó Trưởng {}", self.called().to_lowercase())
    }

    /// Members with their ranks, best first; who has the same total has the same rank.
    pub(super) fn ranked(&self) -> Vec<(usize, &Member)> {
        let mut members: Vec<&Member> = self.members.iter().collect();
        members.sort_by_key(|member| std::cmp::Reverse(member.total()));
        let rank = |of: &Member| 1 + self.members.iter().filter(|other| other.total() > of.total()).count();
        members.into_iter().map(|member| (rank(member), member)).collect()
    }

    /// One flag, then two certificates, or three in a large bloc.
    pub(super) fn proposed(&self) -> Vec<Proposed<'_>> {
        let certificates = if self.count() > 15 { 3 } else { 2 };
        let count = self.count();
        let ranked = self.ranked().into_iter().take(1 + certificates).enumerate();
        ranked
            .map(|(place, (rank, member))| {
                let form = if place == 0 { "emulation-flag-province" } else { "merit-certificate-province" };
                Proposed { member, rank, form, agree: count - place as u64 / 2 }
            })
            .collect()
    }
}

/// Gives the second and the third the same total.
fn share_a_rank(members: &mut [Member]) {
    members.sort_by_key(|member| std::cmp::Reverse(member.total()));
    let (appraised, bonus, penalty) = (members[1].appraised, members[1].bonus, members[1].penalty);
    let third = &mut members[2];
    (third.appraised, third.bonus, third.penalty) = (appraised, bonus, penalty);
    third.self_score = third.self_score.max(appraised);
    members.rotate_left(5);
}
