// Takes in a playbook as people have them, by repairs that each have a name and a place; none is silent, none guesses
// what a playbook is meant to do. What cannot be repaired so stays an error.
//
// A repair changes the document (`before` and `after` say how) or keeps what strict-cs01 refuses (then both are equal). An
// imported document imports again without another change. Everything that is not repaired, unknown extensions too, is
// what it was; signatures are taken off when something changed, since they are over what was there before.
#pragma once

#include <string>
#include <vector>

#include "cacao/diagnostic.h"

namespace firebreak::cacao {

struct Repair {
  std::string name;            // a rule of diagnostic.h, or one of the table in docs/playbooks.md
  std::string pointer;         // into the imported document
  std::string what;            // for people
  std::string before, after;   // JSON; equal: kept as it is
  bool changed() const { return before != after; }
};

struct Imported {
  Json document;
  std::vector<Repair> repairs;
  std::vector<Diagnostic> left;  // of lint(document, kLenientImport), without what the repairs tell
};

Imported import_playbook(Json document);

std::string to_text(const Repair& repair);
JsonObject to_json(const Repair& repair);

}  // namespace firebreak::cacao
