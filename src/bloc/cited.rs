//! A law named in words: `Nghị định 98 năm 2023`, `Luật Thi đua, khen thưởng năm 2003`.

use crate::{facts::CitedLaw, vietnamese::fold_name};

/// A text parted into folded words without their marks; without any where it can name no law.
pub(super) struct Words(Vec<String>);

impl Words {
    pub fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        if !["nghị định", "thông tư", "luật"].iter().any(|word| lower.contains(word)) {
            return Self(Vec::new());
        }
        Self(parted(text))
    }

    /// True if the law is named by its sort (or its own name) and its year. A circular is known only with its ministry.
    pub fn name(&self, law: &CitedLaw) -> bool {
        let Some(named) = Named::of(law) else { return false };
        let ends =
            self.0.windows(named.opening.len()).enumerate().filter(|(_, words)| *words == named.opening.as_slice());
        ends.map(|(at, _)| at + named.opening.len()).any(|at| named.goes_on(&self.0[at..]))
    }
}

fn parted(text: &str) -> Vec<String> {
    let words = text.split_whitespace().map(|word| fold_name(word.trim_matches(|c: char| !c.is_alphanumeric())));
    words.filter(|word| !word.is_empty()).collect()
}

/// How a law may be called.
struct Named {
    opening: Vec<String>,
    /// Of a law that has a name of its own, nothing but the year is asked for.
    number: Option<u32>,
    year: String,
    ministry: Option<[Vec<String>; 2]>,
}

impl Named {
    fn of(law: &CitedLaw) -> Option<Self> {
        let mut parts = law.number.split('/');
        let (number, year, symbol) = (parts.next()?, parts.next()?, parts.next()?);
        let (opening, number, ministry) = match (&law.name, symbol) {
            (Some(name), _) => (name.as_str(), None, None),
            (None, "NĐ-CP") => ("nghị định", Some(number.parse().ok()?), None),
            (None, "TT-BNV") => ("thông tư", Some(number.parse().ok()?), Some(["bộ nội vụ", "bnv"].map(parted))),
            (None, _) => return None,
        };
        Some(Self { opening: parted(opening), number, year: year.to_owned(), ministry })
    }

    /// Whether the words behind the opening say number and year: `số 98 năm 2023`, `98/2023`, `98 ngày 31/12/2023`.
    fn goes_on(&self, words: &[String]) -> bool {
        /// A ministry is named soon after its circular.
        const NEAR: usize = 16;
        let mut rest = words;
        if let Some(number) = self.number {
            rest = skip(rest, "số");
            let Some((first, behind)) = rest.split_first() else { return false };
            let (stated, year) =
                first.split_once('/').map_or((first.as_str(), None), |(number, year)| (number, Some(year)));
            if stated.parse() != Ok(number) || year.map_or(!self.says_year(behind), |year| year != self.year) {
                return false;
            }
        } else if !self.says_year(rest) {
            return false;
        }
        let near = &words[..words.len().min(NEAR)];
        let ministry = |name: &Vec<String>| near.windows(name.len()).any(|words| words == name.as_slice());
        self.ministry.as_ref().is_none_or(|names| names.iter().any(ministry))
    }

    /// `năm 2023`, `ngày 31/12/2023`, `ngày 31 tháng 12 năm 2023`.
    fn says_year(&self, words: &[String]) -> bool {
        let is = |at: usize, word: &str| words.get(at).is_some_and(|it| *it == fold_name(word));
        if is(0, "năm") {
            return is(1, &self.year);
        }
        let slashed = words.get(1).and_then(|date| date.rsplit_once('/')).is_some_and(|(_, year)| year == self.year);
        is(0, "ngày") && (slashed || (is(2, "tháng") && is(4, "năm") && is(5, &self.year)))
    }
}

fn skip<'a>(words: &'a [String], word: &str) -> &'a [String] {
    match words.split_first() {
        Some((first, rest)) if *first == fold_name(word) => rest,
        Some(_) | None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::parse_iso;

    fn law(number: &str, name: Option<&str>) -> CitedLaw {
        let from = parse_iso("2004-07-01").unwrap();
        CitedLaw { number: number.into(), name: name.map(str::to_owned), from, until: None }
    }

    #[test]
    fn a_law_is_known_by_its_sort_number_and_year_in_words() {
        let decree = law("98/2023/NĐ-CP", None);
        let names = |text: &str| Words::of(text).name(&decree);
        for text in [
            "Căn cứ Nghị định 98 năm 2023",
            "Căn cứ Nghị định số 98 năm 2023 của Chính phủ",
            "theo nghị định số 98/2023, các đơn vị",
            "Nghị định 98 ngày 31/12/2023 của Chính phủ",
            "Nghị định số 98, ngày 31 tháng 12 năm 2023",
        ] {
            assert!(names(text), "{text}");
        }
        for text in [
            "Nghị định số 152 năm 2025",
            "Nghị định 98",
            "Nghị định 98 năm 2024",
            "Nghị định số 198 năm 2023",
            "Kế hoạch số 98 năm 2023",
            "98 nghị định năm 2023",
        ] {
            assert!(!names(text), "{text}");
        }
    }

    #[test]
    fn a_law_with_a_name_is_known_by_its_year_and_a_circular_by_its_ministry() {
        let old = law("15/2003/QH11", Some("Luật Thi đua, khen thưởng"));
        assert!(Words::of("Căn cứ Luật Thi đua, khen thưởng năm 2003;").name(&old));
        assert!(Words::of("Luật Thi đua, Khen thưởng ngày 26 tháng 11 năm 2003").name(&old));
        for text in ["Luật Thi đua, khen thưởng năm 2022", "Luật Thi đua, khen thưởng", "Luật Đất đai năm 2003"]
        {
            assert!(!Words::of(text).name(&old), "{text}");
        }
        let circular = law("12/2019/TT-BNV", None);
        assert!(Words::of("Thông tư số 12 năm 2019 của Bộ trưởng Bộ Nội vụ").name(&circular));
        assert!(!Words::of("Thông tư số 12 năm 2019 của Bộ Tài chính").name(&circular));
    }
}
