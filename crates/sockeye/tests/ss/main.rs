//! sockeye as `ss`: the same text, blank for blank, for every command line of a corpus.
//!
//! [`live`] runs the corpus in a namespace with all kinds of sockets, once with the `ss` of this machine and once with
//! sockeye. What moves between two runs is named in [`moving`], what may differ has a reason in [`differences`], and
//! [`proof`] spoils texts and sees that each is found out. [`recorded`] holds the text of the newest release for
//! recorded inputs, to the last blank.
//!
//! ```text
//! cargo test -p sockeye --test ss                          beside the `ss` of the PATH
//! cargo test -p sockeye --test ss -- --oracle /usr/bin/ss  beside another one; SOCKEYE_SS_ORACLE does the same
//! ```
//!
//! Arguments of one's own are why the harness is too: the usual one refuses what it does not know. `SOCKEYE_SS_SUBJECT`
//! puts another program in the place of sockeye: two times the same `ss` shows that the list of moving values is
//! complete. [`recorded`] says how the recordings are made again.

mod beyond;
mod compare;
mod corpus;
mod differences;
mod events;
mod hostile;
mod kill;
mod live;
mod moving;
mod oracle;
mod proof;
mod recorded;
mod recording;
mod rewrite;
mod runner;
mod status;
mod storage;
mod terminal;

use std::process::ExitCode;

/// Names each test by its path, as [`sockeye_zoo::in_namespace`] expects it.
macro_rules! tests {
    ($($module:ident: $($name:ident)+;)+) => {
        [$($((concat!(stringify!($module), "::", stringify!($name)), $module::$name as fn())),+),+]
    };
}

fn main() -> ExitCode {
    runner::run(&tests! {
        corpus: it_has_every_option_and_every_pair;
        proof:
            equal_texts_are_equal
            swapped_columns_are_found
            swapped_values_are_found
            a_missing_row_is_found
            rows_in_another_order_are_found
            another_blank_is_found
            another_exit_status_is_found
            every_reason_excuses_its_own_difference_and_no_other
            every_moving_value_is_replaced_and_nothing_beside_it;
        recorded: the_text_is_that_of_the_newest_release;
        live: the_corpus_gives_the_same_text the_command_and_the_link_say_the_same;
        terminal: the_text_on_a_terminal_is_the_same;
        hostile: names_that_forge_lines_are_escaped;
        kill:
            what_is_closed_is_what_was_listed
            states_in_the_expression_keep_the_others
            what_is_closed_is_a_document_too;
        events:
            closed_sockets_are_told_of_as_rows
            as_json_they_are_objects
            a_filter_takes_some_of_them
            what_is_lost_of_them_is_counted_and_it_goes_on;
        status: a_link_ends_as_the_original_and_the_command_with_the_truth;
        storage: a_value_is_laid_out_by_its_types;
        beyond: json_has_the_sockets_of_the_choice a_watch_shows_how_fast_bytes_move;
    })
}
