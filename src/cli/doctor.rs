//! `doctor`: what an operator asks before calling anybody.

use std::{path::Path, time::Instant};

use serde::Serialize;
use serde_json::json;

use super::{output, stock};
use crate::{
    app,
    failure::{Failure, FailureCode},
    intake::Treatment,
    rendering::Workshop,
    settings::Settings,
    stocktake::Purpose,
};

/// The repertoire that every paper needs, besides ASCII.
const VIETNAMESE: &str = "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ“”‘’–…";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Kiểm kê: đối chiếu sổ việc, kho văn bản và hàng đợi với nhau, đọc lại từng tệp.
    #[arg(long)]
    deep: bool,
    /// Sửa những gì sửa được chắc chắn: lập lại văn bản bị mất hoặc hỏng, dọn tệp thừa.
    #[arg(long, requires = "deep")]
    repair: bool,
    /// In kết quả dạng JSON.
    #[arg(long)]
    json: bool,
}

/// What was looked at, in order.
#[derive(Debug, Default)]
pub(super) struct Examination {
    notes: Vec<Note>,
}

#[derive(Debug, Serialize)]
struct Note {
    what: String,
    sound: bool,
    detail: String,
}

impl Examination {
    pub(super) fn note(&mut self, what: &str, outcome: Result<String, String>) {
        let sound = outcome.is_ok();
        let detail = outcome.unwrap_or_else(|detail| detail);
        self.notes.push(Note { what: what.to_owned(), sound, detail });
    }

    fn faults(&self) -> usize {
        self.notes.iter().filter(|note| !note.sound).count()
    }

    fn text(&self) -> String {
        let mut text = format!("tdkt-reports {}\n", env!("CARGO_PKG_VERSION"));
        for Note { what, sound, detail } in &self.notes {
            let mark = if *sound { "đạt" } else { "LỖI" };
            text.push_str(&format!("[{mark}] {what}: {detail}\n"));
        }
        text
    }
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let mut examination = Examination::default();
    match super::workshop(settings) {
        Ok(workshop) => examine_workshop(&workshop, &mut examination),
        Err(failure) => examination.note("Mẫu văn bản và phông chữ", Err(failure.message_en)),
    }
    examination.note("Thư mục dữ liệu", data_folder(&settings.data));
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::internal(error.to_string()))?;
    let ledger = runtime.block_on(app::examine_ledger(settings));
    examination.note("Sổ việc", ledger);
    let archive = runtime.block_on(app::examination::archive(settings));
    examination.note("Kho văn bản", archive);
    let doorbell = runtime.block_on(app::examine_doorbell(settings));
    examination.note("Hàng đợi", doorbell);
    let press = runtime.block_on(app::examination::press(settings));
    examination.note("Tiến trình kết xuất", press);
    let limits = app::press_settings(settings, &[]).map(|press| app::examination::limits(&press));
    examination.note("Giới hạn mỗi tiến trình", limits.map_err(|failure| failure.message_en));
    let sandbox = runtime.block_on(app::examination::sandbox(settings));
    examination.note("Hộp cát", sandbox);
    let purpose = if arguments.repair { Purpose::Mend } else { Purpose::Look };
    let stock = arguments.deep.then(|| runtime.block_on(stock::take(settings, purpose, &mut examination)));
    if arguments.json {
        let told = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "faults": examination.faults(),
            "notes": examination.notes,
            "stock": stock.flatten(),
        });
        output::print(format!("{told:#}\n").as_bytes())?;
    } else {
        output::print(examination.text().as_bytes())?;
    }
    match examination.faults() {
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
