// What texts in a playbook may look like: identifiers, times, addresses, values of variables, references to them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firebreak::cacao {

// 1..8 for a well-formed UUID of RFC 9562's variant, else 0.
int uuid_version(std::string_view text);

// "action--UUID" -> {"action", "UUID"}; nothing when there is no type before the first "--". The UUID is not looked at.
// The parts are parts of `text`: a string that is about to go is refused by the compiler.
std::optional<std::pair<std::string_view, std::string_view>> split_identifier(std::string_view text);
std::optional<std::pair<std::string_view, std::string_view>> split_identifier(std::string&& text) = delete;

// `type`--UUID with a UUID made of `text`: the same for everyone. In the form of version 4, of which RFC 4122 asks no more
// than to be unlike others'.
std::string made_identifier(std::string_view type, std::string_view text);

bool is_utc_time(std::string_view text);           // RFC 3339 with Z, any number of decimals
bool has_milliseconds(std::string_view text);      // … and exactly three

bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
bool is_mac(std::string_view text);
bool is_uri(std::string_view text);                // scheme ":" something, no spaces
bool is_url(std::string_view text);                // http or https with a host
std::string_view host_of_url(std::string_view url);
bool is_public_host(std::string_view host);        // labels with dots, a last one of 2..6 letters: what the schema asks for
bool is_host_name(std::string_view text);          // letters, digits, '-', '_', '.', octets beyond ASCII; no scheme, no path
bool is_email(std::string_view text);              // something@host, nothing beside it
bool is_variable_name(std::string_view text);      // __name__
// RFC 4648, section 4, with padding; nothing when it is not that.
std::optional<std::string> decode_base64(std::string_view text);

// The types of variables that CACAO 2.0 names.
bool is_variable_type(std::string_view type);
// What keeps `text` from being a value of `type`, for people ("no whole number"); nothing when it is one. A value that
// holds a reference to another variable is any type's: what it will be is not known yet.
std::optional<std::string> value_problem(std::string_view type, std::string_view text);

// Where `text` refers to a variable by __name__:value. References never overlap.
struct Reference {
  std::size_t at = 0, size = 0;  // of name and ":value"
  std::string_view name;         // "__name__", a part of the text
};
std::vector<Reference> find_references(std::string_view text);
std::vector<Reference> find_references(std::string&& text) = delete;
// The names (__name__) that `text` refers to by __name__:value, in order, each as often as it stands there.
std::vector<std::string> references_in(std::string_view text);

}  // namespace firebreak::cacao
