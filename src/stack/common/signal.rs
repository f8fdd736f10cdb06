//! Does a program handle SIGTERM itself?
//!
//! The kernel gives process 1 of a container no default action: a program without a handler ignores
//! SIGTERM and is killed after ten seconds. Rows of data say what a handler looks like.

use crate::fact::Fact;
use crate::repo::dir::Doc;

/// The first line that holds one of `marks` outside of comments.
pub fn handler<'d>(
    docs: impl IntoIterator<Item = Doc<'d>>,
    marks: &[&str],
    comment: &str,
) -> Option<Fact<String>> {
    docs.into_iter().find_map(|doc| {
        doc.find(|line| {
            let code = line.trim_start();
            let handles = !code.starts_with(comment) && marks.iter().any(|mark| code.contains(mark));
            handles.then(|| "handles SIGTERM".to_owned())
        })
    })
}
