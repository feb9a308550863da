//! Where a command's data goes (stdout) and where its talk goes (stderr), and in which form.
//! Above: every command. Below: `style`, `table`.
//! Invariant: stdout gets data only, in one form a command; with `--quiet` stderr gets errors only.

use super::failure::is_broken_pipe;
use super::short_lines::ShortLines;
use super::style::{Style, Tone};
use super::table::Rows;
use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressDrawTarget};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// How often a bar is drawn in a second at most.
const BAR_HZ: u8 = 20;

/// The form of a command's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
    Yaml,
}

/// What a command shows, in every form.
pub trait View {
    /// The name and version of the data's form ("sensor.runs/v1").
    const SCHEMA: &'static str;
    /// For machines.
    fn data(&self) -> impl Serialize + '_;
    /// For spreadsheets.
    fn rows(&self) -> Rows;
    /// For people. Ends with a line break.
    fn text(&self, style: Style) -> String;
}

#[derive(Serialize)]
struct Envelope<T> {
    schema: &'static str,
    #[serde(flatten)]
    data: T,
}

/// Writes a view in one form.
///
/// # Errors
/// When `to` cannot be written.
pub fn write<V: View>(
    view: &V,
    format: Format,
    style: Style,
    to: &mut dyn Write,
) -> anyhow::Result<()> {
    match format {
        Format::Table => to.write_all(view.text(style).as_bytes())?,
        Format::Csv => view.rows().write_csv(to)?,
        Format::Json => {
            serde_json::to_writer_pretty(
                &mut *to,
                &Envelope {
                    schema: V::SCHEMA,
                    data: view.data(),
                },
            )?;
            to.write_all(b"\n")?;
        }
        Format::Yaml => {
            let text = serde_saphyr::to_string(&Envelope {
                schema: V::SCHEMA,
                data: view.data(),
            })?;
            to.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}

/// The two streams of one command.
#[derive(Debug, Clone)]
pub struct Output {
    pub format: Format,
    pub quiet: bool,
    /// Of stdout.
    pub style: Style,
    /// Of stderr.
    pub talk_style: Style,
    /// Bars on stderr; talk and logs step around them.
    pub bars: MultiProgress,
    /// Whether stderr is watched by a person.
    pub watched: bool,
}

impl Output {
    /// Looks at the terminal and at `NO_COLOR`.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "what the terminal is like stands in the environment"
    )]
    pub fn new(format: Format, quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = dumb || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let style = |is_terminal: bool, width| Style {
            color: is_terminal && !plain,
            width,
        };
        let stdout = std::io::stdout().is_terminal();
        let watched = std::io::stderr().is_terminal() && !dumb;
        let width = comfy_table::Table::new().width();
        let talk_width = comfy_table::Table::new().use_stderr().width();
        Self {
            format,
            quiet,
            style: style(stdout, width.filter(|_| stdout)),
            talk_style: style(watched, talk_width.filter(|_| watched)),
            bars: MultiProgress::with_draw_target(if watched {
                ProgressDrawTarget::term_like_with_hz(Box::new(ShortLines::new()), BAR_HZ)
            } else {
                ProgressDrawTarget::hidden()
            }),
            watched,
        }
    }

    /// Shows a command's data.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn show<V: View>(&self, view: &V) -> anyhow::Result<()> {
        self.data(|to| write(view, self.format, self.style, to))
    }

    /// Writes data as it comes.
    ///
    /// # Errors
    /// What `write` says, or that stdout cannot be written.
    pub fn data(
        &self,
        write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut to = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
        match write(&mut to).and_then(|()| Ok(to.flush()?)) {
            // The reader has seen enough (`| head`).
            Err(error) if is_broken_pipe(&error) => {
                drop(to.into_parts());
                Ok(())
            }
            other => other,
        }
    }

    /// Whether data is for a program, which wants it also where people are only told.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.format != Format::Table
    }

    /// Tells something that is no data.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// Tells what could be done next.
    pub fn hint(&self, text: &str) {
        if !self.quiet {
            self.tell(&self.talk_style.paint(Tone::Dim, &format!("next: {text}")));
        }
    }

    /// Tells what the operator should know even with `--quiet`.
    pub fn warn(&self, text: &str) {
        self.tell(&format!(
            "{} {text}",
            self.talk_style.paint(Tone::Warning, "warning:")
        ));
    }

    /// Tells why a command failed.
    pub fn error(&self, text: &str) {
        self.tell(&format!(
            "{} {text}",
            self.talk_style.paint(Tone::Bad, "error:")
        ));
    }

    fn tell(&self, text: &str) {
        // Nobody is left to tell when stderr is gone.
        let _gone = self.bars.suspend(|| writeln!(std::io::stderr(), "{text}"));
    }
}
