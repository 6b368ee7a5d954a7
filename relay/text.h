#ifndef PICRELAY_TEXT_H
#define PICRELAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Text of strangers, made fit to be shown: in a log line, an error message, a YAML or JSON string.
 * Pure. Any thread.
 */

/** What the text is shown in. */
enum text_style {
    TEXT_LINE,   /* a line for people: quotes stay */
    TEXT_WORD,   /* a part of a line that ends at a blank: blanks are escaped too */
    TEXT_QUOTED, /* between double quotes; also a double-quoted scalar of YAML 1.1, s.5.7 */
    TEXT_JSON,   /* between double quotes, RFC 8259 s.7 */
};

/** Room for the longest form of one character, its NUL included. */
#define TEXT_ESCAPE_MAX 8

/**
 * Writes the visible form of the first character of a text. Control characters, those that change
 * the direction of writing, and what is not UTF-8 are escaped.
 *
 * @param text     n bytes, at least one
 * @param n_taken  how many of them the form stands for, 1..4
 * @return length of the form [bytes], 1..7; out has a NUL after it
 */
size_t text_escape(char out[TEXT_ESCAPE_MAX], enum text_style style, const char *text, size_t n,
                   size_t *n_taken);

/** Writes a text with its double quotes; what does not fit is cut, and ends in `..."`.
 *  @param cap  at least 8 @return buf */
const char *text_quote(char *buf, size_t cap, const char *text, size_t n);

/**
 * Reads one character of UTF-8 (RFC 3629: shortest form only, no surrogates).
 * @return its length [bytes], 1..4; 0: not UTF-8
 */
size_t text_utf8(const char *text, size_t n, uint32_t *codepoint);

/** Every byte is one of A-Z, a-z, 0-9 or of `also`, and there is at least one. */
bool text_is_name(const char *text, const char *also);

/** Copies a text of less than cap bytes; zeros fill the room after it, so that structs compare. */
void text_copy(char *to, size_t cap, const char *from);

/** ASCII letters compare without case, whatever the locale. */
bool text_equal_nocase(const char *a, const char *b);

/** @return how many letters one has to add, drop, change or swap to get from a to b; at most 99 */
unsigned text_distance(const char *a, const char *b);

#endif
