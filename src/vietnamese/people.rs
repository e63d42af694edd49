//! The names of persons in the order of a Vietnamese list.

use super::alphabetical_key;

type Key = (Vec<usize>, Vec<usize>);

/// A key that sorts persons as a Vietnamese office does: by given name, which stands last, then by family name, which
/// stands first, then by what is between; each as a dictionary sorts (letters first, tones among equal letters).
pub fn name_key(name: &str) -> [Key; 3] {
    let words: Vec<&str> = name.split_whitespace().collect();
    let (family, middle, given) = match words.as_slice() {
        [] => ("", String::new(), ""),
        [given] => ("", String::new(), *given),
        [family, middle @ .., given] => (*family, middle.join(" "), *given),
    };
    [alphabetical_key(given), alphabetical_key(family), alphabetical_key(&middle)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names, given in the right order, come back in it from any order; and code points would sort them otherwise.
    fn check(ordered: &[&str]) {
        for turn in 0..ordered.len() {
            let mut names = ordered.to_vec();
            names.rotate_left(turn);
            names.reverse();
            names.sort_by_key(|name| name_key(name));
            assert_eq!(names, ordered);
        }
        let mut by_code = ordered.to_vec();
        by_code.sort_unstable();
        assert_ne!(by_code, ordered, "this case says nothing");
    }

    #[test]
    fn the_given_name_goes_before_the_family_name() {
        check(&["Trần Văn An", "Nguyễn Văn Bình", "Lê Thị Cúc"]);
    }

    #[test]
    fn the_family_name_decides_between_equal_given_names_and_then_the_middle_name() {
        check(&[
            "Đặng Văn Hòa",
            "Lê Văn Hòa",
            "Nguyễn An Hòa",
            "Nguyễn Ánh Hòa",
            "Nguyễn Đức Hòa",
            "Nguyễn Văn Hòa",
            "Vũ An Hòa",
        ]);
    }

    #[test]
    fn letters_of_their_own_stand_behind_the_plain_ones() {
        check(&["Lê Dung", "Lê Duy", "Lê Đào", "Lê Đức", "Lê Em"]);
        check(&["Hồ An", "Hồ Anh", "Hồ Ăn", "Hồ Ân", "Hồ Bảo"]);
        check(&["Hồ Oanh", "Hồ Ổn", "Hồ Ơn", "Hồ Phú", "Hồ Út", "Hồ Ưng", "Hồ Vy"]);
        check(&["Âu A", "Đỗ A", "Lê A", "Ông A", "Phan A"]);
    }

    #[test]
    fn tones_follow_level_grave_hook_tilde_acute_dot() {
        check(&["Lê Ma", "Lê Mà", "Lê Mả", "Lê Mã", "Lê Má", "Lê Mạ"]);
        check(&["Tạ Hung", "Tạ Hùng", "Tạ Hưng"]);
        check(&["Tạ Tuân", "Tạ Tuấn", "Tạ Tuyền", "Tạ Tuyến"]);
    }

    #[test]
    fn the_tone_counts_only_between_equal_letters() {
        check(&["Vũ Hạ", "Vũ Hai", "Vũ Hải", "Vũ Hanh", "Vũ Hạnh"]);
    }

    #[test]
    fn case_and_way_of_composing_do_not_matter() {
        assert_eq!(name_key("LÊ ĐỨC"), name_key("lê  đức"));
        assert_eq!(name_key("Lê Hòa"), name_key("Le\u{302} Ho\u{300}a"));
        assert_eq!(name_key("Ánh"), name_key(" Ánh "));
    }
}
