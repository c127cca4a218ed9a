// Need to know: what a person must not see of incidents that are kept from him. One place decides it for every answer.
//
// A name (an incident's, or of anything that belongs to it: action, run, evidence, task, finding, blob) hides what mentions it: of
// a list the item, of a journal the entry, of a status the part, of anything else the whole, which then does not exist. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "types/entry.h"

namespace firebreak::api {

class Secrecy {
 public:
  Secrecy() = default;
  // `commands`: indexes of those by which hidden incidents were opened; they name none yet.
  explicit Secrecy(std::set<std::string> names, std::set<std::uint64_t> commands = {});

  // Whether notes under counsel's privilege are for him: for everybody else the journal says nothing of one until it is released.
  Secrecy& counsel(bool is) {
    counsel_ = is;
    return *this;
  }
  bool any() const { return !names_.empty(); }
  bool hides(std::string_view text) const;  // a name stands in it, as a word
  bool hides(const Entry& entry) const;     // it mentions one, or made one
  // Without what is hidden; false: nothing may be left of it. Of a whole answer a part (an object in it) goes alone.
  bool conceal(Json& document) const;

 private:
  bool keep(Json& part) const;

  std::set<std::string> names_;
  std::set<std::uint64_t> made_;     // the entries that made them, and those commands
  std::set<std::string> causes_;     // as entries name those commands
  bool counsel_ = false;
};

}  // namespace firebreak::api
