//! `doctor`: what an operator asks before calling anybody.

use std::{path::Path, time::Instant};

use super::output;
use crate::{
    app,
    failure::{Failure, FailureCode},
    intake::Treatment,
    rendering::Workshop,
    settings::Settings,
};

/// The repertoire that every paper needs, besides ASCII.
const VIETNAMESE: &str = "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ“”‘’–…";

struct Examination {
    text: String,
    faults: usize,
}

impl Examination {
    fn note(&mut self, what: &str, outcome: Result<String, String>) {
        let (mark, detail) = match outcome {
            Ok(detail) => ("đạt", detail),
            Err(detail) => {
                self.faults += 1;
                ("LỖI", detail)
            }
        };
        self.text.push_str(&format!("[{mark}] {what}: {detail}\n"));
    }
}

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let mut examination = Examination { text: format!("tdkt-reports {}\n", env!("CARGO_PKG_VERSION")), faults: 0 };
    match super::workshop(settings) {
        Ok(workshop) => examine_workshop(&workshop, &mut examination),
        Err(failure) => examination.note("Mẫu văn bản và phông chữ", Err(failure.message_en)),
    }
    examination.note("Thư mục dữ liệu", data_folder(&settings.data));
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::internal(error.to_string()))?;
    let ledger = runtime.block_on(app::examine_ledger(settings));
    examination.note("Sổ việc", ledger);
    let doorbell = runtime.block_on(app::examine_doorbell(settings));
    examination.note("Hàng đợi", doorbell);
    let press = runtime.block_on(app::examination::press(settings));
    examination.note("Tiến trình kết xuất", press);
    let limits = app::press_settings(settings, &[]).map(|press| app::examination::limits(&press));
    examination.note("Giới hạn mỗi tiến trình", limits.map_err(|failure| failure.message_en));
    let sandbox = runtime.block_on(app::examination::sandbox(settings));
    examination.note("Hộp cát", sandbox);
    output::print(examination.text.as_bytes())?;
    match examination.faults {
        0 => Ok(()),
        faults => Err(Failure::new(
            FailureCode::Internal,
            format!("Có {faults} mục chưa đạt."),
            "the examination found faults",
        )
        .hint("Sửa các mục ghi LỖI ở trên rồi chạy lại `tdkt-reports doctor`.")),
    }
}

fn examine_workshop(workshop: &Workshop, examination: &mut Examination) {
    let fonts = workshop.fonts();
    let missing: String = VIETNAMESE
        .chars()
        .flat_map(|letter| std::iter::once(letter).chain(letter.to_uppercase()))
        .filter(|letter| !fonts.covers(*letter))
        .collect();
    let families = format!("{} (sha256 {})", fonts.families().join(", "), &fonts.digest()[..12]);
    let outcome = if missing.is_empty() { Ok(families) } else { Err(format!("thiếu ký tự {missing}")) };
    examination.note("Phông chữ", outcome);
    let catalog = workshop.catalog();
    if let Err(error) = catalog.examine() {
        examination.note("Lược đồ dữ liệu", Err(error.to_string()));
    }
    let editions: Vec<&str> = catalog.editions().iter().map(|edition| edition.id.as_str()).collect();
    let digest = &catalog.digest()[..12];
    examination.note("Phiên bản pháp luật", Ok(format!("{} (mẫu sha256 {digest})", editions.join(", "))));
    for kind in catalog.kinds() {
        let start = Instant::now();
        let sample = kind.sample("simple").unwrap_or_default();
        let outcome = workshop
            .check(sample.as_bytes(), Treatment::AsSent)
            .and_then(|accepted| workshop.make(&accepted.manuscript))
            .map(|made| format!("{} trang, {} ms", made.pages, start.elapsed().as_millis()))
            .map_err(|failure| failure.message_en);
        examination.note(&kind.manifest.title, outcome);
    }
}

fn data_folder(path: &Path) -> Result<String, String> {
    let written = std::fs::create_dir_all(path).and_then(|()| tempfile::NamedTempFile::new_in(path));
    written.map_err(|error| format!("{}: không ghi được ({error})", path.display()))?;
    Ok(format!("{}: ghi được", path.display()))
}
