//! Names of places and people, put together from lists.

use super::chance::Chance;

const FIRST: [&str; 28] = [
    "Tân",
    "Phú",
    "Bình",
    "Hòa",
    "Long",
    "Vĩnh",
    "Thạnh",
    "Phước",
    "Mỹ",
    "An",
    "Đông",
    "Tây",
    "Nam",
    "Thượng",
    "Đại",
    "Quảng",
    "Xuân",
    "Sơn",
    "Hải",
    "Trường",
    "Yên",
    "Minh",
    "Thanh",
    "Hưng",
    "Ninh",
    "Kim",
    "Ngọc",
    "Liên",
];
const SECOND: [&str; 28] = [
    "Lập", "Thịnh", "Lộc", "Khánh", "Thành", "Đức", "Hiệp", "Lợi", "Trung", "Châu", "Giang", "Hà", "Lâm", "Thủy",
    "Điền", "Nghĩa", "Phong", "Quang", "Tiến", "Cường", "Thuận", "Hậu", "Mai", "Trạch", "Vân", "Khê", "Tường", "Đồng",
];
const SURNAMES: [&str; 14] =
    ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương"];
const MEN: [(&str, &str); 10] = [
    ("Văn", "Toàn"),
    ("Quốc", "Hưng"),
    ("Đức", "Thắng"),
    ("Minh", "Khôi"),
    ("Hữu", "Phước"),
    ("Thành", "Trung"),
    ("Công", "Danh"),
    ("Xuân", "Bách"),
    ("Ngọc", "Sơn"),
    ("Mạnh", "Cường"),
];
const WOMEN: [(&str, &str); 10] = [
    ("Thị", "Hạnh"),
    ("Thu", "Trang"),
    ("Minh", "Nguyệt"),
    ("Hồng", "Nhung"),
    ("Kim", "Oanh"),
    ("Thanh", "Thảo"),
    ("Ngọc", "Lan"),
    ("Bích", "Diệp"),
    ("Mai", "Phương"),
    ("Hải", "Yến"),
];

/// Names of places, each given once.
pub(super) struct Places {
    left: Vec<String>,
    given: usize,
}

impl Places {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let mut left: Vec<String> = FIRST
            .iter()
            .flat_map(|first| {
                SECOND.iter().filter(move |second| *second != first).map(move |second| format!("{first} {second}"))
            })
            .collect();
        chance.shuffle(&mut left);
        Self { left, given: 0 }
    }

    /// A name that no other has; when the lists are used up, with a number.
    pub(super) fn next(&mut self) -> String {
        let round = self.given / self.left.len();
        let name = &self.left[self.given % self.left.len()];
        self.given += 1;
        if round == 0 { name.clone() } else { format!("{name} {}", round + 1) }
    }
}

/// Somebody who does not exist.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) honorific: &'static str,
    pub(super) name: String,
}

impl Person {
    pub(super) fn invent(chance: &mut Chance) -> Self {
        let surname = chance.pick(&SURNAMES);
        let woman = chance.one_in(2);
        let (middle, given) = if woman { WOMEN[chance.index(WOMEN.len())] } else { MEN[chance.index(MEN.len())] };
        Self { honorific: if woman { "Bà" } else { "Ông" }, name: format!("{surname} {middle} {given}") }
    }
}
