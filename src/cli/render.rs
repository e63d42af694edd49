//! `render FILE|- -o OUT.pdf [--draft] [--png | --metadata OUT.json]`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output;
use crate::{
    failure::{Failure, FailureCode},
    intake::{Manuscript, Treatment},
    rendering::{FinishedFile, Workshop},
    settings::Settings,
};

/// Resolution of `--png`, in pixels to the inch.
const PPI: f64 = 110.0;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Tệp JSON; dấu - là đầu vào chuẩn.
    file: PathBuf,
    /// Tệp kết quả; dấu - là đầu ra chuẩn. Mặc định: tên văn bản, trong thư mục hiện tại.
    #[arg(short, long, value_name = "TỆP")]
    output: Option<PathBuf>,
    /// Lập bản dự thảo, dù dữ liệu ghi là bản ban hành.
    #[arg(long)]
    draft: bool,
    /// Kết xuất ảnh PNG từng trang (TÊN-1.png, TÊN-2.png …) thay cho PDF; của hồ sơ là các trang mục lục.
    #[arg(long)]
    png: bool,
    /// Ghi thêm dữ liệu đặc tả của văn bản (docs/metadata.md) vào tệp JSON này.
    #[arg(long, value_name = "TỆP", conflicts_with = "png")]
    metadata: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let request = output::read(&arguments.file)?;
    let workshop = super::workshop(settings)?;
    let treatment = if arguments.draft { Treatment::AsDraft } else { Treatment::AsSent };
    let accepted = workshop.check(&request, treatment)?;
    output::notices(&accepted.findings);
    let manuscript = accepted.manuscript;
    let target = match &arguments.output {
        Some(path) => path.clone(),
        None => {
            let extension = workshop.media_type(&manuscript)?.extension();
            PathBuf::from(format!("{}.{extension}", workshop.file_name(&manuscript)?))
        }
    };
    if arguments.png {
        return pictures(&workshop, &manuscript, &target);
    }
    paper(&workshop, &manuscript, &target, arguments.metadata.as_deref())
}

fn paper(workshop: &Workshop, manuscript: &Manuscript, target: &Path, metadata: Option<&Path>) -> Result<(), Failure> {
    let made = workshop.make(manuscript)?;
    output::write(target, &made.bytes)?;
    if let Some(path) = metadata {
        let name = format!("{}.{}", workshop.file_name(manuscript)?, made.media_type.extension());
        let file = FinishedFile::of(name, made.media_type, &made.bytes, made.pages);
        output::write(path, format!("{:#}\n", workshop.metadata(manuscript, &file)?).as_bytes())?;
    }
    output::say(&format!("Đã lập {} ({} trang).\n", target.display(), made.pages));
    Ok(())
}

fn pictures(workshop: &Workshop, manuscript: &Manuscript, target: &Path) -> Result<(), Failure> {
    if target == Path::new("-") {
        return Err(Failure::new(
            FailureCode::BadParameter,
            "Nhiều ảnh không ghi được ra đầu ra chuẩn.",
            "several pictures cannot go to standard output",
        )
        .hint("Dùng -o TÊN.png."));
    }
    let (mut page, mut pages) = (0, 1);
    while page < pages {
        let picture = workshop.render_page(manuscript, page, PPI)?;
        pages = picture.pages as usize;
        page += 1;
        let stem = target.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let path = target.with_file_name(format!("{stem}-{page}.png"));
        output::write(&path, &picture.png)?;
        output::say(&format!("Đã ghi {} ({page}/{pages}).\n", path.display()));
    }
    Ok(())
}
