//! Why a render gave no paper, and what class of trouble that is.

use crate::failure::{Failure, FailureCode};

/// Why a render gave no paper.
#[derive(Debug)]
pub enum Verdict {
    /// The child answered with a typed failure.
    Refused(Failure),
    /// Killed at its deadline.
    Timeout,
    /// Ended by the kernel: over its processor time.
    Processor,
    /// Over its memory limit.
    Memory,
    /// Its stack overflowed.
    TooDeep,
    /// The paper is larger than the press takes.
    TooLarge,
    /// Answered with something that is no answer.
    Garbled,
    /// Ended by the kernel: it tried what its sandbox forbids.
    Forbidden,
    /// Died otherwise. Holds how, without a word of the paper.
    Crashed(String),
    /// No child could be had.
    Unavailable(String),
}

/// What is to be done about a render that gave no paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The same order ends the same way.
    Permanent,
    /// Too much of something: one more try, for the machine may have been busy.
    Resource,
    /// The child is to blame, or its paper: tried until the starts are used up.
    Crash,
    /// The house is to blame: tried again later, the start given back.
    Transient,
}

impl Verdict {
    /// What is to be done about it.
    pub fn class(&self) -> Class {
        match self {
            Verdict::Refused(_) => Class::Permanent,
            Verdict::Timeout | Verdict::Processor | Verdict::Memory | Verdict::TooDeep | Verdict::TooLarge => {
                Class::Resource
            }
            Verdict::Garbled | Verdict::Forbidden | Verdict::Crashed(_) => Class::Crash,
            Verdict::Unavailable(_) => Class::Transient,
        }
    }
}

impl Verdict {
    /// The code of the failure that it becomes.
    pub fn code(&self) -> FailureCode {
        match self {
            Verdict::Refused(failure) => failure.code,
            Verdict::Timeout => FailureCode::RenderTimeout,
            Verdict::Processor => FailureCode::RenderCpu,
            Verdict::Memory => FailureCode::RenderMemory,
            Verdict::TooDeep => FailureCode::RenderTooDeep,
            Verdict::TooLarge => FailureCode::RenderTooLarge,
            Verdict::Garbled => FailureCode::RenderGarbled,
            Verdict::Forbidden => FailureCode::RenderForbidden,
            Verdict::Crashed(_) => FailureCode::RenderCrashed,
            Verdict::Unavailable(_) => FailureCode::PressUnavailable,
        }
    }

    /// What ended the child, one of [`crate::metrics::DEATHS`]; `None` where none died.
    pub fn death(&self) -> Option<&'static str> {
        match self {
            Verdict::Timeout => Some("deadline"),
            Verdict::Processor => Some("processor"),
            Verdict::Memory => Some("memory"),
            Verdict::TooDeep => Some("stack"),
            Verdict::TooLarge => Some("size"),
            Verdict::Garbled => Some("garbled"),
            Verdict::Forbidden => Some("forbidden"),
            Verdict::Crashed(_) => Some("crashed"),
            Verdict::Refused(_) | Verdict::Unavailable(_) => None,
        }
    }
}

/// What a clerk can do about a paper that takes too much.
const SHORTER: &str = "Chia dữ liệu thành nhiều văn bản ngắn hơn rồi gửi lại.";
/// What a clerk can do about a child that died.
const TELL: &str = "Hệ thống tự thử lại vài lần; nếu vẫn lỗi, báo cho người vận hành kèm mã việc.";

impl From<Verdict> for Failure {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Refused(failure) => failure,
            Verdict::Timeout => Failure::new(
                FailureCode::RenderTimeout,
                "Lập văn bản quá thời gian cho phép.",
                "The render took longer than its deadline.",
            )
            .hint(SHORTER),
            Verdict::Processor => Failure::new(
                FailureCode::RenderCpu,
                "Lập văn bản dùng quá thời gian bộ xử lý cho phép.",
                "The render used more processor time than it may have.",
            )
            .hint(SHORTER),
            Verdict::Memory => Failure::new(
                FailureCode::RenderMemory,
                "Lập văn bản cần nhiều bộ nhớ hơn mức cho phép.",
                "The render needed more memory than it may have.",
            )
            .hint(SHORTER),
            Verdict::TooDeep => Failure::new(
                FailureCode::RenderTooDeep,
                "Nội dung lồng nhau quá sâu nên không dàn trang được.",
                "The render overflowed its stack.",
            )
            .hint("Báo cho người soạn mẫu kèm mã việc."),
            Verdict::TooLarge => Failure::new(
                FailureCode::RenderTooLarge,
                "Văn bản lập ra lớn hơn mức cho phép.",
                "The finished paper is larger than the press takes.",
            )
            .hint("Bớt ảnh và dữ liệu đính kèm, hoặc chia thành nhiều văn bản."),
            Verdict::Garbled => Failure::new(
                FailureCode::RenderGarbled,
                "Tiến trình lập văn bản trả lời không đúng khuôn dạng.",
                "The render process answered with something that is no answer.",
            )
            .hint(TELL),
            Verdict::Forbidden => Failure::new(
                FailureCode::RenderForbidden,
                "Tiến trình lập văn bản làm việc bị cấm và đã bị chặn.",
                "The render process tried what its sandbox forbids.",
            )
            .hint("Báo ngay cho người vận hành kèm mã việc."),
            Verdict::Crashed(cause) => Failure::new(
                FailureCode::RenderCrashed,
                "Tiến trình lập văn bản dừng đột ngột.",
                format!("The render process died: {cause}."),
            )
            .hint(TELL),
            Verdict::Unavailable(cause) => Failure::new(
                FailureCode::PressUnavailable,
                "Chưa có tiến trình nào sẵn sàng lập văn bản.",
                format!("A render child could not be had: {cause}"),
            )
            .hint("Hệ thống tự thử lại; nếu đang xem trước thì thử lại sau ít phút."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_the_code_of_the_failure_that_it_becomes() {
        let refused = Verdict::Refused(Failure::new(FailureCode::LayoutFault, "", ""));
        let all = [
            refused,
            Verdict::Timeout,
            Verdict::Processor,
            Verdict::Memory,
            Verdict::TooDeep,
            Verdict::TooLarge,
            Verdict::Garbled,
            Verdict::Forbidden,
            Verdict::Crashed(String::new()),
            Verdict::Unavailable(String::new()),
        ];
        for verdict in all {
            let code = verdict.code();
            assert_eq!(Failure::from(verdict).code, code);
        }
    }
}
