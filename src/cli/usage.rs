//! What a person gets to read who calls the program wrongly, or asks how: clap's words in Vietnamese.

use std::process::ExitCode;

use clap::{
    Arg, ArgAction, Command, CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

use super::output;

/// Exit code of a wrong call.
const USAGE: u8 = 2;

const TEMPLATE: &str = "{about-with-newline}\nCách dùng: {usage}\n\n{all-args}";

/// Reads the arguments of this process. Help and mistakes are printed here; what is left is the exit code.
pub(super) fn parse<Arguments: CommandFactory + FromArgMatches>() -> Result<Arguments, ExitCode> {
    let command = Arguments::command()
        .subcommand_help_heading("Lệnh")
        .subcommand_value_name("LỆNH")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).global(true).help("In hướng dẫn"))
        .arg(Arg::new("version").short('V').long("version").action(ArgAction::Version).help("In phiên bản"));
    let matches = in_vietnamese(command).try_get_matches();
    matches.and_then(|matches| Arguments::from_arg_matches(&matches)).map_err(|error| report(&error))
}

/// Headings of a command and all below it.
fn in_vietnamese(command: Command) -> Command {
    let heading = |arg: Arg| {
        let heading = if arg.is_positional() { "Đối số" } else { "Tùy chọn" };
        arg.help_heading(heading)
    };
    command.help_template(TEMPLATE).mut_args(heading).mut_subcommands(in_vietnamese)
}

fn report(error: &Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = output::print(error.render().to_string().as_bytes());
            return ExitCode::SUCCESS;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::say(&format!("lỗi: chưa nêu lệnh.\n\n{}", error.render()));
            return ExitCode::from(USAGE);
        }
        _ => {}
    }
    output::say(&format!("lỗi: {}\ngợi ý: {}\n", sentence(error), hint(error)));
    ExitCode::from(USAGE)
}

fn sentence(error: &Error) -> String {
    let arg = told(error, ContextKind::InvalidArg);
    let value = told(error, ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => format!("không có tùy chọn hoặc đối số “{arg}”."),
        ErrorKind::InvalidSubcommand => format!("không có lệnh “{}”.", told(error, ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => "chưa nêu lệnh.".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("thiếu {arg}."),
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} cần một giá trị."),
        ErrorKind::ValueValidation => match own_reason(error) {
            Some(reason) => format!("giá trị “{value}” của {arg} {reason}."),
            None => format!("giá trị “{value}” của {arg} không đúng."),
        },
        ErrorKind::InvalidValue => format!("giá trị “{value}” của {arg} không đúng."),
        ErrorKind::TooManyValues => format!("{arg} có thừa giá trị “{value}”."),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("{arg} không đủ giá trị."),
        ErrorKind::NoEquals => format!("giá trị của {arg} phải viết sau dấu “=”."),
        ErrorKind::ArgumentConflict => {
            format!("{arg} không dùng cùng với {}.", told(error, ContextKind::PriorArg))
        }
        ErrorKind::InvalidUtf8 => "có đối số không theo UTF-8.".to_owned(),
        _ => "lệnh gọi không đúng.".to_owned(),
    }
}

/// What a parser of ours said; those of the library speak English.
fn own_reason(error: &Error) -> Option<String> {
    std::error::Error::source(error).map(ToString::to_string).filter(|reason| !reason.is_ascii())
}

fn hint(error: &Error) -> String {
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| nearest(error, kind));
    let accepted = told(error, ContextKind::ValidValue);
    match (meant, accepted.as_str()) {
        (Some(meant), _) => format!("có phải “{meant}”? Xem mọi lệnh và tùy chọn bằng --help."),
        (None, "") => "xem mọi lệnh và tùy chọn bằng --help.".to_owned(),
        (None, accepted) => format!("các giá trị được nhận: {accepted}. Xem thêm bằng --help."),
    }
}

/// The likeliest of clap's suggestions, which it gives last.
fn nearest(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::Strings(texts) => texts.last().cloned(),
        _ => Some(told(error, kind)).filter(|text| !text.is_empty()),
    }
}

/// What clap tells of a mistake; empty where it tells nothing.
fn told(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::Number(number)) => number.to_string(),
        Some(_) | None => String::new(),
    }
}
