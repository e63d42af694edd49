//! Whether a word can be a Vietnamese syllable: onset, rime and tone by the rules of spelling.
//!
//! Used to tell text in an old font encoding from Vietnamese, so it must accept every spelling in real use.

use unicode_normalization::UnicodeNormalization;

const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Longest first, so that `ngh` is tried before `ng` and `n`.
const ONSETS: [&str; 29] = [
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g", "h", "k", "l", "m",
    "n", "p", "r", "s", "t", "v", "x", "z", "",
];

const RIMES: &str = " a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây \
    e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu \
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oem oen oeo oet oi om on ong oong ooc \
    op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uât uâng uây uc ui um un ung uôc uôi uôm uôn uông uôt uơ up \
    ut uê uêch uênh uêt uy uya uych uynh uyên uyêt uyt uyp uyu uyn uân ư ưa ưc ưi ưng ươc ươi ươm ươn ương ươp ươt ươu \
    ưt ưu y ych ynh yt yu yêm yên yêng yêt yêu ";

/// True if the word, in any case, follows Vietnamese spelling, with its tone mark where the old or the new custom
/// puts it (`hòa`, `hoà`).
pub(super) fn is_vietnamese_syllable(word: &str) -> bool {
    let Some(parts) = take_tone(&word.to_lowercase()) else { return false };
    ONSETS.iter().any(|onset| {
        parts.letters.strip_prefix(onset).is_some_and(|rime| {
            rime_follows(onset, rime)
                && RIMES.split(' ').any(|known| !known.is_empty() && known == rime)
                && tone_fits(&parts, onset.chars().count(), rime)
        })
    })
}

struct ToneTaken {
    /// The word without its tone mark, NFC.
    letters: String,
    /// The tone mark and the letter (counted from 0) that carries it.
    tone: Option<(char, usize)>,
}

/// `None` if there is more than one tone mark.
fn take_tone(word: &str) -> Option<ToneTaken> {
    let mut letters = String::new();
    let mut tone = None;
    for (at, c) in word.nfc().enumerate() {
        for part in c.nfd() {
            if !TONES.contains(&part) {
                letters.push(part);
            } else if tone.replace((part, at)).is_some() {
                return None;
            }
        }
    }
    Some(ToneTaken { letters: letters.nfc().collect(), tone })
}

fn rime_follows(onset: &str, rime: &str) -> bool {
    let front = rime.starts_with(['e', 'ê', 'i', 'y']);
    match onset {
        "c" | "ng" => !(front || onset == "c" && rime.starts_with("oa")),
        "g" => !rime.starts_with(['e', 'ê', 'y']),
        "gh" | "ngh" => front,
        "qu" => !rime.starts_with('u'),
        _ => true,
    }
}

fn tone_fits(parts: &ToneTaken, onset_length: usize, rime: &str) -> bool {
    const ACUTE_OR_DOT: [char; 2] = ['\u{301}', '\u{323}'];
    let vowels: Vec<char> = rime.chars().take_while(|c| "aăâeêioôơuưy".contains(*c)).collect();
    let stopped = rime.ends_with(['c', 'p', 't']) || rime.ends_with("ch");
    let Some((tone, at)) = parts.tone else { return !stopped };
    if stopped && !ACUTE_OR_DOT.contains(&tone) {
        return false;
    }
    let Some(place) = at.checked_sub(onset_length) else { return false };
    let marked = vowels.iter().rposition(|v| "ăâêôơ".contains(*v)).or(vowels.iter().position(|v| *v == 'ư'));
    match marked {
        Some(marked) => place == marked,
        None if vowels.len() < rime.chars().count() => place + 1 == vowels.len(),
        None if vowels.len() == 3 => place == 1,
        None if matches!(rime, "oa" | "oe" | "uy") => place < 2,
        None => place == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_syllables_are_accepted() {
        let text = "Cộng hòa hoà xã hội chủ nghĩa Việt Nam Độc lập Tự do Hạnh phúc quý quốc Quỳnh quýt gì giếng giêng nghiêng \
            thuỷ thủy khuỷu ngoằn ngoèo Kạn Kon quyết rượu yêu yếu nguyên tuyển huỳnh uỷ ủy xoong ý ỷ ong oai cửu người khuya \
            Páo Giàng Sùng Lầu Thào Mùa Đắc pin chiếc khoẻ khỏe loại quạt hoạch huề thuở";
        for word in text.split_whitespace() {
            assert!(is_vietnamese_syllable(word), "{word}");
        }
    }

    #[test]
    fn other_words_are_refused() {
        for word in ["Céng", "héi", "xaõ", "hoøa", "nghóa", "José", "Müller", "chñ", "tôc", "hàc", "ké́", "w", ""]
        {
            assert!(!is_vietnamese_syllable(word), "{word}");
        }
    }
}
