// The one sentence that stands on every screen, message and export of an exercise, and what may be spoken to from within one.
#pragma once

#include <string>

#include "base/digest.h"
#include "types/entry.h"

namespace firebreak {

inline std::string exercise_banner(const std::string& name) { return "EXERCISE " + name + ": nothing here is real"; }

// Of the journal that begins with this entry; empty when it is no exercise's.
inline std::string exercise_banner_of(const Entry& first) {
  return first.index == 0 && first.kind == "exercise_declared" ? exercise_banner(string_or(first.body, "name")) : std::string();
}

// What may be decided stands in the declaration as digests: it can be held against a name, and nobody reads names from it.
inline std::string exercise_decision_digest(const std::string& truth_digest, const std::string& decision) { return sha256(truth_digest + "\n" + decision).hex(); }

// True for http on this machine alone: no user, no other host.
inline bool stays_on_this_machine(const std::string& url) {
  if (url.find('@') != std::string::npos) return false;
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"})
    if (url.starts_with(host) && (url.size() == host.size() || url[host.size()] == ':' || url[host.size()] == '/')) return true;
  return false;
}

}  // namespace firebreak
