// A playbook for people: as a tree in a terminal, as a page to print and read aloud, as a picture. What comes from the document cannot
// steer a terminal (control characters become '?') or a browser (markup is escaped).
#pragma once

#include <string>

#include "cacao/model.h"

namespace firebreak::cacao {

// One step a line in the order in which it runs; branches and failures are set in. A step is shown once.
std::string tree(const Playbook& playbook);

// One HTML document without scripts or anything from elsewhere: what it is for, contacts and values, the steps numbered in
// the order in which they run, what follows a failure.
std::string page(const Playbook& playbook);

// The steps as a picture: one SVG document without scripts or anything from elsewhere.
std::string svg(const Playbook& playbook);

// "90 s", "4 h", "14 d": the largest unit that is exact.
std::string span_text(std::int64_t ms);

}  // namespace firebreak::cacao
