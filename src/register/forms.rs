//! What entries and submissions have to look like.

use crate::{
    catalog::Form,
    failure::{Failure, FailureCode},
};

use super::Sort;

/// A form that the register's doors take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    Entry(Sort),
    Submission,
    Closing,
}

/// The forms, compiled once.
pub struct RegisterForms {
    unit: Form,
    bloc: Form,
    bloc_year: Form,
    period: Form,
    schedule: Form,
    report: Form,
    source: Form,
    submission: Form,
    closing: Form,
}

impl RegisterForms {
    /// Reads the forms that the program brings along.
    ///
    /// # Errors
    /// `internal` when one of them cannot be used.
    pub fn load() -> Result<Self, Failure> {
        let read = |path: &str, text: &str| {
            let form = Form::parse(path, text).map_err(broken)?;
            form.validator().map_err(|fault| broken(fault.to_owned()))?;
            Ok::<Form, Failure>(form)
        };
        Ok(Self {
            unit: read("register/unit.json", include_str!("forms/unit.json"))?,
            bloc: read("register/bloc.json", include_str!("forms/bloc.json"))?,
            bloc_year: read("register/bloc-year.json", include_str!("forms/bloc-year.json"))?,
            period: read("register/period.json", include_str!("forms/period.json"))?,
            schedule: read("register/schedule.json", include_str!("forms/schedule.json"))?,
            report: read("register/report.json", include_str!("forms/report.json"))?,
            source: read("register/source.json", include_str!("forms/source.json"))?,
            submission: read("register/submission.json", include_str!("forms/submission.json"))?,
            closing: read("register/closing.json", include_str!("forms/closing.json"))?,
        })
    }

    /// The form of a sheet.
    pub fn of(&self, sheet: Sheet) -> &Form {
        match sheet {
            Sheet::Entry(Sort::Unit) => &self.unit,
            Sheet::Entry(Sort::Bloc) => &self.bloc,
            Sheet::Entry(Sort::BlocYear) => &self.bloc_year,
            Sheet::Entry(Sort::Period) => &self.period,
            Sheet::Entry(Sort::Schedule) => &self.schedule,
            Sheet::Entry(Sort::Report) => &self.report,
            Sheet::Entry(Sort::Source) => &self.source,
            Sheet::Submission => &self.submission,
            Sheet::Closing => &self.closing,
        }
    }
}

fn broken(fault: String) -> Failure {
    Failure::new(FailureCode::TemplateFault, "Mẫu dữ liệu của sổ đăng ký có lỗi.", fault)
        .hint("Báo cho người vận hành; dữ liệu của bạn không có lỗi.")
}
