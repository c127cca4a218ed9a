// Values of variables put into texts: a variable is a value, never text to splice. A template refers to variables by __name__:value; what
// is inserted is chosen by where it goes, so that no value can end what it stands in: not a path segment, a header, a JSON string, a word.
//
// A value is inserted once and not looked at again: __other__:value in a value stays as it is. Templates are the author's: they keep their
// meaning, and are refused where they are none of their kind.
//
// Errors of all but insert_text: kInvalid for a variable without value ("the variable __x__ has no value"), a value that has no safe form
// in this place, and a template that is none; kTooLarge for a result beyond 64 KiB. Messages name the variable, never what it holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cacao/lookup.h"

namespace firebreak::cacao {

// The target of an HTTP request, path and query, without '#'. A value is percent-encoded whole, but for unreserved characters (RFC 3986,
// section 2.3). Refused: a path segment that becomes empty, "." or ".." by a value, and a value with a part ".." between (back-)slashes,
// which some programs on the way decode and follow.
Result<std::string> insert_path(std::string_view text, const Lookup& lookup);

// The value of an HTTP header. Refused: control characters and what is not ASCII.
Result<std::string> insert_header(std::string_view text, const Lookup& lookup);

// A JSON document; the result is canonical JSON. References in strings and keys are replaced inside of them; a string that is one reference
// becomes what the variable's type says: a number (integer, long, float), true or false (bool), an object (dictionary), else a string.
// Refused: a value that is not of its type or no UTF-8, and two keys that become one.
Result<std::string> insert_json(std::string_view text, const Lookup& lookup);

// application/x-www-form-urlencoded: name=value&name=value.
Result<std::string> insert_form(std::string_view text, const Lookup& lookup);

// host or host:port of an address. A value is a host name or labels of one, an IPv4 address, an IPv6 address (brackets are put around it
// when it stands alone), or the digits of a port.
Result<std::string> insert_host(std::string_view text, const Lookup& lookup);

struct Word {
  std::string text;
  bool from_variable = false;  // it begins with an inserted value, so it must never be read as an option
  bool operator==(const Word&) const = default;
};
// The words of a command (argv). The template is split first: at white space, but for what stands in single or double quotes; in double
// quotes \" and \\ stand for " and \. A value never makes, ends or removes a word. Refused: NUL.
Result<std::vector<Word>> insert_words(std::string_view text, const Lookup& lookup);

// For people. Control characters, line breaks, what reverses the direction of text, and octets that are no UTF-8 become '?' in values; a
// value ends with "…" after 500 octets, the whole after 64 KiB; a variable without value stays as __name__.
std::string insert_text(std::string_view text, const Lookup& lookup);

// As it is. Only for a place that the author of the playbook named for it.
Result<std::string> insert_raw(std::string_view text, const Lookup& lookup);

}  // namespace firebreak::cacao
